"""What a resolution must say."""

from datetime import date

import pytest

from hoa.resolutions.rules import InTheFuture, NeedsMatter, UnknownSource, check, number_text

TODAY = date(2026, 10, 20)


def test_a_decision_of_today_may_be_entered_and_one_of_tomorrow_may_not():
    check("committee", None, TODAY, TODAY)
    with pytest.raises(InTheFuture):
        check("committee", None, date(2026, 10, 21), TODAY)


def test_an_assembly_resolution_names_its_matter():
    check("assembly", "M5", TODAY, TODAY)
    with pytest.raises(NeedsMatter):
        check("assembly", None, TODAY, TODAY)


def test_only_an_assembly_or_the_committee_decides():
    with pytest.raises(UnknownSource):
        check("chair", None, TODAY, TODAY)


def test_numbers_tell_who_decided_and_when():
    assert number_text("assembly", 2026, 3) == "业2026-003"
    assert number_text("committee", 2026, 12) == "委2026-012"
