"""Codes of an authenticator app against the vectors of RFC 6238, appendix B (the last six of its eight figures)."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoa.kernel import totp

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_vectors_of_the_standard(second: int, code: str):
    now = datetime.fromtimestamp(second, UTC)
    assert totp.code_at(SECRET, totp.step_of(now)) == code
    assert totp.matching_step(SECRET, code, now=now, after=0) == second // 30


@given(late=st.integers(-3, 3))
def test_a_phone_may_be_one_step_ahead_or_behind_and_no_more(late: int):
    now = datetime(2026, 11, 1, tzinfo=UTC)
    code = totp.code_at(SECRET, totp.step_of(now))
    found = totp.matching_step(SECRET, code, now=now + timedelta(seconds=30 * late), after=0)
    assert (found == totp.step_of(now)) == (abs(late) <= 1)


def test_a_used_step_and_those_before_it_are_over():
    now = datetime(2026, 11, 1, tzinfo=UTC)
    here = totp.step_of(now)
    for step in (here - 1, here):
        assert totp.matching_step(SECRET, totp.code_at(SECRET, step), now=now, after=here) is None
    assert totp.matching_step(SECRET, totp.code_at(SECRET, here + 1), now=now, after=here) == here + 1


@pytest.mark.parametrize("typed", ["", "abc", "１２３", "0" * 40])
def test_what_is_no_code_matches_nothing(typed: str):
    assert totp.matching_step(SECRET, typed, now=datetime(2026, 11, 1, tzinfo=UTC), after=0) is None


def test_the_link_says_what_an_app_needs():
    link = urlsplit(totp.link(SECRET, account="138****1234", issuer="业主自治平台"))
    said = parse_qs(link.query)
    assert (link.scheme, link.netloc) == ("otpauth", "totp")
    assert said["secret"] == ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"]
    assert (said["digits"], said["period"]) == (["6"], ["30"])
    assert totp.in_letters(SECRET).startswith("GEZD GNBV ")
