"""Packages that hold: every kind of entry, both forms, with the figures that people would add up by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.record_builder import (
    AFTER,
    CLOSES,
    DURING,
    NOTICED,
    OPENS,
    Person,
    PlatformKey,
    Record,
    digest,
    small_record,
)
from voting import verify
from voting.verify import Verdict

Check = Callable[..., Verdict]
WITNESS = ("居委会.example",)


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Writes a package and verifies it, with or without a receipt or a kept tree head."""

    def run(
        record: Record, kind: str = "full", receipt: Any = None, head: str | None = None, **options: Any
    ) -> Verdict:
        package, receipt_file, head_file = (tmp_path / name for name in ("package.zip", "receipt.json", "head.txt"))
        package.write_bytes(record.package(kind, options.pop("tamper", None)))
        if receipt is not None:
            receipt_file.write_text(json.dumps(receipt), encoding="utf-8")
        if head is not None:
            head_file.write_text(head, encoding="utf-8")
        return verify.verify_package(
            package,
            options.pop("assembly", record.assembly),
            receipt_file if receipt is not None else None,
            head_file if head is not None else None,
        )

    return run


def figures(verdict: Verdict, motion: int = 0) -> dict[str, tuple[int, int | None]]:
    assert verdict.ok, verdict.failures
    return {name: (item["heads"], item["area"]) for name, item in verdict.motions[motion]["options"].items()}


def failure(verdict: Verdict) -> tuple[str, str]:
    assert not verdict.ok
    first = verdict.failures[0]
    assert first.english
    assert first.chinese
    return first.member, first.rule


@pytest.mark.parametrize("kind", ["full", "public"])
@pytest.mark.parametrize(
    "options", [{}, {"witnesses": WITNESS}, {"officials": True, "witnesses": (*WITNESS, "b.example")}]
)
def test_an_honest_package_holds(check: Check, kind: str, options: dict[str, Any]) -> None:
    record = small_record(**options)
    verdict = check(record, kind)
    assert verdict.ok, verdict.failures
    assert (verdict.verdict, verdict.kind, verdict.assembly) == ("VERIFIED", kind, record.assembly)
    assert verdict.motions[0]["outcome"] == "passed"
    assert verdict.log["size"] == 6


def test_without_the_printed_hash_the_signers_are_not_authenticated(check: Check) -> None:
    verdict = check(small_record(), assembly=None)
    assert verdict.ok
    assert verdict.verdict == "SELF-CONSISTENT ONLY, SIGNERS NOT AUTHENTICATED"


def test_another_assemblys_hash_fails(check: Check) -> None:
    assert failure(check(small_record(), assembly="0" * 64)) == ("manifest.json", "3")


def test_the_last_or_the_first_ballot_counts_as_noticed(check: Check) -> None:
    assert figures(check(small_record()))["agree"] == (2, 23000)
    assert figures(check(small_record(counting="first")))["oppose"] == (1, 14000)


def test_the_chain_decides_and_not_the_place_in_the_log(check: Check) -> None:
    record = Record({"E1": [100]}).open()
    first = record.ballot("E1", "oppose")
    second = record.ballot("E1", "agree")
    record.log[-2:] = record.log[:-3:-1]
    assert record.chains["E1"] == [first, second]
    verdict = check(record.close())
    assert figures(verdict)["agree"] == (1, 100)


def test_blank_and_abstain_are_participation_and_never_agreement(check: Check) -> None:
    record = Record({f"E{number}": [100] for number in range(4)}).open()
    for number, choice in enumerate(("agree", "abstain", "blank")):
        record.ballot(f"E{number}", choice)
    verdict = check(record.close())
    found = figures(verdict)
    assert (found["abstain"], found["blank"], found["not_agreed"]) == ((1, 100), (1, 100), (2, 200))
    assert verdict.motions[0]["without_invalid"]["participated"] == {"heads": 3, "area": 300}
    assert verdict.motions[0]["without_invalid"]["quorum"]
    assert verdict.motions[0]["outcome"] == "failed"


