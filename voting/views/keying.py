"""Scans of returned sheets, keying them apart, settling, voids and rulings. What a sheet says is on these pages only,
and only for those who key it, settle it or rule on it."""

from io import BytesIO
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.ports import uploads
from hoa.web import context
from hoa.web.access import signed_in
from hoa.web.i18n import told
from voting.rules import paper
from voting.rules.election import Contest
from voting.rules.paper import Keyed, Stage
from voting.rules.screens import screens
from voting.service import drafts, keying, proposals, scans, sheets
from voting.tables import Assembly, Official, PaperScan
from voting.views.paper import ANY, acting, clerk, noticed, tried
from voting.views.shared import blueprint

PAGES_OF_A_SHEET = range(1, 7)
VOID_REASONS = {"keying-error": N_("录入有误"), "wrong-elector": N_("录到了别的业主名下")}


class NoFile(Refusal):
    message = N_("请选择扫描件")


class BadPages(Refusal):
    message = N_("每张选票的页数应为 %(first)s 到 %(last)s")


class NoSuchReason(Refusal):
    message = N_("请选择原因")


# ----------------------------------------------------------------------------------------------------------- scans


@blueprint.get("/<code>/paper/scans")
@signed_in
def paper_scans(code: str) -> str:
    """Send scans, and say whose the pages of a batch are."""
    assembly = noticed(code)
    session = context.reading()
    clerk(session, assembly)
    return render_template(
        "voting/paper_scans.html",
        assembly=assembly,
        unassigned=scans.unassigned(session, assembly),
        most_mb=uploads.MAX_BYTES // 2**20,
        pages=PAGES_OF_A_SHEET,
    )


@blueprint.post("/<code>/paper/scans")
@signed_in
def send_scans(code: str) -> Response:
    """Check, seal and keep what was sent; with a serial it is that sheet's, without one it is split into sheets."""
    assembly = noticed(code)
    clerk(context.reading(), assembly)
    back = url_for("voting.paper_scans", code=code)

    def act() -> object:
        sent = [one for one in request.files.getlist("file") if one.filename]
        if not sent:
            raise NoFile
        typed = request.form.get("serial", "").strip()
        serial = sheets.find_live(context.reading(), assembly, typed).serial if typed else None
        each = _pages_of_a_sheet()
        checked = [uploads.checked(one.stream.read(uploads.MAX_BYTES + 1), one.filename or "") for one in sent]
        parts = checked[:1] if serial else [part for one in checked for part in scans.split(one, each=each)]
        platform = context.platform()
        kept = [scans.keep(platform.keys, platform.files, assembly, part) for part in parts]
        with acting(assembly) as (session, row, official):
            scans.add(session, row, kept, serial=serial, by=official.person_id, now=context.now())
        return gettext("收到 %(count)s 份扫描件，已加密保存。", count=len(kept))

    return tried(act, done=back, refused=back)


def _pages_of_a_sheet() -> int:
    typed = request.form.get("each", "1")
    if not typed.isdecimal() or int(typed) not in PAGES_OF_A_SHEET:
        raise BadPages(first=PAGES_OF_A_SHEET[0], last=PAGES_OF_A_SHEET[-1])
    return int(typed)


@blueprint.post("/<code>/paper/scans/<scan_id>/put")
@signed_in
def put_scan(code: str, scan_id: str) -> Response:
    """The serial that a clerk read on the page."""
    assembly = noticed(code)

    def act() -> object:
        with acting(assembly) as (session, row, official):
            found = scans.found(session, row, scan_id, lock=True)
            typed, now = request.form.get("serial", ""), context.now()
            serial = scans.put(session, row, found, typed, by=official.person_id, now=now).serial
        return gettext("扫描件归入 %(serial)s，可以录入了。", serial=serial)

    back = url_for("voting.paper_scans", code=code)
    return tried(act, done=back, refused=f"{back}#scan-{scan_id}")


@blueprint.post("/<code>/paper/scans/<scan_id>/drop")
@signed_in
def drop_scan(code: str, scan_id: str) -> Response:
    """A page that is no ballot, or was scanned twice."""
    assembly = noticed(code)

    def act() -> object:
        with acting(assembly) as (session, row, _official):
            scans.drop(session, row, scans.found(session, row, scan_id, lock=True), now=context.now())
        return gettext("已放到一边，不再录入。文件仍然保存。")

    back = url_for("voting.paper_scans", code=code)
    return tried(act, done=back, refused=back)


