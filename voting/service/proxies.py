"""Proxies (rules.md R1.30): an owner authorises an agent online or on paper, the agent casts what was instructed, two
officials rule on it, and the owner's own ballot goes before it.

The authority's record is sealed like a ballot: the instruction in it is a leaning while voting is open.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.accounts import service as accounts
from hoa.db import get
from hoa.kernel import canonical
from hoa.kernel.clock import stamp, today
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.kernel.ids import new_id
from hoa.ports import uploads
from hoa.ports.files import Files
from hoa.ports.keys import Keys
from voting.rules import proxies as rules
from voting.rules import record
from voting.rules.life import State
from voting.service import casting, drafts, entries, steps
from voting.service.keys import place
from voting.tables import Assembly, Ballot, BallotMark, ProxyAuthority

SEALED = "proxy-authority"
SCAN = "proxy-scan"
GONE = ("void", "invalid", "proxy-refused")


class NoProxies(Refusal):
    message: ClassVar[str] = N_("本次会议没有开放委托投票，或者表决已经截止，没有保存")
    status: ClassVar[int] = 409


class NoSuchAgent(Refusal):
    message: ClassVar[str] = N_(
        "没有找到手机号和姓名都对得上的账户。请核对；代理人还没有账户的，请他先登录一次，或者改用书面委托"
    )


class CannotBeAgent(Refusal):
    message: ClassVar[str] = N_("代理人不能是委托人自己或同一套房的共有人：共有人可以直接投这一票")


class OwnWork(Refusal):
    message: ClassVar[str] = N_("这张委托票的委托书是您经手的，请由另外两位计票人、监票人或工作人员签名")
    status: ClassVar[int] = 403


class ProxyCapReached(Refusal):
    message: ClassVar[str] = N_("%(agent)s 在本次会议已代理 %(cap)s 位业主，公告规定最多 %(cap)s 位，请另选代理人")
    status: ClassVar[int] = 409


class HasAnAgent(Refusal):
    message: ClassVar[str] = N_("这位业主在本次会议已经委托了 %(agent)s，请先撤回那份委托")
    status: ClassVar[int] = 409


class NotTheAgent(Refusal):
    message: ClassVar[str] = N_("这份委托不是给您的，不能代投")
    status: ClassVar[int] = 403


class NotUsable(Refusal):
    message: ClassVar[str] = N_("这份委托现在不能用：已撤回、已过期，或者书面委托还没有由工作人员核对")
    status: ClassVar[int] = 409


class UsedAlready(Refusal):
    message: ClassVar[str] = N_("这份委托已经投过票了，不能再投一次")
    status: ClassVar[int] = 409


class RuledAlready(Refusal):
    message: ClassVar[str] = N_("这份委托的票已由工作人员认定，不能再撤回；您可以自己投票，以您自己的票为准")
    status: ClassVar[int] = 409


class WithdrawnCannotCount(Refusal):
    message: ClassVar[str] = N_("委托人在认定前已撤回这份委托，只能认定为不采用")
    status: ClassVar[int] = 409


class SameScan(Refusal):
    message: ClassVar[str] = N_("这份扫描件已经登记过了，没有再登记一次")
    status: ClassVar[int] = 409


class OwnAuthority(Refusal):
    message: ClassVar[str] = N_("给您自己的委托书，要由另一位工作人员核对")
    status: ClassVar[int] = 403


class Agent(NamedTuple):
    """Who votes for somebody: an account, or a name with the end of an identity number, told apart by `key`."""

    key: str
    person_id: str | None
    name: str


class Terms(NamedTuple):
    """What an authority says; `instructions` by motion code are its scope too."""

    elector: str
    principal_id: str | None
    principal_name: str
    agent: Agent
    instructions: Mapping[str, str]
    until: datetime


class Scan(NamedTuple):
    """A written authority as it was sent, and the papers that were seen with it (empty: nobody has looked yet)."""

    data: bytes
    name: str
    identity_seen: str


def agent_by_phone(session: Session, keys: Keys, *, phone: str, name: str) -> Agent:
    """An account by phone and name together: neither alone tells whether somebody has one."""
    found = accounts.find_by_phone(session, keys, phone)
    if found is None or found.name != name.strip():
        raise NoSuchAgent
    return Agent(found.id, found.id, found.name)


def agent_on_paper(name: str, identity_end: str) -> Agent:
    """Somebody without an account; the last four characters of the identity number tell namesakes apart."""
    return Agent(f"{name.strip()}·{identity_end.strip().upper()}", None, name.strip())


# ----------------------------------------------------------------------------------------------------- giving one


def appoint(
    session: Session, keys: Keys, assembly_id: str, community_id: str, terms: Terms, *, now: datetime
) -> ProxyAuthority:
    """An owner authorises an agent online. Who the owner is was asked before (`casting.standing`)."""
    assembly = steps.locked(session, community_id, assembly_id)
    _may_give(session, assembly, terms, now)
    assert terms.principal_id is not None
    return _keep(session, keys, assembly, terms, by=terms.principal_id, now=now)


def register(
    session: Session,
    keys: Keys,
    files: Files,
    assembly_id: str,
    community_id: str,
    terms: Terms,
    scan: Scan,
    *,
    by: str,
    now: datetime,
) -> ProxyAuthority:
    """A written authority: by an official who saw it with the papers, or by the agent, for an official to look at."""
    assembly = steps.locked(session, community_id, assembly_id)
    if scan.identity_seen and terms.agent.person_id == by:
        raise OwnAuthority
    _may_give(session, assembly, terms, now, seen=bool(scan.identity_seen))
    upload = uploads.checked(scan.data, scan.name)
    digest = hashlib.sha256(upload.data).hexdigest()
    known = select(ProxyAuthority.id).where(*_mine(assembly), ProxyAuthority.digest == digest)
    if session.scalar(known) is not None:
        raise SameScan
    sealed = keys.seal(SCAN, upload.data, place(community_id, assembly_id, digest))
    return _keep(
        session,
        keys,
        assembly,
        terms,
        by=by,
        now=now,
        digest=digest,
        scan_key=files.put(sealed),
        scan_type=upload.media_type,
        identity_seen=scan.identity_seen,
        seen_by=by if scan.identity_seen else None,
    )


def _keep(
    session: Session, keys: Keys, assembly: Assembly, terms: Terms, *, by: str, now: datetime, **paper: Any
) -> ProxyAuthority:
    text = canonical.encode(_value(assembly, terms, now))
    row = ProxyAuthority(
        community_id=assembly.community_id,
        id=new_id(),
        assembly_id=assembly.id,
        elector=terms.elector,
        principal_id=terms.principal_id,
        principal_name=terms.principal_name,
        agent=terms.agent.key,
        agent_id=terms.agent.person_id,
        agent_name=terms.agent.name,
        until=terms.until,
        record=b"",
        made_by=by,
        made_at=now,
        **{"digest": hashlib.sha256(text).hexdigest(), "identity_seen": "", **paper},
    )
    row.record = keys.seal(SEALED, text, _place(row))
    session.add(row)
    session.flush()
    return row


def _value(assembly: Assembly, terms: Terms, now: datetime) -> dict[str, Any]:
    """The authority as a record: its SHA-256 is the evidence. The nonce keeps anybody from guessing what it says."""
    return {
        "format": "hoa-proxy/1",
        "assembly": assembly.manifest_hash,
        "elector": terms.elector,
        "principal": terms.principal_name,
        "agent": terms.agent.key,
        "instructions": dict(terms.instructions),
        "until": stamp(terms.until),
        "given": stamp(now),
        "nonce": record.fresh(),
    }


def _place(row: ProxyAuthority) -> bytes:
    return place(row.community_id, row.assembly_id, "proxy", row.id)


def _mine(assembly: Assembly) -> tuple[Any, Any]:
    return ProxyAuthority.community_id == assembly.community_id, ProxyAuthority.assembly_id == assembly.id


def _may_give(session: Session, assembly: Assembly, terms: Terms, now: datetime, *, seen: bool = True) -> None:
    """A paper that nobody has seen yet may come from anybody: it stands in no other authority's way, and its sender
    is not told whether the principal has voted or has an agent; `see` asks that."""
    if "proxy" not in assembly.open_channels or assembly.step not in (State.NOTICED, State.OPEN):
        raise NoProxies
    if now >= assembly.ends_at:
        raise NoProxies
    rules.check_instructions(terms.instructions, {motion.code for motion in drafts.motions(session, assembly)})
    # An agent must vote as told, and no ballot online may agree to more.
    casting.approve_no_more(assembly.elections, terms.instructions)
    entries.on_roll(session, assembly, terms.elector)
    agent = terms.agent
    if agent.person_id is not None:
        own = casting.standings(session, assembly, person_id=agent.person_id, day=today(now))
        if agent.person_id == terms.principal_id or terms.elector in {one.elector for one in own}:
            raise CannotBeAgent
    if seen:
        _none_stands(session, assembly, terms.elector)
    for row in of_elector(session, assembly, terms.elector):
        if row.withdrawn_at is None and row.agent == agent.key:
            raise HasAnAgent(agent=row.agent_name)
    others = {row.elector for row in _living(session, assembly, agent.key)} - {terms.elector}
    if len(others) >= assembly.proxy_cap:
        raise ProxyCapReached(agent=agent.name, cap=assembly.proxy_cap)


def _none_stands(session: Session, assembly: Assembly, elector: str) -> None:
    """Neither a ballot of the principal's own nor an authority that serves."""
    if own_ballot_stands(session, assembly, elector):
        raise casting.OwnBallotStands
    for row in of_elector(session, assembly, elector):
        if row.withdrawn_at is None and is_looked_at(row):
            raise HasAnAgent(agent=row.agent_name)


