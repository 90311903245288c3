"""Entries that no platform should write: each is refused in its own words (docs/audit-package.md, section 5)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.record_builder import AFTER, CUT_OFF, DURING, NOTICED, Person, PlatformKey, Record, leaf, root
from voting import verify

Spoil = Callable[[Record], object]
NEW = Person("新来的人")


def platform(name: str) -> dict[str, str]:
    key = PlatformKey(name)
    return {"id": key.id, "public": key.public.hex()}


def key_change(record: Record, role: str, old: str | None, key: dict[str, str]) -> None:
    record.append("key-change", role=role, old=old, key=key, reason="轮换", by=record.clerks)


def roll_change(record: Record, **changed: Any) -> None:
    """A correction of E1 that would hold, with parts of it replaced."""
    entry = record.roll_entry("E1", [100])
    fields: dict[str, Any] = {
        "before": [leaf(one) for one in record.roll if one["elector"] == "E1"],
        "after": [entry],
        "heirs": [{"elector": "E1", "from": ["E1"], "ballots": []}],
    }
    record.append("roll-change", **fields | changed, reason="更正", paper=None, by=record.clerks)


def reissue(record: Record, replaces: str) -> None:
    record.issue("E1", "S-1")
    record.append("reissue", elector="E1", serial="S-2", replaces=replaces, by=record.clerks[:1])


def issue_twice(record: Record) -> None:
    for elector in ("E1", "E2"):
        record.issue(elector, "S-1")


def reissue_twice(record: Record) -> None:
    reissue(record, "S-1")
    record.append("reissue", elector="E1", serial="S-2", replaces="S-2", by=record.clerks[:1])


def deliver(record: Record, serial: str) -> None:
    record.append("delivery", elector="E1", serial=serial, method="post", delivered=NOTICED, by=record.clerks[:1])


def rule_twice(record: Record, first: str, second: str) -> None:
    own = record.ballot("E1", "agree")
    record.rule(own, "invalid", "late", first)
    record.rule(own, "invalid", "altered", second)


def change_after_a_loose_ballot(record: Record) -> None:
    record.ballot("E1", "agree", previous="ab" * 32)
    roll_change(record)


def proxy_ruled_twice(record: Record) -> None:
    own = record.ballot("E1", "agree", channel="proxy")
    record.rule(own, "proxy-accepted")
    record.rule(own, "proxy-refused")


def signed_twice(record: Record) -> None:
    record.void(record.ballot("E1", "agree"))
    record.log[-1]["by"] = record.log[-1]["by"][:1] * 2


CASES: dict[str, tuple[Spoil, str]] = {
    "unknown type": (lambda record: record.append("wish"), "this is not an entry of a known type"),
    "unknown field": (lambda record: record.append("extend", until=AFTER, reason="x", more=1), "is missing, unknown"),
    "serial issued twice": (issue_twice, "issued before"),
    "reissue of a foreign serial": (lambda record: reissue(record, "S-9"), "the serial replaced"),
    "reissue under the same serial": (reissue_twice, "the serial"),
    "delivery of a foreign serial": (lambda record: deliver(record, "S-9"), "the serial delivered"),
    "ruled twice": (lambda record: rule_twice(record, "1", "1"), "this was ruled before"),
    "ruled after all": (lambda record: rule_twice(record, "*", "1"), "this was ruled before"),
    "proxy ruled twice": (proxy_ruled_twice, "not a proxy's ballot, or ruled before"),
    "signed twice by one": (signed_twice, "signers are unsorted, repeated or too many"),
    "channel already open": (
        lambda record: record.append("channel-added", channel="paper", reason="x", by=record.clerks),
        "the channel was open already",
    ),
    "extension not noticed": (
        lambda record: record.append("extend", until=AFTER, reason="x", by=record.clerks),
        "does not allow this extension",
    ),
    "key misnamed": (
        lambda record: key_change(record, "log", record.log_key.id, platform("x") | {"id": "ed25519:" + "0" * 16}),
        "the new key is known already or misnamed",
    ),
    "key known": (
        lambda record: key_change(record, "log", record.log_key.id, platform("receipt")),
        "the new key is known already or misnamed",
    ),
    "key of another role replaced": (
        lambda record: key_change(record, "log", record.receipt_key.id, platform("x")),
        "the key replaced is not in force",
    ),
    "person's key of another role replaced": (
        lambda record: key_change(record, "counter", record.clerks[0].id, NEW.listed()),
        "the key replaced is not in force",
    ),
    "a second key for a person": (
        lambda record: key_change(record, "clerk", None, NEW.listed() | {"person": record.clerks[0].name}),
        "the person has a key already",
    ),
    "platform key for a person": (
        lambda record: key_change(record, "clerk", None, platform("x")),
        "is missing, unknown",
    ),
    "paper before the cut-off": (
        lambda record: record.append("paper-received", serials=[], by=record.clerks),
        "paper-received must follow the cut-off",
    ),
    "nothing replaced": (lambda record: roll_change(record, before=[]), "before or after is empty or unsorted"),
    "a stranger replaced": (lambda record: roll_change(record, before=["ab" * 32]), "not on the roll"),
    "no heir": (lambda record: roll_change(record, heirs=[]), "heirs do not match"),
    "a foreign heir": (
        lambda record: roll_change(record, heirs=[{"elector": "E1", "from": ["E2"], "ballots": []}]),
        "heirs do not match",
    ),
    "a foreign ballot inherited": (
        lambda record: roll_change(record, heirs=[{"elector": "E1", "from": ["E1"], "ballots": ["ab" * 32]}]),
        "not joined in order",
    ),
    "somebody twice on the roll": (
        lambda record: roll_change(record, after=[record.roll_entry("E2", [100])]),
        "elector E2 is on the roll twice",
    ),
    "a loose ballot inherited": (change_after_a_loose_ballot, "has no predecessor"),
    "decided by nobody": (
        lambda record: record.append("cutoff", time=CUT_OFF, cause="decided", reason="时钟跳变"),
        "2 signers are needed, 0 signed",
    ),
    "close before the cut-off": (lambda record: record.append("close", time=CUT_OFF), "close does not follow"),
}


@pytest.mark.parametrize("name", CASES)
def test_an_entry_that_should_not_be_is_refused_in_its_own_words(tmp_path: Path, name: str) -> None:
    spoil, words = CASES[name]
    record = Record({"E1": [100], "E2": [100]}).open()
    spoil(record)
    path = tmp_path / "package.zip"
    path.write_bytes(record.close().package())
    failure = verify.verify_package(path).failures[0]
    assert failure.member == "log.jsonl"
    assert words in failure.english


def test_an_entry_of_another_assembly_is_refused(tmp_path: Path) -> None:
    record, other = Record({"E1": [100]}).open(), Record({"E1": [100]}, code="2026-02")
    record.log.append(other.append("close", time=DURING))
    path = tmp_path / "package.zip"
    path.write_bytes(record.close().package())
    assert "another assembly" in verify.verify_package(path).failures[0].english


def test_a_notice_at_another_time_is_refused(tmp_path: Path) -> None:
    record = Record({"E1": [100]})
    record.log[0]["time"] = DURING
    record.heads.clear()
    record.head("notice", DURING)
    path = tmp_path / "package.zip"
    path.write_bytes(record.open().close().package())
    assert verify.verify_package(path).failures[0].english == "the time is not that of the notice"


def test_a_lines_member_must_end_in_a_line_feed_and_keep_its_lines_short(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [raw for _, raw in verify.lines_of(b"a\nb\n", "x")] == [b"a", b"b"]
    with pytest.raises(verify.Broken, match="line feed"):
        list(verify.lines_of(b"a\nb", "x"))
    monkeypatch.setattr(verify, "MAX_LINE", 3)
    with pytest.raises(verify.Broken, match="longer"):
        list(verify.lines_of(b"abcd\n", "x"))
    assert list(verify.lines_of(b"", "x")) == []


def test_the_root_of_nothing_and_of_each_prefix_is_rfc_9162s() -> None:
    leaves = [verify.leaf_hash(b"%d" % number) for number in range(40)]
    tree = verify.Tree()
    for size in range(40):
        assert tree.root() == root([one.hex() for one in leaves[:size]])
        tree.add(leaves[size])


def test_a_missing_file_is_said_and_not_raised(tmp_path: Path) -> None:
    verdict = verify.verify_package(tmp_path / "none.zip")
    assert verdict.failures[0].english == "there is no such file"
    assert not verdict.ok