@blueprint.get("/<code>/paper/scans/<scan_id>/<int:page>")
@signed_in
def scan_page(code: str, scan_id: str, page: int) -> Response:
    """One page of a scan as a picture; a PDF that holds no picture is given as it came (page 0: always)."""
    assembly = noticed(code)
    found = _visible(assembly, scan_id)
    data = scans.opened(context.platform(), assembly, found)
    shown = scans.picture(data, found.media_type, page) if page else None
    if shown is None and page > found.pages:
        raise NotFound
    content, media_type = shown or (data, found.media_type)
    name = None if shown else found.name
    response = send_file(BytesIO(content), mimetype=media_type, as_attachment=name is not None, download_name=name)
    response.headers["Cache-Control"] = "no-store"
    return response


def _visible(assembly: Assembly, scan_id: str) -> PaperScan:
    session = context.reading()
    official = proposals.official(session, assembly, context.person_id())
    found = scans.found(session, assembly, scan_id)
    if found.serial is None:
        clerk(session, assembly)
        if found.dropped_at is not None:
            raise keying.NotForYou
        return found
    here = keying.standing(session, assembly, sheets.find(session, assembly, found.serial))
    keying.check_may_see(session, context.platform().keys, assembly, here, official)
    return found


# ---------------------------------------------------------------------------------------------------------- keying


@blueprint.get("/<code>/paper/sheets/<serial>/key")
@signed_in
def key_sheet(code: str, serial: str) -> str | Response:
    """The scan beside the form. The second clerk sees nothing of what the first one read; the third sees both."""
    assembly = noticed(code)
    session = context.reading()
    official = proposals.official(session, assembly, context.person_id())
    here = keying.standing(session, assembly, sheets.find_live(session, assembly, serial))
    if not (keying.may_key(here, official) or keying.may_settle(here, official)):
        flash(told(_why_not(here, official)), "error")
        return redirect(url_for("voting.sheet", code=code, serial=here.sheet.serial))
    return _form(assembly, here, chosen={}, whole=(), problem=None)


def _why_not(here: keying.Standing, official: Official) -> Refusal:
    if here.stage is Stage.DIFFERS:
        return keying.NeedsAThird()
    if keying.changed_scan(here, official):
        return keying.ScanChangedByYou(serial=here.sheet.serial)
    if here.scan is None:
        return keying.NoScan(serial=here.sheet.serial)
    if official.person_id in here.people:
        return keying.KeyedByYou()
    return keying.NotToKey(serial=here.sheet.serial)


def _form(assembly: Assembly, here: keying.Standing, *, chosen: dict[str, str], whole: Any, problem: str | None) -> str:
    session, platform = context.reading(), context.platform()
    assert here.scan is not None
    settling = here.stage is Stage.DIFFERS
    read = [keying.opened(platform.keys, assembly, row) for row in here.keyings] if settling else []
    data = scans.opened(platform, assembly, here.scan)
    shown = [scans.picture(data, here.scan.media_type, page) is not None for page in range(1, here.scan.pages + 1)]
    return render_template(
        "voting/key_sheet.html",
        assembly=assembly,
        here=here,
        sheet=here.sheet,
        screens=screens(drafts.motions(session, assembly), assembly.elections),
        settling=settling,
        read=[(row.name, reading) for row, reading in zip(here.keyings, read, strict=False)],
        mark_of=_mark,
        chosen=chosen,
        whole=whole,
        problem=problem,
        pages=shown,
        one_motion=paper.OF_ONE_MOTION,
    )


def _mark(reading: Keyed, motion: str) -> str:
    """What somebody read for a motion, as the form names it."""
    defect = next((reason for where, reason in sorted(reading.defects) if where == motion), None)
    return defect or reading.marks.get(motion, "blank")


@blueprint.post("/<code>/paper/sheets/<serial>/key")
@signed_in
def keep_keying(code: str, serial: str) -> str | Response:
    """One reading; with the second equal one the ballot waits for its signatures."""
    assembly = noticed(code)
    session = context.reading()
    proposals.official(session, assembly, context.person_id())
    motions = [motion.code for motion in drafts.motions(session, assembly)]
    chosen = {motion: request.form[f"mark-{motion}"] for motion in motions if f"mark-{motion}" in request.form}
    whole = request.form.getlist("whole")
    try:
        reading = paper.read_keying(motions, chosen, whole)
    except paper.WrongMarks as refusal:
        here = keying.standing(session, assembly, sheets.find_live(session, assembly, serial))
        official = proposals.official(session, assembly, context.person_id())
        if not (keying.may_key(here, official) or keying.may_settle(here, official)):
            raise
        return _form(assembly, here, chosen=chosen, whole=whole, problem=told(refusal))
    return _keep(assembly, code, serial, reading)


