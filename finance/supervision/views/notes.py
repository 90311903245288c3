"""Writing beside a voucher, and marking a publication as objected to."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import TextAreaField

from finance.service.vouchers import label
from finance.supervision.powers import DECIDE, FIND
from finance.supervision.rules import cases as rules
from finance.supervision.service import notes as service
from finance.supervision.tables import SupervisorsObjection
from finance.supervision.views.base import blueprint
from finance.tables import Voucher
from hoa.bulletin.tables import Publication
from hoa.db import get
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, at_most, required


class TextForm(Form):
    text = TextAreaField(lazy_gettext("内容"), validators=[required(), at_most(rules.LONGEST)])


@blueprint.route("/vouchers/<voucher_id>/note", methods=["GET", "POST"])
@requires(FIND)
def annotate(voucher_id: str) -> str | Response:
    here, form = context.community(), TextForm()
    voucher = get(context.reading(), Voucher, here.id, voucher_id)
    if form.validate_on_submit():
        with context.writing() as session:
            service.annotate(
                session,
                here.id,
                voucher_id=voucher_id,
                text=form.text.data or "",
                by=context.person_id(),
                now=context.now(),
            )
        flash(gettext("批注已写在凭证旁边"), "ok")
        return redirect(url_for("finance.voucher", voucher_id=voucher_id))
    return render_template(
        "supervision/text_form.html",
        form=form,
        title=gettext("给凭证 %(voucher)s 写批注", voucher=label(voucher)),
        help=gettext("看账的人都能看到批注；凭证本身不变，批注写了不能改"),
        label=gettext("写上批注"),
        back=url_for("finance.voucher", voucher_id=voucher_id),
    )


@blueprint.route("/publications/<publication_id>/object", methods=["GET", "POST"])
@requires(DECIDE)
def object_to(publication_id: str) -> str | Response:
    here, form = context.community(), TextForm()
    publication = get(context.reading(), Publication, here.id, publication_id)
    if form.validate_on_submit():
        with context.writing() as session:
            service.object_to(
                session,
                here.id,
                publication_id=publication_id,
                text=form.text.data or "",
                by=context.person_id(),
                now=context.now(),
            )
        flash(gettext("公示上已标明监督委员会的异议"), "ok")
        return redirect(url_for("bulletin.show", publication_id=publication_id))
    return render_template(
        "supervision/text_form.html",
        form=form,
        title=gettext("监督委员会对这份公示有异议：%(title)s", title=publication.title),
        help=gettext("异议和理由会显示在公示上；公示继续有效，不因此撤下"),
        label=gettext("标明异议"),
        back=url_for("bulletin.show", publication_id=publication_id),
    )


@blueprint.route("/objections/<marked_id>/lift", methods=["GET", "POST"])
@requires(DECIDE)
def lift(marked_id: str) -> str | Response:
    here, form = context.community(), TextForm()
    row = get(context.reading(), SupervisorsObjection, here.id, marked_id)
    back = url_for("bulletin.show", publication_id=row.publication_id)
    if request.method == "POST" and form.validate_on_submit():
        with context.writing() as session:
            service.lift(
                session,
                here.id,
                marked_id,
                because=form.text.data or "",
                by=context.person_id(),
                now=context.now(),
            )
        flash(gettext("异议已解除，原来的理由仍然看得到"), "ok")
        return redirect(back)
    return render_template(
        "supervision/text_form.html",
        form=form,
        title=gettext("解除异议"),
        help=gettext("写明为什么解除，例如：公示已更正"),
        label=gettext("解除异议"),
        back=back,
    )
