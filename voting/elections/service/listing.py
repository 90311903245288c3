"""From the screened candidates to the ballot: the published list, the drawn order, the drafted assembly; and leaving
the list before the notice (R2.4)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from hoa.bulletin import service as bulletin
from hoa.community.service import get_community
from hoa.kernel import canonical
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.posts import Post
from hoa.offices.rules import BODIES
from hoa.ports.files import Files
from voting.elections.rules import clock, eligibility, life, lot
from voting.elections.rules.life import CANDIDATE_TITLES, CandidateState, State
from voting.elections.service import calling, nominating, reading, screening, undertaking
from voting.elections.tables import Candidate, Election
from voting.rules import schedule
from voting.rules.contests import MATTERS
from voting.rules.election import Contest, Rank
from voting.rules.life import State as Step
from voting.service import drafts
from voting.service.terms import Terms
from voting.tables import Assembly, Motion

KIND = "election-candidates"
SUMMARY_LENGTH = 200


class NotDecided(Refusal):
    message: ClassVar[str] = N_("还有 %(n)s 位候选人没有审查完，不能公布名单")
    status: ClassVar[int] = 409


class ObjectionsOpen(Refusal):
    message: ClassVar[str] = N_("名单公示收到的异议还有 %(n)s 条没有答复，请先答复")
    status: ClassVar[int] = 409


class AlreadyDrawn(Refusal):
    message: ClassVar[str] = N_("顺序已经抽定，不能再抽")
    status: ClassVar[int] = 409


class NotDrawn(Refusal):
    message: ClassVar[str] = N_("请先抽签定顺序，再起草会议")
    status: ClassVar[int] = 409


class BallotFixed(Refusal):
    message: ClassVar[str] = N_("表决公告已经发出，选票不能再改，现在不能退出；当选后可以不就职")
    status: ClassVar[int] = 409


def publish(session: Session, community_id: str, code: str, *, by: str, now: datetime) -> Election:
    """Publish the list with its hash, open to objections, and freeze what it says of each candidate."""
    row = reading.election(session, community_id, code, lock=True)
    life.check_follows(row.step, State.DISPLAY)
    calling.not_a_candidate(session, row, by)
    waiting = reading.candidates(session, row, CandidateState.NOMINATED)
    if waiting:
        raise NotDecided(n=len(waiting))
    screening.check_settled(session, row, now=now)
    standing = reading.candidates(session, row, CandidateState.ACCEPTED)
    _enough(row, len(standing))
    for one in standing:
        screening.check_ready(session, row, one, now=now)
        one.frozen = True
    publication = bulletin.publish(
        session,
        community_id,
        kind=KIND,
        title=f"{row.title}候选人名单",
        body=_told(row, standing),
        content=content(session, row, standing),
        by=by,
        now=now,
        reference=row.id,
        url=f"{path(session, row)}",
        display_days=max(bulletin.DISPLAY_DAYS, calling.pack_of(row).number("candidate_display_days")),
    )
    row.publication_id, row.list_hash, row.published_at = publication.id, publication.content_hash, now
    calling.step(session, row, State.DISPLAY, by=by, now=now)
    return row


def content(session: Session, row: Election, standing: Iterable[Candidate]) -> dict[str, Any]:
    """What the list says and its hash covers, made from the rows."""
    election = {
        "code": row.code,
        "title": row.title,
        "body": row.body_kind,
        "seats": row.seats,
        "minimum": row.minimum,
        "alternates": row.alternates,
        "term": [row.term_starts_on.isoformat(), row.term_ends_on.isoformat()],
        "rank": row.rank,
    }
    return lot.listed(election=election, candidates=[_listed(session, one) for one in standing])


def current_hash(
    session: Session, community_id: str, reference: str, _published: Mapping[str, Any] | None = None
) -> str | None:
    """The hash of the same list as its rows are now, for the bulletin's own check."""
    row = session.get(Election, (community_id, reference))
    if row is None:
        return None
    frozen = [one for one in reading.candidates(session, row) if one.frozen]
    return canonical.digest(content(session, row, frozen))


