"""Elections in a package: counted by the record builder, judged by verify.py (docs/audit-package.md 8.5)."""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.record_builder import Record, canonical, digest
from voting import verify
from voting.verify import Verdict

Check = Callable[..., Verdict]
Parts = dict[str, Any]
TEN = {f"E{number}": [10_000] for number in range(10)}
WITNESS = ("居委会.example",)


@pytest.fixture
def check(tmp_path: Path) -> Check:
    def run(record: Record, kind: str = "full", tamper: Any = None) -> Verdict:
        path = tmp_path / "package.zip"
        path.write_bytes(record.package(kind, tamper))
        return verify.verify_package(path, record.assembly)

    return run


def an_election(candidates: int, seats: int, **more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"code": "e1", "title": "业主委员会选举", "body": "owners_committee", "minimum": 1}
    given |= {"seats": seats, "alternates": 2, "approve_at_most": min(seats, candidates), "rank": "heads-area-lot"}
    return given | {"motions": [str(number) for number in range(1, candidates + 1)]} | more


def a_record(
    candidates: int, seats: int, electors: dict[str, list[int]] | None = None, options: Parts | None = None, **more: Any
) -> Record:
    election = an_election(candidates, seats, **more)
    settings_: Parts = {"matters": ["M3"] * candidates, "elections": [election], **(options or {})}
    return Record(electors or TEN, **settings_).open()


def vote(record: Record, votes: list[str], **fields: Any) -> None:
    """One text per elector, in order: a letter per candidate, `a` agree, `o` oppose, `-` nothing."""
    words = {"a": "agree", "o": "oppose", "-": "blank"}
    codes = [motion["code"] for motion in record.manifest["motions"]]
    for number, marks in enumerate(votes):
        record.ballot(f"E{number}", {code: words[mark] for code, mark in zip(codes, marks, strict=True)}, **fields)


def failure(verdict: Verdict) -> tuple[str, str]:
    assert not verdict.ok
    first = verdict.failures[0]
    assert first.english
    assert first.chinese
    return first.member, first.rule


# 1 and 2 pass with eight and seven heads; 3 passes with six; 4 has exactly half of ten.
FOUR = ["aa--", "aa--", "aa--", "aaa-", "aaa-", "aaa-", "aaaa", "a-aa", "--aa", "---a"]


def three_seats(**more: Any) -> Record:
    record = a_record(4, 2, approve_at_most=4, **more)
    vote(record, FOUR)
    return record


@pytest.mark.parametrize("kind", ["full", "public"])
@pytest.mark.parametrize("options", [{}, {"witnesses": WITNESS, "officials": True}])
def test_seats_alternates_and_who_has_exactly_half_come_out_alike(check: Check, kind: str, options: Parts) -> None:
    record = three_seats(options=options).close()
    verdict = check(record, kind)
    assert verdict.ok, verdict.failures
    found = verdict.elections[0]
    assert [entry["motion"] for entry in found["ranking"]] == ["1", "2", "3"]
    assert [entry["heads"] for entry in found["ranking"]] == [8, 7, 6]
    assert (found["elected"], found["alternates"], found["vacant"]) == (["1", "2"], ["3"], 0)
    assert found["outcome"] == "complete"
    assert verdict.motions[3]["outcome"] == "failed", "four of ten"


@pytest.mark.parametrize("kind", ["full", "public"])
def test_too_few_who_pass_are_a_shortfall_and_somewhat_more_a_committee_with_empty_seats(
    check: Check, kind: str
) -> None:
    for seats, minimum, outcome, vacant in ((3, 2, "complete", 0), (4, 3, "valid", 1), (6, 3, "shortfall", 3)):
        record = a_record(4, seats, minimum=minimum, approve_at_most=4)
        vote(record, FOUR)
        found = check(record.close(), kind).elections[0]
        assert (found["outcome"], found["vacant"]) == (outcome, vacant)


