"""Progress for everybody: checklist, clock, group and papers; starting and ending for the street."""

from io import BytesIO

from flask import Blueprint, flash, redirect, render_template, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.community import pack_choice
from hoa.kernel import area
from hoa.kernel.clock import today
from hoa.kernel.errors import Refusal
from hoa.offices.preparing import board, paperwork, progress, service, starting, words
from hoa.offices.preparing.forms import (
    MeetingForm,
    ReasonForm,
    StartFirstForm,
    StartReElectionForm,
    given,
    wanted_file,
)
from hoa.offices.preparing.progress import Progress
from hoa.offices.preparing.rules import clock, papers
from hoa.offices.preparing.rules.composition import DELEGATIONS, PARTY
from hoa.offices.preparing.rules.trigger import GROUND_WORDS, Delivered, Ground, Kind, Request
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.i18n import told

blueprint = Blueprint("preparing", __name__, url_prefix="/c/<community_code>/preparing")


def found_here(preparation_id: str) -> Progress:
    """The preparation of this page, with everything about it."""
    session = context.reading()
    return progress.of(session, progress.get(session, context.community().id, preparation_id))


@blueprint.get("/")
@public
def index() -> str:
    """Every preparation, and how far the community is from its first assembly."""
    session, here = context.reading(), context.community()
    day = today(context.now())
    pack = pack_choice.current(session, here.id, day=day)
    rows = progress.preparations(session, here.id)
    return render_template(
        "offices/preparing_index.html",
        rows=rows,
        running=any(row.ended_at is None for row in rows),
        titles=words.TITLES,
        figures=starting.figures(session, here.id),
        word=pack.text("preparatory_trigger"),
        trigger=pack.parameters["preparatory_trigger"],
    )


@blueprint.route("/start", methods=["GET", "POST"])
@requires("preparing.run")
def start() -> str | Response:
    """The first assembly: what the register says stands in the form, a certificate may say better."""
    session, here = context.reading(), context.community()
    figures = starting.figures(session, here.id)
    form = StartFirstForm(
        received_on=today(context.now()),
        delivered=area.plain(figures.delivered.area),
        total=area.plain(figures.delivered.of_area),
    )
    form.offer()
    if form.validate_on_submit():
        try:
            return _opened(_start_first(form, figures.heads))
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    pack = pack_choice.current(context.reading(), here.id, day=today(context.now()))
    return render_template("offices/preparing_start.html", form=form, figures=figures, pack=pack)


def _start_first(form: StartFirstForm, heads: int) -> str:
    delivered = Delivered(area.parse(form.delivered.data or ""), area.parse(form.total.data or ""))
    asked = area.parse(form.asked.data) if form.asked.data else 0
    platform = context.platform()
    upload = wanted_file("report")
    with context.writing() as session:
        return starting.start_first(
            session,
            platform.keys,
            platform.files,
            context.community().id,
            ground=Ground(form.ground.data),
            delivered=delivered,
            request=Request(form.heads.data or 0, heads, asked, delivered.of_area),
            evidence=upload,
            received_on=given(form.received_on.data),
            papers_by=form.papers_by.data,
            by=context.person_id(),
            now=context.now(),
        ).id


@blueprint.route("/start-re-election", methods=["GET", "POST"])
@requires("preparing.run")
def start_re_election() -> str | Response:
    form = StartReElectionForm(received_on=today(context.now()))
    form.offer()
    if form.validate_on_submit():
        platform = context.platform()
        try:
            upload = wanted_file("report")
            with context.writing() as session:
                row = starting.start_re_election(
                    session,
                    platform.keys,
                    platform.files,
                    context.community().id,
                    ground=Ground(form.ground.data),
                    term_ends_on=form.term_ends_on.data,
                    evidence=upload,
                    received_on=given(form.received_on.data),
                    by=context.person_id(),
                    now=context.now(),
                )
            return _opened(row.id)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    return render_template("offices/preparing_start_again.html", form=form)


def _opened(preparation_id: str) -> Response:
    flash(gettext("筹备已启动，请登记小组成员"), "ok")
    return redirect(url_for("preparing.group", preparation_id=preparation_id))


@blueprint.get("/<preparation_id>")
@public
def show(preparation_id: str) -> str:
    """What is late first, whose turn it is, what is due next; then group, papers and announcements."""
    found = found_here(preparation_id)
    return page(found, MeetingForm(formdata=None, day=found.row.meeting_on))


def page(found: Progress, meeting: MeetingForm) -> str:
    session, row, day = context.reading(), found.row, today(context.now())
    lines = words.lines(found, day)
    first = clock.first_of(found.steps, day)
    announced = [line.taken for line in lines if line.taken is not None and line.taken.publication_id]
    hung = board.current()
    return render_template(
        "offices/preparing.html",
        found=found,
        row=row,
        title=words.TITLES[row.what],
        group=words.GROUPS[row.what],
        ground=GROUND_WORDS[row.why],
        is_first=row.what is Kind.FIRST,
        lines=lines,
        head=next((line for line in lines if first is not None and line.code == first.code), None),
        names_public=found.mark("members") is not None or context.may("offices.read"),
        delegations=DELEGATIONS,
        party=PARTY,
        filed=[(kind, progress.latest(found.papers, kind)) for kind in papers.filed(row.what)],
        published=[(kind, progress.latest(found.papers, kind)) for kind in papers.published(row.what)],
        words=papers.WORDS,
        announced=[
            (words.step_title(one.step, row.what), one, hung.objections(session, row.community_id, one.publication_id))
            for one in announced
            if one.publication_id
        ],
        meeting=meeting,
    )


@blueprint.post("/<preparation_id>/meeting")
@requires("preparing.work")
def set_meeting(preparation_id: str) -> str | Response:
    """The day of the meeting, from which the announcement is counted back."""
    form = MeetingForm()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                paperwork.set_meeting(
                    session,
                    context.community().id,
                    preparation_id,
                    day=given(form.day.data),
                    by=context.person_id(),
                    now=context.now(),
                )
            flash(gettext("会议日期已登记"), "ok")
            return redirect(url_for("preparing.show", preparation_id=preparation_id))
        except Refusal as refusal:
            if refusal.status == 404:
                raise
            form.form_errors.append(told(refusal))
    return page(found_here(preparation_id), form)


@blueprint.get("/<preparation_id>/report")
@requires("preparing.work")
def report(preparation_id: str) -> Response:
    """The written report that the preparation was started on."""
    row, platform = found_here(preparation_id).row, context.platform()
    data = paperwork.evidence_of(platform.keys, platform.files, row)
    response = send_file(
        BytesIO(data), mimetype=row.evidence_media, as_attachment=True, download_name=row.evidence_name
    )
    response.headers["X-Content-SHA256"] = row.evidence_sha256
    return response


@blueprint.route("/<preparation_id>/finish", methods=["GET", "POST"])
@requires("preparing.run")
def finish(preparation_id: str) -> str | Response:
    """End it: the group's powers end the same second."""
    found = found_here(preparation_id)
    form = ReasonForm()
    if form.validate_on_submit():
        with context.writing() as session:
            service.finish(
                session,
                context.community().id,
                preparation_id,
                reason=form.reason.data or "",
                by=context.person_id(),
                now=context.now(),
            )
        flash(gettext("筹备已结束，小组成员的权限立即失效"), "ok")
        return redirect(url_for("preparing.show", preparation_id=preparation_id))
    return render_template(
        "offices/preparing_finish.html", form=form, row=found.row, title=words.TITLES[found.row.what]
    )
