"""What an engaged auditor sees: the days and parts agreed, nothing else (books.md 4). The office alone opens nothing:
who holds it without an engagement that is open today has none of its powers.

Powers that come from the auditor's post alone hold for a request only when all it shows lies within the engagement.
`DATED` says for each page which days it shows. Whatever is not listed is looked at without those powers: a page that
is added later is closed to third parties until somebody thinks about it.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, ClassVar, NamedTuple

from flask import current_app, flash, g, redirect, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from finance.audit.tables import AuditReport
from finance.disclosure.viewing import seen
from finance.engagements import service
from finance.engagements.rules import Part
from finance.engagements.tables import Engagement
from finance.papers.tables import YearArchive
from finance.rules import spans
from finance.rules.fund.lines import SHEET
from finance.rules.periods import first_day, last_day, parse_month
from finance.supervision.tables import Case, Sample, SampleItem
from finance.tables import Attachment, BankLine, Contract, Voucher
from hoa.db import get
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.posts import AUDITOR, OWNER
from hoa.offices.service import posts_held
from hoa.resolutions import evidence
from hoa.web import context
from hoa.web.access import access_of

Values = Mapping[str, Any]


class Shows(NamedTuple):
    """What a request shows: days of the books, or the record of an assembly."""

    start: date | None = None
    end: date | None = None
    part: Part = Part.BOOKS


ALWAYS = Shows()


class NoEngagement(Refusal):
    message: ClassVar[str] = N_(
        "审计职务本身不能打开账目和审计资料：要先有审计约定，写明期间和开放日期，并已在公告栏公示。请联系业主委员会或监督委员会主任"
    )
    status: ClassVar[int] = 403


class NoDays(Exception):
    """The request names no days: these values, within the engagement, complete its address."""

    def __init__(self, **values: str) -> None:
        super().__init__()
        self.values = values


class OutOfScope(Refusal):
    message: ClassVar[str] = N_("这一步超出了审计约定 %(label)s 的范围，没有办")
    status: ClassVar[int] = 403


def _between(_session: Session, _here: str, _values: Values) -> Shows:
    """Pages with their days in the address of a page that is looked at, or in a form that is sent."""
    sent = request.args if request.method == "GET" else request.form
    try:
        return Shows(date.fromisoformat(sent["start"]), date.fromisoformat(sent["end"]))
    except (KeyError, ValueError):
        engaged = _engaged()
        raise NoDays(start=engaged.starts_on.isoformat(), end=engaged.ends_on.isoformat()) from None


def _sample_form(session: Session, here: str, values: Values) -> Shows:
    return ALWAYS if request.method == "GET" else _between(session, here, values)


def _month(_session: Session, _here: str, values: Values) -> Shows:
    """The whole month, to its last day: one that was agreed in part is closed."""
    month = parse_month(values["month"])
    return Shows(first_day(month), last_day(month))


def _span(_session: Session, _here: str, values: Values) -> Shows:
    span = spans.parse(values["span"] if "span" in values else values["period"])
    return Shows(span.start, span.end)


def _entries(session: Session, here: str, values: Values) -> Shows:
    """The entries behind a figure: those of the whole year where the figure is one of the year."""
    found = _span(session, here, values)
    whole = values["sheet"] == SHEET or request.args.get("column") == "year"
    return Shows(date(found.end.year, 1, 1), found.end) if whole and found.end else found


def _year_to_date(session: Session, here: str, values: Values) -> Shows:
    """Statements that have a column for the year so far."""
    found = _span(session, here, values)
    return Shows(date(found.end.year, 1, 1), found.end) if found.end else found


def _year(_session: Session, _here: str, values: Values) -> Shows:
    span = spans.Year(int(values["year"]))
    return Shows(span.start, span.end)


def _voucher(session: Session, here: str, values: Values) -> Shows:
    day = get(session, Voucher, here, values["voucher_id"]).day
    return Shows(day, day)


def _bank_line(session: Session, here: str, values: Values) -> Shows:
    day = get(session, BankLine, here, values["line_id"]).day
    return Shows(day, day)


def _document(session: Session, here: str, values: Values) -> Shows:
    """Within the days of everything it lies under; a contract counts from its first day to its last as agreed."""
    query = select(Attachment).where(Attachment.community_id == here, Attachment.document_id == values["document_id"])
    days: list[date] = []
    for attached in session.scalars(query):
        if attached.voucher_id is not None:
            days.append(get(session, Voucher, here, attached.voucher_id).day)
        elif attached.contract_id is not None:
            contract = get(session, Contract, here, attached.contract_id)
            engaged = _engaged()
            if contract.starts_on <= engaged.ends_on and contract.ends_on >= engaged.starts_on:
                return ALWAYS
    return Shows(min(days), max(days)) if days else Shows(date.min, date.max)


def _report(session: Session, here: str, values: Values) -> Shows:
    row = get(session, AuditReport, here, values["report_id"])
    return Shows(row.starts_on, row.ends_on)


def _sample(session: Session, here: str, values: Values) -> Shows:
    row = get(session, Sample, here, values["sample_id"])
    return Shows(row.starts_on, row.ends_on)


def _sample_item(session: Session, here: str, values: Values) -> Shows:
    return _sample(session, here, {"sample_id": get(session, SampleItem, here, values["sample_item_id"]).sample_id})


def _case(session: Session, here: str, values: Values) -> Shows:
    """What the auditor asked or wrote down themselves, so that the answer reaches them; of the others, those found in
    the days that were agreed."""
    row = get(session, Case, here, values["case_id"])
    if row.raised_by == context.person_id():
        return ALWAYS
    return Shows(row.starts_on or date.min, row.ends_on or date.max)


def _archive(session: Session, here: str, values: Values) -> Shows:
    return _year(session, here, {"year": get(session, YearArchive, here, values["archive_id"]).year})


def _assembly(session: Session, here: str, values: Values) -> Shows:
    engaged = _engaged()
    found = evidence.assemblies(session, here, start=engaged.starts_on, end=engaged.ends_on)
    inside = any(one.code == values["code"] for one in found)
    return Shows(part=Part.VOTES) if inside else Shows(date.min, date.max, Part.VOTES)


def _anything(_session: Session, _here: str, _values: Values) -> Shows:
    """Pages that show no days: names of accounts, forms that are empty yet."""
    return ALWAYS


DATED: Mapping[str, Callable[[Session, str, Values], Shows]] = {
    "finance.vouchers": _between,
    "finance.voucher": _voucher,
    "finance.document": _document,
    "finance.document_page": _document,
    "finance.document_picture": _document,
    "finance.bank_line": _bank_line,
    "finance.reconciled": _month,
    "finance.reconciled_pdf": _month,
    "finance.ledger": _between,
    "finance.ledger_entries": _between,
    "finance.statement": _span,
    "finance.statement_lines": _span,
    "finance.download": _span,
    "finance.three_statements": _year_to_date,
    "finance.statement_entries": _entries,
    "finance.statements_file": _year_to_date,
    "finance.accounts": _anything,
    "finance.related_parties": _anything,
    "finance_year.show": _year,
    "papers.index": _anything,
    "papers.download": _archive,
    "papers.kept": _anything,
    "voting.full_package": _assembly,
    "voting.helped": _assembly,
    "audit.index": _anything,
    "audit.check": _between,
    "audit.ask": _between,
    "audit.report": _report,
    "audit.report_html": _report,
    "audit.report_pdf": _report,
    "audit.prepare": _report,
    "audit.sign": _report,
    "audit.signed": _report,
    "audit.report_to_sign": _report,
    "supervision.new_finding": _anything,
    "supervision.new_question": _anything,
    "supervision.case": _case,
    "supervision.annotate": _voucher,
    "supervision.draw": _sample_form,
    "supervision.sample": _sample,
    "supervision.tick": _sample_item,
    "engagements.index": _anything,
    "engagements.show": _anything,
    "engagements.bank": _anything,
    "engagements.report": _anything,
    "engagements.hand_in": _anything,
}


def open_engagement() -> Engagement | None:
    """The engagement by which the person of this request looks at the books; None without one."""
    if "engagement" not in g:
        here, bound = context.community_or_none(), is_auditor()
        g.engagement = (
            service.open_for(context.reading(), here.id, context.person_id(), context.now()) if here and bound else None
        )
    found: Engagement | None = g.engagement
    return found


def is_auditor() -> bool:
    """Whether the person of this request holds the auditor's office here today."""
    me, here = context.me(), context.community_or_none()
    if me is None or here is None:
        return False
    return AUDITOR in posts_held(context.reading(), here.id, me.id, context.now())


