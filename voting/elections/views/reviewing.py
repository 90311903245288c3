"""One candidate on the group's desk: the checklist with evidence, the decision with reasons, the appeal's answer; and
hiding what tells personal data."""

from io import BytesIO
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.kernel.errors import NotAllowed, Refusal
from hoa.ports import uploads
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import tidy, written_text
from hoa.web.i18n import told
from voting.elections.powers import PREPARE
from voting.elections.rules.eligibility import CRITERIA
from voting.elections.rules.life import CandidateState
from voting.elections.service import calling, nominating, questions, reading, screening
from voting.elections.tables import Appeal, Candidate, CriterionCheck, Election, Nomination, ScreeningDecision
from voting.elections.views.shared import blueprint, candidate, find

EVIDENCE_LENGTH = 1000


@blueprint.get("/<election>/manage/<int(max=99999):standing>")
@requires(PREPARE)
def review(election: str, standing: int) -> str:
    row = find(election)
    return _page(row, candidate(row, standing))


def _page(row: Election, one: Candidate, problem: str = "", typed: dict[str, Any] | None = None) -> str:
    session = context.reading()
    return render_template(
        "elections/review.html",
        row=row,
        one=one,
        problem=problem,
        typed=typed or {},
        checks=reading.checks(session, one),
        history=reading.about(session, one, CriterionCheck),
        decisions=reading.about(session, one, ScreeningDecision),
        nominations=reading.about(session, one, Nomination),
        signed=reading.undertaking(session, one),
        heads=reading.heads_behind(session, one),
        needed=calling.pack_of(row).number("joint_nomination_heads"),
        conflicts=nominating.conflicts(session, row, one.person_id, now=context.now()),
        appeals=reading.about(session, one, Appeal),
        told=told,
    )


def _again(row: Election, standing: int) -> Response:
    return redirect(url_for("elections.review", election=row.code, standing=standing))


@blueprint.post("/<election>/manage/<int(max=99999):standing>/checks")
@requires(PREPARE)
def check(election: str, standing: int) -> str | Response:
    """Write down what was looked at: the criteria whose result, evidence or file is new; all of them or none."""
    row = find(election)
    one = candidate(row, standing)
    before = reading.checks(context.reading(), one)
    try:
        with context.writing() as session:
            saved = 0
            for criterion in CRITERIA:
                code = criterion.code
                result = request.form.get(f"result-{code}", "")
                evidence = written_text(f"evidence-{code}", most=EVIDENCE_LENGTH)
                sent = request.files.get(f"file-{code}")
                upload = (sent.filename or "", sent.stream.read()) if sent is not None and sent.filename else None
                known = before.get(code)
                same = (known.result, known.evidence) == (result, evidence) if known else not result
                if same and upload is None:
                    continue
                screening.check(
                    session,
                    row.community_id,
                    row.code,
                    standing,
                    criterion=code,
                    result=result or "unknown",
                    evidence=evidence,
                    by=context.person_id(),
                    now=context.now(),
                    files=context.platform().files,
                    upload=upload,
                )
                saved += 1
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return _page(find(election), candidate(row, standing), told(refusal), request.form.to_dict())
    flash(gettext("已记录 %(n)s 条审查", n=saved), "ok")
    return _again(row, standing)


@blueprint.post("/<election>/manage/<int(max=99999):standing>/decision")
@requires(PREPARE)
def decide(election: str, standing: int) -> str | Response:
    row = find(election)
    reasons = (tidy(request.form.get("reasons", "")) or "").replace("\r\n", "\n")
    outcome = request.form.get("outcome", "")
    if outcome not in (CandidateState.ACCEPTED.value, CandidateState.REFUSED.value):
        raise NotAllowed
    verb = screening.accept if outcome == CandidateState.ACCEPTED.value else screening.refuse
    try:
        with context.writing() as session:
            verb(
                session,
                row.community_id,
                row.code,
                standing,
                reasons=reasons,
                by=context.person_id(),
                now=context.now(),
            )
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return _page(find(election), candidate(row, standing), told(refusal), {"reasons": reasons})
    flash(gettext("已写下决定，候选人会看到理由"), "ok")
    return redirect(url_for("elections.manage", election=row.code))


@blueprint.post("/<election>/manage/<int(max=99999):standing>/appeal")
@requires(PREPARE)
def answer_appeal(election: str, standing: int) -> str | Response:
    row = find(election)
    try:
        with context.writing() as session:
            screening.answer_appeal(
                session,
                row.community_id,
                row.code,
                standing,
                uphold=request.form.get("outcome") == screening.UPHELD,
                reasons=(tidy(request.form.get("reasons", "")) or "").replace("\r\n", "\n"),
                by=context.person_id(),
                now=context.now(),
            )
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return _page(find(election), candidate(row, standing), told(refusal))
    flash(gettext("申诉已答复"), "ok")
    return _again(row, standing)


@blueprint.get("/<election>/manage/<int(max=99999):standing>/evidence/<evidence_id>")
@requires(PREPARE)
def evidence(election: str, standing: int, evidence_id: str) -> Response:
    """The file a criterion rests on; only for the group."""
    row = find(election)
    looked = screening.evidence_file(context.reading(), candidate(row, standing), evidence_id)
    data = context.platform().files.get(looked.file)
    media = uploads.media_type(data, looked.file_name)
    response = send_file(BytesIO(data), mimetype=media, as_attachment=True, download_name=looked.file_name)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/<election>/questions/<question_id>/hide")
@requires(PREPARE)
def hide_question(election: str, question_id: str) -> Response:
    row = find(election)
    with context.writing() as session:
        asked = questions.hide(
            session,
            row.community_id,
            row.code,
            question_id,
            reason=tidy(request.form.get("reason", "")) or "",
            by=context.person_id(),
            now=context.now(),
        )
        number = session.get_one(Candidate, (row.community_id, asked.candidate_id)).number
    flash(gettext("已隐藏，页面上写明理由"), "ok")
    return redirect(url_for("elections.candidate_page", election=row.code, standing=number) + "#questions")
