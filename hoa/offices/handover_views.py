"""Pages of handing over: what is due, and one list on which giver and taker each put their word."""

import io
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField

from hoa.accounts import service as accounts
from hoa.community.service import get_community
from hoa.db import get
from hoa.jobs import Job, Run, enqueue
from hoa.kernel.clock import parse_stamp, stamp, today
from hoa.kernel.errors import NotAllowed, NotFound, Refusal
from hoa.offices import handover
from hoa.offices.after_tables import Handover, HandoverItem
from hoa.offices.handover import THINGS, WORDS, Thing, Word
from hoa.web import context
from hoa.web.access import signed_in
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told
from hoa.web.pdf import render_pdf

READ = "handover.read"
TASK = "handover.paper"

blueprint = Blueprint("handovers", __name__, url_prefix="/c/<community_code>/handovers")


class ItemForm(Form):
    kind = SelectField(lazy_gettext("类别"), validators=[required()])
    text = StringField(lazy_gettext("写明是什么、几件、编号"), validators=[required(), at_most(handover.TEXT_LENGTH)])

    def offer(self) -> None:
        self.kind.choices = options((thing.value, gettext(title)) for thing, title in THINGS.items())


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return {"THINGS": THINGS, "WORDS": WORDS, "Word": Word, "Thing": Thing, "name_of": _name}


def _name(person_id: str) -> str:
    return accounts.person(context.reading(), person_id).name


@blueprint.get("/")
@signed_in
def index() -> str:
    """Every departure with its last day and how far the handover is, for those who have a part in it."""
    session, here, now = context.reading(), context.community().id, context.now()
    me = context.person_id()
    states = [
        state
        for state in handover.states(session, here, now)
        if context.may(READ) or me == state.departure.person_id or (state.handover and _has_part(state.handover))
    ]
    if not states and not context.may(READ):
        raise NotAllowed
    return render_template("handovers/index.html", states=states, day=today(now))


def _has_part(found: Handover) -> bool:
    session, me = context.reading(), context.person_id()
    return me in handover.givers(session, found) | handover.takers(session, found, context.now())


@blueprint.post("/")
@signed_in
def begin() -> Response:
    """Make the list of a departure; whoever left may do it as well."""
    subject, session, here = request.form.get("subject", ""), context.reading(), context.community().id
    state = next(
        (one for one in handover.states(session, here, context.now()) if one.departure.subject == subject), None
    )
    if not context.may(READ) and (state is None or state.departure.person_id != context.person_id()):
        raise NotAllowed
    with context.writing() as writing:
        row = handover.begin(writing, here, subject, "", context.person_id(), context.now())
    return redirect(url_for("handovers.show", handover_id=row.id))


@blueprint.route("/<handover_id>", methods=["GET", "POST"])
@signed_in
def show(handover_id: str) -> str | Response:
    """The list; POST adds a line."""
    found = _mine(handover_id)
    form = ItemForm()
    form.offer()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                handover.add_item(
                    session,
                    found.community_id,
                    found.id,
                    thing=Thing(form.kind.data),
                    text=form.text.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("已加进清单"), "ok")
            return redirect(url_for("handovers.show", handover_id=handover_id) + "#items")
    return render_template("handovers/show.html", form=form, **_values(found))


def _mine(handover_id: str) -> Handover:
    found = get(context.reading(), Handover, context.community().id, handover_id)
    if not context.may(READ) and not _has_part(found):
        raise NotAllowed
    return found


def _values(found: Handover) -> dict[str, Any]:
    """What page and paper show alike, and what the asker may say."""
    session, me, now = context.reading(), context.person_id(), context.now()
    lines = handover.lines(session, found)
    return {
        "found": found,
        "lines": lines,
        "gives": me in handover.givers(session, found),
        "takes": me in handover.takers(session, found, now),
        "my_id": me,
        "late": 0 if all(line.settled for line in lines) else max(0, (today(now) - found.due_on).days),
        "missing": [line for line in lines if line.word is Word.MISSING],
        "open": sum(not line.settled for line in lines),
    }


@blueprint.post("/items/<handover_item_id>")
@signed_in
def mark(handover_item_id: str) -> Response:
    """One word on one item, under one's own account."""
    item = get(context.reading(), HandoverItem, context.community().id, handover_item_id)
    try:
        word = Word(request.form.get("word", ""))
    except ValueError:
        raise NotFound from None
    with context.writing() as session:
        handover.mark(
            session,
            item.community_id,
            item.id,
            word=word,
            note=request.form.get("note", ""),
            by=context.person_id(),
            now=context.now(),
        )
    return redirect(url_for("handovers.show", handover_id=item.handover_id) + f"#item-{item.position}")


@blueprint.post("/<handover_id>/paper")
@signed_in
def print_list(handover_id: str) -> Response:
    """Have the list printed as it is now, with lines for both hands."""
    found = _mine(handover_id)
    values = _values(found)
    moments = [mark.at for line in values["lines"] for mark in (line.given, line.taken, line.missing) if mark]
    created = max([found.begun_at, *(line.item.added_at for line in values["lines"]), *moments])
    html = render_template("handovers/paper.html", community_name=context.community().name, **values)
    payload = {
        "handover": found.id,
        "html": context.platform().files.put(html.encode()),
        "created": stamp(created),
    }
    with context.writing() as session:
        job = enqueue(
            session,
            TASK,
            payload,
            now=context.now(),
            community_id=found.community_id,
            person_id=context.person_id(),
        )
    return redirect(url_for("jobs.show", job_id=job.id))


def print_task(run: Run) -> dict[str, Any]:
    """The worker's part: the PDF of the very list that was asked for."""
    platform, payload = run.platform, run.payload
    html = platform.files.get(str(payload["html"])).decode()
    digest = platform.files.put(render_pdf(html, created=parse_stamp(str(payload["created"]))))
    with platform.database.reading() as session:
        code = get_community(session, run.community).code
    return {"url": f"/c/{code}/handovers/{payload['handover']}/paper/{run.job_id}.pdf", "digest": digest}


@blueprint.get("/<handover_id>/paper/<print_job>.pdf")
@signed_in
def printed(handover_id: str, print_job: str) -> Response:
    """What was printed for this person."""
    found = _mine(handover_id)
    query = select(Job).where(
        Job.id == print_job,
        Job.kind == TASK,
        Job.community_id == found.community_id,
        Job.person_id == context.person_id(),
        Job.state == "done",
    )
    job = context.reading().scalars(query).one_or_none()
    if job is None or job.result is None or job.payload["handover"] != found.id:
        raise NotFound
    data = context.platform().files.get(str(job.result["digest"]))
    name = f"{context.community().code}-handover-{found.left_on.isoformat()}.pdf"
    return send_file(io.BytesIO(data), mimetype="application/pdf", as_attachment=True, download_name=name)
