"""Findings and questions as pages: the desk, one case with its steps, writing, answering, deciding."""

import io
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from finance.audit.rules.findings import SEVERITY_NAMES
from finance.rules.life import VoucherState
from finance.service.vouchers import label
from finance.supervision.powers import ANSWER, DECIDE, FIND, READ
from finance.supervision.rules import cases as rules
from finance.supervision.rules.cases import ACT_NAMES, CLOSED, Act, Kind, State
from finance.supervision.service import cases as service
from finance.supervision.service.cases import Written
from finance.supervision.tables import Case
from finance.supervision.views.base import blueprint, evidence_of, names_of
from finance.tables import Document, Voucher
from hoa.db import get
from hoa.kernel import money
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import Form, Parses, at_most, options, required
from hoa.web.i18n import told

# How many vouchers a correction is chosen from: the latest.
MOST_VOUCHERS = 300


class FindingForm(Form):
    about = HiddenField()
    title = StringField(lazy_gettext("问题"), validators=[required(), at_most(rules.TITLE_LENGTH)])
    fact = TextAreaField(lazy_gettext("事实"), validators=[required(), at_most(rules.LONGEST)])
    severity = SelectField(
        lazy_gettext("程度"),
        choices=options((str(key), lazy_gettext(name)) for key, name in SEVERITY_NAMES.items()),
        default="medium",
    )
    rule = StringField(lazy_gettext("依据"), validators=[required(), at_most(200)])
    amount = StringField(
        lazy_gettext("涉及金额（元），没有就写 0"), default="0", validators=[required(), Parses(money.parse)]
    )
    office = StringField(lazy_gettext("责任方"), validators=[required(), at_most(80)])
    advice = TextAreaField(lazy_gettext("建议"), validators=[required(), at_most(rules.LONGEST)])
    due_on = DateField(
        lazy_gettext("期限"), validators=[Optional()], description=lazy_gettext("空着就按规则包的工作日计算")
    )


class QuestionForm(Form):
    about = HiddenField()
    title = StringField(lazy_gettext("问什么"), validators=[required(), at_most(rules.TITLE_LENGTH)])
    text = TextAreaField(lazy_gettext("具体内容"), validators=[required(), at_most(rules.LONGEST)])


class AnswerForm(Form):
    text = TextAreaField(lazy_gettext("答复"), validators=[required(), at_most(rules.LONGEST)])
    file = FileField(lazy_gettext("材料"))


class DecideForm(Form):
    act = SelectField(lazy_gettext("认定"), validators=[required()])
    because = TextAreaField(lazy_gettext("理由"), validators=[required(), at_most(rules.LONGEST)])
    voucher = SelectField(lazy_gettext("更正的凭证"), validators=[Optional()])
    paper = StringField(lazy_gettext("或者更正的材料"), validators=[Optional(), at_most(200)])


@blueprint.get("/")
@requires(READ)
def index() -> str:
    """The desk: what waits for whom."""
    session, here = context.reading(), context.community()
    rows = service.cases(session, here.id)
    return render_template(
        "supervision/index.html",
        findings=[row for row in rows if row.kind == Kind.FINDING],
        questions=[row for row in rows if row.kind == Kind.QUESTION],
        open_count=sum(row.state not in CLOSED for row in rows),
        late_count=sum(service.is_late(row, today(context.now())) for row in rows),
    )


@blueprint.get("/questions")
@public
def questions() -> str:
    """Questions and findings that the supervisors let every owner read."""
    rows = service.cases(context.reading(), context.community().id, published=True)
    return render_template("supervision/published.html", rows=rows)


@blueprint.get("/cases/<case_id>")
@public
def case(case_id: str) -> str:
    return _page(case_id)


def _page(case_id: str, *, answer: AnswerForm | None = None, decision: DecideForm | None = None) -> str:
    """One case with its steps: for those inside with names and papers, for everybody once it was published."""
    session, here = context.reading(), context.community()
    row = get(session, Case, here.id, case_id)
    inside = context.may(READ)
    if not inside and row.published_at is None:
        raise NotFound
    steps = service.steps(session, row)
    documents = {document for step in steps for document in step.documents}
    query = select(Document).where(Document.community_id == here.id, Document.id.in_(documents))
    vouchers = [get(session, Voucher, here.id, step.voucher_id) for step in steps if step.voucher_id]
    return render_template(
        "supervision/case.html",
        case=row,
        steps=steps,
        inside=inside,
        names=names_of([row.raised_by, *(step.by for step in steps)]) if inside else {},
        documents={document.id: document for document in session.scalars(query)},
        vouchers={voucher.id: label(voucher) for voucher in vouchers},
        answer=answer or AnswerForm(formdata=None),
        decision=decision or _decision(row),
        may_answer=context.may(ANSWER) and row.state not in CLOSED,
        may_decide=context.may(DECIDE),
    )