def test_each_motion_is_counted_apart(check: Check) -> None:
    record = Record({f"E{number}": [100] for number in range(4)}, matters=["M5", "M8"]).open()
    for number in range(4):
        record.ballot(f"E{number}", {"1": "agree", "2": "agree" if number < 2 else "oppose"})
    verdict = check(record.close())
    assert [motion["outcome"] for motion in verdict.motions] == ["passed", "failed"]
    assert verdict.motions[1]["class"] == "special"


def test_nobody_voted(check: Check) -> None:
    for kind in ("full", "public"):
        verdict = check(Record({"E1": [100]}).open().close(), kind)
        assert verdict.motions[0]["outcome"] == "failed"
        assert verdict.ok, verdict.failures


def test_a_voided_ballot_leaves_the_chain_and_the_elector_votes_again(check: Check) -> None:
    record = Record({"E1": [100], "E2": [300]}).open()
    wrong = record.ballot("E1", "agree", channel="meeting")
    record.void(wrong)
    record.ballot("E1", "oppose")
    lost = record.ballot("E2", "agree", channel="meeting")
    record.void(lost)
    verdict = check(record.close(), receipt={"receipt": record.receipt(wrong)})
    assert figures(verdict) | {"blank": (0, 0)} == {
        **dict.fromkeys(("agree", "abstain", "blank"), (0, 0)),
        **dict.fromkeys(("oppose", "not_agreed"), (1, 100)),
    }
    assert verdict.receipt == {"status": "voided", "detail": "keying-error"}


def test_invalid_ballots_are_weighed_in_and_out_of_the_base(check: Check) -> None:
    record = Record({f"E{number}": [100] for number in range(10)}).open()
    for number in range(6):
        record.ballot(f"E{number}", "agree")
    for number in (6, 7, 8):
        record.rule(record.ballot(f"E{number}", "oppose"), "invalid", "unsigned" if number < 8 else "forged")
    verdict = check(record.close())
    motion = verdict.motions[0]
    assert motion["invalid"]["reasons"] == {"unsigned": {"heads": 2, "area": 200}, "forged": {"heads": 1, "area": 100}}
    assert motion["without_invalid"]["participated"] == {"heads": 6, "area": 600}
    assert motion["with_invalid"]["participated"] == {"heads": 8, "area": 800}
    assert (motion["without_invalid"]["passed"], motion["with_invalid"]["passed"]) == (False, True)
    assert motion["outcome"] == "review"
    assert check(record, "public").ok


def test_a_ruling_on_one_motion_leaves_the_others(check: Check) -> None:
    record = Record({"E1": [100]}, matters=["M5", "M5"]).open()
    own = record.ballot("E1", "agree")
    record.rule(own, "invalid", "multiple-choice", motion="2")
    verdict = check(record.close(), receipt={"receipt": record.receipt(own)})
    assert figures(verdict, 0)["agree"] == (1, 100)
    assert figures(verdict, 1)["agree"] == (0, 0)
    assert verdict.receipt == {"status": "ruled-invalid", "detail": "2: multiple-choice"}


def test_a_valid_ballot_goes_before_one_ruled_invalid(check: Check) -> None:
    record = Record({"E1": [100]}).open()
    record.ballot("E1", "agree")
    record.rule(record.ballot("E1", "oppose"), "invalid", "altered")
    assert figures(check(record.close()))["agree"] == (1, 100)


def test_an_own_ballot_goes_before_a_proxys_even_when_it_came_first(check: Check) -> None:
    record = Record({"E1": [100], "E2": [100], "E3": [100]}).open()
    record.ballot("E1", "agree")
    record.rule(record.ballot("E1", "oppose", channel="proxy"), "proxy-accepted")
    record.rule(record.ballot("E2", "abstain", channel="proxy"), "proxy-accepted")
    record.rule(record.ballot("E3", "agree", channel="proxy"), "proxy-refused", "没有书面委托")
    verdict = check(record.close())
    found = figures(verdict)
    assert (found["agree"], found["abstain"]) == ((1, 100), (1, 100))
    assert verdict.motions[0]["invalid"]["reasons"] == {"no-authority": {"heads": 1, "area": 100}}


