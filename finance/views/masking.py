"""The masking editor: boxes drawn with a pointer, tapped as two corners, or typed; then burnt into a copy (遮盖)."""

import base64
import io
from dataclasses import dataclass, field, replace

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from finance.rules import masking as rules
from finance.rules.masking import Box
from finance.service import masking as service
from finance.tables import Document
from finance.views.base import blueprint
from hoa.accounts.tables import Person
from hoa.db import get
from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.heavy import place
from hoa.web.i18n import told

WIDTHS = (320, 640, 960)
# What the picture holds, so that it stays sharp however wide it is shown.
SHARP = 960
TYPED = ("left", "top", "wide", "high")


@dataclass(frozen=True)
class Desk:
    """What is on the editor's desk between two steps; all of it travels in the form, nothing is kept before the end."""

    boxes: tuple[Box, ...] = ()
    mark: tuple[int, int] | None = None
    page: int = 1
    width: int = WIDTHS[0]
    typed: dict[str, str] = field(default_factory=dict)
    nothing: bool = False
    wrong: str = ""


@blueprint.route("/documents/<document_id>/mask", methods=["GET", "POST"])
@requires("document.mask")
@place()
def mask_document(document_id: str) -> str | Response | tuple[str, int]:
    """Black boxes over what owners need not see. The original stays; a new copy takes the place of the last."""
    session, here = context.reading(), context.community()
    row = get(session, Document, here.id, document_id)
    if row.masked_from_id is not None:
        return redirect(url_for("finance.mask_document", document_id=row.masked_from_id))
    desk = Desk()
    if request.method == "POST":
        try:
            desk = _read()
            if request.form.get("act") == "keep":
                return _keep(row, desk)
            desk = _stepped(row, desk)
        except Refusal as refusal:
            return _editor(row, replace(_typed(), wrong=told(refusal))), 422
    return _editor(row, desk)


def _read() -> Desk:
    """The desk as the form brings it."""
    desk = _typed()
    if any(len(typed) > 6 for typed in desk.typed.values()):
        raise rules.BoxOutside
    corner = request.form.get("mark", "")
    mark = rules.parse(f"1:{corner},1000,1000") if corner else ()
    return replace(
        desk, boxes=rules.parse(request.form.get("boxes", "")), mark=(mark[0].left, mark[0].top) if mark else None
    )


def _typed() -> Desk:
    """What can be brought back whatever is wrong with the rest."""
    page, width = (request.form.get(name, type=int) for name in ("page", "width"))
    try:
        boxes = rules.parse(request.form.get("boxes", ""))
    except Refusal:
        boxes = ()
    return Desk(
        boxes=boxes,
        page=page if page is not None and page > 0 else 1,
        width=width if width in WIDTHS else WIDTHS[0],
        typed={name: request.form.get(name, "").strip() for name in TYPED},
        nothing="nothing" in request.form,
    )


def _stepped(row: Document, desk: Desk) -> Desk:
    """One step of the editor: a tap on the picture, a typed box, one back, all away, or merely looking."""
    form, act = request.form, request.form.get("act", "")
    if "point.x" in form and "point.y" in form:
        return _tapped(row, desk, form.get("point.x", -1, type=int), form.get("point.y", -1, type=int))
    if act == "add":
        left, top, wide, high = (_thousandths(desk.typed[name]) for name in TYPED)
        added = rules.box(desk.page, left, top, left + wide, top + high)
        return replace(desk, boxes=rules.parse(rules.written((*desk.boxes, added))), typed={}, mark=None)
    if act == "undo":
        return replace(desk, mark=None) if desk.mark else replace(desk, boxes=desk.boxes[:-1])
    if act == "clear":
        return replace(desk, boxes=tuple(one for one in desk.boxes if one.page != desk.page), mark=None)
    if act.startswith("page-") and act[5:].isdecimal() and len(act) < 10:
        return replace(desk, page=int(act[5:]), mark=None)
    return desk


def _tapped(row: Document, desk: Desk, x: int, y: int) -> Desk:
    """The first tap is one corner, the second the other."""
    data, _ = service.picture(context.platform().files, row, page=desk.page)
    width, height = _size(service.preview(data, (), page=desk.page, mark=None, width=SHARP), desk.width)
    here = rules.corner(x, y, width=width, height=height)
    if desk.mark is None:
        return replace(desk, mark=here)
    added = rules.box(desk.page, *desk.mark, *here)
    return replace(desk, boxes=rules.parse(rules.written((*desk.boxes, added))), mark=None)


def _thousandths(text: str) -> int:
    """A percentage with at most one decimal, as people type it."""
    whole, _, part = text.removesuffix("%").replace("．", ".").partition(".")
    if not (whole.isascii() and whole.isdecimal()) or not (part == "" or (part.isascii() and part.isdecimal())):
        raise rules.BoxOutside
    if len(part) > 1 or len(whole) > 3:
        raise rules.BoxOutside
    return int(whole) * 10 + int(part or "0")


def _editor(row: Document, desk: Desk) -> str:
    platform = context.platform()
    data, count = service.picture(platform.files, row, page=1)
    page = min(desk.page, count)
    if page != 1:
        data, _ = service.picture(platform.files, row, page=page)
    shown = service.preview(data, desk.boxes, page=page, mark=desk.mark, width=SHARP)
    return render_template(
        "finance/mask.html",
        document=row,
        desk=replace(desk, page=page),
        boxes=rules.written(desk.boxes),
        listed=[(number, one) for number, one in enumerate(desk.boxes, start=1)],
        pages=range(1, count + 1),
        picture=_address(shown),
        size=_size(shown, desk.width),
        widths=WIDTHS,
    )


def _size(shown: service.Picture, width: int) -> tuple[int, int]:
    """How wide and high a page stands on the screen: what a tap without a script is counted in."""
    return width, round(shown.height * width / shown.width)


def _address(shown: service.Picture) -> str:
    """The picture inside the page itself: it is made of what is on the desk and kept nowhere."""
    out = io.BytesIO()
    shown.save(out, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()


def _keep(row: Document, desk: Desk) -> Response:
    with context.writing() as session:
        service.mask(
            session,
            context.platform().files,
            row.community_id,
            document_id=row.id,
            boxes=desk.boxes,
            nothing=desk.nothing,
            by=context.person_id(),
            now=context.now(),
        )
    flash(gettext("遮盖件已生成，业主从现在起看到的是它；请另一个人核对一遍"), "ok")
    return redirect(url_for("finance.document_page", document_id=row.id))


@blueprint.post("/documents/masks/<masking_id>/check")
@requires("books.read")
def check_mask(masking_id: str) -> Response:
    """A second person says that nothing is left to hide."""
    with context.writing() as session:
        made = service.confirm(
            session, context.community().id, masking_id=masking_id, by=context.person_id(), now=context.now()
        )
        document_id = made.document_id
    flash(gettext("已核对"), "ok")
    return redirect(url_for("finance.document_page", document_id=document_id))


@blueprint.get("/documents/unseen")
@requires("books.read")
def unseen_documents() -> str:
    """What owners cannot open yet, because it names a person and nobody has masked it."""
    return render_template("finance/unseen.html", rows=service.unseen(context.reading(), context.community().id))


def people(ids: set[str | None]) -> dict[str, str]:
    """Names by id, for those who keep or check the books."""
    session = context.reading()
    found = {person_id: session.get(Person, person_id) for person_id in ids if person_id is not None}
    return {person_id: person.name for person_id, person in found.items() if person is not None}
