"""The owners' list: page and files for those who check, pay and audit; areas without rooms for every owner."""

from flask import Response as FlaskResponse
from flask import render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from finance.shares.powers import READ
from finance.shares.rules.runs import KIND_NAMES, RunKind, RunState
from finance.shares.service import claims
from finance.shares.service import runs as service
from finance.shares.service.standing import parts_of
from finance.shares.tables import ShareLine, SharePart, ShareRun
from finance.shares.views.base import blueprint, sent
from finance.tables import Document
from hoa.community import lists
from hoa.db import get
from hoa.kernel import area, money
from hoa.kernel.errors import NotFound
from hoa.web import context
from hoa.web.access import requires

PAGE = 50
HEADINGS = ("序号", "房屋", "编号", "面积（平方米）", "本户金额（元）", "收款人", "份额", "收款人金额（元）", "说明")
# A fee subsidy goes to the company whoever of the co-owners stands on the list; a dividend waits for a name.
UNNAMED = {RunKind.DIVIDEND: "共有人未指定，代为保管", RunKind.SUBSIDY: "共有人"}


@blueprint.get("/runs/<run_id>/list")
@requires(READ)
def owner_list(run_id: str) -> str:
    """Every line of the current list, with how far each payee's money is."""
    session, here = context.reading(), context.community()
    run = get(session, ShareRun, here.id, run_id)
    text = request.args.get("q", "").strip()
    rows = [row for row in service.lines_of(session, run) if not text or _has(row, text)]
    pages = max(1, -(-len(rows) // PAGE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    shown = rows[(page - 1) * PAGE : page * PAGE]
    standings = parts_of(session, run, lines=[line.id for line, _ in shown])
    owners = {standing.owner_id for standing in standings.values() if standing.owner_id}
    waiting = {row.part.id: row for row in claims.waiting(session, here.id, parts=list(standings))}
    return render_template(
        "shares/list.html",
        run=run,
        rows=shown,
        standings=standings,
        waiting=waiting,
        names=service.owner_names(session, here.id, owners),
        text=text,
        total=len(rows),
        page=page,
        pages=pages,
    )


def _has(row: tuple[ShareLine, list[SharePart]], text: str) -> bool:
    line, parts = row
    return text in line.label or text in line.code or any(text in part.name for part in parts)


@blueprint.get("/runs/<run_id>/list.<ending>")
@requires(READ)
def list_file(run_id: str, ending: str) -> Response:
    """The list as workbook or CSV, or as the PDF that is the voucher's document."""
    session, here = context.reading(), context.community()
    run = get(session, ShareRun, here.id, run_id)
    name = f"{here.code}-{run.kind}-{run.year}-{run.number:02d}"
    if ending == "pdf":
        if run.document_id is None:
            raise NotFound
        document = get(session, Document, here.id, run.document_id)
        data = context.platform().files.get(document.sha256)
        return sent(data, name=f"{name}.pdf", media_type="application/pdf")
    if ending not in lists.MEDIA or run.list_hash is None:
        raise NotFound
    rows = list_rows(service.lines_of(session, run), unnamed=UNNAMED[RunKind(run.kind)])
    rows.append(("", "合计", "", "", money.plain(run.total_fen), "", "", "", f"清单哈希 {run.list_hash}"))
    data = lists.as_csv(HEADINGS, rows) if ending == "csv" else lists.as_xlsx(KIND_NAMES[run.kind], HEADINGS, rows)
    return sent(data, name=f"{name}.{ending}", media_type=lists.MEDIA[ending])


def list_rows(found: list[tuple[ShareLine, list[SharePart]]], *, unnamed: str) -> list[tuple[str, ...]]:
    """One row a payee; a unit without one still has its row."""
    rows: list[tuple[str, ...]] = []
    for line, parts in found:
        head = (str(line.no), line.label, line.code, area.plain(line.area), money.plain(line.amount_fen))
        if not parts:
            rows.append((*head, "", "", "", line.excluded_because))
        for part in parts:
            payee = part.name or unnamed
            rows.append((*head, payee, part.share, money.plain(part.amount_fen), ""))
    return rows


@blueprint.get("/runs/<run_id>/areas.txt")
@requires("register.read")
def areas(run_id: str) -> Response:
    """All areas that shared, smallest first, without room or name: with them and the amount the calculator gives every
    share again.
    """
    session, here = context.reading(), context.community()
    run = get(session, ShareRun, here.id, run_id)
    if run.state != RunState.CHECKED and not context.may(READ):
        raise NotFound
    found = sorted(line.area for line, _ in service.lines_of(session, run) if line.amount_fen)
    head = gettext("总金额 %(total)s 元，面积（平方米）：", total=money.plain(run.total_fen))
    text = "\n".join([f"# {head}", *(area.plain(value) for value in found)])
    answer = FlaskResponse(text + "\n", mimetype="text/plain")
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
