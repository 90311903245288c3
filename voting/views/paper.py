"""The paper desk: sheets prepared, printed, looked up, reissued; the officials' work, which conveners may look at."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from hoa.db import get
from hoa.jobs import enqueue
from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import public, signed_in
from hoa.web.i18n import language, told
from voting.powers import CONVENE
from voting.rules import paper
from voting.rules.life import State
from voting.rules.officials import Role
from voting.rules.paper import STAGE_TAGS, STAGE_TITLES, Stage
from voting.service import drafts, keying, printing, proposals, sheets
from voting.tables import Assembly, Official, PaperSheet
from voting.views.shared import blueprint, find

SHOWN = 20


@blueprint.context_processor
def _paper_words() -> dict[str, Any]:
    return {
        "STAGE_TITLES": STAGE_TITLES,
        "STAGE_TAGS": STAGE_TAGS,
        "Stage": Stage,
        "DEFECTS": paper.DEFECTS,
        "METHODS": paper.METHODS,
    }


def noticed(code: str) -> Assembly:
    """The assembly of a desk page; before its notice there is no paper."""
    assembly = find(code)
    if assembly.manifest_hash is None:
        raise NotFound
    return assembly


def looking(assembly: Assembly) -> Official | None:
    """The reader as an official; None for a convener, who may look. Everybody else is refused."""
    try:
        return proposals.official(context.reading(), assembly, context.person_id())
    except proposals.NotAnOfficial:
        if context.may(CONVENE):
            return None
        raise


def clerk(session: Session, assembly: Assembly) -> Official:
    """The reader as a clerk; nobody else handles sheets."""
    return proposals.official(session, assembly, context.person_id(), Role.CLERK.value)


@contextmanager
def acting(assembly: Assembly, *roles: str) -> Iterator[tuple[Session, Assembly, Official]]:
    """One write by an official of these roles (none given: a clerk)."""
    with context.writing() as session:
        here = get(session, Assembly, assembly.community_id, assembly.id)
        yield session, here, proposals.official(session, here, context.person_id(), *(roles or (Role.CLERK.value,)))


ANY = tuple(role.value for role in Role)


def tried(act: Callable[[], object], *, done: str, refused: str) -> Response:
    """Do something and say on the next page what came of it, or why not."""
    try:
        message = act()
    except Refusal as refusal:
        if refusal.status in (403, 404) and not isinstance(refusal, sheets.NoSuchSheet):
            raise
        flash(told(refusal), "error")
        return redirect(refused)
    if message:
        flash(str(message), "ok")
    return redirect(done)


@blueprint.get("/<code>/paper")
@signed_in
def paper_desk(code: str) -> str:
    """What is prepared, printed, keyed; and what waits for the reader."""
    assembly = noticed(code)
    official = looking(assembly)
    session = context.reading()
    standings = keying.standings(session, assembly, sheets.of(session, assembly))
    counts = keying.counts(standings)
    buildings = [
        (one, printing.made(session, assembly, printing.printable(session, assembly, one.building_id), language()))
        for one in sheets.buildings(session, assembly)
    ]
    tasks = keying.tasks(standings, official) if official else []
    return render_template(
        "voting/paper.html",
        assembly=assembly,
        official=official,
        is_clerk=official is not None and official.role == Role.CLERK,
        buildings=buildings,
        issuing=assembly.step in (State.NOTICED, State.OPEN) and "paper" in assembly.open_channels,
        counts=[(stage, number) for stage, number in counts.items() if number],
        tasks=tasks[:SHOWN],
        task_count=len(tasks),
    )


@blueprint.post("/<code>/paper/prepare")
@signed_in
def prepare_sheets(code: str) -> Response:
    """Ask for sheets: a building's, one elector's, or everybody's."""
    assembly = noticed(code)
    clerk(context.reading(), assembly)
    payload = {
        "assembly": assembly.id,
        "building": request.form.get("building") or None,
        "elector": request.form.get("elector") or None,
    }

    back = url_for("voting.paper_desk", code=code)
    try:
        sheets.may_issue(assembly)
        if len(proposals.officials(context.reading(), assembly)) < 1:
            raise proposals.NobodyToSign(needed=1)
    except Refusal as refusal:
        flash(told(refusal), "error")
        return redirect(back)
    return _job(assembly, "voting.sheets", payload)


@blueprint.post("/<code>/paper/print")
@signed_in
def print_sheets(code: str) -> Response:
    """Ask for PDFs of the issued sheets: a building's, one sheet, or everybody's."""
    assembly = noticed(code)
    clerk(context.reading(), assembly)
    session, building, serial = context.reading(), request.form.get("building"), request.form.get("serial")
    known = [one.building_id for one in sheets.buildings(session, assembly) if one.live]
    chosen = [one for one in known if building in (None, "", one)]
    if serial:
        serial = sheets.find_live(session, assembly, serial).serial
    elif not chosen:
        flash(told(printing.NothingToPrint()), "error")
        return redirect(url_for("voting.paper_desk", code=code))
    payload = {"assembly": assembly.id, "buildings": chosen, "serial": serial or None, "language": language()}
    return _job(assembly, "voting.print-sheets", payload)