def _decision(row: Case, *, formdata: bool = False) -> DecideForm:
    form = DecideForm() if formdata else DecideForm(formdata=None)
    acts = rules.possible(State(row.state))
    form.act.choices = options([("", gettext("请选择")), *((str(act), gettext(ACT_NAMES[act])) for act in acts)])
    session = context.reading()
    query = select(Voucher).where(Voucher.community_id == row.community_id, Voucher.state == VoucherState.POSTED)
    found = session.scalars(query.order_by(Voucher.seq.desc()).limit(MOST_VOUCHERS))
    choices = [(one.id, f"{label(one)} {one.summary}") for one in found]
    form.voucher.choices = options([("", gettext("没有凭证")), *choices])
    return form


@blueprint.route("/findings/new", methods=["GET", "POST"])
@requires(FIND)
def new_finding() -> str | Response:
    form = FindingForm()
    if request.method == "GET":
        form.about.data = request.args.get("about", "")
    evidence = evidence_of(form.about.data or "")
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                row = service.write(
                    session,
                    context.community().id,
                    written=_written(form, evidence),
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("问题已登记，业主委员会会看到"), "ok")
            return redirect(url_for("supervision.case", case_id=row.id))
    return render_template("supervision/finding_form.html", form=form, items=evidence)


def _written(form: FindingForm, evidence: tuple[dict[str, Any], ...]) -> Written:
    return Written(
        title=form.title.data or "",
        fact=form.fact.data or "",
        severity=form.severity.data,
        rule=form.rule.data or "",
        amount_fen=money.parse(form.amount.data or "0"),
        office=form.office.data or "",
        advice=form.advice.data or "",
        due_on=form.due_on.data,
        evidence=evidence,
    )


@blueprint.route("/questions/new", methods=["GET", "POST"])
@requires(FIND)
def new_question() -> str | Response:
    form = QuestionForm()
    if request.method == "GET":
        form.about.data = request.args.get("about", "")
    evidence = evidence_of(form.about.data or "")
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                row = service.ask(
                    session,
                    context.community().id,
                    title=form.title.data or "",
                    text=form.text.data or "",
                    evidence=evidence,
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("质询已发出，业主委员会会看到"), "ok")
            return redirect(url_for("supervision.case", case_id=row.id))
    session, here = context.reading(), context.community()
    days = service.terms(session, here.id, day=today(context.now())).question_working_days
    return render_template("supervision/question_form.html", form=form, items=evidence, days=days)


@blueprint.post("/cases/<case_id>/answer")
@requires(ANSWER)
def answer(case_id: str) -> str | Response:
    form = AnswerForm()
    get(context.reading(), Case, context.community().id, case_id)
    if form.validate_on_submit():
        papers = [(form.file.data.filename or "", form.file.data.read())] if form.file.data else []
        try:
            with context.writing() as session:
                service.answer(
                    session,
                    context.community().id,
                    case_id,
                    text=form.text.data or "",
                    by=context.person_id(),
                    now=context.now(),
                    files=context.platform().files,
                    papers=papers,
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("答复已送监督委员会"), "ok")
            return redirect(url_for("supervision.case", case_id=case_id))
    return _page(case_id, answer=form)


@blueprint.post("/cases/<case_id>/decide")
@requires(DECIDE)
def decide(case_id: str) -> str | Response:
    form = _decision(get(context.reading(), Case, context.community().id, case_id), formdata=True)
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                service.decide(
                    session,
                    context.community().id,
                    case_id,
                    act=Act(form.act.data),
                    because=form.because.data or "",
                    by=context.person_id(),
                    now=context.now(),
                    voucher_id=form.voucher.data or None,
                    paper=form.paper.data or "",
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已记下"), "ok")
            return redirect(url_for("supervision.case", case_id=case_id))
    return _page(case_id, decision=form)


@blueprint.post("/cases/<case_id>/publish")
@requires(DECIDE)
def publish(case_id: str) -> Response:
    with context.writing() as session:
        service.publish(session, context.community().id, case_id, by=context.person_id(), now=context.now())
    flash(gettext("所有业主现在都能看到这一项和它的答复"), "ok")
    return redirect(url_for("supervision.case", case_id=case_id))


@blueprint.get("/cases/<case_id>/papers/<document_id>")
@requires(READ)
def paper(case_id: str, document_id: str) -> Response:
    """What the committee enclosed with an answer, always as a download."""
    row = service.paper(context.reading(), context.community().id, case_id, document_id)
    data = context.platform().files.get(row.sha256)
    response = send_file(io.BytesIO(data), mimetype=row.media_type, as_attachment=True, download_name=row.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
