"""The one data object that the report's page and PDF are both made from (books.md 5), canonical, so it has a hash.

It says nothing that the tables do not say: figures come from the statement and the reconciliation of the books,
findings from the checks, the voting record from whoever fills `hoa.resolutions.evidence`. Persons appear masked or not
at all.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from finance.audit import compliance, provided, registers, schedules
from finance.audit.collect import collect, parameters
from finance.audit.rules.checks import NOT_MADE, CheckResult, in_order, run_all
from finance.audit.rules.data import LimitFacts, PeriodData
from finance.audit.rules.findings import Check, Finding
from finance.audit.rules.report import Choice
from finance.rules.periods import month_of, months_between
from finance.rules.statements import Group, Statement
from finance.service.books import bank_account, chart_of, trust_book
from finance.service.closing import reconcile, reconciliation_content
from finance.service.publication import statement
from finance.tables import Book
from hoa.community import pack_choice
from hoa.community.service import get_community, totals
from hoa.kernel import workdays
from hoa.kernel.clock import stamp, today
from hoa.kernel.posts import COMMITTEE, SUPERVISORS, Post
from hoa.resolutions import evidence
from hoa.resolutions.evidence import BallotSigns

FORMAT = "hoa-audit-report-2"
PLAIN = Choice()
# A result is announced within weeks of the vote; a year is ample for finding the vote of one announced in the period.
ANNOUNCED_WITHIN = timedelta(days=366)
LAST_HOUR_MINUTES = 60


def checks_only(session: Session, community_id: str, *, start: date, end: date, now: datetime) -> dict[str, Any]:
    """Findings and checks as the report would list them, without the rest of it: quick enough for a page."""
    data = collect(session, community_id, start=start, end=end, as_of=today(now))
    vouchers = sum(data.holds(voucher.day) for voucher in data.vouchers)
    results = run_all(data, parameters(session, community_id, day=today(now)))
    return {**_checked(results), "start": start.isoformat(), "end": end.isoformat(), "vouchers": vouchers}


def _checked(results: Sequence[CheckResult]) -> dict[str, Any]:
    return {
        "checks": [_check(result) for result in results],
        "not_made": [{"code": code, "reason": reason} for code, reason in NOT_MADE],
        "findings": [_finding(no, *item) for no, item in enumerate(in_order(results), start=1)],
    }


def build(
    session: Session,
    community_id: str,
    *,
    number: str,
    start: date,
    end: date,
    now: datetime,
    choice: Choice = PLAIN,
    asked_by: str = "",
    replies: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Everything the report says, as integers, texts and dates in ISO form. `asked_by` is the post (a body and a kind)
    of whoever asked for it, `replies` what the committee said to earlier reports on the same days.
    """
    data = collect(session, community_id, start=start, end=end, as_of=today(now))
    lines = parameters(session, community_id, day=today(now))
    results = run_all(data, lines)
    book = trust_book(session, community_id)
    found = statement(session, community_id, start=start, end=end)
    community = get_community(session, community_id)
    own = {name: provided.rows(name, session, community_id, start=start, end=end) for name in sorted(provided.NAMES)}
    return {
        "format": FORMAT,
        "kind": str(choice.kind),
        "number": number,
        "community": {"code": community.code, "name": community.name},
        "start": start.isoformat(),
        "end": end.isoformat(),
        "as_of": today(now).isoformat(),
        "made_at": stamp(now),
        "asked_by": asked_by,
        "bodies": _bodies(session, community_id, data, now),
        "book": _book(book, data.limit_on(end)),
        "totals": {
            "opening_fen": found.opening_fen,
            "income_fen": found.income_fen,
            "spending_fen": found.spending_fen,
            "closing_fen": found.closing_fen,
        },
        "income": [_group(group) for group in found.income],
        "spending": [_group(group) for group in found.spending],
        "months": _months(found, start, end),
        "bank": _bank(session, book, end),
        "contracts": registers.contracts(session, community_id, data),
        "receivables": schedules.receivables(data),
        "funds": schedules.funds(session, community_id, start=start, end=end),
        "resolutions": registers.resolutions(data),
        "decisions": registers.decisions(data),
        "meetings": compliance.held(session, community_id, start=start, end=end, now=now),
        "seal_uses": compliance.seal_uses(session, community_id, start=start, end=end, now=now),
        "publications": registers.publications(data),
        "notices": compliance.notices(session, community_id, start=start, end=end),
        "closings": registers.closings(data),
        "assemblies": _assemblies(session, community_id, start, end),
        **_checked(results),
        **{name: own[name] for name in own if name != "answers"},
        "due_on": _due(session, community_id, today(now)).isoformat(),
        "answers": _answers(own["answers"] or (), results),
        "parameters": {**asdict(lines), "payment_limit_fen": data.single_fen_on(end)},
        "looked_at": _looked_at(data),
        "opinion": {"type": str(choice.opinion), "text": choice.text.strip()},
        "replies": [dict(reply) for reply in replies],
        "ledger": _ledger(data, found, book),
        "chain_head": max(
            ((voucher.posted_at, voucher.hash) for voucher in data.vouchers if voucher.day <= end),
            default=(now, book.head_hash),
        )[1],
    }