@pytest.mark.parametrize("kind", ["full", "public"])
def test_a_ballot_for_too_many_counts_as_invalid_for_the_election_alone(check: Check, kind: str) -> None:
    record = Record(TEN, matters=["M3", "M3", "M5"], elections=[an_election(2, 1)]).open()
    vote(record, ["aaa"] * 2 + ["a-a"] * 8)
    motions = check(record.close(), kind).motions
    assert [motion["options"]["agree"]["heads"] for motion in motions] == [8, 0, 10]
    assert [motion["invalid"]["heads"] for motion in motions] == [2, 2, 0]
    if kind == "full":
        assert motions[0]["invalid"]["reasons"] == {"multiple-choice": {"heads": 2, "area": 20_000}}


def test_a_ruling_on_a_ballot_for_too_many_gives_its_own_reason(check: Check) -> None:
    record = a_record(2, 1)
    vote(record, ["aa", "aa", *["a-"] * 8])
    record.rule(record.chains["E0"][0], "invalid", "altered", motion="1")
    record.rule(record.chains["E1"][0], "invalid", "multiple-choice", motion="1")
    motions = check(record.close()).motions
    assert sorted(motions[0]["invalid"]["reasons"]) == ["altered", "multiple-choice"]
    assert motions[1]["invalid"]["reasons"]["multiple-choice"]["heads"] == 2


def test_a_ballot_for_too_many_is_still_the_one_that_counts(check: Check) -> None:
    record = a_record(2, 1)
    vote(record, ["a-"] * 10)
    record.ballot("E0", {"1": "agree", "2": "agree"})
    verdict = check(record.close())
    assert verdict.motions[0]["options"]["agree"]["heads"] == 9, "the last ballot counts, and says nothing of anybody"


def test_an_owner_learns_from_the_receipt_that_a_ballot_said_too_much(tmp_path: Path) -> None:
    record = a_record(2, 1)
    vote(record, ["aa", *["a-"] * 9])
    record.close()
    (tmp_path / "full.zip").write_bytes(record.package("full"))
    (tmp_path / "receipt.json").write_text(json.dumps({"receipt": record.receipt(record.chains["E0"][0])}))
    verdict = verify.verify_package(tmp_path / "full.zip", receipt=tmp_path / "receipt.json")
    assert verdict.receipt == {"status": "ruled-invalid", "detail": "1: multiple-choice; 2: multiple-choice"}


# -- the lot


def tied(**options: Any) -> Record:
    record = a_record(3, 1, approve_at_most=2, options=options)
    vote(record, ["aa-"] * 8 + ["oo-"] * 2)
    return record.close()


@pytest.mark.parametrize("kind", ["full", "public"])
@pytest.mark.parametrize("options", [{}, {"witnesses": (*WITNESS, "b.example")}])
def test_equal_heads_and_area_are_drawn_by_the_seed_of_the_close_head(check: Check, kind: str, options: Parts) -> None:
    record = tied(**options)
    found = check(record, kind).elections[0]
    assert found["seed"] == record.seed()
    lots = sorted(("1", "2"), key=lambda code: digest(bytes.fromhex(record.seed()) + code.encode()))
    assert (found["elected"], found["alternates"]) == (lots[:1], lots[1:])


@pytest.mark.parametrize("kind", ["full", "public"])
def test_nobody_chooses_the_lot(check: Check, kind: str) -> None:
    record = tied(witnesses=WITNESS)

    def choose(parts: Parts) -> None:
        told = parts["tally"]["elections"][0]
        told["seed"] = next(seed for seed in map(digest, (bytes([n]) for n in range(50))) if elects(seed, told))

    def elects(seed: str, told: Parts) -> bool:
        lots = sorted(("1", "2"), key=lambda code: digest(bytes.fromhex(seed) + code.encode()))
        if lots[0] == told["elected"][0]:
            return False
        told["elected"], told["alternates"] = lots[:1], lots[1:]
        told["ranking"] = told["ranking"][::-1]
        return True

    assert failure(check(record, kind, tamper=choose)) == ("tally.json", "8.5")