def _job(assembly: Assembly, kind: str, payload: dict[str, Any]) -> Response:
    with context.writing() as session:
        job = enqueue(
            session,
            kind,
            payload,
            now=context.now(),
            community_id=assembly.community_id,
            person_id=context.person_id(),
        )
    return redirect(url_for("jobs.show", job_id=job.id))


@blueprint.get("/<code>/paper/buildings/<building_id>.pdf")
@signed_in
def building_pdf(code: str, building_id: str) -> Response:
    """A building's sheets, if they are printed as they stand now."""
    assembly = noticed(code)
    session = context.reading()
    clerk(session, assembly)
    return _pdf(assembly, printing.printable(session, assembly, building_id), f"{assembly.code}-{building_id[:6]}")


@blueprint.get("/<code>/paper/sheets/<serial>.pdf")
@signed_in
def sheet_pdf(code: str, serial: str) -> Response:
    """One sheet by itself."""
    assembly = noticed(code)
    session = context.reading()
    clerk(session, assembly)
    return _pdf(assembly, [sheets.find_live(session, assembly, serial)], f"{assembly.code}-{serial}")


def _pdf(assembly: Assembly, found: list[PaperSheet], name: str) -> Response:
    kept = printing.made(context.reading(), assembly, found, language()) if found else None
    if kept is None:
        raise NotFound
    data = printing.opened(context.platform(), assembly, kept)
    response = send_file(
        BytesIO(data), mimetype="application/pdf", as_attachment=True, download_name=f"{name}-sheets.pdf"
    )
    response.headers["Cache-Control"] = "no-store"
    return response


# ------------------------------------------------------------------------------------------------------- one sheet


@blueprint.get("/<code>/s/<serial>")
@public
def scanned_code(code: str, serial: str) -> Response:
    """Where the QR code of a sheet leads: officials to the sheet, everybody else to the assembly. It tells nobody
    whether there is such a sheet."""
    assembly, me = find(code), context.me()
    if me is not None and assembly.manifest_hash is not None:
        try:
            looking(assembly)
            return redirect(url_for("voting.sheet", code=code, serial=serial))
        except proposals.NotAnOfficial:
            pass
    return redirect(url_for("voting.show", code=code))


@blueprint.get("/<code>/paper/find")
@signed_in
def find_sheet(code: str) -> Response:
    """A serial typed at the desk, or read by a scanner that types."""
    assembly = noticed(code)
    looking(assembly)
    typed = request.args.get("serial", "")
    try:
        found = sheets.find(context.reading(), assembly, typed)
    except Refusal as refusal:
        flash(told(refusal), "error")
        return redirect(url_for("voting.paper_desk", code=code))
    return redirect(url_for("voting.sheet", code=code, serial=found.serial))


@blueprint.get("/<code>/paper/sheets/<serial>")
@signed_in
def sheet(code: str, serial: str) -> str:
    """Where a sheet stands, what was done with it, and what may be done next."""
    assembly = noticed(code)
    official = looking(assembly)
    session, keys = context.reading(), context.platform().keys
    found = sheets.find(session, assembly, serial)
    here = keying.standing(session, assembly, found)
    due = keying.due_rulings(session, keys, assembly, here) if official else []
    entry = sheets.roll_of(session, assembly, [found.elector])[found.elector]
    return render_template(
        "voting/sheet.html",
        assembly=assembly,
        official=official,
        is_clerk=official is not None and official.role == Role.CLERK,
        here=here,
        sheet=found,
        rooms="、".join(str(unit["unit"]) for unit in entry.units),
        area=entry.area,
        may_key=official is not None and keying.may_key(here, official),
        may_settle=official is not None and keying.may_settle(here, official),
        due=due,
        keyings=keying.history(session, assembly, found),
        motions=drafts.motions(session, assembly),
        printed=printing.made(session, assembly, [found], language()) if found.live else None,
        issuing=assembly.step in (State.NOTICED, State.OPEN),
    )


@blueprint.post("/<code>/paper/sheets/<serial>/reissue")
@signed_in
def reissue_sheet(code: str, serial: str) -> Response:
    """A lost or spoilt sheet: a new one is prepared, and the old one dies when a clerk has signed."""
    assembly = noticed(code)
    here = url_for("voting.sheet", code=code, serial=serial)

    def act() -> object:
        with acting(assembly) as (session, row, official):
            keys, now = context.platform().keys, context.now()
            old = sheets.find(session, row, serial, lock=True)
            fresh = sheets.reissue(session, keys, row, old, by=official.person_id, now=now).serial
        return gettext("已制作补发的选票 %(serial)s。一名工作人员签名后旧的作废，新的才能打印。", serial=fresh)

    return tried(act, done=here, refused=here)


@blueprint.post("/<code>/paper/sheets/<serial>/withdraw")
@signed_in
def withdraw_sheet(code: str, serial: str) -> Response:
    """A sheet that nobody signed for is forgotten."""
    assembly = noticed(code)

    def act() -> object:
        with acting(assembly) as (session, row, _official):
            sheets.withdraw(session, row, sheets.find(session, row, serial, lock=True), now=context.now())
        return gettext("已撤回，没有写入日志。")

    back = url_for("voting.sheet", code=code, serial=serial)
    return tried(act, done=url_for("voting.paper_desk", code=code), refused=back)
