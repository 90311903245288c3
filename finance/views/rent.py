"""The rent roll: what contracts say should come in and what did, month by month; and letters about what did not."""

import io

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from finance.rules.rent import AGES
from finance.service import contracts as contract_service
from finance.service import rent as service
from finance.tables import Contract
from finance.views.base import blueprint
from finance.views.statements import MEDIA
from hoa.community import lists
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.i18n import told
from hoa.web.paper import render_paper
from hoa.web.pdf import render_pdf


@blueprint.get("/rent-roll")
@public
def rent_roll() -> str:
    """A year of every income contract: expected, received, missing."""
    session, here = context.reading(), context.community()
    day = today(context.now())
    years = service.years(session, here.id, today=day)
    year = _year(day.year)
    return render_template(
        "finance/rent_roll.html",
        roll=service.roll(session, here.id, year=year, today=day),
        years=years,
        ages=AGES,
        this_month=day.month if year == day.year else 12,
        reminders=service.reminders(session, here.id, today=day) if context.may("books.read") else [],
    )


def _year(fallback: int) -> int:
    year = request.args.get("year", fallback, type=int)
    return year if 2000 <= year <= 2100 else fallback


@blueprint.get("/rent-roll.<format>")
@public
def rent_roll_file(format: str) -> Response:
    """The same as a file."""
    session, here = context.reading(), context.community()
    if format not in ("xlsx", "csv"):
        raise NotFound
    day = today(context.now())
    rows = service.table(service.roll(session, here.id, year=_year(day.year), today=day))
    headings = service.HEADINGS
    data = lists.as_csv(headings, rows) if format == "csv" else lists.as_xlsx(gettext("应收实收"), headings, rows)
    name = f"{here.code}-rent-{_year(day.year)}.{format}"
    return send_file(io.BytesIO(data), mimetype=MEDIA[format], as_attachment=True, download_name=name)


@blueprint.route("/contracts/<int(max=1000000000):number>/letter", methods=["GET", "POST"])
@requires("contract.make")
def rent_letter(number: int) -> str | Response:
    """The letter to the other side about what is overdue: read first, then kept and printed."""
    session, here = context.reading(), context.community()
    row = contract_service.find(session, here.id, number)
    if request.method == "POST":
        with context.writing() as writing:
            contract = contract_service.find(writing, here.id, number)
            letter = service.write_letter(
                writing, here.id, contract=contract, by=context.person_id(), now=context.now()
            )
            letter_no = len(service.letters(writing, contract))
            assert letter.amount_fen > 0
        flash(gettext("催款函已存档，可以打印寄出"), "ok")
        return redirect(url_for("finance.rent_letter_pdf", number=number, version=letter_no))
    return _letter_page(row)


def _letter_page(row: Contract) -> str:
    session, here = context.reading(), context.community()
    text, wrong = "", None
    try:
        text, _, _ = service.letter_text(session, here.id, contract=row, today=today(context.now()))
    except Refusal as refusal:
        wrong = told(refusal)
    return render_template(
        "finance/rent_letter.html", contract=row, text=text, wrong=wrong, letters=service.letters(session, row)
    )


@blueprint.get("/contracts/<int(max=1000000000):number>/letter/<int(max=100000):version>.pdf")
@requires("books.read")
def rent_letter_pdf(number: int, version: int) -> Response:
    """A kept letter on paper; the first one written is number 1."""
    session, here = context.reading(), context.community()
    found = service.letters(session, contract_service.find(session, here.id, number))
    if not 1 <= version <= len(found):
        raise NotFound
    letter = found[len(found) - version]
    html = render_paper("pdf/rent_letter.html", community_name=here.name, paragraphs=letter.text.split("\n"))
    data = render_pdf(html, created=letter.made_at, title=gettext("催款函"))
    name = f"{here.code}-letter-{number}-{version}.pdf"
    return send_file(io.BytesIO(data), mimetype="application/pdf", as_attachment=True, download_name=name)
