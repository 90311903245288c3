"""Putting a year's archive together from what is posted and closed: the same books always give the same bytes.

Everything is taken as it stood when December was closed: what was confirmed, agreed or uploaded later belongs to a
later year.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from finance.contract_tables import ContractChange
from finance.papers.rules import archive as rules
from finance.papers.rules import ledgers
from finance.papers.rules.ledgers import Entry
from finance.papers.tables import YearArchive
from finance.rules.charts import BANK_ROLES, CASH_ROLES
from finance.rules.ledger import GENESIS, canonical_voucher
from finance.rules.life import VoucherState
from finance.rules.periods import month_text
from finance.rules.seals import plain
from finance.rules.years import NoSuchYear, first_of, last_of
from finance.service import fund_statements
from finance.service.books import chart_of, the_book
from finance.service.publication import brought_in, first_month
from finance.service.vouchers import approvals_of, documents_of, label, lines_by_voucher, record_of
from finance.tables import (
    Attachment,
    BankAccount,
    BankLine,
    Book,
    Contract,
    ContractDue,
    Document,
    Match,
    Period,
    Voucher,
)
from hoa.accounts.tables import Person
from hoa.community.service import get_community
from hoa.db import Base, get
from hoa.kernel import canonical
from hoa.kernel.clock import YEARS, stamp, today
from hoa.ports.files import Files
from hoa.ports.keys import Keys
from hoa.ports.uploads import SUFFIXES
from hoa.resolutions.tables import Resolution

PURPOSE = "books-archive"
Tell = Callable[[int, int], None]
_NOT_KEPT = frozenset({"community_id"})


@dataclass(frozen=True, kw_only=True)
class Year:
    """What an archive is made of, read once."""

    book: Book
    year: int
    closed: Sequence[Period]
    until: datetime
    vouchers: Sequence[Voucher]

    @property
    def ids(self) -> list[str]:
        return [voucher.id for voucher in self.vouchers]


def check(session: Session, community_id: str, *, kind: str, year: int, day: date) -> tuple[Book, Sequence[Period]]:
    """The book and its closed months of the year; refused while the year runs or a month is open."""
    book = the_book(session, community_id, kind)
    if year not in YEARS:
        raise NoSuchYear(year=year)
    if last_of(year) >= day:
        raise rules.YearNotOver(year=year)
    if year < book.opened_on.year:
        raise rules.YearBeforeBook(opened=book.opened_on.isoformat(), year=year)
    query = select(Period).where(
        Period.community_id == community_id,
        Period.book_id == book.id,
        Period.state == "closed",
        Period.month >= year * 100 + 1,
        Period.month <= year * 100 + 12,
    )
    closed = session.scalars(query.order_by(Period.month)).all()
    there = {period.month for period in closed}
    for month in range(max(year * 100 + 1, first_month(book)), year * 100 + 13):
        if month not in there:
            raise rules.YearNotClosed(month=month_text(month))
    return book, closed


def make(
    session: Session,
    files: Files,
    keys: Keys,
    community_id: str,
    *,
    kind: str,
    year: int,
    now: datetime,
    tell: Tell = lambda _done, _all: None,
) -> tuple[bytes, dict[str, Any]]:
    """The archive's bytes and its manifest. `tell` hears how far it is."""
    book, closed = check(session, community_id, kind=kind, year=year, day=today(now))
    until = max(period.closed_at for period in closed if period.closed_at is not None)
    query = select(Voucher).where(
        Voucher.community_id == community_id,
        Voucher.book_id == book.id,
        Voucher.state == VoucherState.POSTED,
        Voucher.day >= first_of(year),
        Voucher.day <= last_of(year),
    )
    vouchers = session.scalars(query.order_by(Voucher.seq)).all()
    found = Year(book=book, year=year, closed=closed, until=until, vouchers=vouchers)
    listed = _documents(session, found)
    steps = len(listed) + 2
    members = _members(session, found, listed)
    tell(1, steps)
    for number, one in enumerate(listed, start=2):
        ending = SUFFIXES[one["media_type"]]
        members[f"{rules.DOCUMENTS}{one['sha256']}{ending}"] = files.get(one["sha256"])
        tell(number, steps)
    about = _about(session, found, listed, members["chain.jsonl"])
    key = _key(session, files, keys, book, year)
    data = rules.build(
        members,
        about,
        key=key,
        public=keys.public_keys()[key].public,
        sign=lambda message: keys.sign(PURPOSE, message, key_id=key).value,
    )
    tell(steps, steps)
    return data, rules.read_manifest(data)


