"""民法典 278 at its edges (rules 1.2), and the verifier's integers against exact fractions."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.record_builder import NATIONAL, Record
from voting import verify

ORDINARY, SPECIAL = "ordinary", "special"
# total, participated, agreed as (heads, 0.01 m²); class; quorum, passed
BOUNDARIES = [
    ("A1", (100, 1_000_000), (67, 666_667), (34, 333_334), ORDINARY, True, True),
    ("A2", (100, 1_000_000), (66, 700_000), (66, 700_000), ORDINARY, False, False),
    ("A4", (100, 1_000_000), (70, 700_000), (35, 400_000), ORDINARY, True, False),
    ("A6", (100, 1_000_000), (70, 700_000), (36, 350_001), ORDINARY, True, True),
    ("B1", (100, 1_000_000), (68, 680_000), (51, 510_000), SPECIAL, True, True),
    ("B3", (100, 1_000_000), (67, 670_000), (50, 600_000), SPECIAL, True, False),
    ("C2", (100, 1_000_000), (100, 1_000_000), (50, 500_000), ORDINARY, True, False),
    ("C4", (100, 1_000_000), (100, 1_000_000), (75, 750_000), SPECIAL, True, True),
    ("exactly 2/3", (99, 990_000), (66, 660_000), (34, 330_001), ORDINARY, True, True),
    ("0.01 m² less", (99, 990_000), (66, 659_999), (34, 330_001), ORDINARY, False, False),
    ("51 % takes part", (100, 1_000_000), (51, 510_000), (51, 510_000), ORDINARY, False, False),
    ("nobody", (100, 1_000_000), (0, 0), (0, 0), ORDINARY, False, False),
    ("R1.14 without the developer", (59, 1_000_000), (58, 600_000), (58, 600_000), ORDINARY, False, False),
]
Pair = tuple[int, int]


def figure(pair: Pair) -> dict[str, int]:
    return {"heads": pair[0], "area": pair[1]}


def evaluate(total: Pair, participated: Pair, agreed: Pair, kind: str) -> dict[str, Any]:
    return verify.evaluation(NATIONAL, kind, figure(total), figure(agreed), figure(participated))


@pytest.mark.parametrize(("name", "total", "participated", "agreed", "kind", "quorum", "passed"), BOUNDARIES)
def test_the_boundary_cases_of_the_rules(
    name: str, total: Pair, participated: Pair, agreed: Pair, kind: str, quorum: bool, passed: bool
) -> None:
    found = evaluate(total, participated, agreed, kind)
    assert (found["quorum"], found["passed"]) == (quorum, passed), name


@pytest.mark.parametrize(
    ("participants", "ordinary", "special"),
    [(67, 34, 51), (68, 35, 51), (69, 35, 52), (70, 36, 53), (80, 41, 60), (100, 51, 75)],
)
def test_the_least_number_of_agreeing_heads(participants: int, ordinary: int, special: int) -> None:
    base = (participants, participants * 10_000)
    for kind, least in ((ORDINARY, ordinary), (SPECIAL, special)):
        assert evaluate((100, 1_000_000), base, (least, base[1]), kind)["passed"]
        assert not evaluate((100, 1_000_000), base, (least - 1, base[1]), kind)["passed"]


heads, areas = st.integers(0, 10**6), st.integers(0, 10**12)


@given(
    total=st.tuples(heads, areas),
    participated=st.tuples(heads, areas),
    agreed=st.tuples(heads, areas),
    kind=st.sampled_from([ORDINARY, SPECIAL]),
)
def test_integers_agree_with_exact_fractions(total: Pair, participated: Pair, agreed: Pair, kind: str) -> None:
    found = evaluate(total, participated, agreed, kind)
    quorum = all(participated[unit] >= Fraction(2, 3) * total[unit] for unit in (0, 1))
    if kind == SPECIAL:
        agreement = all(agreed[unit] >= Fraction(3, 4) * participated[unit] for unit in (0, 1))
    else:
        agreement = all(agreed[unit] > Fraction(1, 2) * participated[unit] for unit in (0, 1))
    assert (found["quorum"], found["passed"]) == (quorum, quorum and agreement)
    for test in found["inequalities"]:
        left, right = test["left_factor"] * test["left"], test["right_factor"] * test["right"]
        assert test["met"] == (left > right if test["sign"] == ">" else left >= right)


def test_the_formula_is_printed_as_specified() -> None:
    lines = [
        test["line"] for test in evaluate((100, 1_000_000), (67, 666_667), (34, 333_334), ORDINARY)["inequalities"]
    ]
    assert lines == ["3 × 67 ≥ 2 × 100", "3 × 6666.67 ≥ 2 × 10000.00", "2 × 34 > 1 × 67", "2 × 3333.34 > 1 × 6666.67"]


@given(st.fixed_dictionaries({name: st.integers(0, 12) for name in ("agree", "oppose", "abstain", "blank")}))
def test_what_is_hidden_cannot_be_found_by_subtraction(shown: dict[str, int]) -> None:
    hidden = verify.hidden_areas(shown)
    rest = ("oppose", "abstain", "blank")
    if 1 <= shown["agree"] <= 4:
        assert {"agree", "not_agreed"} <= hidden
    else:
        assert not {"agree", "not_agreed"} & hidden
        merged = [shown[name] for name in rest if name in hidden]
        alone = all(name in hidden or shown[name] == 0 for name in rest)
        assert sum(merged) == 0 or sum(merged) >= 5 or alone, "a difference must not single out one to four people"
    assert all(name in hidden for name in rest if 1 <= shown[name] <= 4)
    assert not any(name in hidden for name in shown if shown[name] == 0)


@pytest.mark.parametrize("name", ["quorum", "ordinary", "special"])
def test_a_rule_pack_below_the_civil_code_is_refused(tmp_path: Path, name: str) -> None:
    lax = {"numerator": 1, "denominator": 2, "strict": False}
    record = Record({"E1": [100]}, rules=NATIONAL | {name: lax}).open().close()
    path = tmp_path / "package.zip"
    path.write_bytes(record.package())
    failure = verify.verify_package(path).failures[0]
    assert (failure.member, failure.rule) == ("manifest.json", "3")
    assert name in failure.english


def test_a_stricter_rule_pack_is_accepted(tmp_path: Path) -> None:
    strict = NATIONAL | {"ordinary": {"numerator": 2, "denominator": 3, "strict": False}}
    record = Record({f"E{number}": [100] for number in range(3)}, rules=strict).open()
    for number, choice in enumerate(("agree", "agree", "oppose")):
        record.ballot(f"E{number}", choice)
    path = tmp_path / "package.zip"
    path.write_bytes(record.close().package())
    verdict = verify.verify_package(path, record.assembly)
    assert verdict.ok, verdict.failures
    assert verdict.motions[0]["outcome"] == "passed"


@pytest.mark.parametrize("matter", ["M6", "M7", "M8"])
def test_a_three_quarters_matter_cannot_be_noticed_as_ordinary(tmp_path: Path, matter: str) -> None:
    record = Record({"E1": [100]}, matters=[matter])
    record.manifest["motions"][0]["class"] = "ordinary"
    again = Record({"E1": [100]}, motions=record.manifest["motions"]).open().close()
    path = tmp_path / "package.zip"
    path.write_bytes(again.package())
    assert verify.verify_package(path).failures[0].member == "manifest.json"
