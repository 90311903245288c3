"""What whoever leads a topic does: ask, hide what must not be read, record the meeting, publish, say what becomes of
it.
"""

from collections.abc import Callable
from functools import partial

from flask import flash, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response
from wtforms import Field

from hoa.kernel.clock import today
from hoa.kernel.errors import Refusal
from hoa.topics import rules
from hoa.topics.powers import TOPICS
from hoa.topics.rules import SIX
from hoa.topics.service import commenting, nameless, opening, outcomes, reading, recording, summing
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
from hoa.web.forms import Form
from hoa.web.i18n import told


def _done(
    form: Form, topic_id: str, act: Callable[..., object], *fields: Field, says: str, anchor: str
) -> Response | None:
    """Do what was sent and go back to the topic's page; None when it was refused, and the form says why. Nothing that
    is written here for the public (`fields`) says who reported (trust.md 20).
    """
    try:
        with context.writing() as session:
            topic = reading.find(session, context.community().id, topic_id)
            nameless.demand(session, context.platform().keys, topic, *(field.data or "" for field in fields))
            act(session, topic.community_id, topic_id, by=context.person_id(), now=context.now())
    except Refusal as refusal:
        form.form_errors.append(told(refusal))
        return None
    flash(says, "ok")
    return redirect(address(topic_id, anchor))


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
                made = opening.raise_topic(
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
    days = opening.least_days(context.reading(), here.id, today(context.now()))
    return render_template("topics/new.html", form=form, days=days)


@blueprint.route("/<topic_id>/comments/<comment_id>/hide", methods=["GET", "POST"])
@requires(TOPICS)
def hide(topic_id: str, comment_id: str) -> str | Response:
    topic, form = find(topic_id), ReasonForm()
    if form.validate_on_submit():
        act = partial(commenting.hide, comment_id=comment_id, reason=form.reason.data or "")
        says = gettext("已隐藏，位置和原因还在")
        if done := _done(form, topic_id, act, form.reason, says=says, anchor="#comments"):
            return done
    comment = reading.comment_of(context.reading(), topic, comment_id)
    return render_template("topics/hide.html", topic=topic, comment=comment, form=form)


@blueprint.route("/<topic_id>/meeting", methods=["GET", "POST"])
@requires(TOPICS)
def meeting(topic_id: str) -> str | Response:
    """Record a meeting of the six parties."""
    topic, form = find(topic_id), MeetingForm()
    if form.validate_on_submit():
        act = partial(recording.record_meeting, held=form.held(), files=context.platform().files)
        public = (form.place, form.missing_because, form.minutes, form.conclusion)
        if done := _done(form, topic_id, act, *public, says=gettext("会议已记录"), anchor="#meetings"):
            return done
        form.mark_missing()
    if request.method == "GET":
        form.held_on.data = today(context.now())
    return render_template("topics/meeting.html", topic=topic, form=form, six=[party.value for party in SIX])


@blueprint.route("/<topic_id>/summary", methods=["GET", "POST"])
@requires(TOPICS)
def summarize(topic_id: str) -> str | Response:
    """Publish how many stand where, and the themes."""
    topic, form = find(topic_id), SummaryForm()
    if form.validate_on_submit():
        act = partial(summing.summarize, text=form.text.data or "")
        if done := _done(form, topic_id, act, form.text, says=gettext("意见汇总已公示"), anchor="#summary"):
            return done
    session = context.reading()
    figures, meetings = reading.figures(session, topic), reading.meetings(session, topic)
    return render_template("topics/summary.html", topic=topic, form=form, figures=figures, meetings=meetings)


@blueprint.route("/<topic_id>/outcome", methods=["GET", "POST"])
@requires(TOPICS)
def settle(topic_id: str) -> str | Response:
    """Say what becomes of a topic."""
    topic, form = find(topic_id), OutcomeForm()
    form.offer(decided=topic.summarized_at is not None)
    if form.validate_on_submit():
        act, public = partial(outcomes.settle, decision=form.decision()), (form.reason, form.title, form.text)
        if done := _done(form, topic_id, act, *public, says=gettext("已公布怎么办"), anchor="#outcome"):
            return done
    if request.method == "GET":
        form.text.data = "\n".join(row.conclusion for row in reading.meetings(context.reading(), topic)[-1:])
    return render_template("topics/outcome.html", topic=topic, form=form)