def draw(session: Session, community_id: str, code: str, *, by: str, now: datetime) -> Election:
    """Draw the order by the published list's hash, when the display is over and every objection answered."""
    row = reading.election(session, community_id, code, lock=True)
    life.check_step(row.step, State.DISPLAY)
    if row.drawn_at is not None:
        raise AlreadyDrawn
    assert row.published_at is not None
    assert row.list_hash is not None
    clock.check_display(calling.pack_of(row), row.published_at, now=now)
    objections = [one for one in bulletin.objections(session, community_id, row.publication_id or "") if not one.answer]
    if objections:
        raise ObjectionsOpen(n=len(objections))
    screening.check_settled(session, row, now=now)
    standing = reading.candidates(session, row, CandidateState.ACCEPTED)
    _enough(row, len(standing))
    row.drawn = [line.number for line in lot.draw(row.list_hash, [one.number for one in standing])]
    row.drawn_at = now
    calling.step(session, row, State.DISPLAY, by=by, now=now)
    return row


def suggested(row: Election, *, now: datetime) -> tuple[datetime, datetime]:
    """Opening and closing that satisfy display and notice, at the usual hours."""
    assert row.published_at is not None
    pack = calling.pack_of(row)
    earliest = clock.earliest_opening(pack, row.published_at, form=schedule.Form.REGULAR, now=now)
    return schedule.usual_window(pack, earliest + timedelta(days=1))


def draft(
    session: Session,
    files: Files,
    community_id: str,
    code: str,
    *,
    title: str,
    body: str,
    convener: str,
    opens_at: datetime,
    closes_at: datetime,
    terms: Terms,
    base_url: str,
    by: str | None,
    now: datetime,
    posts: Iterable[Post] | None = None,
) -> Assembly:
    """Draft the assembly that votes: a motion for each candidate in the drawn order, and what is elected."""
    row = _drawn(session, community_id, code)
    assert row.published_at is not None
    form = schedule.form(terms.form)
    clock.check_opening(calling.pack_of(row), row.published_at, opens_at, form=form, now=now)
    assembly = drafts.create(
        session,
        community_id,
        title=title,
        body=body,
        convener=convener,
        opens_at=opens_at,
        closes_at=closes_at,
        by=by,
        now=now,
        terms=terms,
        posts=posts,
    )
    _enter(session, files, row, assembly, base_url=base_url, by=by, now=now)
    return assembly


def join(
    session: Session,
    files: Files,
    community_id: str,
    code: str,
    assembly_id: str,
    *,
    base_url: str,
    by: str | None,
    now: datetime,
) -> Assembly:
    """Put the candidates into a draft that is there already, beside its motions and other elections."""
    row = _drawn(session, community_id, code)
    assembly = drafts.locked_draft(session, community_id, assembly_id)
    assert row.published_at is not None
    form = schedule.form(assembly.form)
    clock.check_opening(calling.pack_of(row), row.published_at, assembly.opens_at, form=form, now=now)
    _enter(session, files, row, assembly, base_url=base_url, by=by, now=now)
    return assembly


def take_off(session: Session, community_id: str, code: str, *, reason: str, by: str, now: datetime) -> Election:
    """Take the candidates off a draft again, before its notice: the list and the drawn order stay. So somebody who
    sold their flat meanwhile can be refused, or the whole election cancelled."""
    row = reading.election(session, community_id, code, lock=True)
    life.check_step(row.step, State.DRAFTED)
    calling.not_a_candidate(session, row, by)
    if not reason.strip():
        raise calling.NoReason
    assembly = reading.assembly_of(session, row)
    assert assembly is not None  # drafted elections have one
    if assembly.step is not Step.DRAFT:
        raise BallotFixed
    _remove(session, assembly, reading.candidates(session, row))
    row.assembly_id = None
    calling.step(session, row, State.DISPLAY, by=by, now=now, reason=reason.strip())
    return row


def withdraw(
    session: Session, community_id: str, code: str, *, person_id: str, reason: str, now: datetime
) -> Candidate:
    """Stand no longer, before the notice freezes the ballot; the others keep their order."""
    row = reading.election(session, community_id, code, lock=True)
    one = reading.mine(session, row, person_id, lock=True)
    if one is None:
        raise nominating.NotStanding
    if one.step is CandidateState.WITHDRAWN:
        raise life.WrongStep(state=CANDIDATE_TITLES[one.step])
    life.check_step(row.step, State.NOMINATION, State.SCREENING, State.DISPLAY, State.DRAFTED)
    assembly = reading.assembly_of(session, row)
    if assembly is not None:
        if assembly.step is not Step.DRAFT:
            raise BallotFixed
        _remove(session, assembly, [one])
    one.state, one.withdrawn_at, one.withdrawn_reason = CandidateState.WITHDRAWN.value, now, reason.strip()
    session.flush()
    return one


