"""问题清单, 责任清单, 整改清单: as a page, a workbook and on paper."""

import io
from collections.abc import Sequence
from typing import Any

from flask import redirect, render_template, send_file, url_for
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from finance.audit.rules.findings import SEVERITY_NAMES, Severity
from finance.supervision.powers import READ
from finance.supervision.present import case_told, state_word
from finance.supervision.rules.cases import KIND_NAMES, Kind
from finance.supervision.service import lists as service
from finance.supervision.service.lists import Row, Table
from finance.supervision.tables import Case
from finance.supervision.views.base import blueprint
from hoa.community.service import get_community
from hoa.jobs import Job, Run, enqueue
from hoa.kernel.clock import parse_stamp, stamp
from hoa.kernel.errors import NotFound
from hoa.web import context
from hoa.web.access import requires
from hoa.web.i18n import day, language
from hoa.web.pdf import render_pdf

TASK = "supervision.paper"


def number(case: Case) -> str:
    """问题 3, 质询 1: how a case is cited."""
    return f"{gettext(KIND_NAMES[Kind(case.kind)])} {case.number}"


def _tables(rows: Sequence[Row]) -> list[Table]:
    told = [(row, case_told(row.case)) for row in rows]
    return [
        Table(
            name=gettext("问题清单"),
            widths=(1, 1, 1, 3, 2, 2, 2),
            headings=(
                gettext("编号"),
                gettext("程度"),
                gettext("问题"),
                gettext("事实"),
                gettext("依据"),
                gettext("涉及金额"),
                gettext("证据"),
            ),
            lines=tuple(
                (
                    row.case.id,
                    (
                        number(row.case),
                        gettext(SEVERITY_NAMES[Severity(row.case.severity)]),
                        words["title"],
                        words["fact"],
                        words["rule"],
                        row.case.amount_fen,
                        gettext("；").join(item["label"] for item in row.case.evidence),
                    ),
                )
                for row, words in told
            ),
        ),
        Table(
            name=gettext("责任清单"),
            widths=(1, 3, 2, 4, 2),
            headings=(gettext("编号"), gettext("问题"), gettext("责任方"), gettext("建议"), gettext("期限")),
            lines=tuple(
                (
                    row.case.id,
                    (number(row.case), words["title"], words["office"], words["advice"], day(row.case.due_on)),
                )
                for row, words in told
            ),
        ),
        Table(
            name=gettext("整改清单"),
            widths=(1, 2, 2, 2, 2, 2, 1),
            headings=(
                gettext("编号"),
                gettext("问题"),
                gettext("进度"),
                gettext("业主委员会的答复"),
                gettext("监督委员会的认定"),
                gettext("更正的凭证或材料"),
                gettext("办结日期"),
            ),
            lines=tuple(
                (
                    row.case.id,
                    (
                        number(row.case),
                        words["title"],
                        state_word(row.case.state),
                        row.answer,
                        row.decision,
                        row.correction,
                        day(row.case.closed_at) if row.case.closed_at else "",
                    ),
                )
                for row, words in told
            ),
        ),
    ]


@blueprint.get("/lists")
@requires(READ)
def lists() -> str:
    tables = _tables(service.rows(context.reading(), context.community().id))
    return render_template("supervision/lists.html", tables=tables)


@blueprint.get("/lists.xlsx")
@requires(READ)
def lists_xlsx() -> Response:
    here = context.community()
    data = service.as_xlsx(_tables(service.rows(context.reading(), here.id)))
    sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return send_file(io.BytesIO(data), mimetype=sheet, as_attachment=True, download_name=f"{here.code}-lists.xlsx")


@blueprint.post("/lists/paper")
@requires(READ)
def print_lists() -> Response:
    """Have the lists printed as they are now."""
    here, now = context.community(), context.now()
    tables = _tables(service.rows(context.reading(), here.id))
    html = render_template("supervision/lists_paper.html", community_name=here.name, tables=tables, at=now)
    payload = {
        "html": context.platform().files.put(html.encode()),
        "created": stamp(now),
        "language": language(),
    }
    with context.writing() as session:
        job = enqueue(session, TASK, payload, now=now, community_id=here.id, person_id=context.person_id())
    return redirect(url_for("jobs.show", job_id=job.id))


def print_task(run: Run) -> dict[str, Any]:
    """The worker's part: the PDF of the very lists that were asked for."""
    platform, payload = run.platform, run.payload
    html = platform.files.get(str(payload["html"])).decode()
    made = render_pdf(html, created=parse_stamp(str(payload["created"])), language=str(payload["language"]))
    digest = platform.files.put(made)
    with platform.database.reading() as session:
        code = get_community(session, run.community).code
    return {"url": f"/c/{code}/supervision/lists/paper/{run.job_id}.pdf", "digest": digest}


@blueprint.get("/lists/paper/<print_job>.pdf")
@requires(READ)
def printed_lists(print_job: str) -> Response:
    """What was printed for this person."""
    here = context.community()
    query = select(Job).where(
        Job.id == print_job,
        Job.kind == TASK,
        Job.community_id == here.id,
        Job.person_id == context.person_id(),
        Job.state == "done",
    )
    job = context.reading().scalars(query).one_or_none()
    if job is None or job.result is None:
        raise NotFound
    data = context.platform().files.get(str(job.result["digest"]))
    name = f"{here.code}-lists.pdf"
    return send_file(io.BytesIO(data), mimetype="application/pdf", as_attachment=True, download_name=name)
