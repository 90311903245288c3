"""What owners see: the quarter in plain words, its lines, and files; and publishing it."""

import io
from typing import Any

from flask import flash, redirect, render_template, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from finance.rules.periods import Quarter
from finance.service import export as exports
from finance.service import publication as service
from finance.service.books import find_book, trust_book
from finance.views.base import blueprint, quarter_name
from hoa.bulletin import service as bulletin
from hoa.bulletin.current import has_moved
from hoa.bulletin.tables import Publication
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import demand, public, requires
from hoa.web.i18n import told

MEDIA = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "beancount": "text/plain; charset=utf-8",
}


@blueprint.get("/")
@public
def index() -> str:
    """Published quarters, newest first."""
    session, here = context.reading(), context.community()
    book = find_book(session, here.id)
    latest: dict[str, Publication] = {}
    for row in service.publications(session, here.id):
        latest.setdefault(row.reference or "", row)
    return render_template(
        "finance/index.html",
        book=book,
        rows=[(Quarter.parse(reference), row, has_moved(session, row)) for reference, row in latest.items()],
    )


@blueprint.get("/<quarter>")
@public
def statement(quarter: str) -> str:
    """The quarter in plain words. Before it is published only those who read the books see it, marked as a draft."""
    return _statement_page(Quarter.parse(quarter), "finance/statement.html")


@blueprint.get("/<quarter>/lines")
@public
def statement_lines(quarter: str) -> str:
    """Every line of the quarter, by source and use."""
    return _statement_page(Quarter.parse(quarter), "finance/statement_lines.html")


def _statement_page(quarter: Quarter, template: str, wrong: str | None = None) -> str:
    session, here = context.reading(), context.community()
    published = service.latest_publication(session, here.id, quarter)
    if published is None:
        demand("books.read")
    content: dict[str, Any] = (
        published.content if published is not None else service.quarter_content(session, here.id, quarter)
    )
    spent = [line for group in content["spending"] for line in group["lines"]]
    book = trust_book(session, here.id)
    return render_template(
        template,
        quarter=quarter,
        content=content,
        published=published,
        moved=published is not None and has_moved(session, published),
        objections=bulletin.objections(session, here.id, published.id) if published else [],
        biggest=sorted(spent, key=lambda line: (-line["amount_fen"], line["day"], line["number"]))[:5],
        months_left=service.months_left(session, book, quarter) if published is None else [],
        over=quarter.end < today(context.now()),
        publish_by=quarter.publish_by(book.publish_within_days),
        address=context.platform().settings.base_url + url_for("bulletin_short.follow", publication_id=published.id)
        if published
        else None,
        wrong=wrong,
    )


@blueprint.post("/<quarter>/publish")
@requires("books.publish")
def publish(quarter: str) -> str | Response:
    """Freeze the quarter and publish it."""
    chosen, here = Quarter.parse(quarter), context.community()
    try:
        with context.writing() as session:
            service.publish_quarter(
                session, here.id, quarter=chosen, code=here.code, by=context.person_id(), now=context.now()
            )
    except Refusal as refusal:
        return _statement_page(chosen, "finance/statement.html", told(refusal))
    flash(
        gettext("%(quarter)s 已公示，内容已固定，监督委员会和订阅的业主会收到通知", quarter=quarter_name(chosen)), "ok"
    )
    return redirect(url_for("finance.statement", quarter=str(chosen)))


@blueprint.get("/<quarter>.<format>")
@requires("books.inspect")
def download(quarter: str, format: str) -> Response:
    """The quarter's ledger as a file: for owners once it is published."""
    session, here, chosen = context.reading(), context.community(), Quarter.parse(quarter)
    if format not in exports.FORMATS:
        raise NotFound
    if service.latest_publication(session, here.id, chosen) is None:
        demand("books.read")
    data = exports.export(session, here.id, format=format, start=chosen.start, end=chosen.end)
    name = f"{here.code}-{chosen}.{format}"
    return send_file(io.BytesIO(data), mimetype=MEDIA[format], as_attachment=True, download_name=name)
