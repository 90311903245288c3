"""Files that people send: told by their content, never by their name or by what the browser claims (trust.md 18).

Pictures are drawn anew, so that place, camera and anything hidden behind the picture are gone. A PDF keeps its bytes,
because it may carry a signature, and is refused when something in it acts by itself.
"""

import io
import re
import unicodedata
from typing import NamedTuple

import pikepdf
from PIL import Image, ImageOps, UnidentifiedImageError

from hoa.kernel.errors import N_, Refusal

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 50_000_000
NAME_LENGTH = 80
SUFFIXES = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}
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


class DocumentTooLarge(Refusal):
    message = N_("文件“%(name)s”超过 %(limit)s MB，请压缩后再传")


class DocumentEmpty(Refusal):
    message = N_("文件“%(name)s”是空的，请重新选择")


class DocumentType(Refusal):
    message = N_("文件“%(name)s”不是 PDF、PNG 或 JPEG（按内容判断），请转换后再传")


class DocumentActive(Refusal):
    message = N_("PDF“%(name)s”里带有脚本、自动动作或嵌入的文件，请打印成普通 PDF 后再传")


class DocumentUnreadable(Refusal):
    message = N_("文件“%(name)s”打不开，可能已损坏，请重新扫描或导出")


class Upload(NamedTuple):
    """What may be kept of a file: its bytes after cleaning, the type that they are, and a name for people."""

    data: bytes
    media_type: str
    name: str


def checked(data: bytes, name: str) -> Upload:
    """The file as it may be kept; anything that is not a plain PDF, PNG or JPEG is refused with what to do."""
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
    stem = re.sub(r"\.(pdf|png|jpe?g)$", "", stem, flags=re.IGNORECASE)[:NAME_LENGTH].strip(" .")
    return (stem or "document") + SUFFIXES[media]


def _redrawn(data: bytes, name: str, media: str) -> bytes:
    """The picture drawn anew, upright, without metadata; the size is looked at before anything is unpacked."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise DocumentTooLarge(name=name, limit=MAX_BYTES // 1024 // 1024)
            upright = ImageOps.exif_transpose(picture)
            clean = upright.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise DocumentUnreadable(name=name) from None
    out = io.BytesIO()
    if media == "image/png":
        clean.save(out, "PNG", optimize=False)
    else:
        clean.save(out, "JPEG", quality=85)
    return out.getvalue()


def _checked_pdf(data: bytes, name: str) -> bytes:
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            pages = len(pdf.pages)
            acting = "/OpenAction" in pdf.Root and _acts(pdf.Root["/OpenAction"])
            acting = acting or any(_is_active(item) for item in pdf.objects)
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError):
        raise DocumentUnreadable(name=name) from None
    if pages == 0:
        raise DocumentUnreadable(name=name)
    if acting:
        raise DocumentActive(name=name)
    return data


def _acts(action: pikepdf.Object) -> bool:
    """An open action that merely shows a page is harmless; one with any other subject is not."""
    return isinstance(action, pikepdf.Dictionary) and str(action.get("/S", "/GoTo")) != "/GoTo"


def _is_active(item: pikepdf.Object) -> bool:
    if not isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
        return False
    keys = set(item.keys())
    return bool(keys & set(ACTIVE)) or str(item.get("/S", "")) in ACTIVE or str(item.get("/Type", "")) in ACTIVE
