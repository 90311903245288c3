"""Casting: the one hot path (voting-record.md 5).

One short write transaction inserts the ballot; its receipt is signed before the commit and handed out after it. The
same retry key with the same choices gives the stored receipt, byte for byte.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import BindParameter, Connection, and_, bindparam, func, insert, or_, select
from sqlalchemy.orm import Session

from hoa.community.tables import Owner, Ownership
from hoa.kernel import canonical, merkle, signing
from hoa.kernel.clock import CHINA
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.ports.keys import Keys
from voting.rules import record
from voting.rules.counting import MARKS, NO_PREVIOUS, Counting, Option
from voting.rules.life import State
from voting.service.keys import BALLOT, PlatformKey, place, row_id
from voting.tables import Assembly, Ballot, Motion, RollEntry, RollUnit

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


class WrongChoices(Refusal):
    message: ClassVar[str] = N_("选票不完整或有不认识的选项，没有提交。请回到第一项重新选择")


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
    closes_at: datetime
    counting: str
    manifest_hash: str
    receipt_key: str
    receipt_minutes: int


class _Link(NamedTuple):
    """A ballot of the elector's chain."""

    leaf: str
    previous: str
    client_nonce: str
    entry: bytes
    receipt: bytes


# The statements of the hot path are built once: SQLAlchemy takes longer to build them than SQLite to answer.
_assemblies, _motions, _roll, _units, _ballots, _owners, _ownerships = (
    room.__table__.c for room in (Assembly, Motion, RollEntry, RollUnit, Ballot, Owner, Ownership)
)
_community: BindParameter[str] = bindparam("community")
_in_assembly: BindParameter[str] = bindparam("assembly")
_elector: BindParameter[str] = bindparam("elector")
_STANDINGS = (
    select(_roll.elector, _roll.area, _roll.units, func.max(_ownerships.level))
    .select_from(Owner.__table__)
    .join(
        Ownership.__table__,
        and_(_ownerships.community_id == _owners.community_id, _ownerships.owner_id == _owners.id),
    )
    .join(
        RollUnit.__table__,
        and_(
            _units.community_id == _ownerships.community_id,
            _units.assembly_id == _in_assembly,
            _units.unit_id == _ownerships.unit_id,
        ),
    )
    .join(
        RollEntry.__table__,
        and_(
            _roll.community_id == _units.community_id,
            _roll.assembly_id == _units.assembly_id,
            _roll.elector == _units.elector,
        ),
    )
    .where(
        _owners.community_id == _community,
        _owners.person_id == bindparam("person"),
        _ownerships.since <= bindparam("day"),
        or_(_ownerships.until.is_(None), _ownerships.until > bindparam("day")),
    )
    .group_by(_roll.community_id, _roll.id, _roll.elector, _roll.area)
    .order_by(_roll.elector)
)
_HERE = (
    select(
        _assemblies.state,
        _assemblies.opens_at,
        _assemblies.closes_at,
        _assemblies.counting,
        _assemblies.manifest_hash,
        _assemblies.receipt_key,
        _assemblies.receipt_minutes,
    )
    .where(_assemblies.community_id == _community, _assemblies.id == _in_assembly)
    .with_for_update(read=True)
)
_CODES = select(_motions.code).where(_motions.community_id == _community, _motions.assembly_id == _in_assembly)
_ON_ROLL = (
    select(_roll.id)
    .where(_roll.community_id == _community, _roll.assembly_id == _in_assembly, _roll.elector == _elector)
    .with_for_update()
)
_CHAIN = select(_ballots.leaf, _ballots.previous, _ballots.client_nonce, _ballots.entry, _ballots.receipt).where(
    _ballots.community_id == _community, _ballots.assembly_id == _in_assembly, _ballots.elector == _elector
)
_INSERT = insert(Ballot)


