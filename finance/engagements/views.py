"""Engagements as pages: what was agreed and found for everybody, inviting for the committee and the supervisors, the
report for the auditor."""

import io
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from werkzeug.wrappers import Response
from wtforms import DateField, RadioField, SelectField, SelectMultipleField, StringField, TelField
from wtforms.validators import Optional

from finance.audit.rules.report import OPINION_NAMES
from finance.disclosure import viewing
from finance.engagements import rules, scope, service
from finance.engagements.powers import INSIDE, INVITE, PUBLISH, READ, REPORT
from finance.engagements.rules import PARTS, STAGES, Bounds
from finance.engagements.service import Terms
from finance.engagements.tables import Engagement
from finance.rules.periods import first_day, last_day, month_of, month_text, months_between
from finance.service.bank import lines as bank_lines
from finance.service.books import bank_accounts, books
from finance.service.parts import matches_of
from finance.service.vouchers import label
from finance.supervision.rules.cases import STATE_NAMES
from finance.tables import Voucher
from hoa.accounts import service as accounts
from hoa.db import get
from hoa.kernel import masking, money
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound, Refusal
from hoa.resolutions import service as resolutions
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, Parses, at_most, options, required
from hoa.web.i18n import told

blueprint = Blueprint("engagements", __name__, url_prefix="/c/<community_code>/engagements")
blueprint.before_app_request(scope.gate)
blueprint.after_app_request(scope.log_look)

LOOKS = 50
LINES = 100
READ_BOOKS = "books.read"


class InviteForm(Form):
    firm = StringField(lazy_gettext("审计机构"), validators=[required(), at_most(80)])
    name = StringField(lazy_gettext("审计人员姓名"), validators=[required(), at_most(40)])
    phone = TelField(lazy_gettext("审计人员手机号"), validators=[required(), at_most(20)])
    parts = SelectMultipleField(lazy_gettext("审计内容"), validators=[required()])
    starts_on = DateField(lazy_gettext("审计期间从"), validators=[required()])
    ends_on = DateField(lazy_gettext("审计期间到"), validators=[required()])
    opens_on = DateField(lazy_gettext("从哪天开放查阅"), validators=[required()])
    closes_on = DateField(
        lazy_gettext("开放到哪天"),
        validators=[required()],
        description=lazy_gettext("这一天过完，账号就什么也看不到了"),
    )
    resolution = SelectField(lazy_gettext("依据的决议"), validators=[Optional()])
    basis = StringField(
        lazy_gettext("委托的依据"),
        validators=[required(), at_most(200)],
        description=lazy_gettext("例如：业主大会决议，或议事规则第几条"),
    )
    fee = StringField(lazy_gettext("费用（元）"), default="0", validators=[required(), Parses(money.parse)])

    def offer(self) -> None:
        session, here = context.reading(), context.community()
        self.parts.choices = options((str(part), gettext(name)) for part, name in PARTS.items())
        rows = resolutions.resolutions(session, here.id)
        listed = [(row.id, f"{row.decided_on.isoformat()} {row.title}") for row in rows]
        self.resolution.choices = options([("", gettext("没有决议")), *listed])

    def terms(self) -> Terms:
        bounds = Bounds(*map(_day, (self.starts_on, self.ends_on, self.opens_on, self.closes_on)))
        return Terms(
            firm=self.firm.data or "",
            name=self.name.data or "",
            phone=self.phone.data or "",
            parts=tuple(self.parts.data or ()),
            bounds=bounds,
            resolution_id=self.resolution.data or None,
            basis=self.basis.data or "",
            fee_fen=money.parse(self.fee.data or "0"),
        )


def _day(field: DateField) -> date:
    assert isinstance(field.data, date)
    return field.data


class ReportForm(Form):
    file = FileField(lazy_gettext("审计报告（PDF）"))
    opinion = RadioField(
        lazy_gettext("审计意见"),
        choices=options((str(key), lazy_gettext(name)) for key, name in OPINION_NAMES.items()),
        validators=[required()],
    )


class EndForm(Form):
    reason = StringField(lazy_gettext("原因"), validators=[required(), at_most(200)])


@blueprint.get("/")
@requires(READ)
def index() -> str:
    session, here, now = context.reading(), context.community(), context.now()
    rows = [(row, service.stage(row, now)) for row in service.everything(session, here.id)]
    return render_template("engagements/index.html", rows=rows, stages=STAGES)


@blueprint.route("/new", methods=["GET", "POST"])
@requires(INVITE)
def invite() -> str | Response:
    form = InviteForm()
    form.offer()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                row = service.invite(
                    session,
                    context.platform().keys,
                    context.community().id,
                    terms=form.terms(),
                    by=context.person_id(),
                    now=context.now(),
                )
                made = row.id
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已邀请，审计约定已公示；对方用这个手机号登录就能查阅"), "ok")
            return redirect(url_for("engagements.show", engagement_id=made))
    return render_template("engagements/new.html", form=form)


@blueprint.get("/<engagement_id>")
@requires(READ)
def show(engagement_id: str) -> str:
    return _page(_one(engagement_id), EndForm(formdata=None), ReportForm(formdata=None))


