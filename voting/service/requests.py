"""Owners ask for an extraordinary assembly: start, sign, withdraw, the duty at 20 % of heads, the answer (R1.25).

Who signed is never shown to anybody: pages get the figures, and each owner their own signature.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.community import pack_choice
from hoa.community.rules import IdentityLevel
from hoa.community.service import RollElector, roll
from hoa.db import get as get_row
from hoa.kernel import packs
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.posts import Post
from voting.rules.matters import MATTERS
from voting.rules.requests import Support
from voting.rules.warnings import keyword_warnings
from voting.service import drafts
from voting.tables import Assembly, AssemblyRequest, RequestSignature

MOST_MOTIONS = 3
CONVENED, DECLINED = "convened", "declined"
ASSEMBLY, RECALL = "assembly", "recall"
# Which parameter of the pack says how many heads each kind of request needs.
PERCENT = {ASSEMBLY: "request_percent", RECALL: "recall_owners_percent"}


class NotAKnownOwner(Refusal):
    message: ClassVar[str] = N_("发起和签名都要先当面核验业主身份：请带身份证和产权证明到核验点，由两名工作人员核对")
    status: ClassVar[int] = 403


class NothingProposed(Refusal):
    message: ClassVar[str] = N_("请写明标题、理由和至少一个要表决的问题")


class TooManyMotions(Refusal):
    message: ClassVar[str] = N_("一次提议最多 %(most)s 个问题")


class IsAnswered(Refusal):
    message: ClassVar[str] = N_("这次提议已经有了答复，不能再签名、撤回或答复")
    status: ClassVar[int] = 409


class CannotWithdraw(Refusal):
    message: ClassVar[str] = N_("签名人数已达到法定比例，召集人已有义务答复，不能再撤回")
    status: ClassVar[int] = 409


class NothingToWithdraw(Refusal):
    message: ClassVar[str] = N_("您没有在这次提议上签名")
    status: ClassVar[int] = 409


class NotDue(Refusal):
    message: ClassVar[str] = N_("签名人数还没有达到法定比例，不需要答复")
    status: ClassVar[int] = 409


class IsARecall(Refusal):
    message: ClassVar[str] = N_("这是罢免的提议：先听取本人申辩，再到罢免的页面起草表决")
    status: ClassVar[int] = 409


class NoReason(Refusal):
    message: ClassVar[str] = N_("不召开的，必须写明理由，理由会公开")


def start(
    session: Session,
    community_id: str,
    *,
    title: str,
    reason: str,
    motions: Sequence[Mapping[str, str]],
    person_id: str,
    now: datetime,
    kind: str = ASSEMBLY,
) -> AssemblyRequest:
    """A request in the words that everybody will sign; whoever starts it signs first. `kind` is `recall` where
    voting/recall asks for one."""
    _mine(session, community_id, person_id)
    asked = [
        {"title": motion["title"].strip(), "text": motion["text"].strip()}
        for motion in motions
        if motion["title"].strip() and motion["text"].strip()
    ]
    if not title.strip() or not reason.strip() or not asked:
        raise NothingProposed
    if len(asked) > MOST_MOTIONS:
        raise TooManyMotions(most=MOST_MOTIONS)
    last = session.scalar(select(func.max(AssemblyRequest.number)).where(AssemblyRequest.community_id == community_id))
    request = AssemblyRequest(
        community_id=community_id,
        number=(last or 0) + 1,
        kind=kind,
        title=title.strip(),
        reason=reason.strip(),
        motions=asked,
        pack=pack_choice.current(session, community_id, day=today(now)).code,
        started_by=person_id,
        started_at=now,
    )
    session.add(request)
    session.flush()
    sign(session, community_id, request.id, person_id=person_id, now=now)
    return request


def sign(session: Session, community_id: str, request_id: str, *, person_id: str, now: datetime) -> AssemblyRequest:
    """Sign for every elector that this person may act for; one elector counts once, whoever of its owners signs."""
    request = _open(session, community_id, request_id)
    rows = {row.elector: row for row in _signatures(session, request)}
    for elector in _mine(session, community_id, person_id):
        row = rows.get(elector.elector_id)
        if row is None:
            session.add(
                RequestSignature(
                    community_id=community_id,
                    request_id=request.id,
                    elector=elector.elector_id,
                    signed_by=person_id,
                    signed_at=now,
                )
            )
        elif row.withdrawn_at is not None:
            row.signed_by, row.signed_at, row.withdrawn_at = person_id, now, None
    session.flush()
    _look(session, request, now)
    return request


def withdraw(session: Session, community_id: str, request_id: str, *, person_id: str, now: datetime) -> None:
    """Take a signature back, as long as the duty has not arisen. Any owner of the elector may."""
    request = _open(session, community_id, request_id)
    if request.reached_at is not None:
        raise CannotWithdraw
    mine = {elector.elector_id for elector in _mine(session, community_id, person_id)}
    found = [row for row in _signatures(session, request) if row.elector in mine and row.withdrawn_at is None]
    if not found:
        raise NothingToWithdraw
    for row in found:
        row.withdrawn_at = now
    session.flush()


def decline(session: Session, community_id: str, request_id: str, *, reason: str, by: str, now: datetime) -> None:
    """Answer that no assembly is convened, with the reason that everybody reads."""
    request = _due(session, community_id, request_id)
    if request.kind != ASSEMBLY:
        raise IsARecall
    if not reason.strip():
        raise NoReason
    _answer(session, request, DECLINED, reason=reason.strip(), by=by, now=now)


def convene(
    session: Session,
    community_id: str,
    request_id: str,
    *,
    convener: str,
    posts: frozenset[Post],
    by: str,
    now: datetime,
) -> Assembly:
    """Answer with the draft of an extraordinary assembly that asks what the owners asked, word for word."""
    request = _due(session, community_id, request_id)
    if request.kind != ASSEMBLY:
        raise IsARecall
    assembly = drafts.extraordinary(
        session,
        community_id,
        title=request.title,
        body=request.reason,
        convener=convener,
        posts=posts,
        by=by,
        now=now,
    )
    for motion in request.motions:
        drafts.add_motion(
            session,
            community_id,
            assembly.id,
            title=motion["title"],
            body=motion["text"],
            matter_code=suggested(motion["title"] + motion["text"]),
        )
    request.assembly_id = assembly.id
    _answer(session, request, CONVENED, reason="", by=by, now=now)
    return assembly


def convened(session: Session, request: AssemblyRequest, assembly: Assembly, *, by: str, now: datetime) -> None:
    """Answer with an assembly that was drafted elsewhere: a recall's, after the defence."""
    request.assembly_id = assembly.id
    _answer(session, request, CONVENED, reason="", by=by, now=now)


