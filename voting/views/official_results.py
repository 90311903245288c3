"""Results of official voting systems: entered beside their file, confirmed by another person, then for everybody."""

from datetime import date
from io import BytesIO
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from hoa.accounts import service as accounts
from hoa.db import get
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.forms import tidy
from hoa.web.i18n import told
from voting.powers import CONVENE
from voting.rules import shares
from voting.rules.matters import MATTERS, Majority, matter
from voting.rules.official import Figures, Judged
from voting.rules.thresholds import Measure, Outcome, Share
from voting.service import official_results as service
from voting.service.official_results import Head
from voting.tables import OfficialResult
from voting.views.shared import blueprint

# An election is a motion per candidate: fifteen of them beside five others.
MOST_MOTIONS = 20
PAIRS = ("roll", "participated", "agree", "oppose", "abstain", "invalid")
OUTCOMES = {
    Outcome.PASSED: N_("通过"),
    Outcome.FAILED: N_("未通过"),
    Outcome.REVIEW: N_("待复核"),
}


class BadDay(Refusal):
    message = N_("请写明作出决定的日期，例如 2026-10-20")


class TooManyMotions(Refusal):
    message = N_("一次最多登记 %(most)s 个表决事项")


@blueprint.get("/official/")
@public
def official_index() -> str:
    """Decisions taken in an official system; those that wait only for whoever enters and confirms them."""
    staff = context.may(CONVENE)
    rows = service.results(context.reading(), context.community().id, all_states=staff)
    return render_template("voting/official_index.html", rows=rows, staff=staff)


@blueprint.route("/official/new", methods=["GET", "POST"])
@requires(CONVENE)
def official_new() -> str | Response:
    """File, heading and figures; `motions` in the address says how many."""
    count = _count()
    problem = None
    if request.method == "POST":
        try:
            row = _enter(count)
        except Refusal as refusal:
            problem = told(refusal)
        else:
            flash(gettext("已登记，请另一个人对照文件确认。"), "ok")
            return redirect(url_for("voting.official_show", result_id=row.id))
    return render_template(
        "voting/official_new.html",
        count=count,
        given=request.form,
        pairs=PAIRS,
        problem=problem,
        most=MOST_MOTIONS,
        most_mb=service.MAX_BYTES // 2**20,
    )


def _count() -> int:
    asked = request.values.get("motions", "1")
    count = int(asked) if asked.isascii() and asked.isdigit() else 1
    if not 1 <= count <= MOST_MOTIONS:
        raise TooManyMotions(most=MOST_MOTIONS)
    return count


def _text(name: str) -> str:
    return tidy(request.form.get(name)) or ""


def _enter(count: int) -> OfficialResult:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise service.NotAResultFile
    try:
        day = date.fromisoformat(_text("decided_on"))
    except ValueError:
        raise BadDay from None
    motions = [_figures(number) for number in range(1, count + 1)]
    data = sent.stream.read(service.MAX_BYTES + 1)
    with context.writing() as session:
        return service.enter(
            session,
            context.platform().files,
            context.community().id,
            head=Head(_text("title")[:120], _text("system")[:80], day),
            motions=motions,
            name=sent.filename,
            data=data,
            by=context.person_id(),
            now=context.now(),
        )


def _figures(number: int) -> Figures:
    title = _text(f"title-{number}")[:200]
    if not title:
        raise service.NoMotion
    kind = matter(_text(f"matter-{number}") or "M9")
    stricter = _text(f"class-{number}") == Majority.SPECIAL.value
    pairs: dict[str, Share] = {
        name: shares.from_fields(_text(f"{name}-heads-{number}") or "0", _text(f"{name}-area-{number}") or "0")
        for name in PAIRS
    }
    return Figures(
        title=title,
        text=_text(f"text-{number}")[:4000] or title,
        matter=kind.code,
        majority=Majority.SPECIAL if stricter else kind.majority,
        said=_text(f"said-{number}"),
        **pairs,
    )


def _row(session: Session, result_id: str) -> OfficialResult:
    row = get(session, OfficialResult, context.community().id, result_id)
    if row.state != service.CONFIRMED and not context.may(CONVENE):
        raise NotFound
    return row


@blueprint.get("/official/<result_id>")
@public
def official_show(result_id: str) -> str:
    """The figures with our sums beside them; labelled so that nobody takes it for a vote held here."""
    session = context.reading()
    row = _row(session, result_id)
    return render_template("voting/official_show.html", row=row, **_values(session, row))


def _values(session: Session, row: OfficialResult) -> dict[str, Any]:
    me = context.me()
    judged: list[Judged] = list(service.judged(row))
    return {
        "judged": judged,
        "contradicts": [one for one in judged if not one.agrees],
        "outcomes": OUTCOMES,
        "Measure": Measure,
        "MATTERS": MATTERS,
        "entered_by": accounts.person(session, row.entered_by).name if context.may(CONVENE) else None,
        "may_settle": row.state == service.WAITING and context.may(CONVENE),
        "mine": me is not None and me.id == row.entered_by,
        "entered_on": today(row.entered_at),
    }


@blueprint.get("/official/<result_id>/file")
@public
def official_file(result_id: str) -> Response:
    """The file as the official system gave it, byte for byte."""
    row = _row(context.reading(), result_id)
    data = context.platform().files.get(row.file)
    response = send_file(
        BytesIO(data),
        mimetype=service.kind_of(row.file_name, data),
        as_attachment=True,
        download_name=f"official-{row.file[:10]}.{row.file_name.rsplit('.', 1)[-1].lower()}",
    )
    response.headers["X-Content-SHA256"] = row.file
    return response


@blueprint.post("/official/<result_id>/confirm")
@requires(CONVENE)
def official_confirm(result_id: str) -> Response:
    with context.writing() as session:
        service.confirm(
            session,
            context.community().id,
            result_id,
            url=url_for("voting.official_show", result_id=result_id),
            by=context.person_id(),
            now=context.now(),
        )
    flash(gettext("已确认并公布，通过的事项已登记为决议。"), "ok")
    return redirect(url_for("voting.official_show", result_id=result_id))


@blueprint.post("/official/<result_id>/refuse")
@requires(CONVENE)
def official_refuse(result_id: str) -> Response:
    with context.writing() as session:
        service.refuse(
            session,
            context.community().id,
            result_id,
            reason=_text("reason")[:200],
            by=context.person_id(),
            now=context.now(),
        )
    flash(gettext("已退回，没有公布。"), "ok")
    return redirect(url_for("voting.official_index"))
