"""When a seal may be set (rules.md R2.19)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.resolutions.seals import rules


def test_a_use_rests_on_a_decision_or_says_why_it_could_not():
    rules.check_use("消防维护合同", 2, decided=True, urgent="")
    rules.check_use("消防维护合同", 2, decided=False, urgent="当天报送")
    with pytest.raises(rules.NoDecision):
        rules.check_use("消防维护合同", 2, decided=False, urgent="  ")


@pytest.mark.parametrize(("document", "copies", "refusal"), [(" ", 1, rules.NoDocument), ("合同", 0, rules.BadCopies)])
def test_a_use_names_its_document_and_its_copies(document: str, copies: int, refusal: type[Exception]):
    with pytest.raises(refusal):
        rules.check_use(document, copies, decided=True, urgent="")


@given(st.integers(0, 11), st.sampled_from([3, 5, 7, 9, 11]))
def test_consents_are_enough_exactly_above_half_of_the_seats(signed: int, planned: int):
    assert (rules.missing_consents(signed, planned) == 0) == (2 * signed > planned)


def test_uses_are_published_by_the_packs_months():
    assert rules.publication_due(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert rules.publication_due(date(2026, 8, 31), 0) is None
