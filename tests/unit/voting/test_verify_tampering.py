"""Whatever is changed in a package, by accident or by the platform itself with its own keys, is named."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.record_builder import (
    CLOSED,
    COUNTED,
    DURING,
    OPENS,
    Record,
    canonical,
    digest,
    leaf,
    lines,
    root,
    small_record,
    zipped,
)
from voting import verify
from voting.verify import Verdict

Parts = dict[str, Any]
WITNESS = ("居委会.example",)


def short_verifier(parts: Parts) -> None:
    """The real verify.py is most of a small package; a stand-in keeps the byte by byte tests about the rest."""
    parts["verify.py"] = b"# stand-in\n"


def members_of(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def run(tmp_path: Path) -> Callable[[bytes], Verdict]:
    def verified(data: bytes) -> Verdict:
        path = tmp_path / "package.zip"
        path.write_bytes(data)
        return verify.verify_package(path)

    return verified


Run = Callable[[bytes], Verdict]


def first(verdict: Verdict) -> tuple[str, int, str]:
    assert not verdict.ok
    failure = verdict.failures[0]
    return failure.member, failure.line, failure.rule


# -- accidents: bytes


@pytest.mark.parametrize("kind", ["full", "public"])
def test_any_byte_of_the_file_changed_fails_and_the_member_is_named(run: Run, kind: str) -> None:
    package = small_record(officials=True, witnesses=WITNESS).package(kind, short_verifier)
    assert run(package).ok
    content: dict[int, str] = {}
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        for info in archive.infolist():
            start = info.header_offset + 30 + len(info.filename)
            content |= dict.fromkeys(range(start, start + info.file_size), info.filename)
    for at in range(len(package)):
        data = bytearray(package)
        data[at] ^= 1 << at % 8
        member = first(run(bytes(data)))[0]
        assert member in (*verify.MEMBERS, "zip end record"), at
        assert member == content.get(at, member), at


@pytest.mark.parametrize("kind", ["full", "public"])
def test_any_byte_of_a_member_changed_and_zipped_again_is_named(run: Run, kind: str) -> None:
    members = members_of(small_record(witnesses=WITNESS).package(kind, short_verifier))
    for name, content in members.items():
        for at in range(len(content)):
            changed = bytearray(content)
            changed[at] ^= 1 << at % 7
            assert first(run(zipped(members | {name: bytes(changed)})))[0] == name, (name, at)


def test_a_package_cut_short_or_grown_is_refused(run: Run) -> None:
    package = small_record().package("full", short_verifier)
    for size in (0, 1, 29, 30, 100, len(package) // 2, len(package) - 1):
        assert not run(package[:size]).ok
    assert first(run(package + b"\0"))[0] == "zip end record"
    assert not run(b"\0" + package).ok


def test_a_member_more_or_less_or_compressed_is_refused(run: Run) -> None:
    members = members_of(small_record().package("full", short_verifier))
    assert first(run(zipped(members | {"zz.txt": b"more"})))[2] == "2"
    for name in members:
        less = {key: value for key, value in members.items() if key != name}
        assert first(run(zipped(less)))[0] == name
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(members.items()):
            archive.writestr(name, content)
    assert first(run(buffer.getvalue())) == ("counted.jsonl", 0, "2")


def test_absurd_sizes_are_refused_without_reading_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    members = members_of(small_record().package("full", short_verifier))
    assert first(run(zipped(members | {"tally.json": b" " * (verify.MAX_DOCUMENT + 1)}))) == ("tally.json", 0, "2")
    monkeypatch.setattr(verify, "MAX_PACKAGE", 1000)
    assert first(run(zipped(members))) == ("package", 0, "2")


# -- a package signed by the platform's own keys around parts that were changed


def resigned(record: Record, change: Callable[[dict[str, bytes]], None], kind: str = "full") -> bytes:
    members = members_of(record.package(kind, short_verifier))
    del members["package.json"]
    change(members)
    return zipped(members | {"package.json": record.sign_package(members, kind)})


HOSTILE = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b"\xff",
    b"\xef\xbb\xbf{}",
    b'{"a":1.0}',
    b'{"a":NaN}',
    b'{"a":-0}',
    b'{"a":9007199254740992}',
    b'{"a":' + b"9" * 100_000 + b"}",
    b'{"a":1,"a":1}',
    b'{"b":1,"a":1}',
    b'{"a": 1}',
    b'{"a":"\\ud800"}',
    b'{"a":"\\u0041"}',
    '{"a":"e\u0301"}'.encode(),
    b"[" * 200_000,
    b'{"a":' * 100_000,
]


@pytest.mark.parametrize("member", [name for name in verify.MEMBERS if name not in ("verify.py", "package.json")])
def test_hostile_json_is_a_failure_and_never_a_crash(run: Run, member: str) -> None:
    record = small_record()
    for content in HOSTILE:
        raw = content + b"\n" if member.endswith("l") else content
        verdict = run(resigned(record, lambda members, raw=raw: members.update({member: raw})))  # type: ignore[misc]
        assert first(verdict)[0] == member, content[:40]


@pytest.mark.parametrize("content", HOSTILE)
def test_hostile_package_json_is_a_failure_and_never_a_crash(run: Run, content: bytes) -> None:
    members = members_of(small_record().package("full", short_verifier))
    assert first(run(zipped(members | {"package.json": content}))) == ("package.json", 0, first_rule(content))


def first_rule(content: bytes) -> str:
    return "9" if content in (b"null", b"[]", b"{}") else "1"


def test_strings_are_compared_in_nfc_one_by_one() -> None:
    place = verify.Place("x")
    fine = '"\\n\u0303"'.encode()  # a combining mark after an escape: the line is not NFC, the string is
    assert verify.read_canonical(fine, place) == "\n\u0303"
    with pytest.raises(verify.Broken):
        verify.read_canonical('"\\nn\u0303"'.encode(), place)


ODD_VALUES: tuple[Any, ...] = (None, 7, -1, True, "x", [], {}, [[]], {"x": {}})


def shapes_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a JSON value."""
    found = [path]
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        found += shapes_of(value[key], (*path, key))
    return found


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    fresh = copy.copy(value)
    fresh[path[0]] = replaced(value[path[0]], path[1:], new)
    return fresh