def test_a_proxys_ballot_must_be_ruled_on_and_agents_are_capped(check: Check) -> None:
    record = Record({"E1": [100]}).open()
    record.ballot("E1", "agree", channel="proxy")
    assert failure(check(record.close())) == ("log.jsonl", "5.4")
    record = Record({"E1": [100], "E2": [100]}, proxy_cap=1).open()
    for name in ("E1", "E2"):
        record.rule(record.ballot(name, "agree", channel="proxy"), "proxy-accepted")
    assert failure(check(record.close())) == ("log.jsonl", "5.4")


def test_paper_is_issued_delivered_reissued_and_keyed_after_the_cut_off(check: Check) -> None:
    record = Record({"E1": [100], "E2": [200], "E3": [300]})
    for name in ("E1", "E2", "E3"):
        record.issue(name, f"S-{name}")
    record.append("delivery", elector="E1", serial="S-E1", method="post", delivered=NOTICED, by=record.clerks[:1])
    record.delivered.add("E1")
    record.append("reissue", elector="E2", serial="S-new", replaces="S-E2", by=record.clerks[:1])
    del record.serials["S-E2"]
    record.serials["S-new"] = "E2"
    record.open()
    record.ballot("E1", "agree", channel="paper", serial="S-E1")
    record.cut_off()
    record.append("paper-received", serials=["S-E3", "S-new"], time=AFTER, by=record.clerks)
    record.ballot("E2", "agree", channel="paper", serial="S-new", time=AFTER)
    verdict = check(record.close())
    assert figures(verdict)["agree"] == (2, 300)


def test_a_dead_foreign_used_or_late_serial_is_refused(check: Check) -> None:
    def keyed(serial: str, elector: str = "E1", late: bool = False) -> tuple[str, str]:
        record = Record({"E1": [100], "E2": [200]})
        record.issue("E1", "S-1")
        record.issue("E2", "S-2")
        record.append("reissue", elector="E2", serial="S-3", replaces="S-2", by=record.clerks[:1])
        record.open()
        record.ballot("E1", "agree", channel="paper", serial="S-1")
        if late:
            record.cut_off()
            record.append("paper-received", serials=["S-9"], time=AFTER, by=record.clerks)
        record.ballot(elector, "agree", channel="paper", serial=serial)
        return failure(check(record.close()))

    assert keyed("S-2", "E2") == ("log.jsonl", "5.2")  # dead: it was replaced
    assert keyed("S-3") == ("log.jsonl", "5.2")  # another elector's
    assert keyed("S-1") == ("log.jsonl", "5.2")  # used
    assert keyed("S-3", "E2", late=True) == ("log.jsonl", "5.2")  # not in hand at the cut-off


def test_a_correction_merge_and_split_carry_ballots_and_weights(check: Check) -> None:
    record = Record({"E1": [100], "E2": [200], "E3": [300], "E4": [400]})
    corrected = record.roll_entry("E1", [150])
    record.change_roll(["E1"], [corrected], {"E1": ["E1"]}, time=NOTICED)
    record.open()
    record.ballot("E2", "oppose")
    record.ballot("E3", "agree", time="2026-03-19T00:00:00+08:00")
    merged = record.roll_entry("E2", [200, 300])
    merged["units"] = [{"unit": "E2-1", "area": 200}, {"unit": "E3-1", "area": 300}]
    record.change_roll(["E2", "E3"], [merged], {"E2": ["E2", "E3"]}, paper=digest(b"registry"))
    record.ballot("E4", "agree")
    parts = [record.roll_entry(name, [area]) for name, area in (("E4", 150), ("E5", 250))]
    record.change_roll(["E4"], parts, {"E4": [], "E5": ["E4"]}, paper=digest(b"court"))
    verdict = check(record.close())
    assert figures(verdict)["agree"] == (2, 750)


