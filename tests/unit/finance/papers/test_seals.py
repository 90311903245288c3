"""A seal binds what a row said to everything sealed before it."""

from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from finance.rules.ledger import GENESIS
from finance.rules.seals import link, plain

SEAL = {"seq": 1, "table": "finance_contract", "row_id": "a", "stage": "made", "facts": {"amount_fen": 1}}


def test_a_seal_changes_with_everything_it_says_and_with_what_came_before() -> None:
    first = link(GENESIS, **SEAL)
    others = [
        link("1" * 64, **SEAL),
        *(
            link(GENESIS, **(SEAL | change))
            for change in (
                {"seq": 2},
                {"table": "finance_due"},
                {"row_id": "b"},
                {"stage": "closed"},
                {"facts": {"amount_fen": 2}},
                {"facts": {"amount": 1}},
            )
        ),
    ]
    assert first not in others
    assert len(set(others)) == len(others)


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_moment_is_the_same_in_every_zone(moment: datetime) -> None:
    assert plain(moment) == plain(moment.astimezone(timezone(timedelta(hours=8))))


def test_values_are_written_as_canonical_json_holds_them() -> None:
    assert plain(date(2026, 9, 1)) == "2026-09-01"
    assert plain("e\u0301") == "é"
    assert plain([1, ("e\u0301", None), {"a": True}]) == [1, ["é", None], {"a": True}]