@pytest.mark.parametrize("kind", ["full", "public"])
@pytest.mark.parametrize("member", ["manifest.json", "tally.json", "log.jsonl", "roll.jsonl", "counted.jsonl"])
def test_a_value_of_another_type_anywhere_is_a_failure_and_never_a_crash(run: Run, member: str, kind: str) -> None:
    record = small_record(officials=True)
    original = members_of(record.package(kind, short_verifier))[member]
    documents = [json.loads(line) for line in original.splitlines()]
    for number, document in enumerate(documents):
        for path in shapes_of(document):
            for new in ODD_VALUES:
                texts = [canonical(value) for value in replaced(documents, (number, *path), new)]
                content = b"".join(text + b"\n" for text in texts) if member.endswith("l") else texts[0]
                if content == original:
                    continue
                verdict = run(resigned(record, lambda members, raw=content: members.update({member: raw}), kind))  # type: ignore[misc]
                assert not verdict.ok, (path, new)
                assert verdict.failures[0].member != "package", (path, new, verdict.failures)


def tampered(record: Record, change: Callable[[Parts], None], kind: str = "full") -> bytes:
    def both(parts: Parts) -> None:
        short_verifier(parts)
        change(parts)

    return record.package(kind, both)


def test_electors_swapped_between_two_ballots(run: Run) -> None:
    def swap(parts: Parts) -> None:
        one, two = (copy.deepcopy(parts["log"][at]) for at in (1, 2))
        one["elector"], two["elector"] = two["elector"], one["elector"]
        parts["log"][1:3] = [one, two]

    assert first(run(tampered(small_record(), swap)))[0] in ("log.jsonl", "tree-heads.jsonl")


def test_a_choice_changed_is_not_under_the_tree_heads(run: Run) -> None:
    def change(parts: Parts) -> None:
        parts["log"][3] = parts["log"][3] | {"choices": {"1": "oppose"}}

    assert first(run(tampered(small_record(), change))) == ("tree-heads.jsonl", 3, "6")