def _one(engagement_id: str) -> Engagement:
    return get(context.reading(), Engagement, context.community().id, engagement_id)


def _page(row: Engagement, ending: EndForm, report: ReportForm) -> str:
    session, now = context.reading(), context.now()
    inside, stage = context.may(INSIDE), service.stage(row, now)
    name = accounts.names(session, [row.person_id])[row.person_id]
    published = service.publication(session, row)
    return render_template(
        "engagements/show.html",
        row=row,
        stage=stage,
        stages=STAGES,
        parts_of=PARTS,
        name=name if inside else masking.name(name),
        resolution=resolutions.get(session, row.community_id, row.resolution_id) if row.resolution_id else None,
        opinions=OPINION_NAMES,
        states=STATE_NAMES,
        published=published,
        inside=inside,
        mine=row.person_id == context.person_id(),
        readable=row.report_digest is not None and (inside or published is not None),
        looks=viewing.looks(session, row.community_id, engagement_id=row.id, limit=LOOKS)
        if context.may("views.read")
        else [],
        kinds=viewing.KINDS,
        number_of_looks=viewing.number_of_looks(session, row.community_id, engagement_id=row.id),
        raised=service.raised(session, row) if inside else [],
        ending=ending,
        report=report,
        today=today(now),
        open=stage is rules.Stage.OPEN,
        over=stage is rules.Stage.OVER,
    )


@blueprint.get("/<engagement_id>/bank")
@requires(READ_BOOKS)
def bank(engagement_id: str) -> str:
    """The bank lines of the period that was agreed, each with its vouchers; for the auditor, and for whoever checks
    what they were shown.
    """
    session, row = context.reading(), _one(engagement_id)
    if str(rules.Part.BOOKS) not in row.parts:
        raise NotFound
    accounts_here = [
        (book, account) for book in books(session, row.community_id) for account in bank_accounts(session, book)
    ]
    lines = [
        (book, account, line)
        for book, account in accounts_here
        for line in bank_lines(session, account, start=row.starts_on, end=row.ends_on)
    ]
    pages = max(1, -(-len(lines) // LINES))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    shown = lines[(page - 1) * LINES : page * LINES]
    vouchers: dict[str, list[Voucher]] = {}
    for _match, line, voucher in matches_of(session, row.community_id, line_ids=[line.id for _, _, line in shown]):
        if row.bounds.covers(voucher.day, voucher.day):
            vouchers.setdefault(line.id, []).append(voucher)
    return render_template(
        "engagements/bank.html",
        row=row,
        lines=shown,
        vouchers=vouchers,
        label=label,
        months=months_between(month_of(row.starts_on), month_of(row.ends_on)),
        month_text=month_text,
        accounts=[account for _, account in accounts_here],
        covers=lambda month: row.bounds.covers(first_day(month), last_day(month)),
        total=len(lines),
        page=page,
        pages=pages,
    )


@blueprint.post("/<engagement_id>/end")
@requires(INVITE)
def end(engagement_id: str) -> str | Response:
    form = EndForm()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                service.end(
                    session,
                    context.community().id,
                    engagement_id,
                    reason=form.reason.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已结束，这个账号从现在起看不到账目"), "ok")
            return redirect(url_for("engagements.show", engagement_id=engagement_id))
    return _page(_one(engagement_id), form, ReportForm(formdata=None))


@blueprint.post("/<engagement_id>/report")
@requires(REPORT)
def hand_in(engagement_id: str) -> str | Response:
    form = ReportForm()
    if form.validate_on_submit() and form.file.data:
        try:
            with context.writing() as session:
                service.hand_in(
                    session,
                    context.platform().files,
                    context.community().id,
                    engagement_id,
                    name=form.file.data.filename or "",
                    data=form.file.data.read(),
                    opinion=form.opinion.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("报告已上传，业主委员会或监督委员会公示以后业主可以看到"), "ok")
            return redirect(url_for("engagements.show", engagement_id=engagement_id))
    elif not form.errors:
        form.form_errors.append(gettext("请先选择文件"))
    return _page(_one(engagement_id), EndForm(formdata=None), form)


@blueprint.post("/<engagement_id>/publish")
@requires(PUBLISH)
def publish(engagement_id: str) -> Response:
    with context.writing() as session:
        service.publish(session, context.community().id, engagement_id, by=context.person_id(), now=context.now())
    flash(gettext("报告已经公示，业主可以看到全文和 PDF。"), "ok")
    return redirect(url_for("engagements.show", engagement_id=engagement_id))


@blueprint.get("/<engagement_id>/report.pdf")
@requires(READ)
def report(engagement_id: str) -> Response:
    """The firm's own file, byte for byte; before its publication for those inside only."""
    row, session = _one(engagement_id), context.reading()
    if row.report_digest is None or not (context.may(INSIDE) or service.publication(session, row) is not None):
        raise NotFound
    data = context.platform().files.get(row.report_digest)
    answer = send_file(io.BytesIO(data), mimetype="application/pdf", as_attachment=True, download_name=row.report_name)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