@pytest.mark.parametrize("kind", ["full", "public"])
def test_the_lot_and_the_sample_have_one_seed(check: Check, kind: str) -> None:
    record = tied(witnesses=("a.example", "b.example"))
    other = record.heads[-1]["note"].split("\n\n")
    line = other[1].splitlines(keepends=True)[2]
    second = digest(f"{other[0]}\n{line}".encode())

    def sample(seed: str) -> Callable[[Parts], None]:
        asked = {"seed": seed, "size": 1, "contacted": 0, "confirmed": 0, "denied": 0}
        return lambda parts: parts["tally"].update(sample=asked)

    assert check(record, kind, tamper=sample(record.seed())).ok
    assert failure(check(record, kind, tamper=sample(second))) == ("tally.json", "8.5")


# -- whatever else is changed


def swap_ranks(told: Parts) -> None:
    told["ranking"][0], told["ranking"][1] = told["ranking"][1], told["ranking"][0]


def swap_seats(told: Parts) -> None:
    told["ranking"][1], told["ranking"][2] = told["ranking"][2], told["ranking"][1]
    told["elected"], told["alternates"] = ["1", "3"], ["2"]


def give_the_seat_to_the_alternate(told: Parts) -> None:
    told["elected"], told["alternates"] = ["1", "3"], ["2"]


def elect_who_failed(told: Parts) -> None:
    told["ranking"].insert(0, {"motion": "4", "heads": 9, "area": 90_000})
    told["elected"] = ["4", "1"]


def forget_one(told: Parts) -> None:
    del told["ranking"][2]
    told["alternates"] = []


def more_heads(told: Parts) -> None:
    told["ranking"][2]["heads"] = 9


def one_more_vacant(told: Parts) -> None:
    told["vacant"], told["outcome"] = 1, "valid"


def hold_up(told: Parts) -> None:
    told["outcome"] = "review"


def rename(told: Parts) -> None:
    told["election"] = "e2"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (swap_ranks, "8.5"),
        (swap_seats, "8.5"),
        (give_the_seat_to_the_alternate, "8"),
        (elect_who_failed, "8.5"),
        (forget_one, "8.5"),
        (more_heads, "8"),
        (one_more_vacant, "8"),
        (hold_up, "8"),
        (rename, "8.5"),
    ],
)
@pytest.mark.parametrize("kind", ["full", "public"])
def test_every_change_of_who_is_elected_is_named(check: Check, kind: str, change: Any, rule: str) -> None:
    def tamper(parts: Parts) -> None:
        change(parts["tally"]["elections"][0])

    builder = three_seats().close()
    # The public form's rankings follow the motions by themselves; here the platform writes them as it likes.
    public = Record.public

    def as_told(record: Record, tally: Parts) -> Parts:
        made = public(record, tally)
        return {**made, "elections": copy.deepcopy(tally["elections"])}

    builder.public = as_told.__get__(builder)  # type: ignore[method-assign]
    assert failure(check(builder, kind, tamper=tamper)) == ("tally.json", rule)


@pytest.mark.parametrize("kind", ["full", "public"])
def test_an_election_dropped_from_the_tally_or_added_to_it_is_named(check: Check, kind: str) -> None:
    record = three_seats().close()

    def drop(parts: Parts) -> None:
        del parts["tally"]["elections"]

    def empty(parts: Parts) -> None:
        parts["tally"]["elections"] = []

    assert failure(check(record, kind, tamper=drop)) == ("tally.json", "8.1")
    assert failure(check(record, kind, tamper=empty)) == ("tally.json", "8.5")
    plain = Record(TEN).open()
    vote(plain, ["a"] * 10)

    def add(parts: Parts) -> None:
        parts["tally"]["elections"] = []

    assert failure(check(plain.close(), kind, tamper=add)) == ("tally.json", "8.1")


