"""Budgets: drafting, adopting by a resolution, comparing with the books, workbooks, and what a voucher would exceed."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from finance.rules.charts import TRUST, Account
from finance.rules.ledger import VoucherKind
from finance.rules.life import VoucherState
from finance.service.books import chart_of, find_book, the_book
from finance.shares.rules import budgets as rules
from finance.shares.rules.budgets import BudgetLine, Standing, Warned
from finance.shares.tables import Budget, BudgetItem
from finance.tables import Book, Voucher, VoucherLine
from hoa.community import lists, workbook
from hoa.db import get
from hoa.kernel import money
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.resolutions import service as resolutions

HEADINGS = ("科目编号", "科目", "收入或支出", "预算（元）", "说明", "实际（元）", "剩余（元）")
SIDES = ("收入", "支出")
# What carries balances over or closes a year is neither earned nor spent.
NOT_COUNTED = (VoucherKind.OPENING, VoucherKind.CLOSING)


class RowAccount(Refusal):
    message: ClassVar[str] = N_("第 %(row)s 行的科目编号“%(cell)s”不是这本账能做预算的收入或支出科目，请改正")


class RowAmount(Refusal):
    message: ClassVar[str] = N_("第 %(row)s 行的预算“%(cell)s”不是金额，请写成 1234.56 这样的数字，不能小于零")


class NoHeading(Refusal):
    message: ClassVar[str] = N_("没有找到表头“科目编号”和“预算（元）”，请下载本页的表格，在里面填写")


def accounts(book: Book) -> dict[str, Account]:
    """What this fund plans by, by role: sources and uses of the trust fund, income and expense of the work fund."""
    chart = chart_of(book)
    groups = ("income.", "use.") if book.kind == TRUST else ()
    return {
        account.role: account
        for account in chart.leaves(book.kind)
        if (account.role.startswith(groups) if groups else account.kind in ("income", "expense"))
    }


def is_income(account: Account) -> bool:
    return account.role.startswith("income.") or account.kind == "income"


def names(book: Book) -> dict[str, tuple[str, bool]]:
    """Role → (name with its parent's, whether it is income)."""
    chart = chart_of(book)
    return {
        role: (chart.full_name(account.code) if book.kind != TRUST else account.name, is_income(account))
        for role, account in accounts(book).items()
    }


# -------------------------------------------------------------------------------------------------------------- drafts


def begin(session: Session, community_id: str, *, kind: str, year: int, by: str, now: datetime) -> Budget:
    """A draft for a year: a copy of the version in force, or empty."""
    book = the_book(session, community_id, kind)
    rules.check_year(year)
    if draft_of(session, book, year) is not None:
        raise rules.DraftOpen(year=year)
    row = Budget(community_id=community_id, book_id=book.id, year=year, made_by_id=by, made_at=now)
    session.add(row)
    session.flush()
    current = in_force(session, book, year)
    if current is not None:
        _write(session, row, lines_of(session, current))
    return row


def save(
    session: Session,
    community_id: str,
    *,
    budget_id: str,
    lines: Sequence[BudgetLine],
    note: str,
    by: str,
    now: datetime,
) -> Budget:
    """Write the lines of a draft."""
    row = _draft(session, community_id, budget_id)
    book = get(session, Book, community_id, row.book_id)
    rules.check_lines(lines, {role: side for role, (_, side) in names(book).items()})
    row.note, row.made_by_id, row.made_at = note.strip(), by, now
    _write(session, row, lines)
    return row


def discard(session: Session, community_id: str, *, budget_id: str) -> None:
    row = _draft(session, community_id, budget_id)
    _clear(session, row)
    session.delete(row)
    session.flush()


def adopt(session: Session, community_id: str, *, budget_id: str, resolution_id: str, by: str, now: datetime) -> Budget:
    """Put a draft into force by the assembly's resolution; another version needs another resolution."""
    row = _draft(session, community_id, budget_id)
    lines = lines_of(session, row)
    book = get(session, Book, community_id, row.book_id)
    rules.check_lines(lines, {role: side for role, (_, side) in names(book).items()})
    decision = resolutions.get(session, community_id, resolution_id)
    rules.check_adoption(
        lines,
        title=decision.title,
        source=decision.source,
        decided_on=decision.decided_on,
        valid_until=decision.valid_until,
        limit_fen=decision.limit_fen,
        day=today(now),
    )
    for version in versions(session, book, row.year):
        if version.resolution_id == resolution_id:
            raise rules.SameDecision(version=version.version)
    latest = select(func.max(Budget.version)).where(
        Budget.community_id == community_id, Budget.book_id == row.book_id, Budget.year == row.year
    )
    row.version, row.resolution_id = (session.scalar(latest) or 0) + 1, resolution_id
    row.adopted_by_id, row.adopted_at = by, now
    session.flush()
    return row


def _draft(session: Session, community_id: str, budget_id: str) -> Budget:
    row = get(session, Budget, community_id, budget_id, lock=True)
    if row.version is not None:
        raise rules.NotADraftBudget
    return row


def _write(session: Session, budget: Budget, lines: Sequence[BudgetLine]) -> None:
    _clear(session, budget)
    session.add_all(
        BudgetItem(
            community_id=budget.community_id,
            budget_id=budget.id,
            no=no,
            role=line.role,
            planned_fen=line.planned_fen,
            note=line.note,
        )
        for no, line in enumerate(lines, start=1)
    )
    session.flush()


def _clear(session: Session, budget: Budget) -> None:
    own = BudgetItem.community_id == budget.community_id, BudgetItem.budget_id == budget.id
    session.execute(delete(BudgetItem).where(*own))


# ------------------------------------------------------------------------------------------------------------- reading


def versions(session: Session, book: Book, year: int) -> Sequence[Budget]:
    """The versions in force one after another, the latest first."""
    query = select(Budget).where(
        Budget.community_id == book.community_id,
        Budget.book_id == book.id,
        Budget.year == year,
        Budget.version.is_not(None),
    )
    return session.scalars(query.order_by(Budget.version.desc())).all()


def in_force(session: Session, book: Book, year: int) -> Budget | None:
    return next(iter(versions(session, book, year)), None)


def draft_of(session: Session, book: Book, year: int) -> Budget | None:
    query = select(Budget).where(
        Budget.community_id == book.community_id,
        Budget.book_id == book.id,
        Budget.year == year,
        Budget.version.is_(None),
    )
    return session.scalars(query).first()


def years(session: Session, book: Book) -> Sequence[int]:
    """The years that have a budget, the latest first."""
    query = select(Budget.year).where(Budget.community_id == book.community_id, Budget.book_id == book.id)
    return sorted(set(session.scalars(query)), reverse=True)


def lines_of(session: Session, budget: Budget) -> tuple[BudgetLine, ...]:
    known = names(get(session, Book, budget.community_id, budget.book_id))
    query = select(BudgetItem).where(BudgetItem.community_id == budget.community_id, BudgetItem.budget_id == budget.id)
    found = []
    for row in session.scalars(query.order_by(BudgetItem.no)):
        name, income = known.get(row.role, (row.role, row.role.startswith("income.")))
        found.append(BudgetLine(role=row.role, name=name, income=income, planned_fen=row.planned_fen, note=row.note))
    return tuple(found)


def actual(
    session: Session, book: Book, year: int, *, without: str | None = None, pending: bool = False
) -> dict[str, int]:
    """What was received and spent in a year, by role, in fen; `pending` counts vouchers on their way too."""
    return moved(session, book, date(year, 1, 1), date(year, 12, 31), without=without, pending=pending)


def moved(
    session: Session, book: Book, start: date, end: date, *, without: str | None = None, pending: bool = False
) -> dict[str, int]:
    """The same between two days, both included."""
    states = [VoucherState.POSTED]
    if pending:
        states += [VoucherState.SUBMITTED, VoucherState.APPROVED]
    query = (
        select(VoucherLine.account, func.sum(VoucherLine.credit_fen - VoucherLine.debit_fen))
        .join(Voucher, (Voucher.community_id == VoucherLine.community_id) & (Voucher.id == VoucherLine.voucher_id))
        .where(
            VoucherLine.community_id == book.community_id,
            Voucher.book_id == book.id,
            Voucher.state.in_(states),
            Voucher.kind.not_in(NOT_COUNTED),
            Voucher.day >= start,
            Voucher.day <= end,
        )
        .group_by(VoucherLine.account)
    )
    if without is not None:
        query = query.where(Voucher.id != without)
    sums = {account: int(amount) for account, amount in session.execute(query)}
    return {
        role: sums[account.code] if is_income(account) else -sums[account.code]
        for role, account in accounts(book).items()
        if account.code in sums
    }


def compared(session: Session, budget: Budget | None, book: Book, year: int) -> tuple[Standing, ...]:
    """Planned, actual and left of every line of a year."""
    lines = lines_of(session, budget) if budget is not None else ()
    return rules.compare(lines, actual(session, book, year), names(book))


def warning(session: Session, community_id: str, voucher: Voucher) -> Warned | None:
    """Whether a payment exceeds its line of the year's budget, with everything posted and on its way before it. None
    where there is no budget, because then every payment would be marked.
    """
    book = get(session, Book, community_id, voucher.book_id)
    budget = in_force(session, book, voucher.day.year)
    if budget is None or voucher.kind != VoucherKind.PAYMENT:
        return None
    codes = {account.code: role for role, account in accounts(book).items()}
    query = select(VoucherLine.account).where(
        VoucherLine.community_id == community_id, VoucherLine.voucher_id == voucher.id
    )
    role = next((codes[code] for code in session.scalars(query) if code in codes), None)
    if role is None:
        return None
    spent = actual(session, book, voucher.day.year, without=voucher.id, pending=True)
    rows = rules.compare(lines_of(session, budget), spent, names(book))
    line = next((row for row in rows if row.role == role), None)
    return rules.warn(line, name=names(book)[role][0], amount_fen=voucher.amount_fen)


# ----------------------------------------------------------------------------------------------------------- workbooks


def as_xlsx(session: Session, budget: Budget | None, book: Book, year: int) -> bytes:
    """The budget beside the books as a workbook, which can be filled in and uploaded as the next draft."""
    planned = {row.role: row for row in compared(session, budget, book, year)}
    rows = []
    for role, account in accounts(book).items():
        row = planned.get(role)
        rows.append(
            (
                account.code,
                names(book)[role][0],
                SIDES[0] if is_income(account) else SIDES[1],
                money.plain(row.planned_fen) if row is not None and row.planned_fen is not None else "",
                row.note if row is not None else "",
                _signed(row.actual_fen) if row is not None else "",
                _signed(row.left_fen) if row is not None and row.planned_fen is not None else "",
            )
        )
    return lists.as_xlsx(f"预算{year}", HEADINGS, rows)


def _signed(fen: int) -> str:
    return ("-" if fen < 0 else "") + money.plain(abs(fen))


def read_xlsx(book: Book, data: bytes) -> tuple[BudgetLine, ...]:
    """The lines of an uploaded workbook; the first wrong row is named and nothing is taken."""
    by_code = {account.code: account for account in accounts(book).values()}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "budget.xlsx"
        path.write_bytes(data)
        with workbook.opened(path) as sheets:
            for sheet in sheets:
                found = _sheet_lines(sheet, by_code, names(book))
                if found is not None:
                    return found
    raise NoHeading


def _sheet_lines(
    sheet: workbook.Sheet, by_code: Mapping[str, Account], known: Mapping[str, tuple[str, bool]]
) -> tuple[BudgetLine, ...] | None:
    places: dict[str, int] | None = None
    lines: list[BudgetLine] = []
    for number, cells in sheet.rows():
        texts = ["" if cell.value is None else str(cell.value).strip() for cell in cells]
        if places is None:
            if HEADINGS[0] in texts and HEADINGS[3] in texts:
                places = {heading: texts.index(heading) for heading in HEADINGS if heading in texts}
            continue
        line = _line(number, places, texts, by_code, known)
        if line is not None:
            lines.append(line)
    return tuple(lines) if places is not None else None


def _line(
    number: int,
    places: Mapping[str, int],
    texts: Sequence[str],
    by_code: Mapping[str, Account],
    known: Mapping[str, tuple[str, bool]],
) -> BudgetLine | None:
    def cell(heading: str) -> str:
        place = places.get(heading, len(texts))
        return texts[place] if place < len(texts) else ""

    code, amount = cell(HEADINGS[0]), cell(HEADINGS[3])
    if not amount:
        return None
    account = by_code.get(code)
    if account is None:
        raise RowAccount(row=number, cell=code[:40])
    try:
        planned = money.parse(amount)
    except Refusal:
        planned = -1
    if planned < 0:
        raise RowAmount(row=number, cell=amount[:40])
    name, income = known[account.role]
    return BudgetLine(role=account.role, name=name, income=income, planned_fen=planned, note=cell(HEADINGS[4]))


def book_of(session: Session, community_id: str, kind: str) -> Book:
    """The book whose budget is asked for, or NotFound where it does not exist yet."""
    book = find_book(session, community_id, kind)
    if book is None:
        raise NotFound
    return book
