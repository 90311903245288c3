"""The top-up of the maintenance fund, year by year."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from werkzeug.wrappers import Response
from wtforms import DateField, IntegerField, RadioField, SelectField, StringField
from wtforms.validators import NumberRange, Optional

from finance.shares.powers import KEEP
from finance.shares.rules import topup as rules
from finance.shares.service import topup as service
from finance.shares.tables import TopUpCertificate
from finance.shares.views.base import blueprint, day_today, decisions, sent
from finance.tables import Document
from hoa.db import get
from hoa.kernel import money
from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import Form, Parses, at_most, options, required
from hoa.web.i18n import told


class TermForm(Form):
    year = IntegerField(
        lazy_gettext("年度"),
        validators=[required(), NumberRange(2000, 2199, message=lazy_gettext("请填 %(min)s 到 %(max)s"))],
    )
    percent = IntegerField(
        lazy_gettext("业主大会决定的比例（百分之几）"),
        validators=[Optional()],
        description=lazy_gettext("没有另外决定的不用填，按当地规定"),
    )
    resolution = SelectField(lazy_gettext("依据的决议"), validators=[Optional()])
    fund_low = RadioField(
        lazy_gettext("维修资金余额是否不足首期的百分之三十"),
        choices=options(
            [("", lazy_gettext("不清楚")), ("yes", lazy_gettext("不足")), ("no", lazy_gettext("不少于百分之三十"))]
        ),
        default="",
        validators=[Optional()],
    )
    note = StringField(lazy_gettext("说明"), validators=[Optional(), at_most(200)])


class CertificateForm(Form):
    year = IntegerField(
        lazy_gettext("补充哪一年"),
        validators=[required(), NumberRange(2000, 2199, message=lazy_gettext("请填 %(min)s 到 %(max)s"))],
    )
    amount = StringField(lazy_gettext("金额（元）"), validators=[required(), Parses(money.parse)])
    day = DateField(lazy_gettext("到账日期"), validators=[required()])
    file = FileField(lazy_gettext("维修资金管理机构的证明"))


@blueprint.get("/topup")
@public
def topup() -> str:
    """Due, paid, certified; and by which rule."""
    session, here = context.reading(), context.community()
    rule = service.rule(session, here.id, day=day_today())
    years = service.years(session, here.id, day=day_today())
    return render_template(
        "shares/topup.html",
        rule=rule,
        rule_words=gettext(rules.KIND_NAMES[rule.kind], percent=rule.percent),
        years=[(row, service.term_of(session, here.id, row.year), rules.due_by(row.year)) for row in years],
        certificates=service.certificates(session, here.id),
        inspect=context.may("books.inspect"),
    )


@blueprint.route("/topup/term", methods=["GET", "POST"])
@requires(KEEP)
def topup_term() -> str | Response:
    here, form = context.community(), TermForm()
    form.resolution.choices = options([("", gettext("没有决议")), *decisions()])
    if not form.is_submitted():
        form.year.data = day_today().year
    if form.validate_on_submit():
        assert form.year.data is not None
        try:
            with context.writing() as session:
                service.set_term(
                    session,
                    here.id,
                    year=form.year.data,
                    percent=form.percent.data,
                    resolution_id=form.resolution.data or None,
                    fund_low={"yes": True, "no": False}.get(form.fund_low.data or ""),
                    note=form.note.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已保存"), "ok")
            return redirect(url_for("shares.topup"))
    return render_template("shares/topup_term.html", form=form)


@blueprint.route("/topup/certificate", methods=["GET", "POST"])
@requires(KEEP)
def topup_certificate() -> str | Response:
    here, form = context.community(), CertificateForm()
    if not form.is_submitted():
        form.year.data = day_today().year
    if form.validate_on_submit():
        assert form.year.data is not None
        assert form.day.data is not None
        upload = form.file.data
        try:
            with context.writing() as session:
                service.add_certificate(
                    session,
                    context.platform().files,
                    here.id,
                    year=form.year.data,
                    amount_fen=money.parse(form.amount.data or ""),
                    day=form.day.data,
                    name=(upload.filename or "") if upload else "",
                    data=upload.read() if upload else b"",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("证明已登记"), "ok")
            return redirect(url_for("shares.topup"))
    return render_template("shares/topup_certificate.html", form=form)


@blueprint.get("/topup/certificates/<certificate_id>")
@requires("books.inspect")
def certificate(certificate_id: str) -> Response:
    session, here = context.reading(), context.community()
    row = get(session, TopUpCertificate, here.id, certificate_id)
    document = get(session, Document, here.id, row.document_id)
    data = context.platform().files.get(document.sha256)
    return sent(data, name=document.name, media_type=document.media_type)
