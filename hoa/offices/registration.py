"""Filing rounds and what came of them: receipt, seal, registration as 民办非企业单位, bank account (rules.md R2.8; case
璧山).

A round begins with an election or with a change of members, and its clocks with it. What an authority or a bank did is
written down as an event with its number, day and paper; the latest event of a step holds, and all stay.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hoa.community import pack_choice
from hoa.community.service import get_community
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.ids import new_id
from hoa.kernel.workdays import china
from hoa.offices.after_tables import FilingEvent, FilingRound
from hoa.offices.clocks import Deadline, after_days, after_working_days
from hoa.ports import uploads
from hoa.ports.files import Files
from hoa.ports.keys import Keys

ELECTION, CHANGE = "election", "change"
OWNERS_COMMITTEE = "owners_committee"
ACCOUNT_SEALED = "filing-account"
TEXT_LENGTH = 200


class Step(StrEnum):
    """The way from an election to an organisation that can open an account, in the order in which it is gone."""

    SUBMITTED = "submitted"
    RECEIPT = "receipt"
    SEAL = "seal"
    REGISTRATION = "registration"
    ACCOUNT = "account"


class Outcome(StrEnum):
    DONE = "done"
    RETURNED = "returned"
    NOT_NEEDED = "not_needed"


STEPS: Mapping[Step, str] = {
    Step.SUBMITTED: N_("提交备案材料"),
    Step.RECEIPT: N_("备案回执"),
    Step.SEAL: N_("刻制印章"),
    Step.REGISTRATION: N_("民办非企业单位登记"),
    Step.ACCOUNT: N_("开立对公账户"),
}
NUMBERS: Mapping[Step, str] = {
    Step.SUBMITTED: N_("收件编号"),
    Step.RECEIPT: N_("备案编号"),
    Step.SEAL: N_("印章编码"),
    Step.REGISTRATION: N_("统一社会信用代码"),
    Step.ACCOUNT: N_("账号"),
}
ORGANS: Mapping[Step, str] = {
    Step.SUBMITTED: N_("收件机关"),
    Step.RECEIPT: N_("备案机关"),
    Step.SEAL: N_("刻制单位"),
    Step.REGISTRATION: N_("登记机关"),
    Step.ACCOUNT: N_("开户银行"),
}
OUTCOMES: Mapping[Outcome, str] = {
    Outcome.DONE: N_("已办理"),
    Outcome.RETURNED: N_("退回补正"),
    Outcome.NOT_NEEDED: N_("不需要办理"),
}
# After a change of members only the filing is done again; seal, registration and account stay.
ROUND_STEPS: Mapping[str, tuple[Step, ...]] = {
    ELECTION: tuple(Step),
    CHANGE: (Step.SUBMITTED, Step.RECEIPT),
}


class UnknownStep(Refusal):
    message: ClassVar[str] = N_("这一轮备案没有这一步")
    status: ClassVar[int] = 404


class NotYet(Refusal):
    message: ClassVar[str] = N_("要先办完“%(before)s”，再登记“%(step)s”")
    status: ClassVar[int] = 409


class AlreadyDone(Refusal):
    message: ClassVar[str] = N_("“%(step)s”已经登记过了；登记错了请选“更正”，写明原因")
    status: ClassVar[int] = 409


class NothingToCorrect(Refusal):
    message: ClassVar[str] = N_("“%(step)s”还没有登记，没有可以更正的内容")
    status: ClassVar[int] = 409


class WrongOutcome(Refusal):
    message: ClassVar[str] = N_("“%(step)s”不能登记为“%(outcome)s”")


class BeforeItsTime(Refusal):
    message: ClassVar[str] = N_("日期 %(day)s 早于上一步的 %(earliest)s，请核对")


class InTheFuture(Refusal):
    message: ClassVar[str] = N_("日期 %(day)s 还没有到，办完以后再登记")


class NeedsNumber(Refusal):
    message: ClassVar[str] = N_("请填写%(what)s")


class NotAnAccount(Refusal):
    message: ClassVar[str] = N_("账号应是 8 至 32 位数字，请核对")


class NeedsReason(Refusal):
    message: ClassVar[str] = N_("请写明原因，最多 %(most)s 个字")


class NoReasonForRound(Refusal):
    message: ClassVar[str] = N_("请写明哪些成员变更、依据哪份决定")


# ----------------------------------------------------------------------------------------------------------- rounds


def begin(
    session: Session,
    community_id: str,
    *,
    kind: str,
    reason: str,
    event_on: date,
    now: datetime,
    by: str | None,
    basis: str | None = None,
    body_kind: str = OWNERS_COMMITTEE,
) -> FilingRound:
    """Start a round with its clocks; the same event begins only one."""
    get_community(session, community_id, lock=True)  # two at once must not get one number
    for row in rounds(session, community_id):
        if (row.kind, row.body_kind, row.reason, row.event_on, row.basis) == (kind, body_kind, reason, event_on, basis):
            return row
    pack, calendar = pack_choice.current(session, community_id, day=event_on), china()
    filing = after_days(event_on, pack.number("filing_days"), calendar)
    meeting = after_days(event_on, pack.number("first_meeting_days"), calendar) if kind == ELECTION else None
    latest = session.scalar(select(func.max(FilingRound.number)).where(FilingRound.community_id == community_id))
    row = FilingRound(
        community_id=community_id,
        number=(latest or 0) + 1,
        kind=kind,
        body_kind=body_kind,
        reason=reason,
        basis=basis,
        event_on=event_on,
        meeting_due=meeting.last_day if meeting else None,
        filing_due=filing.last_day,
        answer_days=pack.number("filing_answer_working_days"),
        provisional=filing.provisional,
        pack=pack.code,
        opened_by=by,
        opened_at=now,
    )
    session.add(row)
    session.flush()
    return row


def refile(session: Session, community_id: str, reason: str, now: datetime, by: str | None = None) -> FilingRound:
    """The members changed: the committee is filed again within the same days as after an election (R2.8)."""
    if not reason.strip():
        raise NoReasonForRound
    text = reason.strip()[:TEXT_LENGTH]
    return begin(session, community_id, kind=CHANGE, reason=text, event_on=today(now), now=now, by=by)


def rounds(session: Session, community_id: str) -> Sequence[FilingRound]:
    """Every round, the latest first."""
    query = select(FilingRound).where(FilingRound.community_id == community_id)
    return session.scalars(query.order_by(FilingRound.number.desc())).all()


def round_of(session: Session, community_id: str, number: int) -> FilingRound | None:
    query = select(FilingRound).where(FilingRound.community_id == community_id, FilingRound.number == number)
    return session.scalars(query).one_or_none()


# ------------------------------------------------------------------------------------------------------------ steps


def events(session: Session, found: FilingRound) -> Sequence[FilingEvent]:
    """What happened in a round, in the order in which it was written down."""
    query = select(FilingEvent).where(FilingEvent.community_id == found.community_id, FilingEvent.round_id == found.id)
    return session.scalars(query.order_by(FilingEvent.at, FilingEvent.id)).all()


class Progress(NamedTuple):
    """How far a round is: the event that holds for each of its steps, and the two clocks of the filing."""

    round: FilingRound
    steps: Mapping[Step, FilingEvent | None]
    filing: Deadline
    answer: Deadline | None

    def settled(self, step: Step) -> bool:
        """Whether nothing is left to do about a step."""
        event = self.steps.get(step)
        return event is not None and event.outcome != Outcome.RETURNED

    @property
    def next(self) -> Step | None:
        """The first step that is not settled."""
        return next((step for step in self.steps if not self.settled(step)), None)

    @property
    def submitted(self) -> bool:
        return self.settled(Step.SUBMITTED)

    @property
    def filed(self) -> bool:
        return self.settled(Step.RECEIPT)


def progress(session: Session, found: FilingRound) -> Progress:
    """How far a round is. Papers that were returned have to be handed in again."""
    holding: dict[Step, FilingEvent | None] = dict.fromkeys(ROUND_STEPS[found.kind])
    for event in events(session, found):
        holding[Step(event.step)] = event
    answered, submitted = holding[Step.RECEIPT], holding[Step.SUBMITTED]
    if answered is not None and submitted is not None and answered.outcome == Outcome.RETURNED:
        if submitted.at <= answered.at:
            holding[Step.SUBMITTED] = None
        else:
            holding[Step.RECEIPT] = None
    answer = None
    if holding[Step.SUBMITTED] is not None and submitted is not None:
        answer = after_working_days(submitted.happened_on, found.answer_days, china())
    return Progress(found, holding, Deadline(found.filing_due, found.provisional), answer)


class Given(NamedTuple):
    """What a person fills in about a step."""

    outcome: Outcome
    organ: str
    number: str
    happened_on: date
    note: str
    correct: bool = False


def record(
    session: Session,
    keys: Keys,
    files: Files,
    community_id: str,
    *,
    round_id: str,
    step: Step,
    given: Given,
    document: tuple[str, bytes] | None,
    by: str,
    now: datetime,
) -> FilingEvent:
    """Write down what happened. The order of the steps is kept; a step is written again only as a correction with its
    reason, or after the papers were returned."""
    found = get(session, FilingRound, community_id, round_id, lock=True)
    so_far = progress(session, found)
    if step not in so_far.steps:
        raise UnknownStep
    _check_order(found, so_far, step, given)
    _check_words(step, given, now)
    number, sealed, row_id = given.number.strip(), None, new_id()
    if step is Step.ACCOUNT and given.outcome is Outcome.DONE:
        digits = _account(number)
        number = f"**** **** {digits[-4:]}"
        sealed = keys.seal(ACCOUNT_SEALED, digits.encode(), _place(community_id, row_id))
    upload = uploads.checked(document[1], document[0]) if document else None
    event = FilingEvent(
        community_id=community_id,
        id=row_id,
        round_id=round_id,
        step=step.value,
        outcome=given.outcome.value,
        organ=given.organ.strip(),
        number=number,
        sealed=sealed,
        happened_on=given.happened_on,
        document=files.put(upload.data) if upload else None,
        document_name=upload.name if upload else "",
        note=given.note.strip(),
        by=by,
        at=now,
    )
    session.add(event)
    session.flush()
    return event


def account_number(keys: Keys, event: FilingEvent) -> str | None:
    """The whole number of an account, for those who record it."""
    if event.sealed is None:
        return None
    return keys.open(ACCOUNT_SEALED, event.sealed, _place(event.community_id, event.id)).decode()


def event(session: Session, community_id: str, event_id: str) -> FilingEvent:
    return get(session, FilingEvent, community_id, event_id)


def _check_order(found: FilingRound, so_far: Progress, step: Step, given: Given) -> None:
    own = so_far.steps[step]
    if given.correct and own is None:
        raise NothingToCorrect(step=STEPS[step])
    if not given.correct and own is not None and own.outcome != Outcome.RETURNED:
        raise AlreadyDone(step=STEPS[step])
    earliest = found.event_on
    for before, event in so_far.steps.items():
        if before is step:
            break
        if not so_far.settled(before):
            raise NotYet(before=STEPS[before], step=STEPS[step])
        assert event is not None  # a settled step has its event
        if event.outcome == Outcome.DONE:
            earliest = event.happened_on
    if given.happened_on < earliest:
        raise BeforeItsTime(day=given.happened_on.isoformat(), earliest=earliest.isoformat())


def _check_words(step: Step, given: Given, now: datetime) -> None:
    allowed = {
        Outcome.DONE: set(Step),
        Outcome.RETURNED: {Step.RECEIPT},
        Outcome.NOT_NEEDED: {Step.SEAL, Step.REGISTRATION, Step.ACCOUNT},
    }
    if step not in allowed[given.outcome]:
        raise WrongOutcome(step=STEPS[step], outcome=OUTCOMES[given.outcome])
    if given.happened_on > today(now):
        raise InTheFuture(day=given.happened_on.isoformat())
    if len(given.note) > TEXT_LENGTH or (
        (given.correct or given.outcome is not Outcome.DONE) and not given.note.strip()
    ):
        raise NeedsReason(most=TEXT_LENGTH)
    if given.outcome is Outcome.DONE and step is not Step.SUBMITTED:
        if not given.number.strip():
            raise NeedsNumber(what=NUMBERS[step])
        if not given.organ.strip():
            raise NeedsNumber(what=ORGANS[step])


def _account(number: str) -> str:
    digits = number.replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdecimal() and 8 <= len(digits) <= 32):
        raise NotAnAccount
    return digits


def _place(community_id: str, row_id: str) -> bytes:
    return f"filing_event/{community_id}/{row_id}".encode()