def test_a_ballot_for_too_many_cannot_be_counted(check: Check) -> None:
    record = a_record(2, 1)
    vote(record, ["aa", *["a-"] * 9])
    record.close()
    honest = record.tally(record.rows())
    election = record.manifest["elections"][0]
    election["approve_at_most"] = 2
    generous = record.tally(record.rows())
    election["approve_at_most"] = 1
    assert generous["motions"] != honest["motions"]
    verdict = check(record, tamper=lambda parts: parts.update(tally=generous))
    assert failure(verdict) == ("tally.json", "8")
    assert "100000 / 90000" in verdict.failures[0].english, "stated and counted again"


# -- the manifest


@pytest.mark.parametrize(
    "change",
    [
        {"code": "E 1"},
        {"body": "party_branch"},
        {"rank": "age"},
        {"seats": 0},
        {"seats": True},
        {"minimum": 3},
        {"approve_at_most": 5},
        {"approve_at_most": 0},
        {"motions": []},
        {"motions": ["1", "1"]},
        {"motions": ["1", "9"]},
        {"body": "supervisory_committee"},
        {"more": 1},
    ],
)
def test_what_cannot_be_elected_is_refused_with_the_manifest(change: Parts) -> None:
    record = Record(TEN, matters=["M3"] * 4, elections=[{**an_election(4, 2), **change}])
    found = verify_manifest(record)
    assert found is not None
    assert (found.member, found.rule) == ("manifest.json", "3")


def verify_manifest(record: Record) -> verify.Failure | None:
    try:
        verify.read_manifest(canonical(record.manifest))
    except verify.Broken as broken:
        return broken.failure
    return None


def test_elections_share_neither_code_nor_candidate_and_none_is_no_field() -> None:
    def of(*elections: Parts) -> verify.Failure | None:
        return verify_manifest(Record(TEN, matters=["M3"] * 4, elections=list(elections)))

    first, second = an_election(2, 1), an_election(2, 1, code="e2", motions=["3", "4"])
    assert of(first, second) is None
    for wrong in ((), (first, {**second, "code": "e1"}), (first, {**second, "motions": ["2", "3"]})):
        found = of(*wrong)
        assert found is not None
        assert found.rule == "3"


# -- anything


FIGURES = st.lists(st.sampled_from(["agree", "oppose", "blank"]), min_size=4, max_size=4)


@settings(max_examples=60)
@given(
    st.lists(FIGURES, min_size=6, max_size=9),
    st.lists(st.integers(1, 3), min_size=9, max_size=9),
    st.integers(1, 4),
    st.integers(0, 2),
    st.integers(1, 4),
    st.sampled_from(sorted(verify.RANKS)),
    st.sets(st.tuples(st.integers(0, 5), st.integers(1, 4))),
)
def test_builder_and_verifier_agree_on_every_election(
    votes: Any, areas: list[int], seats: int, alternates: int, most: int, rank: str, spoiled: Any
) -> None:
    """With ballots ruled invalid on the way, so that candidates come under review."""
    electors = {f"E{number}": [area * 1000] for number, area in enumerate(areas)}
    record = a_record(4, seats, electors, approve_at_most=most, alternates=alternates, rank=rank)
    for number, marks in enumerate(votes):
        record.ballot(f"E{number}", {str(place): mark for place, mark in enumerate(marks, 1)})
    for number, motion in sorted(spoiled):
        record.rule(record.chains[f"E{number}"][0], "invalid", "altered", motion=str(motion))
    record.close()
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("full", "public"):
            path = Path(folder) / f"{kind}.zip"
            path.write_bytes(record.package(kind))
            verdict = verify.verify_package(path)
            assert verdict.ok, verdict.failures


def test_the_report_names_ranks_seats_and_the_lot() -> None:
    record = tied(witnesses=WITNESS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "full.zip"
        path.write_bytes(record.package("full"))
        text = "\n".join(verify._report(verify.verify_package(path)))
    assert "election 选举 e1: COMPLETE 选齐" in text
    assert record.seed() in text
    assert "8 heads 人  800.00 m²  elected 当选" in text
    assert "8 heads 人  800.00 m²  alternate 候补" in text
