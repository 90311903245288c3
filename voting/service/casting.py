"""Casting: the one hot path (voting-record.md 5).

One short write transaction inserts the ballot; its receipt is signed before the commit and handed out after it. The
same retry key with the same choices gives the stored receipt, byte for byte.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import BindParameter, Connection, bindparam, exists, func, insert, or_, select
from sqlalchemy.orm import Session

from hoa.community.tables import Owner, Ownership
from hoa.db import Instant
from hoa.kernel import canonical, merkle, signing
from hoa.kernel.clock import CHINA, parse_stamp
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.ports.keys import Keys
from voting.rules import election, record
from voting.rules.counting import MARKS, NO_PREVIOUS, Counting, Option
from voting.rules.life import State
from voting.service.keys import BALLOT, PlatformKey, place, row_id
from voting.tables import Assembly, Ballot, BallotMark, Motion, RollEntry, RollRemoval, RollUnit

NONCE_LENGTH = range(16, 65)


class NotOpen(Refusal):
    message: ClassVar[str] = N_("现在不能投票：表决还没有开始，或者已经截止。您的选择没有提交")
    status: ClassVar[int] = 409


class NotOnRoll(Refusal):
    message: ClassVar[str] = N_("您不在本次会议的业主名册上，不能投这一票。如有疑问请到核验点查询")
    status: ClassVar[int] = 403


class IdentityTooLow(Refusal):
    message: ClassVar[str] = N_(
        "投票前需要当面核验身份：请带身份证和产权证明到核验点，由两名工作人员核对，当场即可投票"
    )
    status: ClassVar[int] = 403


class AlreadyVoted(Refusal):
    message: ClassVar[str] = N_("这一票已经投过了：本次会议以第一张票为准，不需要再投")
    status: ClassVar[int] = 409


class DifferentChoices(Refusal):
    message: ClassVar[str] = N_("这次提交的选择与刚才已收到的不同，没有改动已收到的票。请查看回执")
    status: ClassVar[int] = 409


class ChannelClosed(Refusal):
    message: ClassVar[str] = N_("本次会议没有开放这种投票方式，没有收下这张票")
    status: ClassVar[int] = 409


class OwnBallotStands(Refusal):
    message: ClassVar[str] = N_("这位业主已经自己投过票，以本人的票为准，代理人不能再投")
    status: ClassVar[int] = 409


class ChainMoved(Refusal):
    """The elector cast another ballot after this one was written: it has to be written and signed anew."""

    message: ClassVar[str] = N_("这位业主刚刚又投了一张票，这一张要接在它后面重新签名")
    status: ClassVar[int] = 409


class WrongChoices(Refusal):
    message: ClassVar[str] = N_("选票不完整或有不认识的选项，没有提交。请回到第一项重新选择")


class TooManyApproved(Refusal):
    """Online the form says so at once; a paper ballot like this is kept as marked and invalid for the election."""

    message: ClassVar[str] = N_(
        "“%(title)s”最多同意 %(most)s 人，您同意了 %(given)s 人，没有提交。请去掉 %(over)s 人的“同意”再提交"
    )


class BadNonce(Refusal):
    message: ClassVar[str] = N_("选票已失效，没有提交。请回到会议页面重新开始")


class Standing(NamedTuple):
    """An elector that a person may act for: its rooms, its area (0.01 m²), and how surely the person is the owner."""

    elector: str
    area: int
    units: Sequence[Mapping[str, Any]]
    level: str

    @property
    def rooms(self) -> str:
        return "、".join(str(unit["unit"]) for unit in self.units)


class _Here(NamedTuple):
    """What casting needs of the assembly."""

    state: str
    opens_at: datetime
    ends_at: datetime
    counting: str
    manifest_hash: str
    noticed_receipt_key: str
    receipt_minutes: int
    channels: Sequence[str]
    added_channels: Sequence[str]
    new_keys: Sequence[Mapping[str, Any]]
    elections: Sequence[Mapping[str, Any]]

    def takes(self, channel: str) -> bool:
        return channel in self.channels or channel in self.added_channels

    @property
    def receipt_key(self) -> str:
        """The public key (hex) that signs receipts now."""
        changed = [key["public"] for key in self.new_keys if key["purpose"] == "receipt"]
        return changed[-1] if changed else self.noticed_receipt_key


class _Link(NamedTuple):
    """A ballot of the elector's chain."""

    leaf: str
    previous: str
    channel: str
    client_nonce: str
    entry: bytes
    receipt: bytes


