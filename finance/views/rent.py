"""The rent roll: what contracts say should come in and what did, month by month; and letters about what did not."""

import io
from typing import Any

from flask import redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from finance.contract_tables import RentLetter
from finance.rules.rent import AGES
from finance.service import contracts as contract_service
from finance.service import rent as service
from finance.views.base import blueprint
from finance.views.statements import MEDIA
from hoa.community import lists
from hoa.community.service import get_community
from hoa.db import get
from hoa.jobs import Job, Run, enqueue
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.i18n import told
from hoa.web.paper import render_paper
from hoa.web.pdf import render_pdf

TASK = "finance.letter"


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
    """The letter to the other side about what is overdue: read first, then kept and printed by the worker."""
    session, here = context.reading(), context.community()
    row = contract_service.find(session, here.id, number)
    if request.method == "POST":
        return redirect(url_for("jobs.show", job_id=_write(number, request.form.get("letter", ""))))
    text, wrong = "", None
    try:
        text, _, _ = service.letter_text(session, here.id, contract=row, today=today(context.now()))
    except Refusal as refusal:
        wrong = told(refusal)
    return render_template(
        "finance/rent_letter.html", contract=row, text=text, wrong=wrong, letters=service.letters(session, row)
    )


def _write(number: int, letter_id: str) -> str:
    """Keep a new letter, or take one that was kept, and have it printed; the job's id."""
    here = context.community()
    with context.writing() as session:
        contract = contract_service.find(session, here.id, number)
        letter = (
            get(session, RentLetter, here.id, letter_id)
            if letter_id
            else service.write_letter(session, here.id, contract=contract, by=context.person_id(), now=context.now())
        )
        if letter.contract_id != contract.id:
            raise NotFound
        job = enqueue(
            session,
            TASK,
            {"letter": letter.id, "number": number},
            now=context.now(),
            community_id=here.id,
            person_id=context.person_id(),
        )
        return job.id


def print_letter(run: Run) -> dict[str, Any]:
    """The worker's part: the letter on paper."""
    platform = run.platform
    with platform.database.reading() as session:
        letter = get(session, RentLetter, run.community, str(run.payload["letter"]))
        here = get_community(session, run.community)
        paragraphs, code, name, made_at = letter.text.split("\n"), here.code, here.name, letter.made_at
    html = render_paper("pdf/rent_letter.html", community_name=name, paragraphs=paragraphs, unnumbered=False)
    digest = platform.files.put(render_pdf(html, created=made_at))
    return {"url": f"/c/{code}/books/contracts/{run.payload['number']}/letter/{run.job_id}.pdf", "digest": digest}


@blueprint.get("/contracts/<int(max=1000000000):number>/letter/<print_job>.pdf")
@requires("contract.make")
def rent_letter_pdf(number: int, print_job: str) -> Response:
    """What was printed."""
    here = context.community()
    query = select(Job).where(Job.id == print_job, Job.kind == TASK, Job.community_id == here.id, Job.state == "done")
    job = context.reading().scalars(query).one_or_none()
    if job is None or job.result is None or job.payload["number"] != number:
        raise NotFound
    data = context.platform().files.get(str(job.result["digest"]))
    name = f"{here.code}-letter-{number}.pdf"
    return send_file(io.BytesIO(data), mimetype="application/pdf", as_attachment=True, download_name=name)
