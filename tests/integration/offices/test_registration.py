"""Filing rounds and their steps: order, numbers, papers, corrections, the account's mask, rounds for changes."""

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DatabaseError

from hoa.community import pack_choice
from hoa.kernel.clock import FrozenClock, today
from hoa.offices import registration
from hoa.offices.after_tables import FilingEvent, FilingRound
from hoa.offices.registration import Given, Outcome, Step
from hoa.platform import Platform
from hoa.ports.uploads import DocumentType
from tests.integration.people import a_community, a_person
from tests.integration.voting.candidates import a_photo


@pytest.fixture
def community(platform: Platform) -> str:
    return a_community(platform)


@pytest.fixture
def clerk(platform: Platform) -> str:
    return a_person(platform, "小林")


def begin(platform: Platform, community: str, *, day: date | None = None) -> FilingRound:
    with platform.database.writing() as session:
        return registration.begin(
            session,
            community,
            kind=registration.ELECTION,
            reason="首次业主大会会议",
            event_on=day or today(platform.now()),
            basis="ab" * 32,
            now=platform.now(),
            by=None,
        )


def record(
    platform: Platform,
    community: str,
    clerk: str,
    step: Step,
    number: str = "",
    *,
    outcome: Outcome = Outcome.DONE,
    note: str = "",
    correct: bool = False,
    day: date | None = None,
    document: tuple[str, bytes] | None = None,
) -> FilingEvent:
    with platform.database.writing() as session:
        (found, *_) = registration.rounds(session, community)
        return registration.record(
            session,
            platform.keys,
            platform.files,
            community,
            round_id=found.id,
            step=step,
            given=Given(outcome, "某机关", number, day or today(platform.now()), note, correct),
            document=document,
            by=clerk,
            now=platform.now(),
        )


def progress(platform: Platform, community: str) -> registration.Progress:
    with platform.database.reading() as session:
        (found, *_) = registration.rounds(session, community)
        return registration.progress(session, found)


def test_the_way_goes_from_papers_to_account_in_its_order_and_no_step_is_skipped(
    platform: Platform, clock: FrozenClock, community: str, clerk: str
) -> None:
    begin(platform, community)
    with pytest.raises(registration.NotYet):
        record(platform, community, clerk, Step.RECEIPT, "备2026-1")
    for step, number in (
        (Step.SUBMITTED, ""),
        (Step.RECEIPT, "备2026-1"),
        (Step.SEAL, "5001"),
        (Step.REGISTRATION, "52500120MJ0000000X"),
    ):
        assert progress(platform, community).next is step
        record(platform, community, clerk, step, number)
        clock.advance(days=1)
    event = record(platform, community, clerk, Step.ACCOUNT, "6222 0000 1111 2345 678")
    assert progress(platform, community).next is None
    assert event.number == "**** **** 5678"
    assert "6222" not in (event.number + event.note)
    assert registration.account_number(platform.keys, event) == "6222000011112345678"


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"number": ""}, registration.NeedsNumber),
        ({"number": "1", "day": date(2027, 1, 1)}, registration.InTheFuture),
        ({"number": "1", "day": date(2026, 10, 19)}, registration.BeforeItsTime),
        ({"number": "1", "outcome": Outcome.NOT_NEEDED, "note": "不用"}, registration.WrongOutcome),
        ({"number": "1", "outcome": Outcome.RETURNED}, registration.NeedsReason),
        ({"number": "1", "correct": True, "note": "写错"}, registration.NothingToCorrect),
    ],
)
def test_a_receipt_that_cannot_be_is_refused_and_changes_nothing(
    platform: Platform, community: str, clerk: str, given: dict[str, object], refusal: type[Exception]
) -> None:
    begin(platform, community)
    record(platform, community, clerk, Step.SUBMITTED)
    with pytest.raises(refusal):
        record(platform, community, clerk, Step.RECEIPT, **given)  # type: ignore[arg-type]
    assert not progress(platform, community).filed


