"""Paying a checked list: orders to the bank and their files, returned payments."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import StringField

from finance.shares.powers import KEEP, PAY, READ
from finance.shares.service import payments, register
from finance.shares.service.payments import Slip
from finance.shares.service.standing import batch_states, parts_of
from finance.shares.tables import ShareBatch, ShareLine, SharePart, SharePayout, ShareRun
from finance.shares.views.base import blueprint, sent
from finance.shares.views.runs import refused
from finance.tables import Voucher
from hoa.db import get
from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, at_most, required
from hoa.web.i18n import told


class ReturnForm(Form):
    reason = StringField(
        lazy_gettext("银行为什么退回"),
        validators=[required(), at_most(200)],
        description=lazy_gettext("例如：户名与账号不符"),
    )
    slip = FileField(lazy_gettext("银行的退票通知"))


@blueprint.post("/runs/<run_id>/order")
@requires(KEEP)
def order(run_id: str) -> tuple[str, int] | Response:
    """Order everything that can be paid now: one voucher, handed to the checker."""
    try:
        with context.writing() as session:
            batch = payments.order(
                session,
                context.platform().keys,
                context.community().id,
                run_id=run_id,
                by=context.person_id(),
                now=context.now(),
            )
    except Refusal as refusal:
        return refused(run_id, refusal)
    flash(gettext("付款凭证已提交复核；通过以后出纳可以下载付款文件"), "ok")
    return redirect(url_for("shares.batch", order_id=batch.id))


@blueprint.get("/orders/<order_id>")
@requires(READ)
def batch(order_id: str) -> str:
    """One order: its voucher, its lines, what came back."""
    session, here = context.reading(), context.community()
    row = get(session, ShareBatch, here.id, order_id)
    run = get(session, ShareRun, here.id, row.run_id)
    query = (
        select(SharePayout, SharePart, ShareLine)
        .join(SharePart, (SharePart.community_id == SharePayout.community_id) & (SharePart.id == SharePayout.part_id))
        .join(ShareLine, (ShareLine.community_id == SharePart.community_id) & (ShareLine.id == SharePart.line_id))
        .where(SharePayout.community_id == here.id, SharePayout.batch_id == row.id)
        .order_by(ShareLine.no, SharePart.no)
    )
    standings = parts_of(session, run)
    found = [(payout, part, line, standings.get(part.id)) for payout, part, line in session.execute(query)]
    owners = {standing.owner_id for *_, standing in found if standing is not None and standing.owner_id}
    return render_template(
        "shares/batch.html",
        batch=row,
        run=run,
        state=batch_states(session, [row])[row.id],
        voucher=session.get(Voucher, (here.id, row.voucher_id)),
        rows=found,
        names=register.names(session, here.id, owners),
    )


@blueprint.get("/orders/<order_id>/file.<ending>")
@requires(PAY)
def payment_file(order_id: str, ending: str) -> Response:
    """Payee, account, amount for the bank: the only place where account numbers leave the platform in the clear."""
    here = context.community()
    found = payments.payment_file(
        context.reading(), context.platform().keys, here.id, batch_id=order_id, code=here.code, ending=ending
    )
    return sent(found.data, name=found.name, media_type=found.media_type)


@blueprint.route("/payouts/<payout_id>/return", methods=["GET", "POST"])
@requires(KEEP)
def returned(payout_id: str) -> str | Response:
    """退票: the bank gave a payment back."""
    session, here = context.reading(), context.community()
    payout = get(session, SharePayout, here.id, payout_id)
    part = get(session, SharePart, here.id, payout.part_id)
    line = get(session, ShareLine, here.id, part.line_id)
    form = ReturnForm()
    if form.validate_on_submit():
        upload = form.slip.data
        slip = Slip(name=upload.filename or "", data=upload.read()) if upload else None
        try:
            with context.writing() as writing:
                row = payments.record_return(
                    writing,
                    context.platform().files,
                    here.id,
                    payout_id=payout_id,
                    reason=form.reason.data or "",
                    slip=slip,
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("退票已登记，凭证已提交复核；请与银行流水对上，业主会被请求重新提供账号"), "ok")
            return redirect(url_for("finance.voucher", voucher_id=row.voucher_id))
    return render_template("shares/return.html", form=form, payout=payout, part=part, line=line)