def _answers(answers: Sequence[Mapping[str, Any]], results: Sequence[CheckResult]) -> dict[str, dict[str, Any]]:
    """What was said already to the findings of this report, by their keys."""
    keys = {finding.key for result in results for finding in result.findings}
    return {
        answer["key"]: {name: value for name, value in answer.items() if name != "key"}
        for answer in answers
        if answer["key"] in keys
    }


def _due(session: Session, community_id: str, day: date) -> date:
    """By when the committee answers each finding."""
    days = pack_choice.current(session, community_id, day=day).number("supervision_finding_working_days")
    return workdays.china().due(day, days).day


def _looked_at(data: PeriodData) -> dict[str, int]:
    """How much of everything lay in the period and was gone through."""
    return {
        "vouchers": sum(data.holds(voucher.day) for voucher in data.vouchers),
        "bank_lines": sum(data.holds(line.day) for line in data.bank_lines),
        "contracts": sum(
            contract.starts_on <= data.end and contract.ends_on >= data.start for contract in data.contracts
        ),
        "resolutions": sum(data.holds(resolution.decided_on) for resolution in data.resolutions),
        "publications": sum(publication.published_on is not None for publication in data.publications),
    }


def _bodies(session: Session, community_id: str, data: PeriodData, now: datetime) -> dict[str, Any]:
    """The community's measures, and how many people sit in its committee and among its supervisors."""
    measures = totals(session, community_id)
    sitting = [office for office in data.offices if office.starts_at <= now < office.ends_at]

    def people(posts: frozenset[Post]) -> int:
        return len({office.person_id for office in sitting if Post(office.body, office.post) in posts})

    return {
        "units": measures.units,
        "area_centi_m2": measures.area,
        "heads": measures.heads,
        "committee": people(COMMITTEE),
        "supervisors": people(SUPERVISORS),
    }


def _book(book: Book, limit: LimitFacts | None) -> dict[str, Any]:
    return {
        "name": book.name,
        "regime": book.regime,
        "opened_on": book.opened_on.isoformat(),
        "publish_within_days": book.publish_within_days,
        "limits_source": limit.basis if limit is not None else "",
    }


def _group(group: Group) -> dict[str, Any]:
    return {"purpose": group.purpose, "amount_fen": group.amount_fen, "count": len(group.entries)}


def _months(found: Statement, start: date, end: date) -> list[dict[str, int]]:
    income: Counter[int] = Counter()
    spending: Counter[int] = Counter()
    for groups, sums in ((found.income, income), (found.spending, spending)):
        for group in groups:
            for entry in group.entries:
                sums[month_of(entry.voucher.day)] += entry.amount_fen
    rows, balance = [], found.opening_fen
    for month in months_between(month_of(start), month_of(end)):
        balance += income[month] - spending[month]
        rows.append(
            {
                "month": month,
                "income_fen": income[month],
                "spending_fen": spending[month],
                "closing_fen": balance,
            }
        )
    return rows