def test_totals_change_after_the_opening_only_with_a_paper(check: Check) -> None:
    for paper, expected in ((digest(b"registry"), True), (None, False)):
        record = Record({"E1": [100], "E2": [100]}).open()
        record.change_roll(["E1"], [record.roll_entry("E1", [150])], {"E1": ["E1"]}, paper=paper)
        verdict = check(record.close())
        assert verdict.ok is expected, verdict.failures
    assert failure(verdict) == ("log.jsonl", "5.3")


def test_a_roll_change_cannot_lose_or_reorder_ballots(check: Check) -> None:
    for spoil in (list[str].clear, list[str].reverse):
        record = Record({"E1": [100], "E2": [100]}).open()
        record.ballot("E1", "agree")
        record.ballot("E1", "oppose")
        record.change_roll(["E1"], [record.roll_entry("E1", [100])], {"E1": ["E1"]}, by=[])
        entry = record.log.pop()
        spoil(entry["heirs"][0]["ballots"])
        fields = {name: entry[name] for name in ("before", "after", "heirs", "reason", "paper")}
        record.append("roll-change", **fields, by=record.clerks)
        assert failure(check(record.close())) == ("log.jsonl", "5.3")


def test_an_extension_holds_only_as_noticed(check: Check) -> None:
    late, latest = "2026-03-24T09:00:00+08:00", "2026-03-25T09:00:00+08:00"
    for until, expected in ((latest, True), ("2026-03-26T09:00:00+08:00", False), (CLOSES, False)):
        record = Record({"E1": [100]}, extension={"clause": "第十五条", "latest": latest}).open()
        record.append("extend", until=until, reason="参与人数不足", by=record.clerks)
        record.ballot("E1", "agree", time=late)
        record.cut_off(time=latest)
        record.append("close", time=latest)
        record.head("close", latest)
        verdict = check(record, tamper=lambda parts: parts["tally"].update(time=latest))
        assert verdict.ok is expected, verdict.failures


def test_a_channel_added_and_keys_changed_hold_from_then_on(check: Check) -> None:
    record = Record({"E1": [100], "E2": [100]}, channels=["online"], officials=True).open()
    record.append("channel-added", channel="meeting", reason="停电", by=record.clerks)
    new_clerk, old_receipt = Person("工作人员丙"), record.receipt_key
    old = record.clerks[0]
    record.append("key-change", role="clerk", old=old.id, key=new_clerk.listed(), reason="离任", by=record.clerks)
    record.clerks = [new_clerk, record.clerks[1]]
    own = record.ballot("E1", "agree", channel="meeting")
    receipt = record.receipt(own)
    for role, name in (("log", "log_key"), ("receipt", "receipt_key"), ("record", "record_key")):
        fresh = PlatformKey(f"new {role}")
        listed = {"id": fresh.id, "public": fresh.public.hex()}
        replaced = getattr(record, name).id
        record.append("key-change", role=role, old=replaced, key=listed, reason="轮换", by=record.clerks)
        setattr(record, name, fresh)
    record.head("hourly", DURING)
    record.close()
    assert old_receipt.id == receipt["key"]
    for kind in ("full", "public"):
        verdict = check(record, kind, receipt={"receipt": receipt})
        assert verdict.ok, verdict.failures
    record.clerks = [old, new_clerk]
    record.log[-1:] = []
    record.heads[-1:] = []
    record.ballot("E2", "agree", channel="meeting")
    record.append("close", time=AFTER)
    record.head("close", AFTER)
    assert failure(check(record)) == ("log.jsonl", "5")  # the replaced clerk signs no longer


def sample_of(record: Record, line: int, **changed: Any) -> Callable[[dict[str, Any]], None]:
    """A sample of both voters, seeded by the close head's body and one of its signature lines."""
    body, lines = record.heads[-1]["note"].split("\n\n")
    seed = digest((body + "\n" + lines.splitlines(keepends=True)[line]).encode())
    sample = {"seed": seed, "size": 2, "contacted": 2, "confirmed": 1, "denied": 1} | changed
    return lambda parts: parts["tally"].update(sample=sample)


