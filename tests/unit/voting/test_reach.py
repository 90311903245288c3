"""Reachable without the developer? rules.md R1.14, worked."""

import pytest

from hoa.community.rules import Holding, Kind, Status, electors
from voting.rules.reach import without_developer
from voting.rules.thresholds import NOTHING, Share

FLAT = 10_000


def flat(number: int, owner: str, status: Status = Status.DELIVERED) -> Holding:
    return Holding(str(number), str(number), Kind.FLAT, status, FLAT, frozenset({owner}))


def test_a_hundred_flats_of_which_the_developer_has_forty_are_fifty_nine_heads_and_no_quorum_without_him():
    flats = [flat(n, "developer", Status.UNSOLD) for n in range(40)]
    flats += [flat(n, "x") for n in range(40, 43)] + [flat(n, f"owner{n}") for n in range(43, 100)]
    heads = electors(flats)
    developer = [one for one in heads if one.developer]
    assert len(heads) == 59
    assert [one.area for one in developer] == [400_000]
    reach = without_developer(roll=Share(59, sum(one.area for one in heads)), developer=Share(1, 400_000))
    assert reach.needed == Share(40, 666_667)
    assert reach.others == Share(58, 600_000)
    assert not reach.possible
    assert reach.missing == Share(0, 66_667)


@pytest.mark.parametrize(
    ("developer", "possible"),
    [
        (Share(1, 333_333), True),  # exactly the area that is needed is left
        (Share(1, 333_334), False),  # 0.01 m² less
        (NOTHING, True),
    ],
)
def test_two_thirds_of_the_area_are_enough_to_the_hundredth(developer: Share, possible: bool):
    assert without_developer(roll=Share(100, 1_000_000), developer=developer).possible is possible


def test_with_two_heads_of_whom_one_is_the_developer_the_heads_do_not_suffice():
    reach = without_developer(roll=Share(2, 1_000_000), developer=Share(1, 100))
    assert not reach.possible
    assert reach.missing == Share(1, 0)