def _engaged() -> Engagement:
    """For rules that are asked only within an engagement."""
    engaged = open_engagement()
    assert engaged is not None
    return engaged


def gate() -> Response | None:
    """Before each request, once it was asked whether the person may: without the auditor's powers where the page shows
    more than was agreed. Who then may not see it is led back to their engagement.
    """
    if request.endpoint is None or not is_auditor():
        return None
    engaged = open_engagement()
    if engaged is None:
        if _without_office():
            raise NoEngagement
        return None
    g.engagement_id = engaged.id
    # Only what the path names: the page reads its object and its month from there, whatever is sent along.
    values: Values = request.view_args or {}
    try:
        inside = _inside(engaged, str(request.endpoint), values)
    except NoDays as missing:
        return _completed(engaged, missing.values)
    if inside:
        return None
    if not _without_office():
        return None
    if request.method != "GET":
        raise OutOfScope(label=engaged.label)
    flash(gettext("这一页不在审计约定 %(label)s 的范围内，没有打开", label=engaged.label), "warn")
    return redirect(url_for("engagements.show", engagement_id=engaged.id))


def _without_office() -> bool:
    """Take the auditor's powers from this request; whether its page asks for one of them."""
    lent = _only_auditors()
    g.powers = context.powers() - lent
    return (access_of(current_app, str(request.endpoint)) or "").removeprefix("power:") in lent