def _key(session: Session, files: Files, keys: Keys, book: Book, year: int) -> str:
    """The key that signed this year's archive before, so that a rotation in between changes no byte."""
    query = select(YearArchive).where(
        YearArchive.community_id == book.community_id, YearArchive.book_id == book.id, YearArchive.year == year
    )
    earlier = session.scalars(query.order_by(YearArchive.made_at, YearArchive.id).limit(1)).first()
    if earlier is None:
        return keys.signing_key(PURPOSE)
    return str(rules.read_manifest(files.get(earlier.sha256))["key"])


def _about(session: Session, found: Year, listed: Sequence[Mapping[str, Any]], chain: bytes) -> dict[str, Any]:
    community = get_community(session, found.book.community_id)
    links = [canonical.decode(line) for line in chain.splitlines()]
    return {
        "community": {"code": community.code, "name": plain(community.name)},
        "book": {
            "kind": found.book.kind,
            "name": found.book.name,
            "opened_on": found.book.opened_on.isoformat(),
            "regime": found.book.regime,
        },
        "year": found.year,
        "closed_at": stamp(found.until),
        "vouchers": len(found.vouchers),
        "documents": len(listed),
        "chain": {
            "from": links[0]["previous"] if links else GENESIS,
            "to": links[-1]["hash"] if links else GENESIS,
        },
    }


def _members(session: Session, found: Year, listed: Sequence[Mapping[str, Any]]) -> dict[str, bytes]:
    community_id, book, year = found.book.community_id, found.book, found.year
    lines = lines_by_voucher(session, community_id, found.ids)
    chart = chart_of(book)
    brought = brought_in(session, book, before=first_of(year))
    opening = {line.account: line.debit_fen - line.credit_fen for line in brought}
    entries = [
        Entry(
            voucher.day, label(voucher), voucher.summary, voucher.party, line.account, line.debit_fen, line.credit_fen
        )
        for voucher in sorted(found.vouchers, key=lambda row: (row.month, row.number or 0))
        for line in lines.get(voucher.id, ())
    ]
    bank, cash = (chart.by_role(roles[book.kind]).code for roles in (BANK_ROLES, CASH_ROLES))
    records = [
        canonical_voucher(
            record_of(
                voucher,
                lines.get(voucher.id, ()),
                documents_of(session, voucher),
                approvals_of(session, voucher),
            ),
            voucher.previous_hash or GENESIS,
        )
        for voucher in found.vouchers
    ]
    return {
        "vouchers.jsonl": b"".join(record + b"\n" for record in records),
        "chain.jsonl": canonical.encode_lines(_chain(session, found)),
        "journal.csv": ledgers.journal(entries, chart),
        "ledger.csv": ledgers.by_account(entries, opening, chart, year=year),
        "bank-journal.csv": ledgers.by_account(entries, opening, chart, year=year, only=bank),
        "cash-journal.csv": ledgers.by_account(entries, opening, chart, year=year, only=cash),
        "balances.csv": ledgers.balances(entries, opening, chart),
        "statements.json": canonical.encode(_statements(session, found)),
        "closing.json": canonical.encode([_row(period) for period in found.closed]),
        "bank-lines.jsonl": canonical.encode_lines(_bank_lines(session, found)),
        "matches.jsonl": canonical.encode_lines(_matches(session, found)),
        "contracts.json": canonical.encode(_contracts(session, found)),
        "documents.json": canonical.encode(list(listed)),
        "resolutions.json": canonical.encode(_resolutions(session, found)),
        "people.json": canonical.encode(_people(session, found, listed)),
    }


def _chain(session: Session, found: Year) -> list[dict[str, Any]]:
    """Every link from the year's first voucher to its last; what is dated in another year stands here by its hash."""
    if not found.vouchers:
        return []
    first, last = found.vouchers[0].seq or 0, found.vouchers[-1].seq or 0
    query = select(Voucher.id, Voucher.seq, Voucher.previous_hash, Voucher.hash).where(
        Voucher.community_id == found.book.community_id,
        Voucher.book_id == found.book.id,
        Voucher.seq >= first,
        Voucher.seq <= last,
    )
    mine = set(found.ids)
    return [
        {"hash": row.hash, "id": row.id if row.id in mine else None, "previous": row.previous_hash, "seq": row.seq}
        for row in session.execute(query.order_by(Voucher.seq))
    ]