def standings(session: Session, assembly: Assembly, *, person_id: str, day: date) -> Sequence[Standing]:
    """The electors of the frozen roll for whose units this person is an owner on `day` (R1.17, R1.20)."""
    given = {"community": assembly.community_id, "assembly": assembly.id, "person": person_id, "day": day}
    return [Standing._make(row) for row in session.connection().execute(_STANDINGS, given)]


def standing(session: Session, assembly: Assembly, *, person_id: str, elector: str, day: date) -> Standing:
    """The person's standing for one elector; refused below the identity level that the rule pack asks for (R7.5)."""
    for found in standings(session, assembly, person_id=person_id, day=day):
        if found.elector == elector:
            if found.level < assembly.identity_level:
                raise IdentityTooLow
            return found
    raise NotOnRoll


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
) -> bytes:
    """Accept one ballot and give its receipt. Who may act for `elector` was asked before (`standing`)."""
    if len(client_nonce) not in NONCE_LENGTH or not client_nonce.isalnum():
        raise BadNonce
    connection = session.connection()
    where = {"community": community_id, "assembly": assembly_id, "elector": elector}
    here = _assembly(connection, where)
    marks = _complete(connection, where, choices)
    chain = _locked_chain(connection, where)
    for earlier in chain:
        if earlier.client_nonce == client_nonce:
            return _again(keys, community_id, assembly_id, earlier, marks)
    if here.state != State.OPEN or not here.opens_at <= now < here.closes_at:
        raise NotOpen
    if chain and here.counting == Counting.FIRST:
        raise AlreadyVoted
    previous = _last(chain)
    body = canonical.encode(
        record.ballot_entry(here.manifest_hash, elector=elector, previous=previous, choices=marks, time=now)
    )
    leaf = merkle.leaf_hash(body).hex()
    receipt = _receipt(keys, here, leaf, now)
    connection.execute(
        _INSERT,
        {
            "community_id": community_id,
            "id": ballot_id(keys, assembly_id, elector, client_nonce, leaf, now, receipt),
            "assembly_id": assembly_id,
            "elector": elector,
            "previous": previous or NO_PREVIOUS,
            "channel": "online",
            "client_nonce": client_nonce,
            "leaf": leaf,
            "entry": keys.seal(BALLOT, body, place(community_id, assembly_id, leaf)),
            "receipt": receipt,
            "cast_at": now,
        },
    )
    return receipt


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


def _locked_chain(connection: Connection, where: Mapping[str, str]) -> Sequence[_Link]:
    """This elector's ballots; the roll row is locked first, so that one elector's ballots queue up."""
    if connection.execute(_ON_ROLL, where).one_or_none() is None:
        raise NotOnRoll
    return [_Link._make(row) for row in connection.execute(_CHAIN, where)]


def _last(chain: Sequence[_Link]) -> str | None:
    """The leaf no other ballot follows."""
    followed = {ballot.previous for ballot in chain}
    return next((ballot.leaf for ballot in chain if ballot.leaf not in followed), None)


def _again(keys: Keys, community_id: str, assembly_id: str, earlier: _Link, marks: Mapping[str, str]) -> bytes:
    """The same retry key: the stored receipt for the same choices, a refusal for others."""
    if opened(keys, community_id, assembly_id, earlier.leaf, earlier.entry)["choices"] != marks:
        raise DifferentChoices
    return earlier.receipt


def _receipt(keys: Keys, here: _Here, leaf: str, now: datetime) -> bytes:
    key = PlatformKey(keys, "receipt", bytes.fromhex(here.receipt_key))
    promise = record.receipt(
        here.manifest_hash,
        leaf=leaf,
        time=now,
        due=now + timedelta(minutes=here.receipt_minutes),
        key=key.id,
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
    """An elector's ballots in the order in which they were cast."""
    query = select(Ballot).where(
        Ballot.community_id == assembly.community_id, Ballot.assembly_id == assembly.id, Ballot.elector == elector
    )
    return session.scalars(query.order_by(Ballot.cast_at, Ballot.id)).all()
