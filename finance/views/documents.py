"""Documents under vouchers and contracts: putting one there, taking it off a draft, opening it."""

import io
from collections.abc import Sequence

from flask import flash, redirect, render_template, send_file, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from finance.disclosure.viewing import seen, seen_lately
from finance.forms import DocumentForm, ReasonForm
from finance.service import documents, masking
from finance.service.vouchers import label
from finance.tables import Attachment, Contract, Document, Voucher
from finance.views.base import blueprint
from finance.views.masking import people
from finance.views.vouchers import is_published, reads, voucher_page
from hoa.db import get
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.ports.uploads import OFD
from hoa.web import context
from hoa.web.access import requires
from hoa.web.heavy import place
from hoa.web.i18n import told
from hoa.web.pages import PagesFailed

PAGES_SHOWN = 3


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
                twice = _readable(documents.used_elsewhere(session, stored), inside=True)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已上传"), "ok")
            for words, _ in twice:
                flash(gettext("同一个文件已经附在“%(where)s”上，请确认不是重复报销", where=words), "warn")
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
    original, row = _shown(document_id)
    seen("document", original.id, original.name, always=_let_in(original.id))
    data = context.platform().files.get(row.sha256)
    response = send_file(io.BytesIO(data), mimetype=row.media_type, as_attachment=True, download_name=row.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@blueprint.get("/documents/<document_id>/about")
@requires("books.inspect")
def document_page(document_id: str) -> str | tuple[str, int]:
    """What a document is: its pages as pictures, its fingerprint, who put it where, and how it was masked."""
    session, inside = context.reading(), context.may("books.read")
    try:
        original, row = _shown(document_id)
    except HeldBack as refusal:
        return render_template("finance/document_held.html", refused=told(refusal)), refusal.status
    seen("document", original.id, original.name, always=_let_in(original.id))
    versions = masking.versions(session, original) if inside else ()
    named = {original.uploaded_by_id, *(who for one in versions for who in (one.made_by_id, one.checked_by_id))}
    return render_template(
        "finance/document.html",
        document=row,
        original=original,
        inside=inside,
        pages=_pages(row),
        uses=_readable(documents.uses(session, original), inside),
        elsewhere=_readable(documents.used_elsewhere(session, original), inside) if inside else [],
        versions=versions,
        people=people(named) if inside else {},
        personal=masking.names_a_person(session, original),
        seen=documents.masked_copy(session, original),
        asker=context.person_id(),
        ofd=original.media_type == OFD,
    )


@blueprint.get("/documents/<document_id>/pages/<int:page>")
@requires("books.inspect")
@place()
def document_picture(document_id: str, page: int) -> Response:
    """One page as a picture that we drew ourselves: nothing of the file acts in the reader's browser. Whoever asks for
    it without the page around it leaves a trace too.
    """
    original, row = _shown(document_id)
    if context.me() is not None and not seen_lately(original.id):
        seen("document", original.id, original.name, always=_let_in(original.id))
    data, _ = masking.picture(context.platform().files, row, page=page)
    kind = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
    return send_file(io.BytesIO(data), mimetype=kind, max_age=0)


def _shown(document_id: str) -> tuple[Document, Document]:
    """A document and what of it this reader may see: owners get the masked copy, and only of what was published."""
    session, here = context.reading(), context.community()
    row = get(session, Document, here.id, document_id)
    if context.may("books.read") or _let_in(row.masked_from_id or row.id):
        return (get(session, Document, here.id, row.masked_from_id) if row.masked_from_id else row), row
    original = get(session, Document, here.id, row.masked_from_id) if row.masked_from_id else row
    if not _is_published(original.id):
        raise NotFound
    masked = documents.masked_copy(session, original)
    if masked is None and masking.names_a_person(session, original):
        raise HeldBack
    return original, masked or original


def _let_in(document_id: str) -> bool:
    """Whether somebody who does not keep or check the books was granted the originals of a voucher it lies under."""
    session, here = context.reading(), context.community()
    if context.may("books.read"):
        return False
    query = (
        select(Voucher)
        .join(Attachment, (Attachment.community_id == Voucher.community_id) & (Attachment.voucher_id == Voucher.id))
        .where(Attachment.community_id == here.id, Attachment.document_id == document_id)
    )
    return any(reads(voucher) for voucher in session.scalars(query))


def _pages(row: Document) -> range:
    """The pages to show: a picture is its own page, a PDF's first few, an OFD's none."""
    if row.media_type == OFD:
        return range(0)
    if row.media_type != masking.PDF:
        return range(1, 2)
    try:
        with place():
            count = masking.picture(context.platform().files, row, page=1)[1]
    except PagesFailed:
        return range(0)
    return range(1, min(count, PAGES_SHOWN) + 1)


def _readable(uses: Sequence[Voucher | Contract], inside: bool) -> list[tuple[str, str]]:
    """Where a document lies, as (words, address); visitors are shown what was published."""
    found = []
    for use in uses:
        if isinstance(use, Contract):
            text = gettext("合同 %(number)s %(title)s", number=use.number, title=use.title)
            found.append((text, url_for("finance.contract", number=use.number)))
        elif inside or is_published(use):
            found.append((f"{label(use)} {use.summary}", url_for("finance.voucher", voucher_id=use.id)))
    return found


def _is_published(document_id: str) -> bool:
    """Whether a document lies under a voucher of a published quarter, or under a contract."""
    session, here = context.reading(), context.community()
    query = select(Attachment).where(Attachment.community_id == here.id, Attachment.document_id == document_id)
    return any(
        attachment.contract_id is not None
        or (attachment.voucher_id is not None and is_published(get(session, Voucher, here.id, attachment.voucher_id)))
        for attachment in session.scalars(query)
    )
