"""Scans of returned sheets: checked like every upload, sealed at rest because they show a choice, each put to one
serial; seen only by those who key the sheet, settle it or rule on it (voting-record.md 2)."""

import hashlib
import io
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, NamedTuple, cast

import pikepdf
from PIL import Image
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from hoa.db import get
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.kernel.ids import new_id
from hoa.platform import Platform
from hoa.ports import uploads
from hoa.ports.files import Files
from hoa.ports.keys import Keys
from voting.service import sheets
from voting.service.keys import place
from voting.tables import Assembly, PaperKeying, PaperScan, PaperSheet

SEALED = "paper-scan"
MOST_PAGES = 200
SHOWN_WIDTH = 1600


class TooManyPages(Refusal):
    message: ClassVar[str] = N_("一次最多 %(most)s 页，这个文件有 %(pages)s 页，请分几次上传")


class PagesDoNotDivide(Refusal):
    message: ClassVar[str] = N_("文件有 %(pages)s 页，不能按每张选票 %(each)s 页平分。请检查有没有漏扫或多扫的页")


class KeyedAlready(Refusal):
    message: ClassVar[str] = N_("选票 %(serial)s 已经开始录入，不能再换扫描件")
    status: ClassVar[int] = 409


class Kept(NamedTuple):
    """A file in the store, before its row is written."""

    upload: uploads.Upload
    pages: int
    sha256: str
    stored: str


def keep(keys: Keys, files: Files, assembly: Assembly, upload: uploads.Upload) -> Kept:
    """Seal a checked file and store it; outside any transaction, because it may be large."""
    digest = hashlib.sha256(upload.data).hexdigest()
    sealed = keys.seal(SEALED, upload.data, _place(assembly, digest))
    return Kept(upload, _pages(upload.data, upload.media_type), digest, files.put(sealed))


def _place(assembly: Assembly, digest: str) -> bytes:
    return place(assembly.community_id, assembly.id, "scan", digest)


def _pages(data: bytes, media_type: str) -> int:
    if media_type != "application/pdf":
        return 1
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pages = len(pdf.pages)
    if pages > MOST_PAGES:
        raise TooManyPages(most=MOST_PAGES, pages=pages)
    return pages


def split(upload: uploads.Upload, *, each: int) -> list[uploads.Upload]:
    """A batch from the scanner's feeder as one file a sheet, `each` pages long; a picture is one sheet."""
    if upload.media_type != "application/pdf":
        return [upload]
    pages = _pages(upload.data, upload.media_type)
    if pages % each:
        raise PagesDoNotDivide(pages=pages, each=each)
    parts = []
    with pikepdf.open(io.BytesIO(upload.data)) as pdf:
        for first in range(0, pages, each):
            part = pikepdf.new()
            part.pages.extend(pdf.pages[first : first + each])
            out = io.BytesIO()
            part.save(out, deterministic_id=True)
            parts.append(upload._replace(data=out.getvalue()))
    return parts


def add(
    session: Session, assembly: Assembly, kept: Sequence[Kept], *, serial: str | None, by: str, now: datetime
) -> list[PaperScan]:
    """Rows for stored files; with a serial they are put to it at once."""
    rows = []
    for number, one in enumerate(kept, 1):
        row = PaperScan(
            id=new_id(),
            community_id=assembly.community_id,
            assembly_id=assembly.id,
            serial=None,
            name=one.upload.name,
            place=number,
            media_type=one.upload.media_type,
            pages=one.pages,
            sha256=one.sha256,
            stored=one.stored,
            uploaded_by=by,
            uploaded_at=now,
        )
        session.add(row)
        session.flush()
        rows.append(row)
        if serial is not None:
            put(session, assembly, row, serial, by=by, now=now)
    return rows


def put(session: Session, assembly: Assembly, scan: PaperScan, typed: str, *, by: str, now: datetime) -> PaperSheet:
    """Say whose scan this is; the one before it is set aside. Nothing moves once somebody has keyed the sheet.

    A scan that was set aside stays with its sheet, for those who key it to look at (`earlier`); put to another sheet,
    it leaves a copy behind.
    """
    sheet = sheets.find_live(session, assembly, typed, lock=True)
    for serial in {sheet.serial, scan.serial} - {None}:
        _not_keyed(session, assembly, str(serial))
    if scan.serial not in (None, sheet.serial):
        _leave_behind(session, scan, now)
    for other in _of(session, assembly, PaperScan.serial == sheet.serial, PaperScan.dropped_at.is_(None)):
        if other.id != scan.id:
            other.dropped_at = now
    scan.serial, scan.put_by, scan.put_at, scan.dropped_at = sheet.serial, by, now, None
    session.flush()
    return sheet


