"""Meetings as pages: what is ahead and what was decided for everybody, check-in and votes for members, the record for
who keeps it."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from hoa.accounts import service as accounts
from hoa.kernel import masking
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound, Refusal
from hoa.resolutions import chain
from hoa.resolutions.meetings import attendance, ballots, papers, rules, service
from hoa.resolutions.meetings.forms import CallForm
from hoa.resolutions.meetings.powers import ATTEND, CALL, READ, TAKE_PART
from hoa.resolutions.meetings.rules import ItemKind, Kind, Presence
from hoa.resolutions.meetings.tables import CommitteeItem, CommitteeMeeting, CommitteeVote
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import written_text
from hoa.web.i18n import told

blueprint = Blueprint("meetings", __name__, url_prefix="/c/<community_code>/meetings")


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return {**papers.WORDS, "number_text": service.number_text, "who": who}


def who(name: str) -> str:
    """A name as this reader may see it: masked for visitors."""
    return name if context.may(READ) else masking.name(name)


def find(meeting_id: str) -> CommitteeMeeting:
    return service.get(context.reading(), context.community().id, meeting_id)


def back(meeting_id: str, anchor: str = "") -> Response:
    return redirect(url_for("meetings.show", meeting_id=meeting_id) + anchor)


@blueprint.get("/")
@public
def index() -> str:
    session, here, now = context.reading(), context.community(), context.now()
    rows = service.meetings(session, here.id)
    requests = service.open_requests(session, here.id) if context.may(TAKE_PART) or context.may(CALL) else ()
    return render_template(
        "resolutions/meetings/index.html",
        ahead=[row for row in rows if row.ended_at is None and row.cancelled_at is None],
        past=[row for row in rows if row.ended_at is not None or row.cancelled_at is not None],
        requests=[(row, service.asking(session, row)) for row in requests],
        sitting=len(service.members(session, here.id, now)),
        upcoming=service.next_due(session, here.id, now),
        today=today(now),
        me_id=_me(),
    )


def _me() -> str:
    me = context.me()
    return me.id if me else ""


@blueprint.route("/call", methods=["GET", "POST"])
@requires(CALL)
def call() -> str | Response:
    here, form = context.community(), CallForm()
    asks_seats = not service.seats(context.reading(), here.id)
    request_id = request.args.get("request")
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                meeting = service.call(
                    session,
                    here.id,
                    kind=form.chosen_kind,
                    starts_at=form.starts_at,
                    place=form.place.data or "",
                    items=form.agenda(),
                    reason=form.reason.data or "",
                    planned=form.seats.data if asks_seats else None,
                    request_id=request_id,
                    by=context.person_id(),
                    now=context.now(),
                )
                _take_up(session, meeting, form.topics())
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("会议已召集，议程已公示"), "ok")
            return back(meeting.id)
    if request.method == "GET":
        upcoming = service.next_due(context.reading(), here.id, context.now())
        form.kind.data = Kind.FIRST if upcoming and upcoming.first else Kind.REGULAR
        form.begin_with(chain.waiting(context.reading(), here.id, chain.Kind.ITEM))
    terms = service.terms_here(context.reading(), here.id, day=today(context.now()))
    return render_template("resolutions/meetings/call.html", form=form, asks_seats=asks_seats, terms=terms)


def _take_up(session: Session, meeting: CommitteeMeeting, proposed: Sequence[str]) -> None:
    """Tell each topic on the agenda which item it became."""
    topics = chain.topics()
    for item, topic_id in zip(service.agenda(session, meeting), proposed, strict=True):
        if topics is not None and topic_id:
            made = chain.Key(chain.Kind.ITEM, item.id)
            topics.taken_up(session, meeting.community_id, topic_id, by=made, now=meeting.called_at)


@blueprint.get("/<meeting_id>")
@public
def show(meeting_id: str) -> str:
    session, now, meeting = context.reading(), context.now(), find(meeting_id)
    seats = attendance.seating(session, meeting, now)
    there = {person.id for person in attendance.present(session, meeting, now)}
    running = meeting.opened_at is not None and meeting.ended_at is None
    records = bool(_me()) and meeting.ended_at is None and meeting.cancelled_at is None
    records = records and context.may(CALL) and service.may_record(session, meeting, _me(), now)
    items = [_item(item) for item in service.agenda(session, meeting)]
    may_check_in = now >= meeting.starts_at - rules.CHECK_IN_BEFORE and meeting.ended_at is None
    return render_template(
        "resolutions/meetings/meeting.html",
        meeting=meeting,
        seats=seats,
        there=there,
        running=running,
        records=records,
        items=items,
        needed=rules.more_than_half(meeting.planned),
        quorum_line=rules.line(len(there), meeting.planned),
        has_quorum=rules.has_quorum(len(there), meeting.planned),
        me_id=_me(),
        may_check_in=may_check_in and context.may(ATTEND) and meeting.cancelled_at is None,
        is_member=context.may(TAKE_PART),
        observers=attendance.observers(session, meeting),
        observations=_observations(meeting),
        may_observe=context.may(ATTEND)
        and not context.may(TAKE_PART)
        and meeting.cancelled_at is None
        and service.latest_minutes(session, meeting) is None,
        minutes=service.latest_minutes(session, meeting),
        presences=list(Presence),
        called_by=accounts.names(session, [meeting.called_by])[meeting.called_by],
    )


def _observations(meeting: CommitteeMeeting) -> list[dict[str, Any]]:
    """Opinions with names as the reader may see them; an owner's name is masked for everybody but the committee."""
    session = context.reading()
    rows = attendance.observations(session, meeting)
    names = accounts.names(session, [row.person_id for row in rows])
    full = context.may(TAKE_PART)
    return [{"row": row, "name": names[row.person_id] if full else masking.name(names[row.person_id])} for row in rows]


