"""Floors and doors from room numbers; which buildings' turnout may be told apart."""

import pytest

from voting.rules.places import Spot, Turnout, public, spot


@pytest.mark.parametrize(
    ("room", "found"),
    [
        ("101", Spot(1, "01")),
        ("1203", Spot(12, "03")),
        ("2604室", Spot(26, "04")),
        ("S01", Spot(None, "S01")),
        ("7", Spot(None, "7")),
        ("B-1203", Spot(12, "03")),
        ("120345", Spot(None, "120345")),
    ],
)
def test_a_room_number_tells_floor_and_door_where_it_can(room: str, found: Spot):
    assert spot(room) == found


def test_a_small_building_is_told_together_with_the_smallest_other():
    rows = [Turnout("1栋", 72, 40), Turnout("2栋", 30, 10), Turnout("门卫", 3, 1)]
    assert public(rows) == [Turnout("1栋", 72, 40), Turnout("", 33, 11)]


def test_several_small_buildings_of_five_electors_stand_for_themselves():
    rows = [Turnout("1栋", 72, 40), Turnout("甲", 3, 1), Turnout("乙", 2, 2)]
    assert public(rows) == [Turnout("1栋", 72, 40), Turnout("", 5, 3)]


def test_fewer_than_five_in_all_are_not_told():
    assert public([Turnout("1栋", 3, 1), Turnout("2栋", 1, 0)]) == []


def test_with_only_large_buildings_each_is_told():
    rows = [Turnout("1栋", 5, 0), Turnout("2栋", 6, 6)]
    assert public(rows) == rows