def _leave_behind(session: Session, scan: PaperScan, now: datetime) -> None:
    """A set-aside copy where the scan was: the same stored file."""
    kept = {column.key: getattr(scan, column.key) for column in PaperScan.__table__.columns if column.key != "id"}
    session.add(PaperScan(**{**kept, "id": new_id(), "dropped_at": scan.dropped_at or now}))
    session.flush()


def _not_keyed(session: Session, assembly: Assembly, serial: str) -> None:
    for sheet in sheets.of(session, assembly, PaperSheet.serial == serial):
        keyed = select(PaperKeying.id).where(
            PaperKeying.community_id == assembly.community_id,
            PaperKeying.assembly_id == assembly.id,
            PaperKeying.serial == serial,
            PaperKeying.round == sheet.round,
        )
        if session.scalar(keyed.limit(1)) is not None:
            raise KeyedAlready(serial=serial)


def drop(session: Session, assembly: Assembly, scan: PaperScan, *, now: datetime) -> None:
    """Set aside a page that is no ballot, or was scanned twice."""
    if scan.serial is not None:
        _not_keyed(session, assembly, scan.serial)
    scan.dropped_at = now
    session.flush()


def _of(session: Session, assembly: Assembly, *also: ColumnElement[bool]) -> Sequence[PaperScan]:
    mine = (PaperScan.community_id == assembly.community_id, PaperScan.assembly_id == assembly.id)
    query = select(PaperScan).where(*mine, *also).order_by(PaperScan.uploaded_at, PaperScan.place, PaperScan.id)
    return session.scalars(query).all()


def unassigned(session: Session, assembly: Assembly) -> Sequence[PaperScan]:
    """Scans that still wait for their serial."""
    return _of(session, assembly, PaperScan.serial.is_(None), PaperScan.dropped_at.is_(None))


def current(session: Session, assembly: Assembly, serial: str) -> PaperScan | None:
    """The scan that is keyed for this serial."""
    return next(iter(_of(session, assembly, PaperScan.serial == serial, PaperScan.dropped_at.is_(None))), None)


def scanned(session: Session, assembly: Assembly) -> dict[str, PaperScan]:
    """Scans by serial."""
    found = _of(session, assembly, PaperScan.serial.is_not(None), PaperScan.dropped_at.is_(None))
    return {scan.serial: scan for scan in found if scan.serial}


def earlier(session: Session, assembly: Assembly) -> dict[str, list[PaperScan]]:
    """Scans by serial that were set aside for another one, the oldest first."""
    found: dict[str, list[PaperScan]] = defaultdict(list)
    for scan in _of(session, assembly, PaperScan.serial.is_not(None), PaperScan.dropped_at.is_not(None)):
        found[str(scan.serial)].append(scan)
    return found


def found(session: Session, assembly: Assembly, scan_id: str, *, lock: bool = False) -> PaperScan:
    """A scan of this assembly."""
    scan = get(session, PaperScan, assembly.community_id, scan_id, lock=lock)
    if scan.assembly_id != assembly.id:
        raise NotFound
    return scan


def opened(platform: Platform, assembly: Assembly, scan: PaperScan) -> bytes:
    """The file as it was uploaded; its hash is the one in the evidence."""
    return platform.keys.open(SEALED, platform.files.get(scan.stored), _place(assembly, scan.sha256))


def picture(data: bytes, media_type: str, page: int) -> tuple[bytes, str] | None:
    """One page (from 1) as a picture for the screen; None when the PDF's page is not simply a picture.

    A scanner puts one picture on each page. It is taken out and drawn anew, no larger than a screen needs; its size is
    looked at before it is unpacked.
    """
    if media_type != "application/pdf":
        return (data, media_type) if page == 1 else None
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            if not 1 <= page <= len(pdf.pages):
                return None
            images = list(pdf.pages[page - 1].get_images().values())
            if len(images) != 1:
                return None
            image = pikepdf.PdfImage(cast(pikepdf.Stream, images[0]))
            if image.width * image.height > uploads.MAX_PIXELS:
                return None
            drawn = image.as_pil_image().convert("RGB")
    except (pikepdf.PdfError, NotImplementedError, OSError, ValueError, Image.DecompressionBombError):
        return None
    drawn.thumbnail((SHOWN_WIDTH, SHOWN_WIDTH * 2))
    out = io.BytesIO()
    drawn.save(out, "JPEG", quality=80)
    return out.getvalue(), "image/jpeg"
