"""Files that people send: told by their content, never by their name or by what the browser claims (trust.md 18).

Pictures are drawn anew, so that place, camera and anything hidden behind the picture are gone. A PDF keeps its bytes,
because it may carry a signature, and is refused when something in it acts by itself, when it is another kind of file
too, or when it would unpack to far more than it weighs. An OFD (the form of Chinese electronic invoices) is taken only
where a room asks for it, and only to be downloaded: nothing of ours opens one.
"""

import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from typing import NamedTuple

import pikepdf
from PIL import Image, ImageOps, UnidentifiedImageError

from hoa.kernel.errors import N_, Refusal

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 50_000_000
NAME_LENGTH = 80
OFD = "application/ofd"
SUFFIXES = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg", OFD: ".ofd"}
# What one packed part of a PDF may unpack to; an index of 100,000 objects is a tenth of it.
MOST_UNPACKED = 32 * 1024 * 1024
# An OFD is a zip of pages, pictures, fonts, seals and the invoice's data; this is all that may be in it.
OFD_PARTS = (
    ".xml",
    ".xbrl",
    ".png",
    ".jpg",
    ".jpeg",
    ".bmp",
    ".tif",
    ".tiff",
    ".jb2",
    ".gif",
    ".ttf",
    ".otf",
    ".dat",
    ".esl",
)
OFD_MOST_PARTS = 500
OFD_MOST_UNPACKED = 64 * 1024 * 1024
# Anything in a PDF that acts by itself or carries other files.
ACTIVE = (
    "/JavaScript",
    "/JS",
    "/Launch",
    "/EmbeddedFiles",
    "/EmbeddedFile",
    "/RichMedia",
    "/XFA",
    "/SubmitForm",
    "/ImportData",
)

_STREAM = re.compile(rb"stream\r?\n")
_MARKUP = re.compile(rb"<\s*(html|script|svg|\?php|!doctype)", re.IGNORECASE)
_OFD_ROOT = re.compile(rb"<(\w+:)?OFD\b")


class DocumentTooLarge(Refusal):
    message = N_("文件“%(name)s”超过 %(limit)s MB，请压缩后再传")


class DocumentEmpty(Refusal):
    message = N_("文件“%(name)s”是空的，请重新选择")


class DocumentType(Refusal):
    message = N_("文件“%(name)s”不是 PDF、PNG 或 JPEG（按内容判断），请转换后再传")


class DocumentActive(Refusal):
    message = N_("PDF“%(name)s”里带有脚本、自动动作或嵌入的文件，请打印成普通 PDF 后再传")


class DocumentTwoFaced(Refusal):
    message = N_("文件“%(name)s”里还藏着另一种文件，没有收下；请打印成普通 PDF，或重新拍照后再传")


class DocumentBomb(Refusal):
    message = N_("文件“%(name)s”解开以后大得不正常，没有收下；请重新扫描或导出")


class DocumentUnreadable(Refusal):
    message = N_("文件“%(name)s”打不开，可能已损坏，请重新扫描或导出")


class Upload(NamedTuple):
    """What may be kept of a file: its bytes after cleaning, the type that they are, and a name for people."""

    data: bytes
    media_type: str
    name: str


def checked(data: bytes, name: str, *, ofd: bool = False) -> Upload:
    """The file as it may be kept; anything that is not a plain PDF, PNG or JPEG (or, where the room asks for it, an
    OFD) is refused with what to do.
    """
    if ofd and data.startswith(b"PK\x03\x04"):
        return Upload(_checked_ofd(data, name), OFD, safe_name(name, OFD))
    media = media_type(data, name)
    kept = _checked_pdf(data, name) if media == "application/pdf" else _redrawn(data, name, media)
    return Upload(kept, media, safe_name(name, media))