def _statements(session: Session, found: Year) -> dict[str, Any]:
    """会民非01, 02 and 03 of the year and of each quarter, as they are shown and printed."""
    community_id, year = found.book.community_id, found.year
    spans = {"year": (first_of(year), last_of(year))}
    for number in range(1, 5):
        end = date(year, number * 3 + 1, 1) if number < 4 else date(year + 1, 1, 1)
        spans[f"quarter-{number}"] = date(year, number * 3 - 2, 1), date.fromordinal(end.toordinal() - 1)
    return {
        name: fund_statements.content(fund_statements.build(session, community_id, start=start, end=end))
        for name, (start, end) in spans.items()
        if end >= found.book.opened_on
    }


def _bank_lines(session: Session, found: Year) -> list[dict[str, Any]]:
    accounts = select(BankAccount.id).where(
        BankAccount.community_id == found.book.community_id, BankAccount.book_id == found.book.id
    )
    query = select(BankLine).where(
        BankLine.community_id == found.book.community_id,
        BankLine.account_id.in_(accounts),
        BankLine.day >= first_of(found.year),
        BankLine.day <= last_of(found.year),
    )
    return [_row(line) for line in session.scalars(query.order_by(BankLine.account_id, BankLine.seq))]


def _matches(session: Session, found: Year) -> list[dict[str, Any]]:
    """Which bank line went with which voucher when the year was closed."""
    query = select(Match).where(
        Match.community_id == found.book.community_id,
        Match.voucher_id.in_(found.ids),
        Match.confirmed_at <= found.until,
        or_(Match.released_at.is_(None), Match.released_at > found.until),
    )
    wanted = ("id", "bank_line_id", "voucher_id", "amount_fen", "confirmed_by_id", "confirmed_at")
    return [{name: plain(getattr(row, name)) for name in wanted} for row in session.scalars(query.order_by(Match.id))]


def _contract_rows(session: Session, found: Year) -> Sequence[Contract]:
    """Contracts of the book that ran in the year or that a voucher of it cites."""
    cited = {voucher.contract_id for voucher in found.vouchers if voucher.contract_id}
    query = select(Contract).where(
        Contract.community_id == found.book.community_id,
        Contract.book_id == found.book.id,
        Contract.made_at <= found.until,
        or_(
            (Contract.starts_on <= last_of(found.year)) & (Contract.ends_on >= first_of(found.year)),
            Contract.id.in_(cited),
        ),
    )
    return session.scalars(query.order_by(Contract.number)).all()


def _contracts(session: Session, found: Year) -> list[dict[str, Any]]:
    community_id = found.book.community_id
    said = []
    for contract in _contract_rows(session, found):
        changes = session.scalars(
            select(ContractChange)
            .where(
                ContractChange.community_id == community_id,
                ContractChange.contract_id == contract.id,
                ContractChange.made_at <= found.until,
            )
            .order_by(ContractChange.no)
        ).all()
        known = {0, *(change.no for change in changes)}
        dues = session.scalars(
            select(ContractDue)
            .where(ContractDue.community_id == community_id, ContractDue.contract_id == contract.id)
            .order_by(ContractDue.no)
        )
        said.append(
            {
                **_row(contract),
                "changes": [_row(change) for change in changes],
                "dues": [_row(due) for due in dues if due.change_no in known],
            }
        )
    return said