def test_papers_that_were_returned_are_handed_in_again(
    platform: Platform, clock: FrozenClock, community: str, clerk: str
) -> None:
    begin(platform, community)
    record(platform, community, clerk, Step.SUBMITTED)
    clock.advance(days=2)
    record(platform, community, clerk, Step.RECEIPT, outcome=Outcome.RETURNED, note="缺一页")
    assert not progress(platform, community).submitted
    clock.advance(days=2)
    record(platform, community, clerk, Step.SUBMITTED)
    clock.advance(days=2)
    record(platform, community, clerk, Step.RECEIPT, "备2026-2")
    assert progress(platform, community).filed


def test_a_step_is_written_once_and_corrected_with_its_reason_and_both_stay(
    platform: Platform, clock: FrozenClock, community: str, clerk: str
) -> None:
    begin(platform, community)
    record(platform, community, clerk, Step.SUBMITTED)
    record(platform, community, clerk, Step.RECEIPT, "备2026-71")
    clock.advance(hours=1)
    with pytest.raises(registration.AlreadyDone):
        record(platform, community, clerk, Step.RECEIPT, "备2026-17")
    record(platform, community, clerk, Step.RECEIPT, "备2026-17", correct=True, note="编号写反了")
    event = progress(platform, community).steps[Step.RECEIPT]
    assert event is not None
    assert event.number == "备2026-17"
    with platform.database.reading() as session:
        assert len(session.scalars(select(FilingEvent).where(FilingEvent.step == "receipt")).all()) == 2


def test_an_upload_is_kept_by_its_content_and_nothing_else_is_taken(
    platform: Platform, community: str, clerk: str
) -> None:
    begin(platform, community)
    record(platform, community, clerk, Step.SUBMITTED)
    with pytest.raises(DocumentType):
        record(platform, community, clerk, Step.RECEIPT, "1", document=("回执.png", b"MZ not a picture"))
    event = record(platform, community, clerk, Step.RECEIPT, "1", document=("回执.png", a_photo(40, 30)))
    assert event.document is not None
    assert platform.files.has(event.document)
    assert event.document_name == "回执.png"


def test_a_change_of_members_opens_one_round_with_the_same_days(
    platform: Platform, clock: FrozenClock, community: str
) -> None:
    first = begin(platform, community)
    with platform.database.writing() as session:
        row = registration.refile(session, community, "一名委员辞职", clock.now())
    with platform.database.writing() as session:
        again = registration.refile(session, community, "一名委员辞职", clock.now())
    assert (row.number, row.kind, row.meeting_due) == (2, registration.CHANGE, None)
    assert again.id == row.id
    assert row.filing_due == first.filing_due
    assert tuple(progress(platform, community).steps) == (Step.SUBMITTED, Step.RECEIPT)


def test_where_the_pack_has_days_for_the_answer_they_are_working_days(
    platform: Platform, clock: FrozenClock, community: str, clerk: str
) -> None:
    with platform.database.writing() as session:
        pack_choice.choose(session, community, code="cn-beijing", reason="在北京", by=clerk, now=clock.now())
    begin(platform, community)
    assert progress(platform, community).answer is None
    clock.advance(days=2)  # Thursday, 22 October 2026
    record(platform, community, clerk, Step.SUBMITTED)
    answer = progress(platform, community).answer
    assert answer is not None
    assert answer.last_day == date(2026, 10, 29)


def test_rounds_and_steps_are_never_changed_or_deleted(platform: Platform, community: str, clerk: str) -> None:
    begin(platform, community)
    record(platform, community, clerk, Step.SUBMITTED)
    for statement in (
        update(FilingRound).values(filing_due=date(2030, 1, 1)),
        update(FilingEvent).values(happened_on=today(platform.now()) - timedelta(days=9)),
        delete(FilingEvent),
    ):
        with pytest.raises(DatabaseError), platform.database.writing() as session:
            session.execute(statement)
