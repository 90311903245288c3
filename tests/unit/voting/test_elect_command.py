"""`hoa assembly elect`: an election's sum from a file, on its edges, and every mistake in the file answered by name."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hoa.kernel.errors import Refusal
from voting.commands import assembly
from voting.rules import contests, election_file, shares
from voting.rules.thresholds import ImpossibleShare

SEED = "ab" * 32


def a_file(*agreed: str, **more: Any) -> dict[str, Any]:
    rows = [
        {"name": f"候选人{number}", "participated": "70/7000.00", "agreed": one} for number, one in enumerate(agreed, 1)
    ]
    return {"roll": "100/10000.00", "seats": 2, "minimum": 1, "alternates": 1, "candidates": rows, **more}


def elected(folder: Path, value: dict[str, Any]) -> Any:
    path = folder / "candidates.json"
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    done = CliRunner().invoke(assembly, ["elect", "--file", str(path), "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def test_half_fails_and_one_head_or_a_hundredth_more_passes(tmp_path: Path) -> None:
    found = elected(tmp_path, a_file("36/3500.01", "35/4000.00", "36/3500.00", "40/3600.00"))
    assert (found["outcome"], found["elected"], found["alternates"]) == ("complete", ["m4", "m1"], [])
    rows = {row["code"]: row for row in found["candidates"]}
    assert [test["missing"] for test in rows["m2"]["inequalities"]] == [0, 0, 1, 0]
    assert [test["missing"] for test in rows["m3"]["inequalities"]] == [0, 0, 0, 1]
    assert [row["place"] for row in found["candidates"]] == [1, 2, None, None]
    assert rows["m3"]["result"] == "not elected"


def test_equals_are_drawn_with_the_seed_and_without_one_it_is_asked_for(tmp_path: Path) -> None:
    value = a_file("40/4000.00", "40/4000.00", seats=1)
    found = elected(tmp_path, {**value, "seed": SEED})
    first = next(row for row in found["candidates"] if row["place"] == 1)
    second = next(row for row in found["candidates"] if row["place"] == 2)
    assert first["lot"] < second["lot"]
    assert (found["elected"], found["alternates"]) == ([first["code"]], [second["code"]])
    with pytest.raises(election_file.SeedNeeded, match="候选人1、候选人2"):
        elected(tmp_path, value)


def test_in_words_everybody_stands_in_rank_with_what_was_missing(tmp_path: Path) -> None:
    path = tmp_path / "candidates.json"
    path.write_text(json.dumps(a_file("36/3600.00", "35/3600.00", seats=3, minimum=3)), encoding="utf-8")
    text = CliRunner().invoke(assembly, ["elect", "--file", str(path)]).output
    assert text.startswith("SHORTFALL (no committee, 2 vacant)")
    assert " 1. m1  候选人1  elected" in text
    assert "2 × 35 > 1 × 70  no, 1 heads short" in text


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", election_file.NotAnElection),
        ("[]", election_file.NotAnElection),
        ("{", election_file.NotAnElection),
        ("[" * 100_000, election_file.NotAnElection),
        (json.dumps(a_file("1/1", roll="many")), shares.NotAShare),
        (json.dumps(a_file("1/1", roll=7)), election_file.FieldMissing),
        (json.dumps(a_file()), election_file.FieldMissing),
        (json.dumps(a_file("1/1", candidates=["m1"])), election_file.FieldMissing),
        (json.dumps(a_file("71/1")), ImpossibleShare),
        (json.dumps(a_file("1/x")), shares.NotAShare),
        (json.dumps(a_file("40/4000.00", seats=0)), contests.WrongSeats),
        (json.dumps(a_file("40/4000.00", seats="7")), contests.ElectionIncomplete),
        (json.dumps(a_file("40/4000.00", minimum=3)), contests.WrongSeats),
        (json.dumps(a_file("40/4000.00", rank="age")), contests.UnknownRank),
        (json.dumps(a_file("40/4000.00", seed="short")), election_file.FieldMissing),
    ],
)
def test_a_mistake_in_the_file_is_answered_by_name(text: str, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        election_file.count(text)


def test_a_candidate_without_a_name_or_with_anothers_code_is_named() -> None:
    value = a_file("40/4000.00", "41/4000.00")
    del value["candidates"][1]["name"]
    with pytest.raises(election_file.FieldMissing, match=r"candidates\[2\] .*name"):
        election_file.count(json.dumps(value))
    value = a_file("40/4000.00", "41/4000.00")
    value["candidates"][1]["code"] = "m1"
    with pytest.raises(election_file.CodeTwice, match="m1"):
        election_file.count(json.dumps(value))


def test_a_file_that_is_not_there_or_not_text_is_a_sentence(tmp_path: Path) -> None:
    assert CliRunner().invoke(assembly, ["elect", "--file", str(tmp_path / "none.json")]).exit_code == 2
    (tmp_path / "picture.json").write_bytes(b"\xff\xd8\xff")
    done = CliRunner().invoke(assembly, ["elect", "--file", str(tmp_path / "picture.json")])
    assert done.exit_code == 1
    assert "cannot be read" in done.output