# The statements of the hot path are built once: SQLAlchemy takes longer to build them than SQLite to answer.
_assemblies, _motions, _roll, _units, _ballots, _owners, _ownerships, _removals, _marks = (
    room.__table__.c
    for room in (Assembly, Motion, RollEntry, RollUnit, Ballot, Owner, Ownership, RollRemoval, BallotMark)
)
_community: BindParameter[str] = bindparam("community")
_in_assembly: BindParameter[str] = bindparam("assembly")
_elector: BindParameter[str] = bindparam("elector")
_STILL_ON_ROLL = ~exists().where(
    _removals.community_id == _roll.community_id,
    _removals.assembly_id == _roll.assembly_id,
    _removals.elector == _roll.elector,
)
# One table a statement: without statistics SQLite's planner takes `community_id = ?` for selective and walks through
# every ownership and the whole roll, 6 ms among 2,600 owners where these take 0.1.
_OWNED = select(_ownerships.unit_id, _ownerships.level).where(
    _ownerships.community_id == _community,
    _ownerships.owner_id.in_(
        select(_owners.id).where(_owners.community_id == _community, _owners.person_id == bindparam("person"))
    ),
    _ownerships.since <= bindparam("day"),
    or_(_ownerships.until.is_(None), _ownerships.until > bindparam("day")),
)
_UNITS = select(_units.unit_id, _units.elector).where(
    _units.community_id == _community,
    _units.assembly_id == _in_assembly,
    _units.unit_id.in_(bindparam("units", expanding=True)),
)
_ELECTORS = (
    select(_roll.elector, _roll.area, _roll.units)
    .where(
        _roll.community_id == _community,
        _roll.assembly_id == _in_assembly,
        _roll.elector.in_(bindparam("electors", expanding=True)),
        _STILL_ON_ROLL,
    )
    .order_by(_roll.elector)
)
_HERE = (
    select(
        _assemblies.state,
        _assemblies.opens_at,
        func.coalesce(_assemblies.extended_to, _assemblies.closes_at, type_=Instant()),
        _assemblies.counting,
        _assemblies.manifest_hash,
        _assemblies.receipt_key,
        _assemblies.receipt_minutes,
        _assemblies.channels,
        _assemblies.added_channels,
        _assemblies.new_keys,
        _assemblies.elections,
    )
    .where(_assemblies.community_id == _community, _assemblies.id == _in_assembly)
    .with_for_update(read=True)
)
_CODES = select(_motions.code).where(_motions.community_id == _community, _motions.assembly_id == _in_assembly)
_ON_ROLL = (
    select(_roll.inherited)
    .where(
        _roll.community_id == _community,
        _roll.assembly_id == _in_assembly,
        _roll.elector == _elector,
        _STILL_ON_ROLL,
    )
    .with_for_update()
)
_LINK = (_ballots.leaf, _ballots.previous, _ballots.channel, _ballots.client_nonce, _ballots.entry, _ballots.receipt)
_CHAIN = select(*_LINK).where(
    _ballots.community_id == _community, _ballots.assembly_id == _in_assembly, _ballots.elector == _elector
)
_ANY = (
    select(_ballots.leaf)
    .where(_ballots.community_id == _community, _ballots.assembly_id == _in_assembly, _ballots.elector == _elector)
    .limit(1)
)
_INHERITS = select(_roll.inherited).where(
    _roll.community_id == _community, _roll.assembly_id == _in_assembly, _roll.elector == _elector
)
_INHERITED = select(_ballots.leaf, _ballots.channel).where(
    _ballots.community_id == _community,
    _ballots.assembly_id == _in_assembly,
    _ballots.leaf.in_(bindparam("leaves", expanding=True)),
)
# Ballots that stand in nobody's way any more: void, wholly invalid, or a proxy's that was refused.
_GONE = select(_marks.ballot).where(
    _marks.community_id == _community,
    _marks.assembly_id == _in_assembly,
    _marks.ballot.in_(bindparam("leaves", expanding=True)),
    _marks.motion == "*",
    _marks.kind.in_(("void", "invalid", "proxy-refused")),
)
_INSERT = insert(Ballot)


