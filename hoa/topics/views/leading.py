"""What whoever leads a topic does: ask, hide what must not be read, record the meeting, publish, say what becomes of
it.
"""

from flask import flash, redirect, render_template, request
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import Field

from hoa.kernel.clock import today
from hoa.kernel.errors import Refusal
from hoa.topics import rules
from hoa.topics.powers import TOPICS
from hoa.topics.rules import SIX
from hoa.topics.service import outcomes, topics
from hoa.topics.views.base import (
    MeetingForm,
    OutcomeForm,
    ReasonForm,
    SummaryForm,
    TopicForm,
    address,
    blueprint,
    find,
)
from hoa.web import context
from hoa.web.access import requires
from hoa.web.i18n import told


def _nameless(session: Session, topic_id: str, *fields: Field) -> None:
    """Nothing that is written here for the public says who reported (trust.md 20)."""
    topic = topics.find(session, context.community().id, topic_id)
    topics.demand_nameless(session, context.platform().keys, topic, *(field.data or "" for field in fields))


@blueprint.route("/new", methods=["GET", "POST"])
@requires(TOPICS)
def new() -> str | Response:
    """Ask the owners, out of suggestions (`?suggestion=2026-0012`, more than once) or a cluster (`?cluster=<id>`)."""
    form, here = TopicForm(), context.community()
    form.offer()
    if request.method == "GET":
        form.begin()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                made = topics.raise_topic(
                    session,
                    context.platform().keys,
                    here.id,
                    form.wording(),
                    labels=rules.names(form.labels.data or ""),
                    cluster_id=form.cluster.data or None,
                    by=context.person_id(),
                    now=context.now(),
                ).id
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("议题已公开，业主可以提意见了"), "ok")
            return redirect(address(made))
    days = topics.least_days(context.reading(), here.id, today(context.now()))
    return render_template("topics/new.html", form=form, days=days)


@blueprint.route("/<topic_id>/comments/<comment_id>/hide", methods=["GET", "POST"])
@requires(TOPICS)
def hide(topic_id: str, comment_id: str) -> str | Response:
    topic, form = find(topic_id), ReasonForm()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                _nameless(session, topic_id, form.reason)
                topics.hide(
                    session,
                    context.community().id,
                    topic_id,
                    comment_id,
                    reason=form.reason.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已隐藏，位置和原因还在"), "ok")
            return redirect(address(topic_id, "#comments"))
    comment = topics.comment_of(context.reading(), topic, comment_id)
    return render_template("topics/hide.html", topic=topic, comment=comment, form=form)


@blueprint.route("/<topic_id>/meeting", methods=["GET", "POST"])
@requires(TOPICS)
def meeting(topic_id: str) -> str | Response:
    """Record a meeting of the six parties."""
    topic, form = find(topic_id), MeetingForm()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                _nameless(session, topic_id, form.place, form.missing_because, form.minutes, form.conclusion)
                topics.record_meeting(
                    session,
                    context.platform().files,
                    context.community().id,
                    topic_id,
                    form.held(),
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
            if isinstance(refusal, rules.PartyMissing):
                form.mark_missing()
        else:
            flash(gettext("会议已记录"), "ok")
            return redirect(address(topic_id, "#meetings"))
    if request.method == "GET":
        form.held_on.data = today(context.now())
    return render_template("topics/meeting.html", topic=topic, form=form, six=[party.value for party in SIX])


@blueprint.route("/<topic_id>/summary", methods=["GET", "POST"])
@requires(TOPICS)
def summarize(topic_id: str) -> str | Response:
    """Publish how many stand where, and the themes."""
    topic, form = find(topic_id), SummaryForm()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                _nameless(session, topic_id, form.text)
                topics.summarize(
                    session,
                    context.community().id,
                    topic_id,
                    text=form.text.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("意见汇总已公示"), "ok")
            return redirect(address(topic_id, "#summary"))
    session = context.reading()
    return render_template(
        "topics/summary.html",
        topic=topic,
        form=form,
        figures=topics.figures(session, topic),
        meetings=topics.meetings(session, topic),
    )


@blueprint.route("/<topic_id>/outcome", methods=["GET", "POST"])
@requires(TOPICS)
def settle(topic_id: str) -> str | Response:
    """Say what becomes of a topic."""
    topic, form = find(topic_id), OutcomeForm()
    form.offer(decided=topic.summarized_at is not None)
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                _nameless(session, topic_id, form.reason, form.title, form.text)
                outcomes.settle(
                    session,
                    context.community().id,
                    topic_id,
                    form.decision(),
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已公布怎么办"), "ok")
            return redirect(address(topic_id, "#outcome"))
    if request.method == "GET":
        form.text.data = "\n".join(row.conclusion for row in topics.meetings(context.reading(), topic)[-1:])
    return render_template("topics/outcome.html", topic=topic, form=form)
