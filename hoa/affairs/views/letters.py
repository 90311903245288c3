"""督办: what is overdue, and the letters to whoever should have answered. The page is the PDF's twin (WeChat)."""

import io
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import DateField, TextAreaField

from hoa.affairs.powers import READ, SUPERVISE
from hoa.affairs.rules import letters as rules
from hoa.affairs.rules import wording
from hoa.affairs.rules.states import ACTION_NAMES, STATE_NAMES, Action, State
from hoa.affairs.service import handlers as units
from hoa.affairs.service import letters as service
from hoa.affairs.service import reading
from hoa.affairs.tables import SupervisionLetter
from hoa.affairs.views.handling.base import mine
from hoa.affairs.views.words import name_word
from hoa.community.service import get_community
from hoa.jobs import Job, Run, enqueue
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound, Refusal
from hoa.kernel.workdays import china
from hoa.web import context
from hoa.web.access import requires, signed_in
from hoa.web.forms import Form, at_most, required
from hoa.web.i18n import told
from hoa.web.paper import render_paper
from hoa.web.pdf import render_pdf

TASK = "affairs.letter"
LATEST = 50

blueprint = Blueprint("letters", __name__, url_prefix="/c/<community_code>/letters")


class LetterForm(Form):
    text = TextAreaField(lazy_gettext("函的正文"), validators=[required(), at_most(wording.TEXT_LENGTH)])
    answer_by = DateField(lazy_gettext("答复期限"), validators=[required()])


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return {
        "name_word": name_word,
        "state_word": lambda row: gettext(STATE_NAMES[State(row.state)]),
    }


@blueprint.app_context_processor
def _levels() -> dict[str, Any]:
    """For every page that shows how far something was escalated (`affairs/_letters.html`)."""
    return {"LEVEL_NAMES": rules.LEVEL_NAMES}


@blueprint.get("/")
@requires(SUPERVISE)
def index() -> str:
    """What is past its last day, the longest first, with who should have answered and what was written to them."""
    session, here, day = context.reading(), context.community(), today(context.now())
    rows = reading.listed(session, here.id, overdue_on=day, by_due=True, limit=None)
    latest = service.latest(session, here.id, limit=LATEST)
    return render_template(
        "affairs/letters_index.html",
        rows=rows,
        standings={row.id: reading.standing(row, day) for row in rows},
        letters={row.id: service.letters(session, row) for row in rows},
        names={unit.id: unit.name for unit in units.handlers(session, here.id, ended=True)},
        latest=[(letter, reading.find(session, here.id, letter.suggestion_id)) for letter in latest],
        day=day,
    )


@blueprint.route("/for/<suggestion_id>", methods=["GET", "POST"])
@requires(SUPERVISE)
def new(suggestion_id: str) -> str | Response | tuple[str, int]:
    """A letter, proposed from what is on record; whoever signs it may word it otherwise."""
    session, here, now = context.reading(), context.community(), context.now()
    row, form = reading.find(session, here.id, suggestion_id), LetterForm()
    if request.method == "GET":
        form.answer_by.data = rules.proposed_day(today(now), china())
        form.text.data = service.proposal(session, row, answer_by=form.answer_by.data, now=now)
    elif form.validate_on_submit():
        try:
            letter = _issue(suggestion_id, form)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("督办函 %(label)s 已发出，承办单位会收到消息", label=letter.label), "ok")
            return redirect(url_for("letters.show", letter_id=letter.id))
    row = reading.find(context.reading(), here.id, suggestion_id)
    return render_template(
        "affairs/letters_new.html",
        form=form,
        row=row,
        standing=reading.standing(row, today(now)),
        handler=units.name_of(context.reading(), here.id, row.handler_id),
        letters=service.letters(context.reading(), row),
    )


def _issue(suggestion_id: str, form: LetterForm) -> SupervisionLetter:
    assert form.answer_by.data is not None  # the field is required
    with context.writing() as session:
        return service.issue(
            session,
            context.community().id,
            suggestion_id,
            text=form.text.data or "",
            answer_by=form.answer_by.data,
            by=context.person_id(),
            now=context.now(),
        )


def _letter(letter_id: str) -> SupervisionLetter:
    """For those who see every suggestion, and for the people of the unit that it was sent to."""
    letter = service.find(context.reading(), context.community().id, letter_id)
    if not context.may(READ) and letter.handler_id not in {unit.id for unit in mine()}:
        raise NotFound
    return letter


@blueprint.get("/<letter_id>")
@signed_in
def show(letter_id: str) -> str:
    paper = service.paper(context.reading(), _letter(letter_id))
    return render_template(
        "affairs/letters_show.html",
        paper=paper,
        lines=_lines(paper),
        mine=paper.row.handler_id in {unit.id for unit in mine()},
    )


def _lines(paper: service.Paper) -> list[dict[str, Any]]:
    """The clock's history: when what was done. Words of a step stand there only where the handler wrote them or they
    were written to the handler.
    """
    worded = (Action.PROGRESS, Action.PAUSE)
    return [
        {
            "at": step.at,
            "name": ACTION_NAMES[Action(step.action)],
            "text": step.reason if step.action in worded else "",
            "level": rules.LEVEL_NAMES.get(step.details.get("level", 0), ""),
        }
        for step in paper.steps
    ]


@blueprint.post("/<letter_id>/pdf")
@signed_in
def pdf(letter_id: str) -> Response:
    """Have it printed by the worker."""
    letter = _letter(letter_id)
    with context.writing() as session:
        job = enqueue(
            session,
            TASK,
            {"letter": letter.id},
            now=context.now(),
            community_id=letter.community_id,
            person_id=context.person_id(),
        )
    return redirect(url_for("jobs.show", job_id=job.id))


def print_letter(run: Run) -> dict[str, Any]:
    """The worker's part: the letter on paper, as it was issued."""
    platform = run.platform
    with platform.database.reading() as session:
        here = get_community(session, run.community)
        paper = service.paper(session, service.find(session, run.community, str(run.payload["letter"])))
        path = f"/c/{here.code}/letters/{paper.letter.id}"
        html = render_paper(
            "pdf/supervision_letter.html",
            community_name=here.name,
            paper=paper,
            lines=_lines(paper),
            address=platform.settings.base_url + path,
            LEVEL_NAMES=rules.LEVEL_NAMES,
            unnumbered=False,
        )
        created = paper.letter.issued_at
    digest = platform.files.put(render_pdf(html, created=created))
    return {"url": f"{path}/{run.job_id}.pdf", "digest": digest}


@blueprint.get("/<letter_id>/<print_job>.pdf")
@signed_in
def file(letter_id: str, print_job: str) -> Response:
    """What was printed."""
    letter, here = _letter(letter_id), context.community()
    query = select(Job).where(Job.id == print_job, Job.kind == TASK, Job.community_id == here.id, Job.state == "done")
    job = context.reading().scalars(query).one_or_none()
    if job is None or job.result is None or job.payload["letter"] != letter.id:
        raise NotFound
    data = context.platform().files.get(str(job.result["digest"]))
    name = f"{here.code}-supervision-{letter.label}.pdf"
    return send_file(io.BytesIO(data), mimetype="application/pdf", as_attachment=True, download_name=name)
