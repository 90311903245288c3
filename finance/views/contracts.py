"""Contracts over common parts and with suppliers: everybody may read them (R4.7), the committee writes them down."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from finance.forms import ContractForm
from finance.rules.contracts import Direction
from finance.service import contracts as service
from finance.service import documents
from finance.views.base import blueprint
from hoa.kernel.clock import today
from hoa.kernel.errors import Refusal
from hoa.resolutions import service as resolutions
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.i18n import told


@blueprint.get("/contracts")
@public
def contracts() -> str:
    session, here = context.reading(), context.community()
    views = service.views(session, here.id, today=today(context.now()))
    return render_template(
        "finance/contracts.html",
        groups=(
            (gettext("收钱的合同"), [view for view in views if view.contract.direction == Direction.INCOME]),
            (gettext("付钱的合同"), [view for view in views if view.contract.direction == Direction.SPENDING]),
        ),
    )


@blueprint.get("/contracts/<int(max=1000000000):number>")
@public
def contract(number: int) -> str:
    session, here = context.reading(), context.community()
    row = service.find(session, here.id, number)
    return render_template(
        "finance/contract.html",
        view=service.view(session, row, today=today(context.now())),
        contract=row,
        documents=documents.of_contract(session, row),
        resolution=resolutions.get(session, here.id, row.resolution_id) if row.resolution_id else None,
        inspect=context.may("books.inspect"),
    )


@blueprint.route("/contracts/new", methods=["GET", "POST"])
@requires("contract.make")
def new_contract() -> str | Response:
    here, form = context.community(), ContractForm()
    form.offer(context.reading(), here.id)
    if form.validate_on_submit():
        try:
            number = _make(form)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("合同已登记，到期的每一期都会提醒"), "ok")
            return redirect(url_for("finance.contract", number=number))
    return render_template("finance/contract_form.html", form=form)


def _make(form: ContractForm) -> int:
    here, by, now = context.community(), context.person_id(), context.now()
    with context.writing() as session:
        row = service.make(session, here.id, fields=form.fields(), by=by, now=now)
        if form.file.data:
            stored = documents.store(
                session,
                context.platform().files,
                here.id,
                name=form.file.data.filename or "",
                data=form.file.data.read(),
                kind="contract",
                by=by,
                now=now,
            )
            documents.attach_to_contract(session, here.id, document_id=stored.id, contract_id=row.id)
        return row.number