def test_a_tail_cut_and_signed_again_under_a_head_that_a_witness_kept(run: Run) -> None:
    record = small_record(witnesses=WITNESS)
    kept = record.heads[-1]
    record.log[3:] = []
    record.heads[2:] = []
    record.chains["E2"].pop()
    record.ballots.popitem()
    record.close()
    assert run(record.package()).ok, "nobody kept the head: the cut cannot be seen inside the package"
    record.heads.insert(2, kept | {"purpose": "hourly", "time": DURING})
    assert first(run(record.package())) == ("tree-heads.jsonl", 3, "6")


def test_a_tail_cut_without_the_witness_has_no_cosigned_close_head(run: Run) -> None:
    record = small_record(witnesses=WITNESS)
    record.log[3:] = []
    record.heads[2:] = []
    record.chains["E2"].pop()
    record.ballots.popitem()
    record.witnesses = []
    record.close()
    assert first(run(record.package())) == ("tally.json", 0, "6")


def test_a_forked_tree_is_found_at_the_head_before_the_fork(run: Run) -> None:
    record = Record({"E1": [100], "E2": [100]}).open()
    record.ballot("E1", "agree")
    record.head("hourly", DURING)
    record.log.pop()
    record.chains.clear()
    record.ballots.clear()
    record.ballot("E1", "oppose")
    record.close()
    assert first(run(record.package())) == ("tree-heads.jsonl", 3, "6")


def test_a_witness_who_signed_too_late_or_for_another_tree_is_refused(run: Run) -> None:
    late = Record({"E1": [100]}, witnesses=WITNESS)
    late.heads.clear()
    late.head("notice", OPENS, size=1, cosigned=OPENS.replace(":00+08", ":01+08"))
    assert first(run(late.open().close().package())) == ("tree-heads.jsonl", 1, "6")
    after = small_record(witnesses=WITNESS)
    after.heads.pop()
    after.head("close", CLOSED, cosigned="2026-03-23T19:00:01+08:00")
    assert first(run(after.package())) == ("tally.json", 0, "6")
    false = small_record(witnesses=WITNESS)
    note = false.heads[2]["note"].splitlines(keepends=True)
    other = false.heads[3]["note"].splitlines(keepends=True)
    false.heads[2]["note"] = "".join([*note[:-1], other[-1]])
    assert first(run(false.package())) == ("tree-heads.jsonl", 3, "6")


@pytest.mark.parametrize("missing", ["notice", "opening", "cutoff", "close"])
def test_a_missing_tree_head_is_noticed(run: Run, missing: str) -> None:
    record = small_record()
    record.heads = [head for head in record.heads if head["purpose"] != missing]
    assert first(run(record.package())) == ("tree-heads.jsonl", 0, "6")


def test_an_unknown_signature_line_on_a_tree_head_is_ignored(run: Run) -> None:
    record = small_record()
    record.heads[1]["note"] += "— stranger.example " + "A" * 96 + "\n"
    assert run(record.package()).ok


def test_a_ballot_added_for_somebody_who_did_not_vote_shows_in_their_row(run: Run) -> None:
    def forge(parts: Parts) -> None:
        rows = [row | {"counted": leaf(parts["log"][1])} if row["elector"] == "E3" else row for row in parts["counted"]]
        parts["counted"] = sorted(rows, key=leaf)

    member, line, rule = first(run(tampered(small_record(), forge)))
    assert (member, rule) == ("counted.jsonl", "7")
    assert line > 0


def test_a_row_missing_or_double_is_noticed(run: Run) -> None:
    assert first(run(tampered(small_record(), lambda parts: parts["counted"].pop()))) == ("counted.jsonl", 0, "7")
    more = [{"elector": "E1", "counted": None, "salt": "0" * 32}]
    twice = tampered(small_record(), lambda parts: parts.update(counted=sorted(parts["counted"] + more, key=leaf)))
    assert first(run(twice))[::2] == ("counted.jsonl", "7")
    fewer = tampered(small_record(), lambda parts: parts["counted"].pop(), "public")
    assert first(run(fewer)) == ("tally.json", 0, "7")


def test_an_area_changed_after_the_notice_is_not_the_noticed_roll(run: Run) -> None:
    def grow(parts: Parts) -> None:
        entry = parts["roll"][0] | {"area": parts["roll"][0]["area"] + 1}
        units = [dict(unit) for unit in entry["units"]]
        units[0]["area"] += 1
        parts["roll"] = sorted([entry | {"units": units}, *parts["roll"][1:]], key=leaf)

    for kind in ("full", "public"):
        assert first(run(tampered(small_record(), grow, kind))) == ("roll.jsonl", 0, "4")


