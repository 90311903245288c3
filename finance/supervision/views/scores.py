"""The scorecard's pages: the sheet, an evaluation, rating, and what came of it."""

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import BooleanField, DateField, TextAreaField

from finance.supervision.powers import RATE, READ, SCORE
from finance.supervision.rules import scoring
from finance.supervision.rules.scoring import Mark
from finance.supervision.service import scores as service
from finance.supervision.tables import Evaluation
from finance.supervision.views.base import blueprint
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import Form, required, tidy
from hoa.web.i18n import told


class SheetLineWrong(Refusal):
    message = N_("第 %(line)s 行看不懂：每行写一条标准，后面空一格写权重，例如“按时公示 20”")


class SheetForm(Form):
    lines = TextAreaField(
        lazy_gettext("评价标准"),
        validators=[required()],
        description=lazy_gettext("每行一条，后面空一格写权重；权重合计 100"),
    )

    def read(self) -> list[tuple[str, int]]:
        """One criterion a line, its weight after the last blank."""
        found = []
        for number, line in enumerate((self.lines.data or "").splitlines(), start=1):
            if line.strip():
                title, _, weight = line.strip().rpartition(" ")
                if not title or not weight.isascii() or not weight.isdigit():
                    raise SheetLineWrong(line=number)
                found.append((title, int(weight)))
        return found


class OpenForm(Form):
    start = DateField(lazy_gettext("起始日"), validators=[required()])
    end = DateField(lazy_gettext("截止日"), validators=[required()])
    owners = BooleanField(lazy_gettext("也邀请业主打分"))


@blueprint.get("/scores")
@public
def scores() -> str:
    """The sheet in force, the evaluation that is open, and what earlier ones came to."""
    return _scores(OpenForm(formdata=None))


def _scores(form: OpenForm) -> str:
    session, here = context.reading(), context.community()
    versions, rows = service.sheets(session, here.id), service.evaluations(session, here.id)
    if form.start.data is None and not form.errors:
        form.start.data = date(today(context.now()).year, 1, 1)
        form.end.data = today(context.now())
    return render_template(
        "supervision/scores.html",
        sheet=versions[0] if versions else None,
        criteria=scoring.read(versions[0].criteria) if versions else (),
        outcomes=[service.outcome(session, row) for row in rows if row.closed_at is not None],
        current=next((row for row in rows if row.closed_at is None), None),
        form=form,
        may_score=context.may(SCORE),
        may_rate=context.may(RATE),
        inside=context.may(READ),
    )


@blueprint.route("/scores/sheet", methods=["GET", "POST"])
@requires(SCORE)
def sheet() -> str | Response:
    """A new version of the sheet, begun from the last one."""
    form, here = SheetForm(), context.community()
    if request.method == "GET":
        versions = service.sheets(context.reading(), here.id)
        criteria = [(one.title, one.weight) for one in scoring.read(versions[0].criteria)] if versions else None
        form.lines.data = "\n".join(f"{title} {weight}" for title, weight in criteria or scoring.FIRST_SHEET)
    if form.validate_on_submit():
        try:
            lines = form.read()
            with context.writing() as session:
                service.write_sheet(session, here.id, lines=lines, by=context.person_id(), now=context.now())
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("评价表已保存为新的版本"), "ok")
            return redirect(url_for("supervision.scores"))
    return render_template("supervision/sheet_form.html", form=form)


@blueprint.post("/scores/open")
@requires(SCORE)
def open_scores() -> str | Response:
    form = OpenForm()
    if form.validate_on_submit():
        assert form.start.data is not None
        assert form.end.data is not None
        try:
            with context.writing() as session:
                row = service.open_evaluation(
                    session,
                    context.community().id,
                    start=form.start.data,
                    end=form.end.data,
                    owners=bool(form.owners.data),
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("评价已开始，请各位监督委员打分"), "ok")
            return redirect(url_for("supervision.score", evaluation_id=row.id))
    return _scores(form)


@blueprint.get("/scores/<evaluation_id>")
@public
def score(evaluation_id: str) -> str:
    """The outcome for everybody once it was published; before, the sheet for those who rate."""
    row = get(context.reading(), Evaluation, context.community().id, evaluation_id)
    if row.closed_at is None and not (context.may(RATE) or context.may(READ)):
        raise NotFound
    return _score(row)


def _score(row: Evaluation, *, refused: str = "", typed: dict[str, str] | None = None) -> str:
    session, me = context.reading(), context.me()
    mine = [one for one in service.ratings(session, row) if me and one.rater_id == me.id]
    given = typed or {}
    if not given and mine:
        given = {f"points-{no}": str(mark["points"]) for no, mark in enumerate(mine[0].marks)}
        given |= {f"reason-{no}": mark["reason"] for no, mark in enumerate(mine[0].marks)} | {"reason": mine[0].reason}
    found = service.outcome(session, row)
    raters = (found.supervisors.raters if found.supervisors else 0, found.owners.raters if found.owners else 0)
    return render_template(
        "supervision/score.html",
        row=row,
        found=found,
        given=given,
        rated=bool(mine),
        raters=raters,
        refused=refused,
        low=scoring.LOW_POINTS,
        most=scoring.MOST_POINTS,
        may_rate=context.may(RATE) and row.closed_at is None and (context.may(SCORE) or row.owners),
        may_close=context.may(SCORE) and row.closed_at is None,
    )


@blueprint.post("/scores/<evaluation_id>")
@requires(RATE)
def rate(evaluation_id: str) -> str | Response:
    here = context.community()
    row = get(context.reading(), Evaluation, here.id, evaluation_id)
    typed = {name: tidy(value) or "" for name, value in request.form.items() if name.startswith(("points-", "reason"))}
    try:
        marks = [
            Mark(points=_points(typed.get(f"points-{no}", "")), reason=typed.get(f"reason-{no}", ""))
            for no in range(len(service.criteria_of(context.reading(), row)))
        ]
        with context.writing() as session:
            service.rate(
                session,
                here.id,
                evaluation_id,
                marks=marks,
                reason=typed.get("reason", ""),
                by=context.person_id(),
                now=context.now(),
            )
    except Refusal as refusal:
        return _score(get(context.reading(), Evaluation, here.id, evaluation_id), refused=told(refusal), typed=typed)
    flash(gettext("您的评分已记下，结束以前可以再改"), "ok")
    return redirect(url_for("supervision.score", evaluation_id=evaluation_id))


def _points(text: str) -> int:
    """What was typed as points; -1, which the rule refuses by name, for anything that is no small number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else -1


@blueprint.post("/scores/<evaluation_id>/close")
@requires(SCORE)
def close_scores(evaluation_id: str) -> Response:
    with context.writing() as session:
        service.close(session, context.community().id, evaluation_id, by=context.person_id(), now=context.now())
    flash(gettext("评价已结束，平均分和打分人数已公布"), "ok")
    return redirect(url_for("supervision.score", evaluation_id=evaluation_id))