def standings(session: Session, assembly: Assembly, *, person_id: str, day: date) -> Sequence[Standing]:
    """The electors of the frozen roll for whose units this person is an owner on `day` (R1.17, R1.20)."""
    connection = session.connection()
    owned: dict[str, str] = {}
    for unit_id, level in connection.execute(
        _OWNED, {"community": assembly.community_id, "person": person_id, "day": day}
    ):
        owned[unit_id] = max(level, owned.get(unit_id, ""))
    where = {"community": assembly.community_id, "assembly": assembly.id}
    levels: dict[str, str] = {}
    for unit_id, elector in connection.execute(_UNITS, {**where, "units": list(owned)}):
        levels[elector] = max(owned[unit_id], levels.get(elector, ""))
    rows = connection.execute(_ELECTORS, {**where, "electors": list(levels)})
    return [Standing(elector, area, units, levels[elector]) for elector, area, units in rows]


def is_untouched(session: Session, assembly: Assembly, elector: str) -> bool:
    """Whether no ballot was ever cast for this elector, nor came to it with a roll change: nearly everybody who
    votes."""
    connection = session.connection()
    where = {"community": assembly.community_id, "assembly": assembly.id, "elector": elector}
    if connection.execute(_ANY, where).first() is not None:
        return False
    return not any(connection.execute(_INHERITS, where).scalars())


def standing(session: Session, assembly: Assembly, *, person_id: str, elector: str, day: date) -> Standing:
    """The person's standing for one elector; refused below the identity level that the rule pack asks for (R7.5)."""
    for found in standings(session, assembly, person_id=person_id, day=day):
        if found.elector == elector:
            if found.level < assembly.identity_level:
                raise IdentityTooLow
            return found
    raise NotOnRoll


class _Chain(NamedTuple):
    """An elector's ballots: those of its predecessors on the roll, in order, and its own."""

    inherited: Sequence[str]
    own: Sequence[_Link]

    @property
    def last(self) -> str | None:
        """The leaf that no other ballot follows."""
        followed = {ballot.previous for ballot in self.own}
        before = self.inherited[-1] if self.inherited else None
        return next((ballot.leaf for ballot in self.own if ballot.leaf not in followed), before)


def cast(
    session: Session,
    keys: Keys,
    community_id: str,
    assembly_id: str,
    *,
    elector: str,
    choices: Mapping[str, str],
    client_nonce: str,
    now: datetime,
    channel: str = "online",
    evidence: Mapping[str, Any] | None = None,
) -> bytes:
    """Accept one ballot that its owner (`online`) or an agent (`proxy`) casts, and give its receipt. Who may act for
    `elector` was asked before (`standing`; `voting.service.proxies`).
    """
    if len(client_nonce) not in NONCE_LENGTH or not client_nonce.isalnum():
        raise BadNonce
    connection = session.connection()
    where = {"community": community_id, "assembly": assembly_id, "elector": elector}
    here = _assembly(connection, where)
    marks = _complete(connection, where, choices)
    approve_no_more(here.elections, marks)
    chain = _locked_chain(connection, where)
    for earlier in chain.own:
        # A retry comes the way it came first: nobody tries another way which choices give the stored receipt.
        if earlier.client_nonce == client_nonce and earlier.channel == channel:
            return _again(keys, community_id, assembly_id, earlier, marks)
    if here.state != State.OPEN or not here.opens_at <= now < here.ends_at:
        raise NotOpen
    if not here.takes(channel):
        raise ChannelClosed
    if chain.last is not None:
        _may_follow(connection, where, here, chain, channel)
    entry = record.ballot_entry(
        here.manifest_hash,
        elector=elector,
        previous=chain.last,
        choices=marks,
        time=now,
        channel=channel,
        evidence=evidence,
    )
    return _accept(connection, keys, here, where, entry, client_nonce, now)[1]