def _item(item: CommitteeItem) -> dict[str, Any]:
    """An item with its rounds, and what each choice is called."""
    session = context.reading()
    votes = ballots.votes(session, item)
    ids = {str(choice) for vote in votes for choice in vote.choices}
    ids |= {row.person_id for vote in votes for row in ballots.ballots(session, vote)}
    names = accounts.names(session, sorted(ids))
    titles = {choice: gettext(title) for choice, title in rules.CHOICE_TITLES.items()}
    elects = item.kind in rules.ELECTIONS
    return {
        "row": item,
        "rounds": [ballots.shown(session, vote, names) for vote in votes],
        "titles": {**titles, **names},
        "elects": elects,
        "open_again": item.kind != ItemKind.REPORT
        and all(vote.closed_at is not None and vote.winner is None for vote in votes)
        and (elects or not votes),
    }


@blueprint.post("/<meeting_id>/told")
@requires(CALL)
def tell(meeting_id: str) -> Response:
    find(meeting_id)
    with context.writing() as session:
        service.tell(
            session,
            context.community().id,
            meeting_id,
            how=written_text("how", most=200),
            by=context.person_id(),
            now=context.now(),
        )
    flash(gettext("已登记"), "ok")
    return back(meeting_id)


@blueprint.post("/<meeting_id>/cancel")
@requires(CALL)
def cancel(meeting_id: str) -> Response:
    find(meeting_id)
    with context.writing() as session:
        service.cancel(
            session,
            context.community().id,
            meeting_id,
            because=written_text("because", most=200),
            by=context.person_id(),
            now=context.now(),
        )
    flash(gettext("会议已取消"), "ok")
    return back(meeting_id)


@blueprint.post("/<meeting_id>/check-in")
@requires(ATTEND)
def check_in(meeting_id: str) -> Response:
    find(meeting_id)
    with context.writing() as session:
        attendance.check_in(session, context.community().id, meeting_id, by=context.person_id(), now=context.now())
    flash(gettext("已签到"), "ok")
    return back(meeting_id)


@blueprint.post("/<meeting_id>/excuse")
@requires(TAKE_PART)
def excuse(meeting_id: str) -> Response:
    find(meeting_id)
    with context.writing() as session:
        attendance.excuse(
            session,
            context.community().id,
            meeting_id,
            reason=written_text("reason", most=200),
            by=context.person_id(),
            now=context.now(),
        )
    flash(gettext("已请假"), "ok")
    return back(meeting_id)


@blueprint.post("/<meeting_id>/attendance")
@requires(CALL)
def record(meeting_id: str) -> Response:
    find(meeting_id)
    presence = request.form.get("presence", "")
    if presence not in list(Presence):
        raise rules.NotAChoice
    with context.writing() as session:
        attendance.record(
            session,
            context.community().id,
            meeting_id,
            person_id=request.form.get("person", ""),
            presence=Presence(presence),
            reason=written_text("reason", most=200),
            by=context.person_id(),
            now=context.now(),
        )
    return back(meeting_id, "#attendance")