@pytest.mark.parametrize("kind", ["full", "public"])
def test_the_samples_figures_must_add_up(check: Check, kind: str) -> None:
    record = small_record()
    assert check(record, kind, tamper=sample_of(record, 0)).ok
    for changed in (
        {"confirmed": 2},
        {"size": 1},
        {"size": 3},
        {"size": 0, "contacted": 0, "confirmed": 0, "denied": 0},
    ):
        assert failure(check(record, kind, tamper=sample_of(record, 0, **changed))) == ("tally.json", "8.1")


@pytest.mark.parametrize("kind", ["full", "public"])
def test_nobody_chooses_the_samples_seed(check: Check, kind: str) -> None:
    alone, watched = small_record(), small_record(witnesses=("a.example", "b.example"))
    chosen = sample_of(alone, 0, seed=digest(b"a seed that draws friends"))
    assert failure(check(alone, kind, tamper=chosen)) == ("tally.json", "8.1")
    for line in (1, 2):
        assert check(watched, kind, tamper=sample_of(watched, line)).ok
    # The platform could foresee its own signature: with witnesses it is one of theirs that counts, made in time.
    assert failure(check(watched, kind, tamper=sample_of(watched, 0))) == ("tally.json", "8.1")
    late = watched.witnesses[0].cosign(watched.heads[-1]["note"].split("\n\n")[0] + "\n", "2026-03-23T19:00:01+08:00")
    note = watched.heads[-1]["note"].splitlines(keepends=True)
    watched.heads[-1]["note"] = "".join([*note[:5], late, *note[6:]])
    assert failure(check(watched, kind, tamper=sample_of(watched, 1))) == ("tally.json", "8.1")
    assert check(watched, kind, tamper=sample_of(watched, 2)).ok


def test_the_sample_is_drawn_by_the_ballots_that_the_log_had_before(check: Check) -> None:
    record = small_record()
    tamper = sample_of(record, 0, size=1, contacted=0, confirmed=0, denied=0)
    parts: dict[str, Any] = {"tally": {}}
    tamper(parts)
    seed = bytes.fromhex(parts["tally"]["sample"]["seed"])
    cast = [row for row in record.rows() if row["counted"]]
    first = min(cast, key=lambda row: digest(seed + bytes.fromhex(row["counted"])))
    assert check(record, tamper=tamper).sample == [first["elector"]]
    assert check(record, "public", tamper=tamper).sample == []


# -- receipts


def receipt_file(record: Record, own: str, *parts: str) -> dict[str, Any]:
    entry = record.ballots[own]
    row = next(row for row in record.rows() if row["elector"] == entry["elector"])
    return {"receipt": record.receipt(own)} | {name: {"entry": entry, "row": row}[name] for name in parts}


@pytest.mark.parametrize(
    ("kind", "parts", "first", "second"),
    [
        ("full", (), "superseded", "counted"),
        ("full", ("entry", "row"), "superseded", "counted"),
        ("public", (), "included", "included"),
        ("public", ("row",), "superseded", "counted"),
        ("public", ("entry", "row"), "superseded", "counted"),
    ],
)
def test_a_receipt_is_answered(check: Check, kind: str, parts: tuple[str, ...], first: str, second: str) -> None:
    record = small_record()
    for own, status in zip(record.chains["E2"], (first, second), strict=True):
        verdict = check(record, kind, receipt=receipt_file(record, own, *parts))
        assert verdict.ok, verdict.failures
        assert verdict.receipt is not None
        assert verdict.receipt["status"] == status


def test_a_public_row_that_counted_nothing_says_so(check: Check) -> None:
    record = Record({"E1": [100]}).open()
    own = record.ballot("E1", "agree", channel="meeting")
    record.void(own)
    verdict = check(record.close(), "public", receipt=receipt_file(record, own, "row"))
    assert verdict.receipt is not None
    assert verdict.receipt["status"] == "not-counted"


