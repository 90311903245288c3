"""How long papers are kept: to the day, and never less."""

from datetime import date

import pytest

from finance.papers.rules import retention as rules

YEARS = {
    "retention_vouchers_years": 30,
    "retention_ledgers_years": 30,
    "retention_statements_years": 10,
    "retention_bank_years": 10,
    "retention_handover_years": 30,
}
KEPT = rules.kept({"trust": [2026]}, YEARS.__getitem__)


def test_a_paper_is_kept_full_years_from_the_end_of_its_year() -> None:
    until = {one.kind.code: one.until for one in KEPT}
    assert until == {
        "vouchers": date(2056, 12, 31),
        "ledgers": date(2056, 12, 31),
        "statements": date(2036, 12, 31),
        "yearly": None,
        "bank": date(2036, 12, 31),
        "handover": date(2056, 12, 31),
        "custody": None,
    }


def test_nothing_goes_before_its_time_and_what_is_for_ever_never_goes() -> None:
    last, after = date(2056, 12, 31), date(2057, 1, 1)
    with pytest.raises(rules.TooEarly, match="2056-12-31"):
        rules.chosen(["vouchers:trust:2026"], KEPT, day=last)
    assert [one.key for one in rules.chosen(["vouchers:trust:2026"], KEPT, day=after)] == ["vouchers:trust:2026"]
    with pytest.raises(rules.TooEarly):
        rules.chosen(["statements:trust:2026", "vouchers:trust:2026"], KEPT, day=date(2037, 1, 1))
    for key in ("yearly:trust:2026", "custody:trust:2026"):
        with pytest.raises(rules.KeptForEver):
            rules.chosen([key], KEPT, day=date(3000, 1, 1))
    for keys in ([], ["vouchers:work:2026"], ["bank:trust:2026", "x"]):
        with pytest.raises(rules.NothingChosen):
            rules.chosen(keys, KEPT, day=after)


def test_two_sides_sign_each_once() -> None:
    rules.check_signature([], [], side=rules.COMMITTEE, by="a")
    rules.check_signature([rules.COMMITTEE], ["a"], side=rules.SUPERVISORS, by="b")
    with pytest.raises(rules.OneOfEachSide):
        rules.check_signature([rules.COMMITTEE], ["a"], side=rules.COMMITTEE, by="b")
    with pytest.raises(rules.SignedAlready):
        rules.check_signature([rules.COMMITTEE], ["a"], side=rules.SUPERVISORS, by="a")


def test_a_signature_is_over_everything_on_the_list() -> None:
    items = rules.written(KEPT[:2])
    first = rules.digest(1, "到期", items)
    assert first != rules.digest(2, "到期", items)
    assert first != rules.digest(1, "到 期", items)
    assert first != rules.digest(1, "到期", items[:1])