def test_totals_of_the_notice_are_recomputed(run: Run) -> None:
    record = small_record()
    totals = record.manifest["totals"] | {"area": record.manifest["totals"]["area"] - 1}
    again = small_record(totals=totals)
    assert first(run(again.package())) == ("roll.jsonl", 0, "4")


def test_a_unit_in_two_hands_is_refused(run: Run) -> None:
    first_record = Record({"E1": [100], "E2": [100]})
    roll = [entry | {"units": [{"unit": "1-101", "area": 100}]} for entry in first_record.roll]
    roll.sort(key=leaf)
    record = Record({"E1": [100], "E2": [100]}, roll_root=root([leaf(entry) for entry in roll])).open()
    record.roll = record.final = roll
    assert first(run(record.close().package()))[::2] == ("roll.jsonl", "4")


@pytest.mark.parametrize("signers", [0, 1])
def test_a_ballot_voided_by_fewer_than_two_people(run: Run, signers: int) -> None:
    record = Record({"E1": [100]}).open()
    own = record.ballot("E1", "agree", channel="meeting")
    record.void(own, by=record.clerks[:signers])
    assert first(run(record.close().package())) == ("log.jsonl", 3, "5")


def test_a_personal_signature_for_another_entry_or_by_a_stranger_is_refused(run: Run) -> None:
    from tests.record_builder import Person

    record = Record({"E1": [100]}).open()
    own = record.ballot("E1", "agree", channel="meeting")
    record.void(own)
    void = record.log[-1]
    record.log[-1] = void | {"reason": "wrong-elector"}
    assert first(run(record.close().package())) == ("log.jsonl", 3, "5")
    record = Record({"E1": [100]}).open()
    record.void(record.ballot("E1", "agree"), by=[Person("路人甲"), Person("路人乙")])
    assert first(run(record.close().package())) == ("log.jsonl", 3, "5")


def test_a_void_or_ruling_needs_a_standing_earlier_ballot(run: Run) -> None:
    record = Record({"E1": [100]}).open()
    own = record.ballot("E1", "agree")
    record.void(own)
    record.void(own)
    assert first(run(record.close().package())) == ("log.jsonl", 4, "5")
    record = Record({"E1": [100]}).open()
    record.void("ab" * 32)
    assert first(run(record.close().package())) == ("log.jsonl", 2, "5")
    for ruling, reason, motion in (
        ("invalid", "unkind", "*"),
        ("invalid", "late", "9"),
        ("proxy-accepted", "", "*"),
    ):
        record = Record({"E1": [100]}).open()
        record.rule(record.ballot("E1", "agree"), ruling, reason, motion)
        assert first(run(record.close().package())) == ("log.jsonl", 3, "5.4")


def test_chains_do_not_fork_dangle_or_leave_the_roll(run: Run) -> None:
    record = Record({"E1": [100]}).open()
    record.ballot("E1", "agree")
    record.ballot("E1", "oppose", previous="0" * 64)
    assert first(run(record.close().package())) == ("log.jsonl", 3, "5.2")
    record = Record({"E1": [100]}).open()
    record.ballot("E1", "agree", previous="ab" * 32)
    assert first(run(record.close().package())) == ("log.jsonl", 2, "5.2")
    record = Record({"E1": [100]}).open()
    record.ballot("E9", "agree")
    assert first(run(record.close().package())) == ("log.jsonl", 2, "5")
    record = Record({"E1": [100]}, channels=["online"]).open()
    record.ballot("E1", "agree", channel="meeting")
    assert first(run(record.close().package())) == ("log.jsonl", 2, "5.2")


def test_nothing_follows_cut_off_and_close_that_should_not(run: Run) -> None:
    record = Record({"E1": [100]}).open().cut_off()
    record.ballot("E1", "agree")
    assert first(run(record.close().package())) == ("log.jsonl", 3, "5.2")
    record = Record({"E1": [100]}).open().close()
    record.ballot("E1", "agree")
    assert first(run(record.package())) == ("log.jsonl", 4, "5")
    record = Record({"E1": [100]}).open().cut_off()
    record.issue("E1", "S-1")
    assert first(run(record.close().package())) == ("log.jsonl", 3, "5")
    record = Record({"E1": [100]}).open().cut_off()
    assert first(run(record.package()))[::2] == ("log.jsonl", "5")
    record = Record({"E1": [100]}).open()
    record.append("notice", time=DURING)
    assert first(run(record.close().package())) == ("log.jsonl", 2, "5")


