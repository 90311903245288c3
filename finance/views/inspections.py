"""An owner's request to see original vouchers and the committee's answer; and the log of who looked at what."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, RadioField, StringField, TextAreaField
from wtforms.validators import Optional

from finance.disclosure import viewing
from finance.disclosure.tables import Inspection
from finance.service import inspections as service
from finance.views.base import blueprint
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import demand, requires, signed_in
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told

PAGE = 50


class AskForm(Form):
    starts_on = DateField(lazy_gettext("凭证日期从"), validators=[required()])
    ends_on = DateField(lazy_gettext("凭证日期到"), validators=[required()])
    wanted = TextAreaField(
        lazy_gettext("想看什么，为什么"),
        validators=[required(), at_most(500)],
        description=lazy_gettext("例如：9 月电梯维修的发票，想知道换了哪些零件"),
    )


class AnswerForm(Form):
    outcome = RadioField(
        lazy_gettext("答复"),
        choices=options(
            [
                (service.GRANTED, lazy_gettext("同意：在网上打开，看过的都有记录")),
                (service.REFUSED, lazy_gettext("不同意，写明理由")),
            ]
        ),
        validators=[required()],
    )
    open_from = DateField(lazy_gettext("从哪天开放"), validators=[Optional()])
    open_until = DateField(lazy_gettext("到哪天为止"), validators=[Optional()])
    place = StringField(
        lazy_gettext("纸质凭证在哪里看"),
        validators=[Optional(), at_most(120)],
        description=lazy_gettext("例如：周六 9 点到 11 点，业主委员会办公室"),
    )
    text = TextAreaField(lazy_gettext("说明或理由"), validators=[Optional(), at_most(500)])


@blueprint.route("/inspections", methods=["GET", "POST"])
@signed_in
def inspections() -> str | Response:
    """One's own requests, and asking; the committee and the supervisors see all of them."""
    session, here, form = context.reading(), context.community(), AskForm()
    if form.is_submitted():
        demand("inspection.ask")
    if form.validate_on_submit():
        assert form.starts_on.data is not None
        assert form.ends_on.data is not None
        try:
            with context.writing() as writing:
                due = service.ask(
                    writing,
                    here.id,
                    starts_on=form.starts_on.data,
                    ends_on=form.ends_on.data,
                    wanted=form.wanted.data or "",
                    by=context.person_id(),
                    now=context.now(),
                ).answer_due
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("申请已提交，业主委员会最迟 %(day)s 答复", day=due.isoformat()), "ok")
            return redirect(url_for("finance.inspections"))
    session = context.reading()
    inside = context.may("books.read")
    return render_template(
        "finance/inspections.html",
        form=form,
        mine=service.of_person(session, here.id, context.person_id()),
        everything=service.everything(session, here.id) if inside else [],
        day=today(context.now()),
    )


@blueprint.route("/inspections/<inspection_id>", methods=["GET", "POST"])
@requires("inspection.answer")
def answer_inspection(inspection_id: str) -> str | Response:
    """The committee's answer, once."""
    here, form = context.community(), AnswerForm()
    get(context.reading(), Inspection, here.id, inspection_id)
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                service.answer(
                    session,
                    here.id,
                    inspection_id=inspection_id,
                    outcome=form.outcome.data or "",
                    text=form.text.data or "",
                    place=form.place.data or "",
                    open_from=form.open_from.data,
                    open_until=form.open_until.data,
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已答复"), "ok")
            return redirect(url_for("finance.inspections"))
    row = get(context.reading(), Inspection, here.id, inspection_id)
    return render_template("finance/inspection_answer.html", form=form, row=row, day=today(context.now()))


@blueprint.get("/views")
@requires("views.read")
def view_log() -> str:
    """Who looked at what (R2.22), searched and paged; reading this is logged too."""
    session, here = context.reading(), context.community()
    text = request.args.get("q", "").strip()[:80]
    total = viewing.number_of_looks(session, here.id, text=text)
    pages = max(1, -(-total // PAGE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    rows = viewing.looks(session, here.id, text=text, limit=PAGE, offset=(page - 1) * PAGE)
    answer = render_template(
        "finance/view_log.html",
        rows=rows,
        kinds=viewing.KINDS,
        text=text,
        total=total,
        page=page,
        pages=pages,
    )
    viewing.seen("log", "", text)
    return answer