def _living(session: Session, assembly: Assembly, agent: str) -> Sequence[ProxyAuthority]:
    query = select(ProxyAuthority).where(
        *_mine(assembly), ProxyAuthority.agent == agent, ProxyAuthority.withdrawn_at.is_(None)
    )
    return session.scalars(query).all()


def own_ballot_stands(session: Session, assembly: Assembly, elector: str) -> bool:
    """Whether the owner's own ballot, by whatever channel, stands."""
    own = [row.leaf for row in casting.my_ballots(session, assembly, elector) if row.channel != "proxy"]
    return any(not is_gone(session, assembly, leaf) for leaf in own)


def is_gone(session: Session, assembly: Assembly, leaf: str) -> bool:
    """Whether a ballot stands in nobody's way any more: void, wholly invalid, or refused."""
    return any(mark.kind in GONE and mark.motion == "*" for mark in entries.marks(session, assembly, leaf))


def see(
    session: Session, community_id: str, authority_id: str, *, identity_seen: str, by: str, now: datetime
) -> ProxyAuthority:
    """An official has compared a written authority that its agent sent with the original and the papers."""
    assembly_id = get(session, ProxyAuthority, community_id, authority_id).assembly_id
    assembly = steps.locked(session, community_id, assembly_id)
    row = get(session, ProxyAuthority, community_id, authority_id, lock=True)
    if row.withdrawn_at is not None or row.scan_key is None or now >= row.until:
        raise NotUsable
    if row.agent_id == by:
        raise OwnAuthority
    if not is_looked_at(row):
        _none_stands(session, assembly, row.elector)
    row.identity_seen, row.seen_by = identity_seen.strip(), by
    session.flush()
    return row


