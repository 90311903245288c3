"""The ledger of deliveries: who was given the ballot how and when, and how far each ballot is. Never what it says."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import render_template, request, send_file, url_for
from flask_babel import gettext
from openpyxl import Workbook
from werkzeug.wrappers import Response

from hoa.community.export import safe_csv
from hoa.kernel.area import plain
from hoa.kernel.clock import CHINA, stamp, today
from hoa.kernel.errors import NotFound
from hoa.web import context
from hoa.web.access import signed_in
from voting.rules.life import State
from voting.rules.officials import Role
from voting.rules.paper import METHODS
from voting.service import deliveries, doors, sheets
from voting.service.deliveries import STATES, Line
from voting.tables import Assembly
from voting.views.paper import acting, looking, noticed, tried
from voting.views.shared import blueprint

PAGE = 50
TAGS = {"none": "warn", "issued": "plain", "delivered": "ink", "returned": "ink", "valid": "ok", "invalid": "error"}


@blueprint.get("/<code>/deliveries")
@signed_in
def delivery_ledger(code: str) -> str:
    """Electors by the order of their flats, with search and pages."""
    assembly = noticed(code)
    official = looking(assembly)
    _looked(assembly)
    session = context.reading()
    lines = deliveries.ledger(session, assembly)
    words, state = request.args.get("q", ""), request.args.get("state", "")
    found = deliveries.search(lines, words=words, state=state if state in STATES else "")
    pages = max(1, -(-len(found) // PAGE))
    page = min(max(request.args.get("page", 1, int), 1), pages)
    return render_template(
        "voting/deliveries.html",
        assembly=assembly,
        is_clerk=official is not None and official.role == Role.CLERK,
        open_now=assembly.step in (State.NOTICED, State.OPEN),
        totals=deliveries.totals(lines),
        lines=found[(page - 1) * PAGE : page * PAGE],
        total=len(found),
        page=page,
        pages=pages,
        words=words,
        state=state,
        STATES=STATES,
        TAGS=TAGS,
        buildings=sheets.buildings(session, assembly),
        collected=len(deliveries.collected(session, assembly)),
        now=context.now().astimezone(CHINA).strftime("%Y-%m-%dT%H:%M"),
    )


def _looked(assembly: Assembly) -> None:
    """While voting is open the ledger tells who has voted, as the door list does: each look is written down there."""
    if assembly.step is State.OPEN:
        with context.writing() as session:
            doors.look(session, assembly, person_id=context.person_id(), page="ledger", now=context.now())


@blueprint.post("/<code>/deliveries")
@signed_in
def record_delivery(code: str) -> Response:
    """A building's sheets at once, or one elector's; a clerk signs the entries afterwards."""
    assembly = noticed(code)
    back = url_for("voting.delivery_ledger", code=code)

    def act() -> object:
        form = request.form
        method = form.get("method", "")
        if method not in METHODS or method == "login":
            raise deliveries.UnknownMethod
        with acting(assembly) as (session, row, official):
            if form.get("elector"):
                electors = [form["elector"]] if form["elector"] in sheets.places(session, row) else []
            else:
                electors = deliveries.to_deliver(session, row, form.get("building", ""), method=method)
            made = deliveries.record_some(
                session,
                context.platform().keys,
                row,
                electors,
                method=method,
                delivered=_moment(form.get("delivered", "")),
                note=form.get("note", "")[:200],
                by=official.person_id,
                now=context.now(),
            )
        return gettext("登记了 %(count)s 户，等待一名工作人员签名。", count=len(made))

    return tried(act, done=back, refused=back)


def _moment(typed: str) -> datetime:
    """The time of a local field; a minute that is still running counts as now."""
    try:
        given = datetime.strptime(typed, "%Y-%m-%dT%H:%M").replace(tzinfo=CHINA)
    except ValueError:
        raise deliveries.DeliveredWhen from None
    now = context.now()
    return min(given, now) if (given - now).total_seconds() < 60 else given


@blueprint.post("/<code>/deliveries/logins")
@signed_in
def submit_logins(code: str) -> Response:
    """Everybody who opened the notice after signing in, as entries for one clerk to sign."""
    assembly = noticed(code)
    back = url_for("voting.delivery_ledger", code=code)

    def act() -> object:
        with acting(assembly) as (session, row, official):
            keys, now = context.platform().keys, context.now()
            count = deliveries.submit_collected(session, keys, row, by=official.person_id, now=now)
        return gettext("提交了 %(count)s 条登录送达，等待一名工作人员签名。", count=count)

    return tried(act, done=back, refused=back)


def note_login(assembly: Assembly) -> None:
    """The reader opened the notice: for an owner on the roll that is a delivery (R1.29), collected once."""
    me = context.me()
    if me is None or assembly.step not in (State.NOTICED, State.OPEN):
        return
    now = context.now()
    if not deliveries.unseen(context.reading(), assembly, person_id=me.id, day=today(now)):
        return
    with context.writing() as session:
        deliveries.seen(session, assembly, person_id=me.id, now=now, day=today(now))


# ---------------------------------------------------------------------------------------------------------- export


@blueprint.get("/<code>/deliveries.<ending>")
@signed_in
def export_deliveries(code: str, ending: str) -> Response:
    """The whole ledger as XLSX or CSV; cells are text, so that no program runs what somebody typed."""
    assembly = noticed(code)
    looking(assembly)
    if ending not in ("xlsx", "csv"):
        raise NotFound
    _looked(assembly)
    rows = [_headings(), *(_cells(line) for line in deliveries.ledger(context.reading(), assembly))]
    name = f"{context.community().code}-{assembly.code}-deliveries.{ending}"
    data, media_type = (_xlsx(rows), XLSX) if ending == "xlsx" else (_csv(rows), "text/csv; charset=utf-8")
    response = send_file(io.BytesIO(data), mimetype=media_type, as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "no-store"
    return response


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _headings() -> list[str]:
    return [
        gettext("房屋"),
        gettext("面积（平方米）"),
        gettext("选票编号"),
        gettext("状态"),
        gettext("送达方式"),
        gettext("送达时间"),
        gettext("经办或见证"),
    ]


def _cells(line: Line) -> list[str]:
    return [
        line.rooms,
        plain(line.area),
        line.serial or "",
        gettext(STATES[line.state]),
        "；".join(gettext(METHODS[row.method]) for row in line.deliveries),
        "；".join(stamp(row.delivered_at) for row in line.deliveries),
        "；".join(row.note for row in line.deliveries if row.note),
    ]


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([safe_csv(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _xlsx(rows: Sequence[Sequence[str]]) -> bytes:
    book = Workbook(write_only=True)
    page: Any = book.create_sheet(gettext("送达台账"))
    for row in rows:
        page.append([safe_csv(cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
