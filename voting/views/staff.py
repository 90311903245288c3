"""The conveners' desk: draft, motions with their matters, notice, and the steps; turnout only, never a leaning."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateTimeLocalField, SelectField, StringField, TextAreaField

from hoa.jobs import enqueue
from hoa.kernel.clock import CHINA
from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told
from voting import service
from voting.powers import CONVENE
from voting.rules import life
from voting.rules.counting import Counting
from voting.rules.life import State
from voting.rules.matters import MATTERS, Majority, matter
from voting.rules.warnings import keyword_warnings
from voting.service import closing, drafts, roll, steps
from voting.tables import Assembly
from voting.views.shared import address, blueprint, find

LOCAL = "%Y-%m-%dT%H:%M"


class AssemblyForm(Form):
    title = StringField(lazy_gettext("会议名称"), validators=[required(), at_most(80)])
    convener = StringField(lazy_gettext("召集人"), validators=[required(), at_most(40)])
    body = TextAreaField(lazy_gettext("致业主的话"), validators=[required(), at_most(8000)])
    opens = DateTimeLocalField(lazy_gettext("开始表决"), format=LOCAL, validators=[required()])
    closes = DateTimeLocalField(lazy_gettext("截止"), format=LOCAL, validators=[required()])
    counting = SelectField(
        lazy_gettext("一位业主投了几张票时"),
        choices=options(
            [
                (Counting.FIRST.value, lazy_gettext("以第一张为准")),
                (Counting.LAST.value, lazy_gettext("以最后一张为准（须有议事规则依据）")),
            ]
        ),
    )

    def values(self) -> dict[str, Any]:
        return {
            "title": self.title.data,
            "convener": self.convener.data,
            "body": self.body.data,
            "opens_at": _aware(self.opens.data),
            "closes_at": _aware(self.closes.data),
            "counting": self.counting.data,
        }


class MotionForm(Form):
    title = StringField(lazy_gettext("表决事项"), validators=[required(), at_most(120)])
    body = TextAreaField(lazy_gettext("方案全文"), validators=[required(), at_most(8000)])
    matter = SelectField(lazy_gettext("事项类别（《民法典》第二百七十八条）"))
    majority = SelectField(
        lazy_gettext("需要的多数"),
        choices=options(
            [
                ("", lazy_gettext("按法律规定")),
                (Majority.SPECIAL.value, lazy_gettext("从严：四分之三以上同意")),
            ]
        ),
    )


def _motion_form() -> MotionForm:
    form = MotionForm()
    form.matter.choices = options(
        [("", gettext("请选择")), *((code, f"{code} {gettext(found.title)}") for code, found in MATTERS.items())]
    )
    return form


def _aware(naive: datetime | None) -> datetime:
    assert naive is not None
    return naive.replace(tzinfo=CHINA)


@blueprint.route("/new", methods=["GET", "POST"])
@requires(CONVENE)
def new() -> str | Response:
    form = AssemblyForm()
    if request.method == "GET":
        opens = (context.now() + timedelta(days=16)).replace(hour=9, minute=0)
        form.opens.data, form.closes.data = opens, (opens + timedelta(days=14)).replace(hour=18)
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                assembly = service.create(
                    session, context.community().id, by=context.person_id(), now=context.now(), **form.values()
                )
            return redirect(url_for("voting.manage", code=assembly.code))
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return render_template("voting/edit.html", form=form, assembly=None)


@blueprint.route("/<code>/edit", methods=["GET", "POST"])
@requires(CONVENE)
def edit(code: str) -> str | Response:
    assembly = find(code)
    if assembly.step is not State.DRAFT:
        return redirect(url_for("voting.manage", code=code))
    form = AssemblyForm(obj=assembly)
    if request.method == "GET":
        form.opens.data, form.closes.data = assembly.opens_at, assembly.closes_at
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                drafts.change(session, assembly.community_id, assembly.id, **form.values())
            return redirect(url_for("voting.manage", code=code))
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return render_template("voting/edit.html", form=form, assembly=assembly)


@blueprint.get("/<code>/manage")
@requires(CONVENE)
def manage(code: str) -> str:
    return _manage(find(code), _motion_form())


def _manage(assembly: Assembly, form: MotionForm) -> str:
    session = context.reading()
    motions = drafts.motions(session, assembly)
    voting = assembly.step in (State.OPEN, State.CUT_OFF)
    return render_template(
        "voting/manage.html",
        assembly=assembly,
        form=form,
        motions=[(row, keyword_warnings(matter(row.matter), f"{row.title}\n{row.body}")) for row in motions],
        events=steps.events(session, assembly),
        turnout=closing.turnout(session, assembly) if voting else None,
        following=_following(assembly),
        earliest=drafts.earliest_opening(assembly, now=context.now()),
        address=address("voting.show", code=assembly.code),
        reach=roll.reach(session, assembly) if assembly.step in (State.DRAFT, State.NOTICED, State.OPEN) else None,
    )


@blueprint.post("/<code>/motions")
@requires(CONVENE)
def add_motion(code: str) -> str | Response:
    assembly = find(code)
    form = _motion_form()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                service.add_motion(
                    session,
                    assembly.community_id,
                    assembly.id,
                    title=form.title.data or "",
                    body=form.body.data or "",
                    matter_code=form.matter.data,
                    majority=form.majority.data or None,
                )
            return redirect(url_for("voting.manage", code=code) + "#motions")
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return _manage(assembly, form)


@blueprint.post("/<code>/motions/<motion_id>/remove")
@requires(CONVENE)
def remove_motion(code: str, motion_id: str) -> Response:
    assembly = find(code)
    with context.writing() as session:
        drafts.remove_motion(session, assembly.community_id, assembly.id, motion_id)
    return redirect(url_for("voting.manage", code=code) + "#motions")


class Following(NamedTuple):
    """The step that comes next, as the desk offers it."""

    target: State
    label: str
    explains: str
    due: datetime | None

    @property
    def early(self) -> bool:
        return self.due is not None and context.now() < self.due


def _following(assembly: Assembly) -> Following | None:
    target = life.successor(assembly.step)
    words: dict[State, Callable[[], tuple[str, str, datetime | None]]] = {
        State.NOTICED: lambda: (
            gettext("发出公告"),
            gettext("公告后，表决事项、业主名册、时间和规则都固定下来，不能再改；公告立即张贴到公示栏。"),
            None,
        ),
        State.OPEN: lambda: (
            gettext("开始表决"),
            gettext("到公告写明的时间会自动开始，不需要守着。"),
            assembly.opens_at,
        ),
        State.CUT_OFF: lambda: (
            gettext("截止收票"),
            gettext("到公告写明的时间会自动截止。截止后不再收票。"),
            assembly.closes_at,
        ),
        State.CLOSED: lambda: (gettext("封票"), gettext("封票后日志到此为止，任何人都不能再添加。"), None),
        State.TALLIED: lambda: (gettext("计票"), gettext("按公告的规则逐票计算，由平台签名。"), None),
        State.ANNOUNCED: lambda: (
            gettext("公布结果"),
            gettext("先用公开的核验程序检查一遍，通过后公布到公示栏；通过的事项成为业主大会决议。"),
            None,
        ),
    }
    return Following(target, *words[target]()) if target in words else None


@blueprint.route("/<code>/step/<target>", methods=["GET", "POST"])
@requires(CONVENE)
def step(code: str, target: str) -> str | Response:
    """One step, with a page that says what it does before it is done."""
    assembly = find(code)
    if target not in tuple(State):
        raise NotFound
    following = _following(assembly)
    if following is None or following.target != target:
        if request.method == "POST":
            raise life.NotTheNextStep
        return redirect(url_for("voting.manage", code=code))
    if request.method == "GET":
        motions = drafts.motions(context.reading(), assembly)
        return render_template("voting/step.html", assembly=assembly, following=following, motions=motions)
    return _take(assembly, State(target))


def _take(assembly: Assembly, target: State) -> Response:
    by, now, platform = context.person_id(), context.now(), context.platform()
    if target in (State.TALLIED, State.ANNOUNCED):
        kind = "voting.count" if target is State.TALLIED else "voting.announce"
        with context.writing() as session:
            job = enqueue(
                session,
                kind,
                {"assembly": assembly.id, "by": by},
                now=now,
                community_id=assembly.community_id,
                person_id=by,
            )
        return redirect(url_for("jobs.show", job_id=job.id))
    with context.writing() as session:
        if target is State.NOTICED:
            service.give(
                session,
                platform.keys,
                assembly.community_id,
                assembly.id,
                host=platform.settings.origin_host,
                by=by,
                now=now,
                url=url_for("voting.show", code=assembly.code),
            )
        else:
            closing.STEPS[target](session, platform.keys, assembly.community_id, assembly.id, by=by, now=now)
    flash(gettext("已完成。"), "ok")
    return redirect(url_for("voting.manage", code=assembly.code))
