"""Who left, who follows, how many are left; resigning, proposing and confirming an end, answering an offer."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from io import BytesIO
from typing import Any, NamedTuple

from flask import Blueprint, flash, redirect, render_template, send_file, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import DateField, SelectField, TextAreaField
from wtforms.validators import Optional

from hoa.accounts import service as accounts
from hoa.db import get
from hoa.kernel import masking
from hoa.kernel.clock import CHINA, today
from hoa.kernel.errors import NotAllowed, Refusal
from hoa.offices import rules as bodies
from hoa.offices.changes import acts, papers, rules, service, standing, succession, suspensions
from hoa.offices.changes.powers import CONFIRM, PROPOSE, RECEIVE
from hoa.offices.changes.rules import AUTOMATIC, TITLES, Reason
from hoa.offices.changes.tables import ENDED, PROPOSED, REJECTED, WAITING, MemberChange, SeatOffer
from hoa.ports import uploads
from hoa.web import context
from hoa.web.access import public, requires, signed_in
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told

blueprint = Blueprint("changes", __name__, url_prefix="/c/<community_code>/offices/changes")


class ResignForm(Form):
    body = SelectField(lazy_gettext("机构"))
    text = TextAreaField(
        lazy_gettext("辞职书"),
        validators=[required(), at_most(rules.TEXT_LENGTH)],
        description=lazy_gettext("只有委员会成员、居民委员会和街道办事处能看到；公示只写“本人书面辞职”"),
    )
    day = DateField(
        lazy_gettext("生效日期"),
        validators=[required()],
        description=lazy_gettext("填今天的，提交后立即生效；填以后的，从那天零点起生效"),
    )


class ProposeForm(Form):
    member = SelectField(lazy_gettext("谁"), validators=[required()])
    reason = SelectField(lazy_gettext("情形"), validators=[required()])
    since = DateField(lazy_gettext("从哪天起"), validators=[Optional()])
    explanation = TextAreaField(
        lazy_gettext("说明"),
        validators=[required(), at_most(rules.TEXT_LENGTH)],
        description=lazy_gettext("密封保存，只有办理的人和本人能看到"),
    )
    paper = FileField(lazy_gettext("证明文件"))


class ReasonForm(Form):
    reason = TextAreaField(lazy_gettext("驳回的理由"), validators=[required(), at_most(rules.TEXT_LENGTH)])


class Line(NamedTuple):
    """A change as the public reads it: names as this reader may see them."""

    change: MemberChange
    name: str
    body: str
    offers: list[tuple[SeatOffer, str]]


def _lines(session: Session, changes: Sequence[MemberChange], *, full: bool) -> list[Line]:
    """Names and offers of all of them at once: the page lists every change there ever was."""
    asked = succession.offers_of(session, changes)
    ids = [change.person_id for change in changes]
    ids += [offer.person_id for offers in asked.values() for offer in offers]
    names = _names(session, ids, full=full)
    return [
        Line(
            change,
            names[change.person_id],
            gettext(bodies.BODIES[change.body_kind]),
            [(offer, names[offer.person_id]) for offer in asked[change.id]],
        )
        for change in changes
    ]


def _names(session: Session, ids: Iterable[str], *, full: bool) -> dict[str, str]:
    return {key: name if full else masking.name(name) for key, name in accounts.names(session, ids).items()}


@blueprint.get("/")
@public
def index() -> str:
    """How many are left of each elected body, and who left and followed."""
    session, here, now, me = context.reading(), context.community().id, context.now(), context.me()
    full = context.may("offices.read")
    suspended = suspensions.current(session, here)
    names = _names(session, [row.person_id for row in suspended], full=full)
    return render_template(
        "offices/changes/index.html",
        standings=[
            (gettext(bodies.BODIES[kind]), found) for kind, found in standing.all_bodies(session, here, now=now)
        ],
        unfilled=succession.unfilled(session, here, now=now),
        past=_lines(session, service.changes(session, here, states=(ENDED,)), full=full),
        waiting=_lines(session, _for_me(session, here), full=True),
        offers=succession.waiting_for(session, here, me.id, now=now) if me else (),
        member=me is not None and bool(standing.memberships(session, here, me.id, now=now)),
        titles=TITLES,
        may_propose=context.may(PROPOSE),
        suspended=[(row, names[row.person_id]) for row in suspended],
    )


def _for_me(session: Session, community_id: str) -> list[MemberChange]:
    """What is under way and concerns this reader: their own, or what they may handle."""
    me = context.me()
    if me is None:
        return []
    rows = service.changes(session, community_id, states=(PROPOSED, WAITING))
    return [row for row in rows if _may_see(row)]


def _may_see(change: MemberChange) -> bool:
    me = context.me()
    if me is None:
        return False
    if me.id in (change.person_id, change.proposed_by):
        return True
    return context.may(RECEIVE if change.reason == Reason.RESIGNED else CONFIRM)


@blueprint.route("/resign", methods=["GET", "POST"])
@signed_in
def resign() -> str | Response:
    """Under one's own account, in writing."""
    session, here, me, now = context.reading(), context.community().id, context.person_id(), context.now()
    mine = standing.memberships(session, here, me, now=now)
    if not mine:
        raise NotAllowed
    form = ResignForm()
    form.body.choices = options([(one.body_kind, gettext(bodies.BODIES[one.body_kind])) for one in mine])
    if form.validate_on_submit():
        assert isinstance(form.day.data, date)
        try:
            with context.writing() as writing:
                change = service.resign(
                    writing,
                    context.platform().keys,
                    here,
                    body_kind=form.body.data or "",
                    person_id=me,
                    text=_text(form.text.data),
                    day=form.day.data,
                    now=now,
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            ended = change.state == ENDED
            flash(gettext("辞职已生效，相应权限立即失效") if ended else gettext("辞职书已提交"), "ok")
            return redirect(url_for("changes.show", change_id=change.id))
    return render_template("offices/changes/resign.html", form=form, today=today(now).isoformat())


@blueprint.get("/<change_id>")
@signed_in
def show(change_id: str) -> str:
    change = get(context.reading(), MemberChange, context.community().id, change_id)
    return _page(change, ReasonForm(formdata=None))


def _page(change: MemberChange, form: ReasonForm) -> str:
    """One case, for those it concerns."""
    if not _may_see(change):
        raise NotAllowed
    session, me, now = context.reading(), context.person_id(), context.now()
    own = change.person_id == me
    names = accounts.names(session, filter(None, (change.proposed_by, change.decided_by, change.received_by)))
    values: dict[str, Any] = {
        "line": _lines(session, [change], full=True)[0],
        "change": change,
        "said": papers.said(context.platform().keys, change),
        "paper": bool(change.paper_key) and (context.may(CONFIRM) or me == change.proposed_by or own),
        "acts": _acts(session, change, now),
        "own": own,
        "may_receive": change.state == WAITING and change.received_at is None and not own and context.may(RECEIVE),
        "may_withdraw": own and change.state == WAITING and change.received_at is None,
        "may_confirm": change.state == PROPOSED and context.may(CONFIRM) and not own and me != change.proposed_by,
        "proposer": names.get(change.proposed_by or ""),
        "decider": names.get(change.decided_by or ""),
        "receiver": names.get(change.received_by or ""),
        "titles": TITLES,
        "articles": rules.ARTICLES,
        "form": form,
    }
    return render_template("offices/changes/show.html", **values)


def _acts(session: Session, change: MemberChange, now: datetime) -> list[acts.Act]:
    """What was done in office since the ground arose: nothing of it falls with the office."""
    if change.since is None or change.state == REJECTED:
        return []
    start = datetime.combine(change.since, time(), CHINA)
    end = change.effective_at or now
    return acts.of(session, change.community_id, person_id=change.person_id, start=start, end=end)


@blueprint.post("/<change_id>/withdraw")
@signed_in
def withdraw(change_id: str) -> Response:
    with context.writing() as session:
        service.withdraw(session, context.community().id, change_id, by=context.person_id(), now=context.now())
    flash(gettext("辞职已撤回，任职照旧"), "ok")
    return redirect(url_for("changes.show", change_id=change_id))


@blueprint.post("/<change_id>/receive")
@requires(RECEIVE)
def receive(change_id: str) -> Response:
    with context.writing() as session:
        service.receive(session, context.community().id, change_id, by=context.person_id(), now=context.now())
    flash(gettext("已登记收到，本人不能再撤回"), "ok")
    return redirect(url_for("changes.show", change_id=change_id))


@blueprint.route("/propose", methods=["GET", "POST"])
@requires(PROPOSE)
def propose() -> str | Response:
    """An end that the register cannot know of, or knows late."""
    session, here, now = context.reading(), context.community().id, context.now()
    form = ProposeForm()
    members = [
        one
        for kind in rules.ELECTED
        for one in standing.members(session, here, kind, now=now)
        if one.person.id != context.person_id()
    ]
    form.member.choices = options(
        [
            ("", gettext("请选择")),
            *(
                (f"{one.body_kind}/{one.person.id}", f"{gettext(bodies.BODIES[one.body_kind])} · {one.person.name}")
                for one in members
            ),
        ]
    )
    form.reason.choices = options(
        [("", gettext("请选择")), *((reason.value, gettext(TITLES[reason])) for reason in AUTOMATIC)]
    )
    if form.validate_on_submit():
        try:
            change_id = _propose(form)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已提出，等另一位有权的人确认"), "ok")
            return redirect(url_for("changes.show", change_id=change_id))
    return render_template("offices/changes/propose.html", form=form)


def _propose(form: ProposeForm) -> str:
    here, platform = context.community().id, context.platform()
    body_kind, _, person_id = (form.member.data or "").partition("/")
    sent = form.paper.data
    with context.writing() as session:
        paper = None
        if sent:
            data, name = sent.read(), sent.filename or ""
            paper = papers.keep(platform.keys, platform.files, here, data=data, name=name)
        return service.propose(
            session,
            platform.keys,
            here,
            body_kind=body_kind,
            person_id=person_id,
            reason=Reason(form.reason.data),
            explanation=_text(form.explanation.data),
            since=form.since.data,
            paper=paper,
            by=context.person_id(),
            now=context.now(),
        ).id


@blueprint.get("/<change_id>/paper")
@signed_in
def paper(change_id: str) -> Response:
    """The sealed paper, for those who decide, who sent it, and whom it is about."""
    change = get(context.reading(), MemberChange, context.community().id, change_id)
    if context.person_id() not in (change.person_id, change.proposed_by) and not context.may(CONFIRM):
        raise NotAllowed
    platform = context.platform()
    data = papers.open_paper(platform.keys, platform.files, change)
    media = uploads.media_type(data, "paper")
    name = "paper" + uploads.SUFFIXES[media]
    response = send_file(BytesIO(data), mimetype=media, as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/<change_id>/confirm")
@requires(CONFIRM)
def confirm(change_id: str) -> Response:
    with context.writing() as session:
        service.confirm(session, context.community().id, change_id, by=context.person_id(), now=context.now())
    flash(gettext("已确认，任职结束，相应权限立即失效"), "ok")
    return redirect(url_for("changes.show", change_id=change_id))


@blueprint.post("/<change_id>/reject")
@requires(CONFIRM)
def reject(change_id: str) -> str | Response:
    here, form = context.community().id, ReasonForm()
    if form.validate_on_submit():
        with context.writing() as session:
            service.reject(
                session, here, change_id, reason=_text(form.reason.data), by=context.person_id(), now=context.now()
            )
        flash(gettext("已驳回，任职照旧"), "ok")
        return redirect(url_for("changes.show", change_id=change_id))
    return _page(get(context.reading(), MemberChange, here, change_id), form)


@blueprint.post("/offers/<offer_id>/accept")
@signed_in
def accept(offer_id: str) -> Response:
    with context.writing() as session:
        offer = succession.accept(session, context.community().id, offer_id, by=context.person_id(), now=context.now())
        sits = offer.granted_office_id is not None
    if sits:
        flash(gettext("您已递补为委员，名册已更新"), "ok")
    else:
        flash(gettext("业主名册显示您今天不是业主，不能递补"), "warn")
    return redirect(url_for("changes.index"))


@blueprint.post("/offers/<offer_id>/decline")
@signed_in
def decline(offer_id: str) -> Response:
    with context.writing() as session:
        succession.decline(session, context.community().id, offer_id, by=context.person_id(), now=context.now())
    flash(gettext("已答复不递补，您仍是候补委员"), "ok")
    return redirect(url_for("changes.index"))


def _text(typed: str | None) -> str:
    return (typed or "").replace("\r\n", "\n")