def _inside(engaged: Engagement, endpoint: str, values: Values) -> bool:
    shown = DATED.get(endpoint)
    if shown is None:
        return False
    try:
        found = shown(context.reading(), context.community().id, values)
    except (Refusal, KeyError, ValueError):
        return False  # the page itself says what is wrong with its address
    if found is ALWAYS:
        return True
    days = found.start is None or found.end is None or engaged.bounds.covers(found.start, found.end)
    return days and found.part in engaged.parts


def _completed(engaged: Engagement, missing: Mapping[str, str]) -> Response:
    """The same page, asked for the days that were agreed. A form has to say its days itself."""
    if request.method != "GET":
        raise OutOfScope(label=engaged.label)
    values = {**(request.view_args or {}), **request.args.to_dict(), **missing}
    return redirect(url_for(str(request.endpoint), **values))


def _only_auditors() -> frozenset[str]:
    """Powers that this person has as an auditor and by nothing else they hold."""
    session, here, now = context.reading(), context.community(), context.now()
    others = posts_held(session, here.id, context.person_id(), now) - {AUDITOR}
    return frozenset(
        power
        for room in current_app.extensions["hoa.rooms"]
        for power, posts in room.powers.items()
        if AUDITOR in posts and OWNER not in posts and not posts & others
    )


def log_look(response: Response) -> Response:
    """After each request: what an engaged auditor was shown is in the log (R2.22), also where the page itself writes
    nothing down.
    """
    if request.endpoint not in DATED or request.method != "GET" or response.status_code != 200:
        return response
    own = request.blueprint == "engagements" and request.endpoint != "engagements.bank"
    if g.get("engagement_id") and not g.get("look_logged") and not own:
        seen("page", str(request.endpoint), request.full_path.rstrip("?"))
    return response