def path(session: Session, row: Election, number: int | None = None) -> str:
    """The address of an election's page, or of one candidate's, below the platform's own."""
    here = f"/c/{get_community(session, row.community_id).code}/elections/{row.code}"
    return here if number is None else f"{here}/candidates/{number}"


def _drawn(session: Session, community_id: str, code: str) -> Election:
    row = reading.election(session, community_id, code, lock=True)
    life.check_follows(row.step, State.DRAFTED)
    if row.drawn_at is None:
        raise NotDrawn
    return row


def _enter(
    session: Session,
    files: Files,
    row: Election,
    assembly: Assembly,
    *,
    base_url: str,
    by: str | None,
    now: datetime,
) -> None:
    screening.check_settled(session, row, now=now)
    standing = reading.in_order(session, row)
    _enough(row, len(standing))
    codes = []
    for one in standing:
        screening.check_ready(session, row, one, now=now)
        motion = drafts.add_motion(
            session,
            row.community_id,
            assembly.id,
            title=one.name,
            body=_motion_text(session, row, one, base_url),
            matter_code=MATTERS[row.body_kind][0],
        )
        motion.documents = _documents(files, one)
        one.motion_id = motion.id
        codes.append(motion.code)
    contest = Contest(
        code=_next_contest(assembly),
        title=row.title,
        body=row.body_kind,
        seats=row.seats,
        minimum=row.minimum,
        alternates=row.alternates,
        approve_at_most=min(row.approve_at_most, len(codes)),
        rank=Rank(row.rank),
        motions=tuple(codes),
    )
    assembly.elections = [*assembly.elections, contest.value]
    row.assembly_id = assembly.id
    calling.step(session, row, State.DRAFTED, by=by, now=now)


def _next_contest(assembly: Assembly) -> str:
    """The first of e1, e2 … that no election of this draft has."""
    taken = {value["code"] for value in assembly.elections}
    return next(code for code in (f"e{number}" for number in count(1)) if code not in taken)


def _remove(session: Session, assembly: Assembly, leaving: Iterable[Candidate]) -> None:
    """Remove candidates' motions from the draft: codes close up, so what is elected names them anew."""
    order = list(drafts.motions(session, assembly))
    gone = {one.motion_id for one in leaving if one.motion_id}
    kept = [
        [motion for motion in order if motion.code in value["motions"] and motion.id not in gone]
        for value in assembly.elections
    ]
    values, assembly.elections = assembly.elections, []
    for one in leaving:
        one.motion_id = None
    session.flush()
    for motion in order:
        if motion.id in gone:
            session.delete(motion)
    session.flush()
    drafts.number(session, assembly, [motion for motion in order if motion.id not in gone])
    assembly.elections = [_shorter(value, rest) for value, rest in zip(values, kept, strict=True) if rest]
    session.flush()


def _shorter(value: Mapping[str, Any], motions: list[Motion]) -> dict[str, Any]:
    codes = {motion.id: motion.code for motion in motions}
    return {
        **value,
        "motions": list(codes.values()),
        "approve_at_most": min(int(value["approve_at_most"]), len(codes)),
    }


def _enough(row: Election, standing: int) -> None:
    if standing < row.minimum:
        raise eligibility.TooFewCandidates(n=standing, minimum=row.minimum)


def _listed(session: Session, one: Candidate) -> dict[str, Any]:
    signed = reading.undertaking(session, one)
    assert signed is not None  # nobody is accepted without
    return {
        "number": one.number,
        "name": one.name,
        "channels": sorted(channel.value for channel in nominating.channels(session, one)),
        "statement": undertaking.digest(one.statement),
        "photo": one.photo or "",
        "undertaking": signed.text_hash,
        "lot": signed.lot_word,
    }


def _told(row: Election, standing: Iterable[Candidate]) -> str:
    names = "、".join(one.name for one in standing)
    return f"{BODIES[row.body_kind]}候选人（按提名先后，不是选票顺序）：{names}。"


def _motion_text(session: Session, row: Election, one: Candidate, base_url: str) -> str:
    summary = one.statement if len(one.statement) <= SUMMARY_LENGTH else one.statement[:SUMMARY_LENGTH] + "……"
    return f"{summary}\n候选人页面：{base_url}{path(session, row, one.number)}"


def _documents(files: Files, one: Candidate) -> list[dict[str, str]]:
    """Photo and statement as files: the notice freezes their hashes."""
    found = [{"title": f"{one.name}的自述.txt", "sha256": files.put(one.statement.encode())}]
    if one.photo:
        found.insert(0, {"title": f"{one.name}的照片.jpg", "sha256": one.photo})
    return found
