"""会民非01, 02 and 03 as pages and files: choose a month or a year, read, go from a figure to its entries."""

import io
from datetime import date

from flask import redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from finance.disclosure.viewing import seen
from finance.rules import spans
from finance.rules.fund import lines as rules
from finance.rules.fund.lines import ACTIVITIES, FLOWS, SHEET
from finance.rules.fund.statements import FundStatements
from finance.rules.periods import Quarter, month_of, months_between
from finance.rules.spans import Month, Span, Year
from finance.service import entries, fund_statements, statement_files
from finance.service import publication as published
from finance.service.books import BookNotOpened, books, periods
from finance.views.base import blueprint, span_name
from finance.views.statements import MEDIA
from finance.year import papers
from hoa.jobs import enqueue
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound
from hoa.web import context
from hoa.web.access import demand, public, requires

PAGE = 50


@blueprint.get("/statements")
@public
def statement_list() -> str:
    """Every year and month that this reader may look at, newest first."""
    session, here = context.reading(), context.community()
    opened = books(session, here.id)
    if not opened:
        raise BookNotOpened
    day = today(context.now())
    open_months = _open_months()
    first = min(month_of(book.opened_on) for book in opened)
    years: dict[int, list[tuple[Month, bool]]] = {}
    for month in reversed(months_between(first, month_of(day))):
        if _may_see(Month(month)):
            years.setdefault(month // 100, []).append((Month(month), month not in open_months))
    return render_template(
        "finance/statement_list.html",
        years=[(Year(year), _may_see(Year(year)), months) for year, months in years.items()],
    )


@blueprint.get("/statements/<period>")
@public
def three_statements(period: str) -> str:
    """The three statements of a month, a quarter or a year."""
    span = _chosen(period)
    seen("statement", f"fund-{span}", span_name(span))
    content = fund_statements.content(_built(span))
    session, here = context.reading(), context.community()
    return render_template(
        "finance/fund_statements.html",
        span=span,
        frozen=content,
        whole=request.args.get("whole") == "1",
        link=lambda sheet, key, column: url_for(
            "finance.statement_entries", period=str(span), sheet=sheet, key=key, column=column
        ),
        open_months=[span_name(Month(month)) for month in sorted(_open_months() & set(span.months))],
        paper=papers.kept(session, here.id, subject=str(span), content=content),
        books=[(book.kind, book.name) for book in books(session, here.id)],
    )


@blueprint.get("/statements/<period>/<sheet>/<key>")
@public
def statement_entries(period: str, sheet: str, key: str) -> str:
    """The entries a figure is made of; with `column=year` those of the whole year up to the period's end."""
    span = _chosen(period)
    row = rules.find_row(sheet, key)
    built = _built(span)
    whole_year = sheet == SHEET or request.args.get("column") == "year"
    start = date(span.end.year, 1, 1) if whole_year else span.start
    page = max(request.args.get("page", 1, type=int), 1)
    session, here = context.reading(), context.community()
    found = entries.behind(
        session,
        here.id,
        statement=sheet,
        key=key,
        start=start,
        end=span.end,
        limit=PAGE,
        offset=(page - 1) * PAGE,
    )
    opening = built.sheet.year_start[key] if sheet == SHEET else None
    return render_template(
        "finance/statement_entries.html",
        span=span,
        sheet_name=gettext(rules.NAMES[sheet]),
        name=gettext(row.name),
        start=start,
        end=span.end,
        figure_fen=_figure(built, sheet, key, whole_year=whole_year),
        opening_fen=opening,
        found=found,
        page=page,
        pages=max(1, -(-found.count // PAGE)),
    )


@blueprint.get("/statements/<period>.<format>")
@public
def statements_file(period: str, format: str) -> Response:
    """The three statements as XLSX, CSV, or the PDF that was made of exactly these figures."""
    span, session, here = _chosen(period), context.reading(), context.community()
    content = fund_statements.content(_built(span))
    seen("export", f"fund-{span}.{format}", span_name(span))
    name = f"{here.code}-{span}-statements.{format}"
    if format == "pdf":
        paper = papers.kept(session, here.id, subject=str(span), content=content)
        if paper is None:
            raise NotFound
        data, media = context.platform().files.get(paper.sha256), "application/pdf"
    elif format in statement_files.FORMATS:
        data, media = statement_files.export(content, format=format), MEDIA[format]
    else:
        raise NotFound
    return send_file(io.BytesIO(data), mimetype=media, as_attachment=True, download_name=name)


@blueprint.post("/statements/<period>/print")
@requires("books.read")
def print_statements(period: str) -> Response:
    """Ask for the PDF; it is made in the background."""
    span, here = _chosen(period), context.community()
    with context.writing() as session:
        job = enqueue(
            session,
            papers.TASK,
            {"span": str(span)},
            now=context.now(),
            community_id=here.id,
            person_id=context.person_id(),
        )
        job_id = job.id
    return redirect(url_for("jobs.show", job_id=job_id))


@blueprint.get("/<span>.pdf")
@public
def publication_pdf(span: str) -> Response:
    """The PDF twin of a publication; the worker makes it soon after the publication."""
    session, here, chosen = context.reading(), context.community(), spans.parse_published(span)
    latest = published.latest_publication(session, here.id, chosen)
    if latest is None:
        raise NotFound
    paper = papers.kept(session, here.id, subject=latest.id, content=latest.content)
    if paper is None:
        page = render_template("finance/printing.html", span=chosen)
        return Response(page, mimetype="text/html", status=202, headers={"Refresh": "3"})
    return send_file(
        io.BytesIO(context.platform().files.get(paper.sha256)),
        mimetype="application/pdf",
        as_attachment=True,
        download_name=f"{here.code}-{chosen}.pdf",
    )


def _chosen(period: str) -> Span:
    """A period that has begun and that this reader may look at."""
    span = spans.parse(period)
    if span.start > today(context.now()):
        raise NotFound
    if not _may_see(span):
        demand("books.read")
    return span


def _may_see(span: Span) -> bool:
    """Whoever reads the books, and everybody once the accounts up to its end were published."""
    if context.may("books.read"):
        return True
    session, here = context.reading(), context.community()
    holders: set[Quarter | Year] = {Quarter.of(span.end), Year(span.end.year)}
    return any(published.latest_publication(session, here.id, holder) is not None for holder in holders)


def _built(span: Span) -> FundStatements:
    return fund_statements.build(context.reading(), context.community().id, start=span.start, end=span.end)


def _figure(built: FundStatements, sheet: str, key: str, *, whole_year: bool) -> int:
    if sheet == SHEET:
        return built.sheet.end[key]
    if sheet == ACTIVITIES:
        return (built.activities.year if whole_year else built.activities.period).together[key]
    assert sheet == FLOWS
    return (built.flows.year if whole_year else built.flows.period)[key]


def _open_months() -> set[int]:
    """The months up to this one that are not closed in one of the books."""
    session, last = context.reading(), month_of(today(context.now()))
    found: set[int] = set()
    for book in books(session, context.community().id):
        closed = {row.month for row in periods(session, book) if row.state == "closed"}
        found |= {month for month in months_between(month_of(book.opened_on), last) if month not in closed}
    return found