def _bank(session: Session, book: Book, end: date) -> dict[str, Any]:
    account = bank_account(session, book)
    content = reconciliation_content(reconcile(session, book, end))
    return {"name": account.name, "bank": account.bank, "ends_with": account.account_no[-4:], **content}


def _assemblies(session: Session, community_id: str, start: date, end: date) -> list[dict[str, Any]]:
    """The assemblies announced in the period, recounted now. Voting may have ended before the period began."""
    signs = {
        row.code: row for row in evidence.ballot_signs(session, community_id, start=start - ANNOUNCED_WITHIN, end=end)
    }
    return [
        {
            "code": record.code,
            "title": record.title,
            "announced_on": record.announced_on.isoformat(),
            "outcome": record.outcome,
            "manifest": record.manifest,
            "package": record.package,
            "recounted": record.recounted,
            "problem": record.problem,
            "witnesses": record.witnesses,
            "url": record.url,
            "signs": _signs(signs[record.code]) if record.code in signs else None,
        }
        for record in evidence.assemblies(session, community_id, start=start, end=end)
    ]


def _signs(row: BallotSigns) -> dict[str, int]:
    """How many ballots there were, the most that came by one agent, helper and device, and in the last hour."""

    def most(counts: Sequence[tuple[str, int]]) -> int:
        return max((count for _, count in counts), default=0)

    return {
        "ballots": row.count,
        "agent": most(row.proxies),
        "agent_cap": row.proxy_cap,
        "helper": most(row.helped),
        "device": most(row.devices),
        "last_hour": sum(count for minute, count in row.before_close if minute < LAST_HOUR_MINUTES),
    }


def _check(result: CheckResult) -> dict[str, Any]:
    missing = result.not_enough
    return {
        "code": result.check.code,
        "id": result.check.id,
        "title": result.check.title,
        "rule": result.check.rule,
        "count": len(result.findings),
        "amount_fen": sum(finding.amount_fen for finding in result.findings),
        "not_enough": {"reason": missing.reason, "params": dict(missing.params)} if missing else None,
    }


def _finding(no: int, check: Check, finding: Finding) -> dict[str, Any]:
    return {
        "no": no,
        "key": finding.key,
        "code": finding.code,
        "check": finding.check,
        "title": check.title,
        "rule": check.rule,
        "office": check.office,
        "advice": check.advice,
        "severity": str(finding.severity),
        "sentence": finding.sentence,
        "params": dict(finding.params),
        "amount_fen": finding.amount_fen,
        "evidence": [
            {"kind": str(item.kind), "id": item.id, "label": item.label, "number": item.number, "part": item.part}
            for item in finding.evidence
        ],
    }


def _ledger(data: PeriodData, found: Statement, book: Book) -> list[dict[str, Any]]:
    """Every voucher of the period in the order of its number; its columns add up to the totals of the statement."""
    shares: dict[str, dict[str, int]] = defaultdict(Counter)
    for groups, column in ((found.income, "income_fen"), (found.spending, "spending_fen")):
        for group in groups:
            for entry in group.entries:
                shares[entry.voucher.id][column] += entry.amount_fen
    chart = chart_of(book)
    inside = [voucher for voucher in data.vouchers if data.holds(voucher.day)]
    titles = {resolution.id: resolution.title for resolution in data.resolutions}
    contracts = {contract.id: contract.number for contract in data.contracts}
    return [
        {
            "id": voucher.id,
            "number": voucher.label,
            "day": voucher.day.isoformat(),
            "kind": voucher.kind,
            "summary": voucher.summary,
            "party": voucher.party_shown,
            "account": f"{voucher.account} {chart.full_name(voucher.account)}",
            "purpose": voucher.purpose,
            "invoice_no": voucher.invoice_no,
            "income_fen": shares[voucher.id]["income_fen"],
            "spending_fen": shares[voucher.id]["spending_fen"],
            "resolution": titles.get(voucher.resolution_id or ""),
            "contract": contracts.get(voucher.contract_id or ""),
            "documents": voucher.documents,
            "hash": voucher.hash,
        }
        for voucher in sorted(inside, key=lambda voucher: (voucher.month, voucher.number))
    ]