def test_a_wrong_figure_outcome_or_binding_in_the_tally_is_named(run: Run) -> None:
    record = small_record()
    rows = record.rows()
    told = canonical(record.public(record.tally(rows)))
    for kind, tally in (("full", record.tally(rows)), ("public", record.public(record.tally(rows)))):
        for path in shapes_of(tally):
            value: Any = tally
            for step in path:
                value = value[step]
            if isinstance(value, bool):
                new: Any = not value
            elif isinstance(value, int):
                new = value + 1
            elif value in ("passed", "failed"):
                new = "review"
            else:
                continue
            if kind == "public" and path[0] in ("paper", "ballots", "roll"):
                continue  # the public cannot recompute these
            spoiled = replaced(tally, path, new)

            def change(members: dict[str, bytes], value: Any = spoiled, told: bytes = told) -> None:
                if value["form"] == "full":
                    value = value | {"public": digest(told)}
                members["tally.json"] = canonical(value)
                members["signatures.jsonl"] = lines(record._signatures([], value))

            member = first(run(resigned(record, change, kind)))[0]
            assert member == "tally.json", (kind, path)


def test_the_full_package_binds_what_the_public_was_told(run: Run) -> None:
    record = small_record()
    tally = record.tally(record.rows()) | {"public": digest(b"another story")}

    def change(members: dict[str, bytes]) -> None:
        members["tally.json"] = canonical(tally)
        members["signatures.jsonl"] = lines(record._signatures([], tally))

    verdict = run(resigned(record, change))
    assert first(verdict) == ("tally.json", 0, "8")
    assert "public" in verdict.failures[0].english


def test_counters_and_scrutineer_must_sign_what_is_published(run: Run) -> None:
    record = small_record(officials=True)
    for keep in ([], record.counters, [*record.counters[:1], *record.scrutineers]):
        less = tampered(record, lambda parts, keep=keep: parts.update(signers=keep))  # type: ignore[misc]
        assert first(run(less)) == ("signatures.jsonl", 0, "8.4")
    swapped = members_of(record.package("public", short_verifier))["signatures.jsonl"]
    verdict = run(resigned(record, lambda members: members.update({"signatures.jsonl": swapped})))
    assert first(verdict) == ("signatures.jsonl", 1, "8.4")
    nobody = resigned(record, lambda members: members.update({"signatures.jsonl": b""}))
    assert first(run(nobody)) == ("signatures.jsonl", 0, "8.4")


def test_a_tally_before_the_close_is_refused(run: Run) -> None:
    early = tampered(small_record(), lambda parts: parts["tally"].update(time=DURING))
    assert first(run(early)) == ("tally.json", 0, "8.1")
    assert COUNTED > CLOSED


def test_a_public_package_opens_no_entry_that_names_an_elector(run: Run) -> None:
    record = small_record()

    def disclose(members: dict[str, bytes]) -> None:
        members["log.jsonl"] = lines([entry if at != 2 else record.log[2] for at, entry in enumerate(record.log)])

    assert first(run(resigned(record, disclose, "public"))) == ("log.jsonl", 2, "5.1")
    hidden = resigned(
        record, lambda members: members.update({"log.jsonl": lines([leaf(one) for one in record.log])}), "public"
    )
    assert first(run(hidden))[::2] == ("log.jsonl", "5")


def test_the_platform_cannot_sign_with_a_key_that_was_not_noticed(run: Run) -> None:
    record = small_record()
    record.record_key = record.log_key
    assert first(run(record.package())) == ("signatures.jsonl", 1, "8.4")
    stranger = small_record()
    members = members_of(stranger.package("full", short_verifier))
    del members["package.json"]
    stranger.record_key = stranger.log_key
    signed = zipped(members | {"package.json": stranger.sign_package(members, "full")})
    assert first(run(signed)) == ("package.json", 0, "9")
