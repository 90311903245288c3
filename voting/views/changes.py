"""Changes of what was noticed: proposed at the desk, signed by two officials, told to everybody."""

from datetime import datetime

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateTimeLocalField, SelectField, TextAreaField

from hoa.kernel.clock import CHINA, parse_stamp
from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told
from voting.powers import CONVENE
from voting.rules.life import State
from voting.service import proposals, rule_changes
from voting.tables import Assembly
from voting.views.shared import blueprint, find

LOCAL = "%Y-%m-%dT%H:%M"


class ExtendForm(Form):
    until = DateTimeLocalField(lazy_gettext("新的截止时间"), format=LOCAL, validators=[required()])
    reason = TextAreaField(lazy_gettext("延期的理由"), validators=[required(), at_most(500)])


class ChannelForm(Form):
    channel = SelectField(lazy_gettext("增加的投票方式"))
    reason = TextAreaField(lazy_gettext("增加的理由"), validators=[required(), at_most(500)])


def _under_way(code: str) -> Assembly:
    assembly = find(code)
    if assembly.step is State.DRAFT:
        raise NotFound
    return assembly


def _forms(assembly: Assembly) -> tuple[ExtendForm, ChannelForm]:
    """Two forms on one page; each has names of its own."""
    extend, channel = ExtendForm(prefix="extend"), ChannelForm(prefix="channel")
    left = [one for one in rule_changes.CHANNELS if one not in assembly.open_channels]
    channel.channel.choices = options([(one, gettext(rule_changes.CHANNEL_TITLES[one])) for one in left])
    return extend, channel


@blueprint.get("/<code>/changes")
@requires(CONVENE)
def changes(code: str) -> str:
    """What was changed so far, what waits for signatures, and the two forms."""
    assembly = _under_way(code)
    return _page(assembly, *_forms(assembly))


def _page(assembly: Assembly, extend: ExtendForm, channel: ChannelForm) -> str:
    session = context.reading()
    waiting = proposals.waiting(session, context.platform().keys, assembly)
    return render_template(
        "voting/changes.html",
        assembly=assembly,
        made=rule_changes.made(session, assembly),
        waiting=[(task, _until(task)) for task in waiting if task.proposal.kind in rule_changes.KINDS],
        extend=extend,
        channel=channel,
        may_propose=assembly.step in (State.NOTICED, State.OPEN) and context.now() < assembly.ends_at,
        CHANNEL_TITLES=rule_changes.CHANNEL_TITLES,
    )


def _until(task: proposals.Task) -> datetime | None:
    return parse_stamp(task.entry["until"]) if task.proposal.kind == "extend" else None


@blueprint.post("/<code>/changes/extend")
@requires(CONVENE)
def extend(code: str) -> str | Response:
    """Propose a later end."""
    assembly = _under_way(code)
    form, other = _forms(assembly)
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                rule_changes.extend(
                    session,
                    context.platform().keys,
                    assembly,
                    until=_aware(form.until.data),
                    reason=form.reason.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
            return _proposed(assembly)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return _page(assembly, form, other)


@blueprint.post("/<code>/changes/channel")
@requires(CONVENE)
def add_channel(code: str) -> str | Response:
    """Propose one more way to vote."""
    assembly = _under_way(code)
    other, form = _forms(assembly)
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                rule_changes.add_channel(
                    session,
                    context.platform().keys,
                    assembly,
                    channel=form.channel.data,
                    reason=form.reason.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
            return _proposed(assembly)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return _page(assembly, other, form)


def _proposed(assembly: Assembly) -> Response:
    flash(gettext("已拟定，两名工作人员签名后生效，并告知每位业主"), "ok")
    return redirect(url_for("voting.changes", code=assembly.code))


def _aware(naive: datetime | None) -> datetime:
    assert naive is not None
    return naive.replace(tzinfo=CHINA)