def withdraw(session: Session, assembly: Assembly, authority_id: str, *, by: str, now: datetime) -> ProxyAuthority:
    """Take an authority back, until its ballot was accepted. A ballot that was cast on it will then be refused."""
    row = get(session, ProxyAuthority, assembly.community_id, authority_id, lock=True)
    if row.assembly_id != assembly.id:
        raise NotFound
    if assembly.step not in (State.NOTICED, State.OPEN, State.CUT_OFF):
        raise NoProxies
    ruled = entries.marks(session, assembly, row.leaf) if row.leaf else []
    if any(mark.kind == "proxy-accepted" for mark in ruled):
        raise RuledAlready
    if row.withdrawn_at is None:
        row.withdrawn_at, row.withdrawn_by = now, by
        session.flush()
    return row


# ------------------------------------------------------------------------------------------------------- reading them


def one(session: Session, assembly: Assembly, authority_id: str) -> ProxyAuthority:
    """An authority of this assembly."""
    row = get(session, ProxyAuthority, assembly.community_id, authority_id)
    if row.assembly_id != assembly.id:
        raise NotFound
    return row


def of_elector(session: Session, assembly: Assembly, elector: str) -> Sequence[ProxyAuthority]:
    """An elector's authorities, the latest first."""
    query = select(ProxyAuthority).where(*_mine(assembly), ProxyAuthority.elector == elector)
    return session.scalars(query.order_by(ProxyAuthority.made_at.desc(), ProxyAuthority.id)).all()


