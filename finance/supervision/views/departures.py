"""Audits at the end of a term as pages."""

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import TextAreaField

from finance.service.books import find_book
from finance.supervision.powers import DECIDE, FIND, READ
from finance.supervision.rules import departures as rules
from finance.supervision.rules.departures import POINTS, STAGE_NAMES, WORD_NAMES, Stage
from finance.supervision.service import departures as service
from finance.supervision.tables import TermAudit, TermAuditMark
from finance.supervision.views.base import blueprint, names_of
from hoa.db import get
from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import requires, signed_in
from hoa.web.forms import Form, at_most, required
from hoa.web.i18n import told


class OpinionForm(Form):
    text = TextAreaField(lazy_gettext("意见"), validators=[required(), at_most(rules.LONGEST)])


@blueprint.get("/terms")
@requires(READ)
def terms() -> str:
    """Audits that were begun, and those that the offices propose."""
    session, here = context.reading(), context.community()
    has_books = find_book(session, here.id) is not None
    proposals = service.proposals(session, here.id, context.now()) if has_books else []
    rows = service.audits(session, here.id)
    people = [row.person_id for row in rows] + [one.departure.person_id for one in proposals]
    return render_template(
        "supervision/terms.html",
        rows=[(row, service.stage(row)) for row in rows],
        proposals=proposals,
        names=names_of(people),
        STAGE_NAMES=STAGE_NAMES,
        may_begin=context.may(FIND),
    )


@blueprint.post("/terms")
@requires(FIND)
def begin_term() -> Response:
    if find_book(context.reading(), context.community().id) is None:
        raise NotFound
    with context.writing() as session:
        row = service.begin(
            session,
            context.community().id,
            request.form.get("subject", ""),
            by=context.person_id(),
            now=context.now(),
        )
    return redirect(url_for("supervision.term", term_audit_id=row.id))


def _mine(term_audit_id: str) -> TermAudit:
    """An audit that this person may read: those inside, and those concerned."""
    session = context.reading()
    row = get(session, TermAudit, context.community().id, term_audit_id)
    if not context.may(READ) and context.person_id() not in service.concerned(session, row):
        raise NotFound
    return row


@blueprint.get("/terms/<term_audit_id>")
@signed_in
def term(term_audit_id: str) -> str:
    return _page(term_audit_id)


def _page(
    term_audit_id: str, form: OpinionForm | None = None, *, refused: str = "", typed: Mapping[str, str] | None = None
) -> str:
    session, row = context.reading(), _mine(term_audit_id)
    marks, replies = service.marks(session, row), service.replies(session, row)
    concerned = service.concerned(session, row)
    people: list[Any] = [row.person_id, row.begun_by, row.draft_by, row.final_by, *concerned]
    return render_template(
        "supervision/term.html",
        row=row,
        stage=service.stage(row),
        Stage=Stage,
        STAGE_NAMES=STAGE_NAMES,
        POINTS=POINTS,
        WORD_NAMES=WORD_NAMES,
        marks=marks,
        replies=replies,
        concerned=sorted(concerned),
        names=names_of([*people, *(one.by for one in marks.values()), *(one.by for one in replies)]),
        form=form or OpinionForm(formdata=None),
        missing=len(POINTS) - len(marks),
        refused=refused,
        typed=_words_of(marks) | dict(typed or {}),
        may_check=context.may(FIND),
        may_decide=context.may(DECIDE),
        may_reply=context.person_id() in concerned,
    )


def _words_of(marks: Mapping[str, TermAuditMark]) -> dict[str, str]:
    """The fields of the checklist as they were saved."""
    return {f"word-{point}": mark.word for point, mark in marks.items()} | {
        f"note-{point}": mark.note for point, mark in marks.items()
    }


@blueprint.post("/terms/<term_audit_id>/marks")
@requires(FIND)
def mark_term(term_audit_id: str) -> str | Response:
    """The words on several points at once: only those that were changed are written."""
    here = context.community()
    row = get(context.reading(), TermAudit, here.id, term_audit_id)
    known = service.marks(context.reading(), row)
    try:
        with context.writing() as session:
            for point in POINTS:
                word, note = request.form.get(f"word-{point}", ""), request.form.get(f"note-{point}", "").strip()
                old = known.get(point)
                if not word or (old is not None and (old.word, old.note) == (word, note)):
                    continue
                service.mark(
                    session,
                    here.id,
                    term_audit_id,
                    point=point,
                    word=word,
                    note=note,
                    by=context.person_id(),
                    now=context.now(),
                )
    except Refusal as refusal:
        return _page(term_audit_id, refused=told(refusal), typed=request.form.to_dict())
    flash(gettext("检查结果已保存"), "ok")
    return redirect(url_for("supervision.term", term_audit_id=term_audit_id))


@blueprint.post("/terms/<term_audit_id>/report")
@requires("audit.report")
def term_report(term_audit_id: str) -> Response:
    """Have the audit report of exactly these days made."""
    with context.writing() as session:
        row, job = service.ask_report(
            session, context.community().id, term_audit_id, by=context.person_id(), now=context.now()
        )
    if job is None:
        return redirect(url_for("audit.report", report_id=row.report_id))
    return redirect(url_for("jobs.show", job_id=job.id))


def _said(term_audit_id: str, verb: Any, done: str) -> str | Response:
    """One of the three texts of an audit: draft, reply, final opinion."""
    form = OpinionForm()
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                verb(
                    session,
                    context.community().id,
                    term_audit_id,
                    text=form.text.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(done, "ok")
            return redirect(url_for("supervision.term", term_audit_id=term_audit_id))
    return _page(term_audit_id, form)


@blueprint.post("/terms/<term_audit_id>/draft")
@requires(DECIDE)
def draft_term(term_audit_id: str) -> str | Response:
    return _said(term_audit_id, service.send_draft, gettext("征求意见稿已送离任的委员"))


@blueprint.post("/terms/<term_audit_id>/reply")
@signed_in
def reply_term(term_audit_id: str) -> str | Response:
    _mine(term_audit_id)
    return _said(term_audit_id, service.reply, gettext("您的意见已送监督委员会"))


@blueprint.post("/terms/<term_audit_id>/final")
@requires(DECIDE)
def finish_term(term_audit_id: str) -> str | Response:
    return _said(term_audit_id, service.finish, gettext("审计意见已定稿"))
