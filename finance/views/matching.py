"""Bank lines and vouchers put together: the list of open lines with what is proposed, and one line with its parts."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from finance.disclosure.viewing import seen
from finance.rules.life import VoucherState
from finance.rules.matching import LooseVoucher, Target
from finance.rules.periods import month_of, month_text
from finance.service import bank, matching, parts
from finance.service.books import bank_account, bank_accounts, is_closed, periods, the_book
from finance.service.vouchers import label
from finance.tables import BankAccount, BankLine, Book
from finance.views.base import blueprint
from hoa.db import get
from hoa.kernel import money
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import written_text
from hoa.web.i18n import told

PAGE = 30
# So many vouchers are offered for a line; a search finds the others.
OFFERED = 30


def chosen_account() -> BankAccount:
    """The account that the address names (`?account=`), or the first one of the fund it names (`?book=`)."""
    session, here = context.reading(), context.community()
    named = request.args.get("account", "")
    if named:
        return get(session, BankAccount, here.id, named)
    return bank_account(session, the_book(session, here.id, request.args.get("book", "trust")))


@blueprint.get("/bank")
@requires("books.read")
def matches() -> str:
    """The lines without a voucher, a page of them, with what is proposed."""
    session, account = context.reading(), chosen_account()
    total = len(bank.unmatched(session, account))
    pages = max(1, -(-total // PAGE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    rows = matching.open_lines(session, account, today=today(context.now()), limit=PAGE, offset=(page - 1) * PAGE)
    book = get(session, Book, account.community_id, account.book_id)
    return render_template(
        "finance/matching.html",
        account=account,
        others=[row for row in bank_accounts(session, book) if row.id != account.id],
        lines=rows,
        sure=[row.line.id for row in rows if any(proposal.sure for proposal in row.proposals)],
        until=bank.covered_until(session, account),
        total=total,
        page=page,
        pages=pages,
    )


@blueprint.post("/bank/sure")
@requires("voucher.make")
def confirm_sure() -> Response:
    """Accept every proposal that was marked sure on the page and still is."""
    account = chosen_account()
    with context.writing() as session:
        done = matching.confirm_sure(
            session,
            account,
            line_ids=set(request.form.getlist("line")[:PAGE]),
            by=context.person_id(),
            now=context.now(),
            today=today(context.now()),
        )
    if done:
        flash(gettext("对上了 %(count)s 笔，新写的凭证已提交复核", count=len(done)), "ok")
    else:
        flash(gettext("这些建议都已经用过，没有改动"), "warn")
    return redirect(url_for("finance.matches", account=account.id))


@blueprint.post("/bank/lines/<line_id>/book")
@requires("voucher.make")
def book_line(line_id: str) -> Response:
    """Accept one proposal."""
    target = request.form.get("target", "")
    if target not in Target._value2member_map_:
        raise NotFound
    with context.writing() as session:
        voucher = matching.book_line(
            session,
            context.community().id,
            bank_line_id=line_id,
            target=Target(target),
            target_id=request.form.get("id", ""),
            due_no=request.form.get("due", type=_instalment),
            by=context.person_id(),
            now=context.now(),
        )
        account_id = get(session, BankLine, context.community().id, line_id).account_id
    if voucher.state == VoucherState.DRAFT:
        flash(gettext("凭证已写好，还要上传发票才能提交复核"), "warn")
        return redirect(url_for("finance.voucher", voucher_id=voucher.id))
    words = gettext("已对上 %(label)s", label=label(voucher))
    flash(words if voucher.state == VoucherState.POSTED else gettext("已写好凭证并对上，等复核"), "ok")
    if request.form.get("back") == "line":
        return redirect(url_for("finance.bank_line", line_id=line_id))
    if request.form.get("back") == "matches":
        return redirect(url_for("finance.matches", account=account_id))
    return redirect(url_for("finance.month", month=month_text(voucher.month)))


@blueprint.get("/bank/lines/<line_id>")
@requires("books.read")
def bank_line(line_id: str) -> str:
    """One line: the vouchers that stand against it with their parts, those let go and why, and others to choose."""
    line = get(context.reading(), BankLine, context.community().id, line_id)
    seen("bank", line.id, f"{line.day.isoformat()} {line.party} {line.summary}")
    return _line_page(line)


def _line_page(line: BankLine, wrong: str | None = None) -> str:
    session = context.reading()
    account = get(session, BankAccount, line.community_id, line.account_id)
    book = matching.book_of_line(session, line)
    (row,) = matching.with_proposals(session, account, [line], today=today(context.now()))
    closed = {period.month for period in periods(session, book) if period.state == "closed"}
    offered = _offered(matching.loose_vouchers(session, book), line) if row.open_fen else []
    typed = {
        voucher.id: request.form.get(f"part-{voucher.id}") or money.plain(min(abs(voucher.amount_fen), row.open_fen))
        for voucher in offered
    }
    return render_template(
        "finance/bank_line.html",
        line=line,
        row=row,
        account=account,
        released=parts.released_of(session, line.community_id, line.id),
        closed=closed,
        late=is_closed(session, book, month_of(line.day)),
        offered=offered,
        chosen=set(request.form.getlist("voucher")),
        typed=typed,
        text=request.args.get("q", "").strip(),
        wrong=wrong,
    )


def _offered(loose: list[LooseVoucher], line: BankLine) -> list[LooseVoucher]:
    """The vouchers nearest in time that go the line's way; a search looks through all of them."""
    text = request.args.get("q", "").strip()
    fitting = [
        row
        for row in loose
        if (row.amount_fen > 0) == (line.amount_fen > 0) and (not text or text in f"{row.label} {row.party}")
    ]
    ticked = set(request.form.getlist("voucher"))
    return sorted(fitting, key=lambda row: (row.id not in ticked, abs((row.day - line.day).days), row.id))[:OFFERED]


@blueprint.post("/bank/lines/<line_id>/parts")
@requires("voucher.make")
def match_parts(line_id: str) -> str | tuple[str, int] | Response:
    """Put the chosen vouchers against a line, each with the amount written beside it."""
    here = context.community()
    get(context.reading(), BankLine, here.id, line_id)
    try:
        chosen = [
            (voucher_id, money.parse(request.form.get(f"part-{voucher_id}", "")))
            for voucher_id in dict.fromkeys(request.form.getlist("voucher")[:OFFERED])
        ]
        with context.writing() as session:
            matching.confirm_parts(
                session, here.id, bank_line_id=line_id, chosen=chosen, by=context.person_id(), now=context.now()
            )
    except NotFound:
        raise
    except Refusal as refusal:
        return _line_page(get(context.reading(), BankLine, here.id, line_id), told(refusal)), refusal.status
    flash(gettext("已对上 %(count)s 张凭证", count=len(chosen)), "ok")
    return redirect(url_for("finance.bank_line", line_id=line_id))


@blueprint.post("/bank/matches/<match_id>/release")
@requires("voucher.make")
def release_match(match_id: str) -> Response:
    """Take a wrong pair apart; the reason stays with it."""
    with context.writing() as session:
        match = matching.release(
            session,
            context.community().id,
            match_id=match_id,
            reason=written_text("reason", most=200),
            by=context.person_id(),
            now=context.now(),
        )
    flash(gettext("已拆开，这笔流水重新等待对上"), "ok")
    return redirect(url_for("finance.bank_line", line_id=match.bank_line_id))


def _instalment(text: str) -> int:
    """An instalment's number; one that no schedule reaches is none."""
    if len(text) > 6:
        raise ValueError
    return int(text)
