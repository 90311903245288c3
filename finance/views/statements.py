"""What owners see: the accounts in plain words, by quarter, year, half-year and month, their lines, a search, files."""

import io
from datetime import date
from typing import Any

from flask import render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from finance.audit import present
from finance.audit import service as audit
from finance.disclosure.viewing import seen
from finance.rules import spans, story
from finance.rules.charts import TRUST, WORK
from finance.rules.moved import Moved
from finance.rules.periods import Quarter
from finance.rules.rent import AGES
from finance.rules.spans import Half, Month, Published, Span, Year
from finance.service import contents, publishing
from finance.service import export as exports
from finance.service import publication as service
from finance.service.books import find_book, trust_book
from finance.shares.service import budgets
from finance.views.base import blueprint, span_name
from hoa.bulletin import service as bulletin
from hoa.bulletin.current import has_moved
from hoa.bulletin.tables import Publication
from hoa.kernel import masking
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.web import context
from hoa.web.access import demand, public, requires
from hoa.web.i18n import day as day_word
from hoa.web.i18n import told

MEDIA = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "beancount": "text/plain; charset=utf-8",
}
PAGE = 40


class NotPublishedYet(Refusal):
    """Who may not read the books asked for a period that is not public: said as that, not as a missing power."""

    message = N_("%(span)s的账目还没有公示，最迟应在 %(day)s 公示。公示以后谁都可以看")
    status = 403


def _latest() -> dict[str, Publication]:
    """The newest publication of each span, newest first."""
    found: dict[str, Publication] = {}
    for row in service.publications(context.reading(), context.community().id):
        found.setdefault(row.reference or "", row)
    return found


def _accounts(latest: dict[str, Publication]) -> list[dict[str, Any]]:
    """What was published of quarters; and of years, where no quarter of them was."""
    quarters = [row.content for row in latest.values() if row.kind == service.KIND]
    known = {content["end"][:4] for content in quarters}
    years = [row.content for row in latest.values() if row.kind == service.YEAR_KIND]
    return quarters + [content for content in years if content["end"][:4] not in known]


@blueprint.get("/")
@public
def index() -> str:
    """The year so far in plain words, as it was published; then every period."""
    session, here = context.reading(), context.community()
    book = find_book(session, here.id)
    latest = _latest()
    parts = story.following(_accounts(latest))
    year = story.told(parts) if parts else None
    return render_template(
        "finance/index.html",
        book=book,
        has_work=find_book(session, here.id, WORK) is not None,
        year=year,
        budget=_budget(year.end.year) if year and book else None,
        rows=[(spans.parse(reference), row, has_moved(session, row)) for reference, row in latest.items()],
        due=service.due(session, book, today(context.now())) if book else [],
    )


def _budget(year: int) -> tuple[int, int, int, int] | None:
    """Planned and actual income, planned and actual spending of a year that has a budget, in fen."""
    session = context.reading()
    book = trust_book(session, context.community().id)
    budget = budgets.in_force(session, book, year)
    if budget is None:
        return None
    rows = budgets.compared(session, budget, book, year)
    sides = [[row for row in rows if row.income is side] for side in (True, False)]
    (planned_in, got), (planned_out, spent) = [
        (sum(row.planned_fen or 0 for row in side), sum(row.actual_fen for row in side)) for side in sides
    ]
    return planned_in, got, planned_out, spent