def _documents(session: Session, found: Year) -> list[dict[str, Any]]:
    """The originals under the year's vouchers and contracts, each once, with where it lies."""
    hashes = {voucher.id: voucher.hash for voucher in found.vouchers}
    numbers = {contract.id: contract.number for contract in _contract_rows(session, found)}
    query = (
        select(Document, Attachment.voucher_id, Attachment.contract_id)
        .join(Attachment, (Attachment.community_id == Document.community_id) & (Attachment.document_id == Document.id))
        .where(Document.community_id == found.book.community_id, Document.uploaded_at <= found.until)
        .order_by(Document.sha256, Document.id)
    )
    listed: dict[str, dict[str, Any]] = {}
    for document, voucher_id, contract_id in session.execute(query):
        if voucher_id not in hashes and contract_id not in numbers:
            continue
        one = listed.setdefault(
            document.sha256,
            {
                "sha256": document.sha256,
                "media_type": document.media_type,
                "size": document.size_bytes,
                "name": plain(document.name),
                "kind": document.kind,
                "uploaded_at": stamp(document.uploaded_at),
                "uploaded_by": document.uploaded_by_id,
                "vouchers": [],
                "contracts": [],
            },
        )
        if voucher_id in hashes:
            one["vouchers"] = sorted({*one["vouchers"], hashes[voucher_id]})
        elif contract_id is not None:
            one["contracts"] = sorted({*one["contracts"], numbers[contract_id]})
    return list(listed.values())


def _resolutions(session: Session, found: Year) -> list[dict[str, Any]]:
    cited = {voucher.resolution_id for voucher in found.vouchers if voucher.resolution_id}
    cited |= {contract.resolution_id for contract in _contract_rows(session, found) if contract.resolution_id}
    query = select(Resolution).where(Resolution.community_id == found.book.community_id, Resolution.id.in_(cited))
    wanted = ("id", "source", "year", "number", "title", "text", "matter", "decided_on", "valid_until", "limit_fen")
    return [
        {name: plain(getattr(row, name)) for name in wanted} for row in session.scalars(query.order_by(Resolution.id))
    ]


def _people(session: Session, found: Year, listed: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Names of those who made, checked, posted, closed and uploaded, by the ids that the other files use."""
    ids = {one["uploaded_by"] for one in listed} | {period.closed_by_id for period in found.closed}
    for voucher in found.vouchers:
        ids |= {voucher.maker_id, voucher.checker_id, voucher.poster_id}
        ids |= {approval.person_id for approval in approvals_of(session, voucher)}
    query = select(Person.id, Person.name).where(Person.id.in_(ids - {None})).order_by(Person.id)
    return {person_id: plain(name) for person_id, name in session.execute(query)}


def _row(row: Base) -> dict[str, Any]:
    """A final row as canonical data."""
    return {
        column.name: plain(getattr(row, column.name))
        for column in row.__table__.columns
        if column.name not in _NOT_KEPT
    }


# ------------------------------------------------------------------------------------------------------ kept archives


def keep(
    session: Session,
    files: Files,
    community_id: str,
    *,
    kind: str,
    data: bytes,
    manifest: Mapping[str, Any],
    by: str | None,
    now: datetime,
) -> YearArchive:
    """Write down an archive that was made. The same bytes again are the same archive."""
    book = the_book(session, community_id, kind, lock=True)
    digest = hashlib.sha256(data).hexdigest()
    query = select(YearArchive).where(
        YearArchive.community_id == community_id,
        YearArchive.book_id == book.id,
        YearArchive.year == manifest["year"],
        YearArchive.sha256 == digest,
    )
    kept = session.scalars(query).one_or_none()
    if kept is not None:
        return kept
    kept = YearArchive(
        community_id=community_id,
        book_id=book.id,
        year=manifest["year"],
        sha256=files.put(data),
        size_bytes=len(data),
        manifest_sha256=canonical.digest(dict(manifest)),
        chain_from=manifest["chain"]["from"],
        chain_to=manifest["chain"]["to"],
        vouchers=manifest["vouchers"],
        documents=manifest["documents"],
        made_by_id=by,
        made_at=now,
    )
    session.add(kept)
    session.flush()
    return kept


def archives(session: Session, community_id: str) -> list[tuple[YearArchive, Book]]:
    """Every archive with its book, the newest year first."""
    query = (
        select(YearArchive, Book)
        .join(Book, (Book.community_id == YearArchive.community_id) & (Book.id == YearArchive.book_id))
        .where(YearArchive.community_id == community_id)
        .order_by(YearArchive.year.desc(), Book.kind, YearArchive.made_at.desc())
    )
    return [(row.YearArchive, row.Book) for row in session.execute(query)]


def find(session: Session, community_id: str, archive_id: str) -> tuple[YearArchive, Book]:
    """An archive of this community with its book, or NotFound."""
    kept = get(session, YearArchive, community_id, archive_id)
    return kept, get(session, Book, community_id, kept.book_id)
