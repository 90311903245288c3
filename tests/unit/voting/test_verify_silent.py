"""Silent owners who follow the majority (rules.md R1.34): a third sum, never the result by itself; and who helped."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.record_builder import Record, canonical, digest, lines, zipped
from voting import verify
from voting.verify import Verdict

Check = Callable[..., Verdict]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    def run(record: Record, kind: str = "full", tamper: Any = None) -> Verdict:
        path = tmp_path / "package.zip"
        path.write_bytes(record.package(kind, tamper))
        return verify.verify_package(path, record.assembly)

    return run


def record_of(agree: int, oppose: int, silent: int, unreached: int = 0, **options: Any) -> Record:
    """Heads of 100 (1.00 m²) each: so many agreed, opposed, were reached and said nothing, were never reached."""
    electors = {f"E{number:03d}": [100] for number in range(agree + oppose + silent + unreached)}
    record = Record(electors, **{"silent_rule": "follow-majority"} | options).open()
    for number, elector in enumerate(electors):
        if number < agree + oppose + silent:
            record.deliver(elector)
        if number < agree + oppose:
            record.ballot(elector, "agree" if number < agree else "oppose")
    return record.close()


@pytest.mark.parametrize("kind", ["full", "public"])
def test_who_was_reached_and_said_nothing_joins_the_majority_in_a_sum_of_its_own(check: Check, kind: str) -> None:
    verdict = check(record_of(30, 10, 40, 20), kind)
    assert verdict.ok, verdict.failures
    motion = verdict.motions[0]
    assert motion["with_silent"]["silent"] == {"heads": 40, "area": 4000}
    assert motion["with_silent"]["follows"] == "agree"
    assert motion["with_silent"]["participated"] == {"heads": 80, "area": 8000}
    assert motion["with_silent"]["inequalities"][2]["line"] == "2 × 70 > 1 × 80"
    assert motion["with_silent"]["passed"]
    assert not motion["without_invalid"]["quorum"]
    assert motion["outcome"] == "review"


@pytest.mark.parametrize("kind", ["full", "public"])
def test_a_majority_against_gathers_the_silent_too(check: Check, kind: str) -> None:
    motion = check(record_of(10, 30, 40), kind).motions[0]
    assert motion["with_silent"]["follows"] == "oppose"
    assert motion["with_silent"]["quorum"]
    assert not motion["with_silent"]["passed"]
    assert motion["outcome"] == "failed"


@pytest.mark.parametrize("kind", ["full", "public"])
def test_without_a_clear_majority_nobody_is_added(check: Check, kind: str) -> None:
    motion = check(record_of(20, 20, 40), kind).motions[0]
    assert motion["with_silent"]["follows"] is None
    assert motion["with_silent"]["participated"] == motion["without_invalid"]["participated"]


@pytest.mark.parametrize("kind", ["full", "public"])
def test_silence_never_counts_on_elections_and_matters_of_three_quarters(check: Check, kind: str) -> None:
    verdict = check(record_of(30, 10, 40, matters=["M3", "M5", "M6", "M7", "M8"]), kind)
    assert [motion["with_silent"] is None for motion in verdict.motions] == [True, False, True, True, True]


def test_the_rule_must_cite_a_clause(check: Check) -> None:
    verdict = check(record_of(3, 1, 1, clauses=[]))
    assert verdict.failures[0].english == "the rule for silent owners cites no clause"


def test_without_the_rule_the_field_is_unknown_and_with_it_it_is_asked_for(check: Check) -> None:
    def add(parts: dict[str, Any]) -> None:
        parts["tally"]["motions"][0]["with_silent"] = None

    def drop(parts: dict[str, Any]) -> None:
        del parts["tally"]["motions"][0]["with_silent"]

    for record, tamper in ((record_of(3, 1, 1, silent_rule="none"), add), (record_of(3, 1, 1), drop)):
        verdict = check(record, tamper=tamper)
        assert verdict.failures[0].member == "tally.json"
        assert "with_silent" in verdict.failures[0].english


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("silent", {"heads": 41, "area": 4000}),
        ("silent", {"heads": 40, "area": 4001}),
        ("follows", "oppose"),
        ("follows", None),
        ("passed", False),
        ("participated", {"heads": 79, "area": 8000}),
    ],
)
@pytest.mark.parametrize("kind", ["full", "public"])
def test_a_wrong_figure_among_the_silent_is_named(
    check: Check, kind: str, change: str, value: Any, tmp_path: Path
) -> None:
    """The public cannot count the silent, but a figure that does not fit the others shows there as well."""
    record = record_of(30, 10, 40)
    tally = record.tally(record.rows())
    if kind == "public":
        tally = record.public(tally)
    tally["motions"][0]["with_silent"][change] = value
    if kind == "full":
        tally["public"] = digest(canonical(record.public(record.tally(record.rows()))))
    members = record._members({"manifest": record.manifest, "roll": record.roll, "log": record.log,
                               "heads": record.heads, "counted": record.rows(), "tally": record.tally(record.rows()),
                               "signers": [], "verify.py": b"# stand-in\n"}, kind)  # fmt: skip
    del members["package.json"]
    members["tally.json"], members["signatures.jsonl"] = canonical(tally), lines(record._signatures([], tally))
    path = tmp_path / "changed.zip"
    path.write_bytes(zipped(members | {"package.json": record.sign_package(members, kind)}))
    assert verify.verify_package(path).failures[0].member == "tally.json"


@settings(max_examples=60)
@given(st.tuples(*[st.integers(0, 9)] * 3), st.integers(0, 9), st.lists(st.integers(1, 9), min_size=36, max_size=36))
def test_builder_and_verifier_agree_on_every_third_sum(heads: Any, silent: int, areas: list[int]) -> None:
    options = [name for name, count in zip(("agree", "oppose", "abstain"), heads, strict=True) for _ in range(count)]
    electors = {f"E{number}": [100 * area] for number, area in enumerate(areas[: max(1, len(options) + silent)])}
    record = Record(electors, silent_rule="follow-majority").open()
    for elector in electors:
        record.deliver(elector)
    for elector, option in zip(electors, options, strict=False):
        record.ballot(elector, option)
    record.close()
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("full", "public"):
            path = Path(folder) / f"{kind}.zip"
            path.write_bytes(record.package(kind))
            verdict = verify.verify_package(path)
            assert verdict.ok, verdict.failures
    assert json.dumps(verdict.motions[0]["with_silent"])


def test_who_helped_an_owner_to_vote_online_is_part_of_the_ballot(check: Check) -> None:
    record = Record({"E1": [100], "E2": [100]}).open()
    record.ballot("E1", "agree", helper="居委会工作人员丙")
    record.ballot("E2", "agree")
    assert check(record.close()).ok
    for evidence in ({"helper": ""}, {"helper": "x", "desk": "y"}, {"agent": "x"}):
        record = Record({"E1": [100]}).open()
        record.ballot("E1", "agree", evidence=evidence)
        found = check(record.close()).failures[0]
        assert (found.member, found.line, found.rule) == ("log.jsonl", 2, "5.2")