def _may_follow(connection: Connection, where: Mapping[str, str], here: _Here, chain: _Chain, channel: str) -> None:
    """Whether one more ballot may be cast for an elector that has some: void and refused ones stand in nobody's way,
    an own ballot goes before a proxy's, and where the first counts there is no second (R1.30, R1.36).
    """
    known = [(ballot.leaf, ballot.channel) for ballot in chain.own]
    if chain.inherited:
        given = {**where, "leaves": list(chain.inherited)}
        known += [(leaf, how) for leaf, how in connection.execute(_INHERITED, given)]
    gone = set(connection.execute(_GONE, {**where, "leaves": [leaf for leaf, _ in known]}).scalars())
    standing = {how for leaf, how in known if leaf not in gone}
    if channel == "proxy" and standing - {"proxy"}:
        raise OwnBallotStands
    if here.counting == Counting.FIRST and (standing if channel == "proxy" else standing - {"proxy"}):
        raise AlreadyVoted


def _accept(
    connection: Connection,
    keys: Keys,
    here: _Here,
    where: Mapping[str, str],
    entry: Mapping[str, Any],
    client_nonce: str,
    now: datetime,
) -> tuple[str, bytes]:
    """Insert the ballot; its leaf and its receipt."""
    community_id, assembly_id, elector = where["community"], where["assembly"], where["elector"]
    body = canonical.encode(entry)
    leaf = merkle.leaf_hash(body).hex()
    receipt = _receipt(keys, here, leaf, parse_stamp(entry["time"]), entry["channel"])
    connection.execute(
        _INSERT,
        {
            "community_id": community_id,
            "id": ballot_id(keys, assembly_id, elector, client_nonce, leaf, now, receipt),
            "assembly_id": assembly_id,
            "elector": elector,
            "previous": entry["previous"],
            "channel": entry["channel"],
            "client_nonce": client_nonce,
            "leaf": leaf,
            "entry": keys.seal(BALLOT, body, place(community_id, assembly_id, leaf)),
            "receipt": receipt,
            "cast_at": now,
        },
    )
    return leaf, receipt


# ------------------------------------------------------------------------------------- ballots that officials key in


def keyed_entry(
    session: Session,
    assembly: Assembly,
    *,
    elector: str,
    choices: Mapping[str, str],
    channel: str,
    evidence: Mapping[str, Any],
    now: datetime,
) -> dict[str, Any]:
    """A `meeting` or `paper` ballot as it stands now, ready to be proposed for two signatures."""
    connection = session.connection()
    where = {"community": assembly.community_id, "assembly": assembly.id, "elector": elector}
    return record.ballot_entry(
        _assembly(connection, where).manifest_hash,
        elector=elector,
        previous=_locked_chain(connection, where).last,
        choices=_complete(connection, where, choices),
        time=now,
        channel=channel,
        evidence=evidence,
    )


def check_keyed(session: Session, assembly: Assembly, entry: Mapping[str, Any], *, now: datetime) -> None:
    """Refuse a keyed ballot that could not be accepted now. After the cut-off only paper in hand may follow; which
    sheets those are is asked by `entries`.
    """
    connection = session.connection()
    where = {"community": assembly.community_id, "assembly": assembly.id, "elector": entry["elector"]}
    here = _assembly(connection, where)
    in_time = here.state == State.OPEN and here.opens_at <= now < here.ends_at
    in_hand = here.state == State.CUT_OFF and entry["channel"] == "paper"
    if not in_time and not in_hand:
        raise NotOpen
    if not here.takes(entry["channel"]):
        raise ChannelClosed
    _complete(connection, where, {code: mark for code, mark in entry["choices"].items() if mark != Option.BLANK})


def accept_keyed(session: Session, keys: Keys, assembly: Assembly, entry: Mapping[str, Any], *, now: datetime) -> str:
    """Accept a ballot with its officials' signatures; its leaf. Where the first counts, a later one is kept and does
    not count (R1.36).
    """
    connection = session.connection()
    where = {"community": assembly.community_id, "assembly": assembly.id, "elector": entry["elector"]}
    here = _assembly(connection, where)
    if (_locked_chain(connection, where).last or NO_PREVIOUS) != entry["previous"]:
        raise ChainMoved
    return _accept(connection, keys, here, where, entry, record.leaf(entry).hex()[:32], now)[0]


def ballot_id(
    keys: Keys, assembly_id: str, elector: str, client_nonce: str, leaf: str, cast_at: datetime, receipt: bytes
) -> str:
    return row_id(keys, assembly_id, elector, client_nonce, leaf, cast_at.astimezone(CHINA).isoformat(), receipt.hex())