@blueprint.post("/<meeting_id>/open")
@requires(CALL)
def open_meeting(meeting_id: str) -> Response:
    find(meeting_id)
    with context.writing() as session:
        attendance.open_meeting(session, context.community().id, meeting_id, by=context.person_id(), now=context.now())
    flash(gettext("已宣布开会"), "ok")
    return back(meeting_id)


@blueprint.post("/<meeting_id>/end")
@requires(CALL)
def end_meeting(meeting_id: str) -> Response:
    find(meeting_id)
    with context.writing() as session:
        attendance.end_meeting(session, context.community().id, meeting_id, by=context.person_id(), now=context.now())
    flash(gettext("已散会，请核对会议记录并定稿"), "ok")
    return redirect(url_for("meetings.minutes", meeting_id=meeting_id))


def _vote(vote_id: str) -> tuple[CommitteeVote, CommitteeItem]:
    session, here = context.reading(), context.community().id
    vote = session.get(CommitteeVote, (here, vote_id))
    if vote is None:
        raise NotFound
    item = session.get(CommitteeItem, (here, vote.item_id))
    assert item is not None
    return vote, item


@blueprint.post("/items/<item_id>/vote")
@requires(CALL)
def open_vote(item_id: str) -> Response:
    item = context.reading().get(CommitteeItem, (context.community().id, item_id))
    if item is None:
        raise NotFound
    meeting_id, no = item.meeting_id, item.no
    with context.writing() as session:
        ballots.open_vote(
            session,
            context.platform().keys,
            context.community().id,
            item_id,
            by=context.person_id(),
            now=context.now(),
        )
    return back(meeting_id, f"#item-{no}")


@blueprint.post("/votes/<vote_id>/cast")
@requires(CALL)
def cast(vote_id: str) -> Response:
    """A member's own vote, or a raised hand that the recorder writes down."""
    meeting_id, no = (item := _vote(vote_id)[1]).meeting_id, item.no
    with context.writing() as session:
        ballots.cast(
            session,
            context.platform().keys,
            context.community().id,
            vote_id,
            choice=request.form.get("choice", ""),
            by=context.person_id(),
            person_id=request.form.get("person") or None,
            now=context.now(),
        )
    flash(gettext("已表决"), "ok")
    return back(meeting_id, f"#item-{no}")


@blueprint.post("/votes/<vote_id>/close")
@requires(CALL)
def close_vote(vote_id: str) -> Response:
    meeting_id, no = (item := _vote(vote_id)[1]).meeting_id, item.no
    with context.writing() as session:
        ballots.close_vote(
            session,
            context.platform().keys,
            context.community().id,
            vote_id,
            by=context.person_id(),
            now=context.now(),
        )
    return back(meeting_id, f"#item-{no}")


@blueprint.post("/<meeting_id>/observations")
@requires(ATTEND)
def observe(meeting_id: str) -> Response:
    find(meeting_id)
    with context.writing() as session:
        attendance.observe(
            session,
            context.community().id,
            meeting_id,
            text=written_text("text", most=2000),
            by=context.person_id(),
            now=context.now(),
        )
    flash(gettext("意见已收到，会写进会议记录"), "ok")
    return back(meeting_id, "#observations")


@blueprint.post("/observations/<observation_id>/answer")
@requires(TAKE_PART)
def answer(observation_id: str) -> Response:
    with context.writing() as session:
        row = attendance.answer(
            session,
            context.community().id,
            observation_id,
            text=written_text("text", most=2000),
            by=context.person_id(),
            now=context.now(),
        )
        meeting_id = row.meeting_id
    return back(meeting_id, "#observations")


@blueprint.post("/requests")
@requires(TAKE_PART)
def demand() -> Response:
    with context.writing() as session:
        service.demand(
            session,
            context.community().id,
            subject=written_text("subject", most=200),
            by=context.person_id(),
            now=context.now(),
        )
    flash(gettext("提议已登记，其他委员可以附议"), "ok")
    return redirect(url_for("meetings.index") + "#requests")


@blueprint.post("/requests/<meeting_request_id>/join")
@requires(TAKE_PART)
def join(meeting_request_id: str) -> Response:
    with context.writing() as session:
        service.join(session, context.community().id, meeting_request_id, by=context.person_id(), now=context.now())
    return redirect(url_for("meetings.index") + "#requests")
