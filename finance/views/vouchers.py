"""Checking, posting and reading vouchers."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from finance.disclosure.viewing import seen
from finance.forms import DocumentForm, ReasonForm
from finance.rules.charts import WORK
from finance.rules.life import VoucherState
from finance.rules.periods import month_text
from finance.service import inspections, publication
from finance.service import vouchers as service
from finance.service.books import books, chart_of, find_book, the_book
from finance.service.parts import matches_of
from finance.shares.service import budgets
from finance.tables import Book, Contract, Voucher
from finance.views.base import blueprint, given_day
from hoa.accounts.tables import Person
from hoa.db import get
from hoa.kernel import masking
from hoa.kernel.clock import today
from hoa.kernel.errors import Refusal
from hoa.resolutions import service as resolutions
from hoa.web import context
from hoa.web.access import demand, public, requires
from hoa.web.i18n import told

PAGE = 30


@blueprint.get("/vouchers")
@requires("books.read")
def vouchers() -> str:
    """All vouchers, searched and paged."""
    session, here = context.reading(), context.community()
    text, state = request.args.get("q", "").strip(), request.args.get("state", "")
    kind = request.args.get("book", "")
    book = the_book(session, here.id, kind) if kind else None
    states = (VoucherState(state),) if state in VoucherState._value2member_map_ else tuple(VoucherState)
    start, end = given_day("start"), given_day("end")
    total = service.number_of_vouchers(session, here.id, states=states, text=text, book=book, start=start, end=end)
    pages = max(1, -(-total // PAGE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    return render_template(
        "finance/vouchers.html",
        rows=service.vouchers(
            session,
            here.id,
            states=states,
            text=text,
            limit=PAGE,
            offset=(page - 1) * PAGE,
            book=book,
            start=start,
            end=end,
        ),
        book=book,
        has_work=find_book(session, here.id, WORK) is not None,
        names={row.id: row.name for row in books(session, here.id)},
        text=text,
        state=state,
        start=start,
        end=end,
        total=total,
        page=page,
        pages=pages,
    )


@blueprint.get("/vouchers/<voucher_id>")
@public
def voucher(voucher_id: str) -> str:
    """One voucher: everything for those who keep or check the books, the masked one for everybody once its quarter is
    published.
    """
    session, here = context.reading(), context.community()
    row = get(session, Voucher, here.id, voucher_id)
    inside = reads(row)
    if not inside and not is_published(row):
        demand("books.read")
    seen("voucher", row.id, f"{service.label(row)} {row.summary}", always=inside and not context.may("books.read"))
    return voucher_page(row, ReasonForm(), DocumentForm())


def reads(row: Voucher) -> bool:
    """Whether this person sees all of it: they keep or check the books, or a granted request lets them in (R4.8)."""
    me = context.me()
    return context.may("books.read") or (
        me is not None
        and row.state == VoucherState.POSTED
        and inspections.lets_in(context.reading(), row.community_id, person_id=me.id, day=row.day, now=context.now())
    )


def is_published(row: Voucher) -> bool:
    """Whether everybody may read it."""
    return publication.is_public(context.reading(), row)


def _stopped(voucher_id: str, refusal: Refusal) -> tuple[str, int]:
    """The voucher's own page with what stands in the way of its next step, and the buttons that mend it."""
    row = get(context.reading(), Voucher, context.community().id, voucher_id)
    empty = ReasonForm(formdata=None), DocumentForm(formdata=None)
    return voucher_page(row, *empty, refused=told(refusal)), refusal.status


def voucher_page(row: Voucher, reason: ReasonForm, document: DocumentForm, refused: str | None = None) -> str:
    """The voucher's page with the forms as they were sent."""
    session = context.reading()
    inside = reads(row)
    book = get(session, Book, row.community_id, row.book_id)
    lines, chart = service.lines_of(session, row), chart_of(book)
    approvals = service.approvals_of(session, row)
    approvers = {approval.person_id for approval in approvals}
    me = context.me()
    people = {
        person.id: person.name if inside else masking.name(person.name)
        for person in session.scalars(
            select(Person).where(Person.id.in_({row.maker_id, row.checker_id, row.poster_id, *approvers} - {None}))
        )
    }
    return render_template(
        "finance/voucher.html",
        voucher=row,
        party=masking.name(row.party) if row.party_is_person and not inside else row.party,
        lines=[(chart.full_name(line.account), line) for line in lines],
        documents=service.documents_of(session, row),
        contract=get(session, Contract, row.community_id, row.contract_id) if row.contract_id else None,
        resolution=resolutions.get(session, row.community_id, row.resolution_id) if row.resolution_id else None,
        original=get(session, Voucher, row.community_id, row.reverses_id) if row.reverses_id else None,
        reversal=service.reversal_of(session, row),
        book=book,
        corrected=get(session, Voucher, row.community_id, row.corrects_id) if row.corrects_id else None,
        corrections=service.corrections_of(session, row),
        twin=get(session, Voucher, row.community_id, row.twin_id) if row.twin_id else None,
        approvals=approvals,
        earlier_year=book.kind == WORK and row.day.year < today(context.now()).year,
        bank_parts=[(match, line) for match, line, _ in matches_of(session, row.community_id, voucher_ids=[row.id])],
        people=people,
        mine=me is not None and row.maker_id == me.id,
        checked_by_me=me is not None and me.id in {row.checker_id, *approvers},
        inside=inside,
        inspect=context.may("books.inspect"),
        reason=reason,
        document=document,
        refused=refused,
        over_budget=budgets.warning(session, row.community_id, row)
        if inside and row.state != VoucherState.POSTED
        else None,
    )


