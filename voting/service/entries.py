"""The one door through which signed entries enter the log: the log's rules, then the effect, then the leaf
(docs/audit-package.md 5).

Each kind has a `check` that refuses what the rules do not allow now and changes nothing, and an `effect` that writes
what follows from the entry into the tables that casting reads. Both happen in the transaction that appends the entry.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel.clock import parse_stamp
from hoa.kernel.errors import N_, Refusal
from hoa.ports.keys import Keys
from voting.rules import record
from voting.rules.counting import Option
from voting.rules.life import State
from voting.service import casting, key_changes, log, roll_changes
from voting.service.entrance import Entrance, NotOnTheRoll, Step, on_roll
from voting.service.keys import row_id
from voting.tables import Assembly, Ballot, BallotMark

__all__ = [
    "CHECKS",
    "EFFECTS",
    "FOLLOWING",
    "KEYED_CHECKS",
    "Entrance",
    "NotOnTheRoll",
    "Step",
    "accept",
    "check",
    "mark_id",
    "marked",
    "marks",
    "on_roll",
    "renewed",
]

# When each kind may enter the log; a ballot's own rules are in `casting`.
WHEN: Mapping[str, frozenset[State]] = {
    **dict.fromkeys(
        ("issue", "reissue", "delivery", "roll-change", "extend", "channel-added"),
        frozenset({State.NOTICED, State.OPEN}),
    ),
    **dict.fromkeys(("void", "ruling"), frozenset({State.OPEN, State.CUT_OFF})),
    "key-change": frozenset({State.NOTICED, State.OPEN, State.CUT_OFF}),
    "paper-received": frozenset({State.CUT_OFF}),
    "cutoff": frozenset({State.OPEN}),
}


class NotNow(Refusal):
    message: ClassVar[str] = N_("会议目前的状态不允许这样做，没有写入日志。请刷新页面查看会议进行到哪一步")
    status: ClassVar[int] = 409


class NoSuchBallot(Refusal):
    message: ClassVar[str] = N_("日志里没有这张票，或者它已经作废，请刷新页面")
    status: ClassVar[int] = 409


class RuledBefore(Refusal):
    message: ClassVar[str] = N_("这张票的这一项已经认定过了，不能再认定一次")
    status: ClassVar[int] = 409


class NotAProxys(Refusal):
    message: ClassVar[str] = N_("这不是委托票，不需要认定委托")


class ExtensionNotAllowed(Refusal):
    message: ClassVar[str] = N_("公告没有允许这样延期：新的截止时间必须晚于现在的截止时间，且不晚于公告写明的最晚时间")


class ChannelOpen(Refusal):
    message: ClassVar[str] = N_("这种投票方式已经开放，不需要再增加")


def check(session: Session, keys: Keys, assembly: Assembly, entry: Mapping[str, Any], *, now: datetime) -> None:
    """Refuse an entry that could not enter the log now."""
    kind = entry["type"]
    given = Entrance(session, keys, assembly, entry, now)
    if kind == "ballot":
        casting.check_keyed(session, assembly, entry, now=now)
        if entry["channel"] in KEYED_CHECKS:
            KEYED_CHECKS[entry["channel"]](given)
        return
    if kind in WHEN and assembly.step not in WHEN[kind]:
        raise NotNow
    if "elector" in entry:
        on_roll(session, assembly, entry["elector"])
    if kind in CHECKS:
        CHECKS[kind](given)


def accept(
    session: Session,
    keys: Keys,
    assembly: Assembly,
    entry: Mapping[str, Any],
    *,
    now: datetime,
    subject: str = "",
) -> str:
    """Write an entry with its signatures into the log and give its leaf. The caller holds the assembly
    (`steps.locked`)."""
    check(session, keys, assembly, entry, now=now)
    if entry["type"] == "ballot":
        return casting.accept_keyed(session, keys, assembly, entry, now=now)
    log.only_sequencer(session, assembly, wait=True)
    # Voids, rulings and roll changes speak about ballots that must stand before them.
    log.sequence_ballots(session, keys, assembly, batch=None)
    leaf = record.leaf(entry).hex()
    if entry["type"] in EFFECTS:
        EFFECTS[entry["type"]](Entrance(session, keys, assembly, entry, now, leaf, subject))
    log.append(session, keys, assembly, dict(entry))
    if entry["type"] in FOLLOWING:
        FOLLOWING[entry["type"]](Entrance(session, keys, assembly, entry, now, leaf, subject))
    return leaf


def renewed(
    session: Session, keys: Keys, assembly: Assembly, entry: Mapping[str, Any], *, now: datetime
) -> dict[str, Any]:
    """The same ballot or roll change behind what its elector cast meanwhile (`casting.ChainMoved`)."""
    if entry["type"] == "roll-change":
        return roll_changes.renewed(session, keys, assembly, entry, now=now)
    return casting.keyed_entry(
        session,
        assembly,
        elector=entry["elector"],
        choices={code: mark for code, mark in entry["choices"].items() if mark != Option.BLANK},
        channel=entry["channel"],
        evidence=entry["evidence"],
        now=now,
    )


def marks(session: Session, assembly: Assembly, leaf: str) -> list[BallotMark]:
    """What was said about a ballot so far."""
    query = select(BallotMark).where(
        BallotMark.community_id == assembly.community_id,
        BallotMark.assembly_id == assembly.id,
        BallotMark.ballot == leaf,
    )
    return list(session.scalars(query))


# ------------------------------------------------------------------------------------------------- voids and rulings


def _standing(given: Entrance) -> list[BallotMark]:
    """The marks of the entry's target, which must be a ballot that is not void."""
    mine = (Ballot.community_id == given.assembly.community_id, Ballot.assembly_id == given.assembly.id)
    target = given.session.scalar(select(Ballot.id).where(*mine, Ballot.leaf == given.entry["leaf"]))
    found = marks(given.session, given.assembly, given.entry["leaf"])
    if target is None or any(mark.kind == "void" for mark in found):
        raise NoSuchBallot
    return found