def test_a_ballot_left_out_is_a_broken_promise(check: Check) -> None:
    whole = small_record()
    own = whole.chains["E1"][0]
    record = Record({"E1": [9000], "E2": [8000, 6000], "E3": [11000]}, channels=["online"]).open()
    record.ballot("E2", "oppose")
    record.close()
    assert record.assembly == whole.assembly
    for kind in ("full", "public"):
        verdict = check(record, kind, receipt={"receipt": whole.receipt(own)})
        assert (verdict.ok, verdict.verdict) == (False, "PROMISE BROKEN")
        assert "size 4" in verdict.failures[0].english


def test_a_ballot_sequenced_after_its_due_time_is_a_broken_promise(check: Check) -> None:
    record = Record({"E1": [100]}).open()
    record.head("hourly", "2026-03-19T00:00:00+08:00")
    own = record.ballot("E1", "agree")
    record.close()
    kept = check(record, receipt={"receipt": record.receipt(own, due="2026-03-19T00:00:00+08:00")})
    assert kept.ok, kept.failures
    verdict = check(record, receipt={"receipt": record.receipt(own, due="2026-03-18T21:00:00+08:00")})
    assert verdict.verdict == "PROMISE BROKEN"


def test_a_worthless_receipt_is_a_failure_of_its_own(check: Check) -> None:
    record = small_record()
    own, other = record.chains["E1"][0], record.chains["E2"][0]
    good = receipt_file(record, own, "entry", "row")
    bad: Any
    for bad in (
        [],
        {},
        {"receipt": None},
        good | {"more": 1},
        good | {"receipt": good["receipt"] | {"time": AFTER}},
        good | {"receipt": good["receipt"] | {"assembly": "0" * 64}},
        good | {"receipt": good["receipt"] | {"key": record.log_key.id}},
        good | {"entry": record.ballots[other]},
        good | {"entry": {}},
    ):
        assert failure(check(record, receipt=bad)) == ("receipt", "10")
    row: Any
    for row in (good["row"] | {"counted": None}, {}, receipt_file(record, other, "row")["row"]):
        assert failure(check(record, "public", receipt=good | {"row": row})) == ("receipt", "10")


# -- heads that somebody kept


def test_a_kept_head_must_be_a_prefix_of_the_log(check: Check) -> None:
    record = small_record()
    assert check(record, head=record.heads[1]["note"]).ok
    assert failure(check(record, head="nonsense")) == ("kept tree head", "6")
    longer = small_record()
    longer.log[-2:] = []
    longer.heads[-2:] = []
    longer.ballot("E3", "oppose")
    longer.ballot("E3", "agree")
    longer.close()
    assert longer.assembly == record.assembly
    assert failure(check(record, head=longer.heads[-1]["note"])) == ("kept tree head", "11")
    assert failure(check(longer, head=record.heads[-1]["note"])) == ("kept tree head", "11")


def test_the_public_figures_hide_small_groups_and_the_full_package_binds_them(check: Check) -> None:
    record = Record({f"E{number:02d}": [100 + number] for number in range(14)}).open()
    for number in range(14):
        record.ballot(f"E{number:02d}", "agree" if number < 7 else "oppose" if number < 12 else "abstain")
    record.close()
    found = figures(check(record, "public"))
    assert found["agree"] == (7, 721)
    assert found["abstain"] == (2, None)
    assert found["oppose"] == (5, None), "or abstain would be not_agreed minus oppose"
    assert found["not_agreed"] == (7, 770)
    assert figures(check(record))["oppose"] == (5, 545)


def test_everything_time_and_opening_related_is_checked(check: Check) -> None:
    def cast(**fields: Any) -> tuple[str, str]:
        record = Record({"E1": [100]}).open()
        record.ballot("E1", "agree", **fields)
        return failure(check(record.close()))

    assert cast(time="2026-03-15T23:59:59+08:00") == ("log.jsonl", "5.2")
    assert cast(time=CLOSES) == ("log.jsonl", "5.2")
    early = Record({"E1": [100]})
    early.ballot("E1", "agree", time=OPENS)
    early.open().close()
    assert failure(check(early)) == ("tree-heads.jsonl", "6")
    hasty = Record({"E1": [100]}).open()
    hasty.cut_off(time=DURING)
    assert failure(check(hasty.close())) == ("log.jsonl", "5")