def of_agent(session: Session, assembly: Assembly, person_id: str) -> Sequence[ProxyAuthority]:
    """What this person was authorised for, oldest first."""
    query = select(ProxyAuthority).where(*_mine(assembly), ProxyAuthority.agent_id == person_id)
    return session.scalars(query.order_by(ProxyAuthority.made_at, ProxyAuthority.id)).all()


def on_paper(session: Session, assembly: Assembly) -> Sequence[ProxyAuthority]:
    """Written authorities that stand: those to be looked at first."""
    query = select(ProxyAuthority).where(
        *_mine(assembly), ProxyAuthority.scan_key.is_not(None), ProxyAuthority.withdrawn_at.is_(None)
    )
    rows = session.scalars(query.order_by(ProxyAuthority.made_at, ProxyAuthority.id)).all()
    return sorted(rows, key=lambda row: row.seen_by is not None)


def instructions(keys: Keys, row: ProxyAuthority) -> dict[str, str]:
    """What the agent was told, by motion code: for principal and agent, and for the clerk who keys it."""
    value: dict[str, Any] = json.loads(keys.open(SEALED, row.record, _place(row)))
    told: dict[str, str] = value["instructions"]
    return told


def scan(keys: Keys, files: Files, row: ProxyAuthority) -> bytes:
    """The written authority, out of its envelope."""
    if row.scan_key is None:
        raise NotFound
    return keys.open(SCAN, files.get(row.scan_key), place(row.community_id, row.assembly_id, row.digest))


def is_usable(row: ProxyAuthority, *, now: datetime) -> bool:
    """Whether a ballot could be cast on it: not withdrawn, not over, and if written, looked at by an official."""
    return row.withdrawn_at is None and now < row.until and is_looked_at(row)


def is_looked_at(row: ProxyAuthority) -> bool:
    """Given online by the principal, or on a paper that an official has seen."""
    return row.scan_key is None or row.seen_by is not None


# ------------------------------------------------------------------------------------------------------------ voting


def check_agent(row: ProxyAuthority, *, person_id: str, clerk: bool, now: datetime) -> None:
    """The agent, or for one without an account an official at whose desk the agent sits."""
    if not (row.agent_id == person_id or (row.agent_id is None and clerk)):
        raise NotTheAgent
    if not is_usable(row, now=now):
        raise NotUsable


def vote(
    session: Session,
    keys: Keys,
    assembly: Assembly,
    authority_id: str,
    *,
    person_id: str,
    clerk: bool,
    choices: Mapping[str, str],
    client_nonce: str,
    now: datetime,
) -> bytes:
    """The agent's ballot for the principal; its receipt. Sent again, the same receipt."""
    row = get(session, ProxyAuthority, assembly.community_id, authority_id, lock=True)
    if row.assembly_id != assembly.id:
        raise NotFound
    check_agent(row, person_id=person_id, clerk=clerk, now=now)
    told = instructions(keys, row)
    rules.must_follow(told, choices, {motion.code: motion.title for motion in drafts.motions(session, assembly)})
    if (
        row.leaf
        and not is_gone(session, assembly, row.leaf)
        and not casting.is_retry(session, assembly, row.elector, row.leaf, client_nonce)
    ):
        raise UsedAlready
    receipt = casting.cast(
        session,
        keys,
        assembly.community_id,
        assembly.id,
        elector=row.elector,
        choices=choices,
        client_nonce=client_nonce,
        now=now,
        channel="proxy",
        evidence={"authority": row.digest, "agent": row.agent, "instruction": rules.in_words(told)},
    )
    row.leaf, row.cast_by = canonical.decode(receipt)["leaf"], person_id
    session.flush()
    return receipt