def _assembly(connection: Connection, where: Mapping[str, str]) -> _Here:
    """The assembly, shared-locked: a cut-off waits for the ballots that are being written."""
    found = connection.execute(_HERE, where).one_or_none()
    if found is None:
        raise NotFound
    if found.manifest_hash is None:
        raise NotOpen
    return _Here._make(found)


def _complete(connection: Connection, where: Mapping[str, str], choices: Mapping[str, str]) -> dict[str, str]:
    """One mark per motion of this assembly; what was not marked is `blank` (R1.33)."""
    codes = connection.execute(_CODES, where).scalars().all()
    if set(choices) - set(codes) or not set(choices.values()) <= set(MARKS):
        raise WrongChoices
    return {code: choices.get(code, Option.BLANK.value) for code in codes}


def approve_no_more(elections: Sequence[Mapping[str, Any]], choices: Mapping[str, str]) -> None:
    """Refuse choices that agree to more candidates of an election than its notice allows, with how many are too
    many."""
    for value in elections:
        one = election.contest(value)
        given = election.agreed_to(one, choices)
        if given > one.approve_at_most:
            most = one.approve_at_most
            raise TooManyApproved(title=one.title, most=most, given=given, over=given - most)


def _locked_chain(connection: Connection, where: Mapping[str, str]) -> _Chain:
    """This elector's ballots; the roll row is locked first, so that one elector's ballots queue up."""
    on_roll = connection.execute(_ON_ROLL, where).one_or_none()
    if on_roll is None:
        raise NotOnRoll
    return _Chain(on_roll.inherited, [_Link._make(row) for row in connection.execute(_CHAIN, where)])


def _again(keys: Keys, community_id: str, assembly_id: str, earlier: _Link, marks: Mapping[str, str]) -> bytes:
    """The same retry key: the stored receipt for the same choices, a refusal for others."""
    if opened(keys, community_id, assembly_id, earlier.leaf, earlier.entry)["choices"] != marks:
        raise DifferentChoices
    return earlier.receipt


def _receipt(keys: Keys, here: _Here, leaf: str, now: datetime, channel: str) -> bytes:
    key = PlatformKey(keys, "receipt", bytes.fromhex(here.receipt_key))
    promise = record.receipt(
        here.manifest_hash,
        leaf=leaf,
        time=now,
        due=now + timedelta(minutes=here.receipt_minutes),
        key=key.id,
        channel=channel,
    )
    return canonical.encode({**promise, "signature": key.sign(signing.message("receipt", promise)).hex()})


def opened_bytes(keys: Keys, community_id: str, assembly_id: str, leaf: str, sealed: bytes) -> bytes:
    """A ballot's entry out of its envelope, as it was hashed."""
    return keys.open(BALLOT, sealed, place(community_id, assembly_id, leaf))


def opened(keys: Keys, community_id: str, assembly_id: str, leaf: str, sealed: bytes) -> dict[str, Any]:
    """A ballot's entry out of its envelope."""
    entry: dict[str, Any] = json.loads(opened_bytes(keys, community_id, assembly_id, leaf, sealed))
    return entry


def my_ballots(session: Session, assembly: Assembly, elector: str) -> Sequence[Ballot]:
    """An elector's ballots, with those of its predecessors on the roll, in the order in which they were cast."""
    mine = (Ballot.community_id == assembly.community_id, Ballot.assembly_id == assembly.id)
    inherited = session.scalar(
        select(RollEntry.inherited).where(
            RollEntry.community_id == assembly.community_id,
            RollEntry.assembly_id == assembly.id,
            RollEntry.elector == elector,
        )
    )
    query = select(Ballot).where(*mine, or_(Ballot.elector == elector, Ballot.leaf.in_(inherited or ())))
    return session.scalars(query.order_by(Ballot.cast_at, Ballot.id)).all()


def is_retry(session: Session, assembly: Assembly, elector: str, leaf: str | None, client_nonce: str) -> bool:
    """Whether the ballot with this leaf was cast with this very retry key: then it is being sent again."""
    sent = {ballot.leaf: ballot.client_nonce for ballot in my_ballots(session, assembly, elector)}
    return leaf is not None and sent.get(leaf) == client_nonce