def _too_many(election: Contest, agreed: int) -> str:
    """Keyed as marked; the count finds it invalid by itself (docs/audit-package.md 8.5)."""
    told_so: str = gettext(
        "“%(title)s”同意了 %(agreed)s 人，超过 %(most)s 人：已照票面保存，计票时这项选举按无效票处理。",
        title=election.title,
        agreed=agreed,
        most=election.approve_at_most,
    )
    return told_so


def _keep(assembly: Assembly, code: str, serial: str, reading: Keyed) -> Response:
    def act() -> object:
        with acting(assembly, *ANY) as (session, row, official):
            settling = request.form.get("settling") == "1"
            verb = keying.settle if settling else keying.key_in
            keys, now = context.platform().keys, context.now()
            here = verb(session, keys, row, serial, official=official, reading=reading, now=now)
        for screen in screens(drafts.motions(context.reading(), assembly), assembly.elections):
            if screen.election is not None and screen.over(reading.marks):
                flash(_too_many(screen.election, screen.agreed(reading.marks)), "warn")
        words = {
            Stage.KEYED_ONCE: gettext("已保存。还要另一名工作人员再录一次，他看不到您录的内容。"),
            Stage.DIFFERS: gettext("两人录入不一致，请第三人对照扫描件裁定。"),
            Stage.TO_SIGN: gettext("录入完成，等待两人签名后写入日志。"),
        }
        return words[here.stage]

    here = url_for("voting.sheet", code=code, serial=serial)
    return tried(act, done=here, refused=here)


@blueprint.post("/<code>/paper/sheets/<serial>/again")
@signed_in
def propose_again(code: str, serial: str) -> Response:
    """The same ballot once more, after its proposal was dropped."""
    assembly = noticed(code)

    def act() -> object:
        with acting(assembly) as (session, row, official):
            keying.again(session, context.platform().keys, row, serial, official=official, now=context.now())
        return gettext("已重新提交，等待两人签名。")

    here = url_for("voting.sheet", code=code, serial=serial)
    return tried(act, done=here, refused=here)


@blueprint.post("/<code>/paper/sheets/<serial>/anew")
@signed_in
def key_anew(code: str, serial: str) -> Response:
    """Begin keying again; what was keyed stays on record."""
    assembly = noticed(code)

    def act() -> object:
        with acting(assembly) as (session, row, _official):
            keying.key_anew(session, row, serial, now=context.now())
        return gettext("可以重新录入了。原来录的内容仍然留存备查。")

    here = url_for("voting.sheet", code=code, serial=serial)
    return tried(act, done=here, refused=here)


@blueprint.post("/<code>/paper/sheets/<serial>/void")
@signed_in
def void_sheet(code: str, serial: str) -> Response:
    """Take the ballot of this sheet out; two sign, its owner is told and may vote again."""
    assembly = noticed(code)

    def act() -> object:
        reason = request.form.get("reason", "")
        if reason not in VOID_REASONS:
            raise NoSuchReason
        with acting(assembly) as (session, row, official):
            keys, now = context.platform().keys, context.now()
            keying.propose_void(session, keys, row, serial, reason=reason, by=official.person_id, now=now)
        return gettext("作废等待两人签名；签名后这张选票可以重新录入。")

    here = url_for("voting.sheet", code=code, serial=serial)
    return tried(act, done=here, refused=here)


@blueprint.post("/<code>/paper/sheets/<serial>/rule")
@signed_in
def rule_sheet(code: str, serial: str) -> Response:
    """The defects that were keyed, or one chosen here, as rulings for two signatures (R1.35)."""
    assembly = noticed(code)
    motions = [motion.code for motion in drafts.motions(context.reading(), assembly)]

    def act() -> object:
        motion, reason = request.form.get("motion"), request.form.get("reason")
        chosen = motion is not None or reason is not None
        if chosen and (motion not in {*motions, paper.ALL_MOTIONS} or reason not in paper.DEFECTS):
            raise NoSuchReason
        with acting(assembly) as (session, row, official):
            keys, by, now = context.platform().keys, official.person_id, context.now()
            if chosen:
                keying.propose_ruling(
                    session, keys, row, serial, motion=str(motion), reason=str(reason), by=by, now=now
                )
            else:
                keying.propose_rulings(session, keys, row, serial, by=by, now=now)
        return gettext("认定等待两人签名。")

    here = url_for("voting.sheet", code=code, serial=serial)
    return tried(act, done=here, refused=here)