@blueprint.get("/search")
@public
def search() -> str:
    """Lines of everything published that hold some words: a payee, a use, an amount."""
    words = request.args.get("q", "").strip()[:80]
    published = _accounts(_latest())
    found = [
        (side, purpose, line)
        for side in ("income", "spending")
        for purpose, line in story.lines(published, side)
        if words and story.matches(line, words)
    ]
    found.sort(key=lambda row: (row[2]["day"], row[2]["number"]), reverse=True)
    pages = max(1, -(-len(found) // PAGE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    return render_template(
        "finance/search.html",
        words=words,
        total=len(found),
        sums={
            side: sum(line["amount_fen"] for kind, _, line in found if kind == side) for side in ("income", "spending")
        },
        rows=found[(page - 1) * PAGE : page * PAGE],
        page=page,
        pages=pages,
    )


@blueprint.get("/<span>")
@public
def statement(span: str) -> str | tuple[str, int]:
    """A period in plain words. Before it is published only those who read the books see it, as a preview."""
    return _shown(spans.parse(span), "finance/statement.html")


@blueprint.get("/<span>/lines")
@public
def statement_lines(span: str) -> str | tuple[str, int]:
    """Every line of a period, by source and use."""
    chosen = spans.parse(span)
    if isinstance(chosen, Half):
        raise NotFound
    return _shown(chosen, "finance/statement_lines.html")


def _shown(span: Span, template: str) -> str | tuple[str, int]:
    """The page of a period; or until when it is to be published, and where what was published stands."""
    try:
        return span_page(span, template)
    except NotPublishedYet as refusal:
        return render_template("finance/not_published.html", span=span, wrong=told(refusal)), refusal.status


def span_page(span: Span, template: str, *, wrong: str | None = None, typed: str = "") -> str:
    """The page of a period: what was published of it, or what would be."""
    session, here = context.reading(), context.community()
    holder = _holder(span) if isinstance(span, Month) else span
    published = service.latest_publication(session, here.id, holder)
    if published is None:
        _demand_preview(holder)
    seen("statement", str(span), str(span))
    try:
        content: dict[str, Any] = published.content if published else contents.content(session, here.id, holder)
    except Refusal as refusal:
        # Books that do not add up are shown as such to those who keep and check them, with the sentence why.
        return render_template("finance/statement_broken.html", span=span, wrong=told(refusal))
    if isinstance(span, Half):
        return _half_page(span, content, published, wrong, typed)
    if isinstance(span, Month):
        content = story.month_content(content, span.month)
    return render_template(
        template,
        span=span,
        month=isinstance(span, Month),
        holder=holder,
        content=content,
        story=story.told([content]),
        ages=AGES,
        about=_about(holder, published, wrong, typed),
    )


def _demand_preview(span: Published) -> None:
    """Only who reads the books sees a period before it is published; anybody else learns until when it will be."""
    session, day = context.reading(), today(context.now())
    book = find_book(session, context.community().id)
    power = "books.read"
    known = book and book.opened_on <= span.end and power not in context.withheld()
    if book and known and not context.may(power):
        last = service.last_day_for(session, book, span, day=day)
        raise NotPublishedYet(span=span_name(span), day=day_word(last))
    demand(power)


def _half_page(
    span: Half, content: dict[str, Any], published: Publication | None, wrong: str | None, typed: str
) -> str:
    return render_template(
        "finance/half.html",
        span=span,
        content=content,
        kept=content["maintenance"],
        work=content["work"],
        about=_about(span, published, wrong, typed),
    )


def _holder(month: Month) -> Published:
    """The publication a month is looked at through: its quarter, or the year where the quarter was not published."""
    session, here = context.reading(), context.community()
    quarter, year = Quarter.of(month.start), Year(month.start.year)
    if service.latest_publication(session, here.id, quarter) is None:
        return year if service.latest_publication(session, here.id, year) is not None else quarter
    return quarter


def _about(span: Published, published: Publication | None, wrong: str | None, typed: str) -> dict[str, Any]:
    """What stands around the figures: how it was published, what moved since, or what is to be known before."""
    session, here = context.reading(), context.community()
    book = trust_book(session, here.id)
    day = today(context.now())
    shared = {
        "published": published,
        "wrong": wrong,
        "typed": typed,
        "over": span.end < day,
        "publish_by": service.last_day_for(session, book, span, day=day),
        "marks": [
            (mark, person.name if context.may("books.read") else masking.name(person.name))
            for mark, person in publishing.preview_marks(session, here.id, span)
        ],
        "moved": [],
        "objections": [],
        "earlier": None,
        "warnings": [],
        "months_left": [],
        "address": None,
    }
    if published is None:
        left = service.months_left(session, book, span)
        stated = not isinstance(span, Half) or contents.maintenance(session, here.id, span) is not None
        return shared | {
            "months_left": left,
            "ready": stated and not left and span.end < day,
            "warnings": _warnings(span, day),
            "preview_hash": _preview_hash(span),
            "spoken": present.spoken,
            "severity_name": present.words()["severity_name"],
            "severity_tag": present.words()["severity_tag"],
            "link": lambda item: present.address("", here.code, item),
        }
    short = url_for("bulletin_short.follow", publication_id=published.id)
    return shared | {
        "moved": publishing.moved(session, here.id, published) if has_moved(session, published) else [],
        "objections": bulletin.objections(session, here.id, published.id),
        "earlier": _earlier(published.content.get("replaces")),
        "on_display": day <= published.display_until,
        "address": context.platform().settings.base_url + short,
    }


def _earlier(replaced: dict[str, Any] | None) -> dict[str, Any] | None:
    """The publication that this one replaced, and what had changed since."""
    return replaced and replaced | {"moved": [Moved(**row) for row in replaced["moved"]]}


def _warnings(span: Published, day: date) -> list[dict[str, Any]]:
    """What the automatic checks would say of the period: the treasurer reads the same as the supervisors."""
    if not context.may("books.read") or isinstance(span, Half):
        return []
    try:
        return list(
            audit.warnings(
                context.reading(),
                context.community().id,
                start=span.start,
                end=min(span.end, day),
                now=context.now(),
            )
        )
    except Refusal:
        return []


def _preview_hash(span: Published) -> str:
    return publishing.preview_hash(context.reading(), context.community().id, span)


@blueprint.get("/<span>.<format>")
@requires("books.inspect")
def download(span: str, format: str) -> Response:
    """The period's ledger as a file: for owners once it is published."""
    session, here, chosen = context.reading(), context.community(), spans.parse(span)
    if format not in exports.FORMATS:
        raise NotFound
    holder = _holder(chosen) if isinstance(chosen, Month) else chosen
    if service.latest_publication(session, here.id, holder) is None:
        demand("books.read")
    seen("export", f"{chosen}.{format}", gettext("%(span)s 明细账", span=str(chosen)))
    book = request.args.get("book", TRUST)
    if book != TRUST and service.latest_publication(session, here.id, Half.of(chosen.end)) is None:
        # The work fund's lines are published with its half-year, not with the quarter of the trust fund.
        demand("books.read")
    data = exports.export(session, here.id, format=format, start=chosen.start, end=chosen.end, book=book)
    name = f"{here.code}-{chosen}{'' if book == TRUST else '-' + book}.{format}"
    return send_file(io.BytesIO(data), mimetype=MEDIA[format], as_attachment=True, download_name=name)