@blueprint.post("/vouchers/<voucher_id>/submit")
@requires("voucher.make")
def submit_voucher(voucher_id: str) -> tuple[str, int] | Response:
    try:
        with context.writing() as session:
            service.submit(
                session, context.community().id, voucher_id=voucher_id, by=context.person_id(), now=context.now()
            )
    except Refusal as refusal:
        return _stopped(voucher_id, refusal)
    flash(gettext("已提交，等另一位委员复核"), "ok")
    return redirect(url_for("finance.voucher", voucher_id=voucher_id))


@blueprint.post("/vouchers/<voucher_id>/discard")
@requires("voucher.make")
def discard_voucher(voucher_id: str) -> Response:
    with context.writing() as session:
        service.discard(session, context.community().id, voucher_id=voucher_id)
    flash(gettext("草稿已删去"), "ok")
    return redirect(url_for("finance.month"))


@blueprint.post("/vouchers/<voucher_id>/approve")
@requires("voucher.check")
def approve_voucher(voucher_id: str) -> tuple[str, int] | Response:
    here = context.community()
    try:
        with context.writing() as session:
            row = service.approve(session, here.id, voucher_id=voucher_id, by=context.person_id(), now=context.now())
            still = row.approvals_needed - len(service.approvals_of(session, row))
    except Refusal as refusal:
        return _stopped(voucher_id, refusal)
    if still > 0:
        flash(gettext("您已复核；金额较大，还要 %(count)s 位委员复核", count=still), "ok")
    else:
        flash(gettext("复核通过，等记账"), "ok")
    for other in service.vouchers(context.reading(), here.id, states=(VoucherState.SUBMITTED,)):
        if context.person_id() not in (other.maker_id, other.checker_id):
            return redirect(url_for("finance.voucher", voucher_id=other.id))
    return redirect(url_for("finance.vouchers", state=str(VoucherState.APPROVED)))


@blueprint.post("/vouchers/<voucher_id>/return")
@requires("voucher.check")
def return_voucher(voucher_id: str) -> str | Response:
    here, form = context.community(), ReasonForm()
    if not form.validate_on_submit():
        return voucher_page(get(context.reading(), Voucher, here.id, voucher_id), form, DocumentForm())
    with context.writing() as session:
        service.send_back(
            session,
            here.id,
            voucher_id=voucher_id,
            reason=form.reason.data or "",
            by=context.person_id(),
            now=context.now(),
        )
    flash(gettext("已退回制单人"), "ok")
    return redirect(url_for("finance.vouchers", state=str(VoucherState.SUBMITTED)))


@blueprint.post("/vouchers/<voucher_id>/post")
@requires("voucher.post")
def post_voucher(voucher_id: str) -> tuple[str, int] | Response:
    try:
        with context.writing() as session:
            row = service.post(
                session, context.community().id, voucher_id=voucher_id, by=context.person_id(), now=context.now()
            )
            number = service.label(row)
    except Refusal as refusal:
        return _stopped(voucher_id, refusal)
    flash(gettext("已记账：%(number)s。从现在起不能修改，只能用红字凭证更正", number=number), "ok")
    return redirect(url_for("finance.voucher", voucher_id=voucher_id))


@blueprint.post("/vouchers/post-approved")
@requires("voucher.post")
def post_approved() -> Response:
    with context.writing() as session:
        done = service.post_approved(session, context.community().id, by=context.person_id(), now=context.now())
        month = month_text(done[-1].month) if done else None
    flash(gettext("已记账 %(count)s 张凭证", count=len(done)), "ok")
    return redirect(url_for("finance.month", month=month))