# ------------------------------------------------------------------------------------------------------------ ruling


class Unruled(NamedTuple):
    """A proxy's ballot that nobody has ruled on, beside its authority."""

    ballot: Ballot
    authority: ProxyAuthority


def unruled(session: Session, assembly: Assembly) -> Sequence[Unruled]:
    """Proxies' ballots, not void, that still need two officials; the log is not closed before there is none."""
    ruled = select(BallotMark.ballot).where(
        BallotMark.community_id == assembly.community_id,
        BallotMark.assembly_id == assembly.id,
        BallotMark.kind.in_(("void", "proxy-accepted", "proxy-refused")),
    )
    query = (
        select(Ballot, ProxyAuthority)
        .join(
            ProxyAuthority,
            (ProxyAuthority.community_id == Ballot.community_id)
            & (ProxyAuthority.assembly_id == Ballot.assembly_id)
            & (ProxyAuthority.leaf == Ballot.leaf),
        )
        .where(
            Ballot.community_id == assembly.community_id,
            Ballot.assembly_id == assembly.id,
            Ballot.channel == "proxy",
            Ballot.leaf.not_in(ruled),
        )
        .order_by(ProxyAuthority.agent_name, Ballot.cast_at, Ballot.id)
    )
    return [Unruled(*row) for row in session.execute(query)]


def ruling_entry(
    assembly: Assembly, row: ProxyAuthority, *, accepted: bool, reason: str, now: datetime
) -> dict[str, Any]:
    """The ruling on the ballot of this authority, to be signed by two officials."""
    if row.leaf is None:
        raise NotUsable
    assert assembly.manifest_hash is not None
    ruling = "proxy-accepted" if accepted else "proxy-refused"
    return record.ruling_entry(
        assembly.manifest_hash, leaf=row.leaf, motion="*", ruling=ruling, reason=reason.strip(), time=now
    )


_other_rules = entries.CHECKS["ruling"]


def _check_ruling(given: entries.Entrance) -> None:
    """Besides the log's rules: what was withdrawn is not accepted, and no agent beyond the cap (R1.30)."""
    _other_rules(given)
    if given.entry["ruling"] != "proxy-accepted":
        return
    query = select(ProxyAuthority).where(*_mine(given.assembly), ProxyAuthority.leaf == given.entry["leaf"])
    row = given.session.scalars(query).one_or_none()
    if row is None:
        return
    if row.withdrawn_at is not None:
        raise WithdrawnCannotCount
    accepted = (
        select(ProxyAuthority.elector)
        .join(
            BallotMark,
            (BallotMark.community_id == ProxyAuthority.community_id)
            & (BallotMark.assembly_id == ProxyAuthority.assembly_id)
            & (BallotMark.ballot == ProxyAuthority.leaf),
        )
        .where(*_mine(given.assembly), ProxyAuthority.agent == row.agent, BallotMark.kind == "proxy-accepted")
        .distinct()
    )
    if len(set(given.session.scalars(accepted)) - {row.elector}) >= given.assembly.proxy_cap:
        raise ProxyCapReached(agent=row.agent_name, cap=given.assembly.proxy_cap)


entries.CHECKS["ruling"] = _check_ruling


def _check_ruler(session: Session, assembly: Assembly, entry: Mapping[str, Any], person_id: str) -> None:
    """Whoever looked at a written authority, or sat at the screen for an agent without an account, does not rule on
    the ballot: otherwise one official could make one out of nothing and needed just one more to accept it."""
    query = select(ProxyAuthority).where(*_mine(assembly), ProxyAuthority.leaf == entry["leaf"])
    row = session.scalars(query).one_or_none()
    if row is not None and row.agent_id is None and person_id in (row.made_by, row.seen_by, row.cast_by):
        raise OwnWork


entries.SIGNER_CHECKS["ruling"] = _check_ruler


def principals_phone(session: Session, keys: Keys, row: ProxyAuthority) -> str | None:
    """Where the principal is told of a ballot; None when no account of theirs is known."""
    if row.principal_id is None:
        return None
    return accounts.phone_of(session, keys, row.principal_id)
