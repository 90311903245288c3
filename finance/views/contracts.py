"""Contracts over common parts and with suppliers: everybody may read them (R4.7), the committee writes them down."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from finance.disclosure.viewing import seen
from finance.rules.contracts import Direction
from finance.service import contract_changes as changes
from finance.service import contracts as service
from finance.service import documents
from finance.tables import Contract
from finance.views.base import blueprint
from finance.views.contract_forms import ChangeForm, ContractForm
from hoa.kernel.clock import today
from hoa.kernel.errors import Refusal
from hoa.resolutions import service as resolutions
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.i18n import told


@blueprint.get("/contracts")
@public
def contracts() -> str:
    """All contracts, those that need somebody first; searched by party, title and part."""
    session, here = context.reading(), context.community()
    text = request.args.get("q", "").strip()[:80]
    views = [view for view in service.views(session, here.id, today=today(context.now())) if _has(view.contract, text)]
    return render_template(
        "finance/contracts.html",
        text=text,
        groups=(
            (gettext("收钱的合同"), [view for view in views if view.contract.direction == Direction.INCOME]),
            (gettext("付钱的合同"), [view for view in views if view.contract.direction == Direction.SPENDING]),
        ),
    )


def _has(contract: Contract, text: str) -> bool:
    words = f"{contract.number} {contract.title} {contract.party} {contract.common_part}".casefold()
    return all(word in words for word in text.casefold().split())


@blueprint.get("/contracts/<int(max=1000000000):number>")
@public
def contract(number: int) -> str:
    session, here = context.reading(), context.community()
    row = service.find(session, here.id, number)
    seen("contract", row.id, row.title)
    return render_template(
        "finance/contract.html",
        view=service.view(session, row, today=today(context.now())),
        contract=row,
        documents=documents.of_contract(session, row),
        resolution=resolutions.get(session, here.id, row.resolution_id) if row.resolution_id else None,
        quotes=service.quotes_of(session, row),
        changes=changes.history(session, row),
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
    with context.writing() as session:
        row = service.make(
            session, context.community().id, fields=form.fields(), by=context.person_id(), now=context.now()
        )
        _keep_scan(session, form.file.data, row)
        return row.number


def _keep_scan(session: Session, upload: Any, contract: Contract) -> None:
    """The scanned paper under its contract, if one was sent."""
    if not upload:
        return
    stored = documents.store(
        session,
        context.platform().files,
        contract.community_id,
        name=upload.filename or "",
        data=upload.read(),
        kind="contract",
        by=context.person_id(),
        now=context.now(),
    )
    documents.attach_to_contract(session, contract.community_id, document_id=stored.id, contract_id=contract.id)


@blueprint.route("/contracts/<int(max=1000000000):number>/change", methods=["GET", "POST"])
@requires("contract.make")
def change_contract(number: int) -> str | Response:
    """Amend, renew or end a contract; what was signed stays as it is."""
    session, here, form = context.reading(), context.community(), ChangeForm()
    row = service.find(session, here.id, number)
    view = service.view(session, row, today=today(context.now()))
    title, ends_on = row.title, view.ends_on
    form.offer(session, here.id)
    if not form.is_submitted():
        form.show(view)
    if form.validate_on_submit():
        try:
            _change(form, number)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已登记，原来的合同内容不变，下面列出每次变更"), "ok")
            return redirect(url_for("finance.contract", number=number))
    return render_template("finance/contract_change.html", form=form, number=number, title=title, ends_on=ends_on)


def _change(form: ChangeForm, number: int) -> None:
    here = context.community().id
    with context.writing() as session:
        changes.change(session, here, number=number, fields=form.fields(), by=context.person_id(), now=context.now())
        _keep_scan(session, form.file.data, service.find(session, here, number))