def media_type(data: bytes, name: str) -> str:
    """The type by the first bytes; a file that merely begins like a picture and goes on as something else is refused
    when it is re-read.
    """
    if not data:
        raise DocumentEmpty(name=name)
    if len(data) > MAX_BYTES:
        raise DocumentTooLarge(name=name, limit=MAX_BYTES // 1024 // 1024)
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    raise DocumentType(name=name)


def safe_name(name: str, media: str) -> str:
    """A file name for people: no folders, no control or direction characters, the right suffix,
    at most 80 characters.
    """
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    plain = "".join(
        character for character in last if unicodedata.category(character)[0] not in "CZ" or character == " "
    )
    stem = re.sub(r'[<>:"|?*]+', "_", plain).strip(" .")
    stem = re.sub(r"\.(pdf|png|jpe?g|ofd)$", "", stem, flags=re.IGNORECASE)[:NAME_LENGTH].strip(" .")
    return (stem or "document") + SUFFIXES[media]


def _redrawn(data: bytes, name: str, media: str) -> bytes:
    """The picture drawn anew, upright, without metadata; the size is looked at before anything is unpacked."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise DocumentTooLarge(name=name, limit=MAX_BYTES // 1024 // 1024)
            upright = ImageOps.exif_transpose(picture)
            clean = upright.convert("RGB")
            clean.info.clear()  # else remarks inside a JPEG would be written again
    except Image.DecompressionBombError:
        raise DocumentTooLarge(name=name, limit=MAX_BYTES // 1024 // 1024) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise DocumentUnreadable(name=name) from None
    out = io.BytesIO()
    if media == "image/png":
        clean.save(out, "PNG", optimize=False)
    else:
        clean.save(out, "JPEG", quality=85)
    return out.getvalue()


def _checked_pdf(data: bytes, name: str) -> bytes:
    if zipfile.is_zipfile(io.BytesIO(data)) or _MARKUP.search(data[:1024]):
        raise DocumentTwoFaced(name=name)
    _refuse_bombs(data, name)
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            pages = len(pdf.pages)
            acting = "/OpenAction" in pdf.Root and _acts(pdf.Root["/OpenAction"])
            acting = acting or any(_is_active(part) for item in pdf.objects for part in _parts(item))
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError):
        raise DocumentUnreadable(name=name) from None
    if pages == 0:
        raise DocumentUnreadable(name=name)
    if acting:
        raise DocumentActive(name=name)
    return data


def _refuse_bombs(data: bytes, name: str) -> None:
    """Opening a PDF unpacks its index and its packed objects, whatever they claim to weigh: look first, at no more than
    is allowed. Everything else in it is unpacked by a child process only (`hoa.web.pages`).
    """
    left = MOST_UNPACKED
    for found in _STREAM.finditer(data):
        head = data[max(0, found.start() - 1024) : found.start()].rpartition(b"obj")[2]
        if b"ObjStm" not in head and b"XRef" not in head and b"#" not in head:
            continue
        if head.count(b"Decode") > 2:  # one filter and its parameters; packed twice is packed to deceive
            raise DocumentBomb(name=name)
        unpacking = zlib.decompressobj()
        try:
            left -= len(unpacking.decompress(data[found.end() :], left + 1))
        except zlib.error:
            continue  # packed some other way, which cannot grow like this, or broken: then it does not open at all
        if left < 0:
            raise DocumentBomb(name=name)


def _checked_ofd(data: bytes, name: str) -> bytes:
    """An OFD whose parts are of known kinds, lie inside it, and weigh what a document weighs (GB/T 33190: a zip with
    `OFD.xml`). Nothing is unpacked but that entry page, and of it no more than is needed.
    """
    if len(data) > MAX_BYTES:
        raise DocumentTooLarge(name=name, limit=MAX_BYTES // 1024 // 1024)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if archive.comment or len(parts) > OFD_MOST_PARTS:
                raise DocumentTwoFaced(name=name)
            if sum(part.file_size for part in parts) > OFD_MOST_UNPACKED:
                raise DocumentBomb(name=name)
            for part in parts:
                _check_part(part, name)
            entry = archive.open("OFD.xml").read(64 * 1024)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, OSError, zlib.error, EOFError):
        raise DocumentUnreadable(name=name) from None
    if b"<!" in entry.replace(b"<!--", b"") or not _OFD_ROOT.search(entry):
        raise DocumentType(name=name)
    return data


def _check_part(part: zipfile.ZipInfo, name: str) -> None:
    path = part.filename
    outside = path.startswith(("/", "\\")) or "\\" in path or ":" in path or ".." in path.split("/")
    if outside or part.flag_bits & 0x1:
        raise DocumentTwoFaced(name=name)
    if not part.is_dir() and not path.lower().endswith(OFD_PARTS):
        raise DocumentActive(name=name)


def _acts(action: pikepdf.Object) -> bool:
    """An open action that merely shows a page is harmless; one with any other subject is not."""
    return isinstance(action, pikepdf.Dictionary) and str(action.get("/S", "/GoTo")) != "/GoTo"


def _parts(item: pikepdf.Object) -> Iterator[pikepdf.Object]:
    """An object of the file and everything written inside it; what it merely refers to is an object of its own."""
    waiting = [item]
    while waiting:
        part = waiting.pop()
        yield part
        inside: list[pikepdf.Object] = []
        if isinstance(part, pikepdf.Dictionary | pikepdf.Stream):
            inside = [value for _, value in part.items()]
        elif isinstance(part, pikepdf.Array):
            inside = list(part)
        # Numbers and truths come as Python's own and have nothing inside.
        waiting += [value for value in inside if not getattr(value, "is_indirect", True)]


def _is_active(item: pikepdf.Object) -> bool:
    if not isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
        return False
    keys = set(item.keys())
    if "/AA" in keys and any(_acts(action) for _, action in item["/AA"].items()):
        return True
    return bool(keys & set(ACTIVE)) or str(item.get("/S", "")) in ACTIVE or str(item.get("/Type", "")) in ACTIVE
