"""Documents under vouchers and contracts: putting one there, taking it off a draft, opening it."""

import io

from flask import flash, redirect, send_file, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from finance.forms import DocumentForm, ReasonForm
from finance.service import documents
from finance.tables import Attachment, Document, Voucher
from finance.views.base import blueprint
from finance.views.vouchers import is_published, voucher_page
from hoa.db import get
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.i18n import told


class HeldBack(Refusal):
    message = N_("这份单据的对方是个人，还没有遮盖个人信息，暂时不能在网上打开；可以到业主委员会当面查阅")
    status = 403


@blueprint.post("/vouchers/<voucher_id>/documents")
@requires("voucher.make")
def add_document(voucher_id: str) -> str | Response:
    here, form = context.community(), DocumentForm()
    row = get(context.reading(), Voucher, here.id, voucher_id)
    if form.validate_on_submit() and form.file.data:
        try:
            with context.writing() as session:
                stored = documents.store(
                    session,
                    context.platform().files,
                    here.id,
                    name=form.file.data.filename or "",
                    data=form.file.data.read(),
                    kind=form.kind.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
                documents.attach_to_voucher(session, here.id, document_id=stored.id, voucher_id=row.id)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已上传"), "ok")
            return redirect(url_for("finance.voucher", voucher_id=voucher_id))
    elif not form.errors:
        form.form_errors.append(gettext("请先选择文件"))
    return voucher_page(get(context.reading(), Voucher, here.id, voucher_id), ReasonForm(formdata=None), form)


@blueprint.post("/vouchers/<voucher_id>/documents/<document_id>/remove")
@requires("voucher.make")
def remove_document(voucher_id: str, document_id: str) -> Response:
    with context.writing() as session:
        documents.detach(session, context.community().id, document_id=document_id, voucher_id=voucher_id)
    flash(gettext("已移去"), "ok")
    return redirect(url_for("finance.voucher", voucher_id=voucher_id))


@blueprint.get("/documents/<document_id>")
@requires("books.inspect")
def document(document_id: str) -> Response:
    """A document, always as a download. Owners get the masked copy where there is one, and only what was published."""
    session, here = context.reading(), context.community()
    row = get(session, Document, here.id, document_id)
    if not context.may("books.read"):
        if not _is_published(document_id):
            raise NotFound
        masked = documents.masked_copy(session, row)
        if masked is None and _names_a_person(document_id):
            raise HeldBack
        row = masked or row
    data = context.platform().files.get(row.sha256)
    response = send_file(io.BytesIO(data), mimetype=row.media_type, as_attachment=True, download_name=row.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _names_a_person(document_id: str) -> bool:
    """Whether the other side of a voucher with this document is a person: their receipt may hold more than a name."""
    here = context.community()
    query = (
        select(Voucher.id)
        .join(Attachment, (Attachment.community_id == Voucher.community_id) & (Attachment.voucher_id == Voucher.id))
        .where(Attachment.community_id == here.id, Attachment.document_id == document_id, Voucher.party_is_person)
    )
    return context.reading().scalars(query.limit(1)).first() is not None


def _is_published(document_id: str) -> bool:
    """Whether a document lies under a voucher of a published quarter, or under a contract."""
    session, here = context.reading(), context.community()
    query = select(Attachment).where(Attachment.community_id == here.id, Attachment.document_id == document_id)
    return any(
        attachment.contract_id is not None
        or (attachment.voucher_id is not None and is_published(get(session, Voucher, here.id, attachment.voucher_id)))
        for attachment in session.scalars(query)
    )