def suggested(text: str) -> str:
    """The matter that a motion's words suggest, the conveners look at it again; M9 where nothing does."""
    found = keyword_warnings(MATTERS["M9"], text)
    return found[0].suggested.code if found else "M9"


def support(session: Session, request: AssemblyRequest) -> Support:
    """The signers who are on the roll of today, against all of it."""
    return _support(roll(session, request.community_id), _signed(session, request))


def with_support(session: Session, community_id: str) -> Sequence[tuple[AssemblyRequest, Support]]:
    """All requests with who stands behind them; the roll is drawn up once for all."""
    rows = requests(session, community_id)
    everybody = roll(session, community_id) if rows else ()
    return [(row, _support(everybody, _signed(session, row))) for row in rows]


def have_signed(session: Session, request: AssemblyRequest, person_id: str) -> bool:
    """Whether an elector of this person stands behind the request."""
    signed = _signed(session, request)
    everybody = roll(session, request.community_id)
    return any(elector.elector_id in signed for elector in _electors(everybody, person_id, IdentityLevel.V1))


def may_sign(session: Session, community_id: str, person_id: str) -> bool:
    """Whether this person is known well enough as an owner (V2)."""
    return bool(_electors(roll(session, community_id), person_id, IdentityLevel.V2))


def get(session: Session, community_id: str, request_id: str) -> AssemblyRequest:
    return get_row(session, AssemblyRequest, community_id, request_id)


def requests(session: Session, community_id: str) -> Sequence[AssemblyRequest]:
    """All requests for an assembly, the latest first; recalls have their own pages."""
    query = select(AssemblyRequest).where(
        AssemblyRequest.community_id == community_id, AssemblyRequest.kind == ASSEMBLY
    )
    return session.scalars(query.order_by(AssemblyRequest.number.desc())).all()


def unanswered(session: Session, community_id: str) -> Sequence[AssemblyRequest]:
    """Requests that reached their share and wait for the conveners, the earliest due first."""
    found = [row for row in requests(session, community_id) if row.answer_by is not None and row.answer is None]
    return sorted(found, key=lambda row: (row.answer_by or today(row.started_at), row.number))


def percent(request: AssemblyRequest) -> int:
    """The share of heads, as the pack had it when the request was started."""
    return packs.pack(request.pack, day=today(request.started_at)).number(PERCENT[request.kind])


def _look(session: Session, request: AssemblyRequest, now: datetime) -> None:
    """Write the duty down the moment it arises, with the figures."""
    now_behind = support(session, request)
    if request.reached_at is None and now_behind.reaches(percent(request)):
        days = packs.pack(request.pack, day=today(request.started_at)).number("request_answer_days")
        request.reached_at, request.answer_by = now, today(now) + timedelta(days=days)
        request.reached_heads, request.reached_of = now_behind.heads, now_behind.of_heads
        session.flush()


def _answer(session: Session, request: AssemblyRequest, answer: str, *, reason: str, by: str, now: datetime) -> None:
    request.answer, request.answer_reason = answer, reason
    request.answered_by, request.answered_at = by, now
    session.flush()


def _open(session: Session, community_id: str, request_id: str) -> AssemblyRequest:
    request = get_row(session, AssemblyRequest, community_id, request_id, lock=True)
    if request.answer is not None:
        raise IsAnswered
    return request


def _due(session: Session, community_id: str, request_id: str) -> AssemblyRequest:
    request = _open(session, community_id, request_id)
    if request.reached_at is None:
        raise NotDue
    return request


def _mine(session: Session, community_id: str, person_id: str) -> Sequence[RollElector]:
    mine = _electors(roll(session, community_id), person_id, IdentityLevel.V2)
    if not mine:
        raise NotAKnownOwner
    return mine


def _electors(everybody: Sequence[RollElector], person_id: str, level: IdentityLevel) -> list[RollElector]:
    return [
        elector
        for elector in everybody
        if any(owner.person_id == person_id and owner.level.reaches(level) for owner in elector.owners)
    ]


def _signatures(session: Session, request: AssemblyRequest) -> Sequence[RequestSignature]:
    query = select(RequestSignature).where(
        RequestSignature.community_id == request.community_id, RequestSignature.request_id == request.id
    )
    return session.scalars(query).all()


def _signed(session: Session, request: AssemblyRequest) -> frozenset[str]:
    return frozenset(row.elector for row in _signatures(session, request) if row.withdrawn_at is None)


def _support(everybody: Sequence[RollElector], signed: frozenset[str]) -> Support:
    behind = [elector for elector in everybody if elector.elector_id in signed]
    return Support(
        heads=sum(elector.heads for elector in behind),
        of_heads=sum(elector.heads for elector in everybody),
        area=sum(elector.area_centi for elector in behind),
        of_area=sum(elector.area_centi for elector in everybody),
    )