def _check_void(given: Entrance) -> None:
    _standing(given)


def _check_ruling(given: Entrance) -> None:
    found = _standing(given)
    if given.entry["ruling"] == "invalid":
        ruled = {mark.motion for mark in found if mark.kind == "invalid"}
        if "*" in ruled or given.entry["motion"] in ruled:
            raise RuledBefore
        return
    mine = (Ballot.community_id == given.assembly.community_id, Ballot.assembly_id == given.assembly.id)
    channel = given.session.scalar(select(Ballot.channel).where(*mine, Ballot.leaf == given.entry["leaf"]))
    if channel != "proxy":
        raise NotAProxys
    if any(mark.kind.startswith("proxy-") for mark in found):
        raise RuledBefore


def marked(entry: Mapping[str, Any]) -> tuple[str, str]:
    """The kind and the motion of the mark that a void or a ruling makes."""
    return ("void", "*") if entry["type"] == "void" else (entry["ruling"], entry["motion"])


def mark_id(keys: Keys, assembly_id: str, ballot: str, kind: str, motion: str, reason: str, entry: str) -> str:
    return row_id(keys, assembly_id, "mark", ballot, kind, motion, reason, entry)


def _mark(given: Entrance) -> None:
    entry, assembly = given.entry, given.assembly
    kind, motion = marked(entry)
    given.session.add(
        BallotMark(
            community_id=assembly.community_id,
            id=mark_id(given.keys, assembly.id, entry["leaf"], kind, motion, entry["reason"], given.leaf),
            assembly_id=assembly.id,
            ballot=entry["leaf"],
            kind=kind,
            motion=motion,
            reason=entry["reason"],
            entry=given.leaf,
        )
    )
    given.session.flush()


# ------------------------------------------------------------------------------------------------ changes of the rules


def _check_extend(given: Entrance) -> None:
    until, latest = parse_stamp(given.entry["until"]), given.assembly.extension_latest
    if latest is None or not given.assembly.ends_at < until <= latest:
        raise ExtensionNotAllowed


def _extend(given: Entrance) -> None:
    given.assembly.extended_to = parse_stamp(given.entry["until"])
    given.session.flush()


def _check_channel(given: Entrance) -> None:
    if given.entry["channel"] in given.assembly.open_channels:
        raise ChannelOpen


def _add_channel(given: Entrance) -> None:
    given.assembly.added_channels = [*given.assembly.added_channels, given.entry["channel"]]
    given.session.flush()


CHECKS: dict[str, Step] = {
    "void": _check_void,
    "ruling": _check_ruling,
    "extend": _check_extend,
    "channel-added": _check_channel,
    "roll-change": roll_changes.check,
    "key-change": key_changes.check,
}
EFFECTS: dict[str, Step] = {
    "void": _mark,
    "ruling": _mark,
    "extend": _extend,
    "channel-added": _add_channel,
    "roll-change": roll_changes.apply,
    "key-change": key_changes.apply,
}
# What follows once the entry stands in the log: a cut-off is covered by a signed head.
FOLLOWING: dict[str, Step] = {}
# Who may not sign an entry although an official: whoever did what it is about. Called with the person before the
# signature is kept.
SIGNER_CHECKS: dict[str, Callable[[Session, Assembly, Mapping[str, Any], str], None]] = {}
# What a channel asks of a keyed ballot beyond `casting.check_keyed`.
KEYED_CHECKS: dict[str, Step] = {}
