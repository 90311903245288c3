"""What may be stored as a document, told by its content and never by its name or by what the browser claims (trust.md
18).
"""

import re
import unicodedata

from hoa.kernel.errors import N_, Refusal

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 50_000_000
NAME_LENGTH = 80

DOCUMENT_KINDS = {
    "invoice": N_("发票"),
    "receipt": N_("收据"),
    "contract": N_("合同"),
    "photo": N_("照片"),
    "other": N_("其他"),
}
SUFFIXES = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}


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


class DocumentKindUnknown(Refusal):
    message = N_("不认识的单据种类，请从列表中选择")


def media_type(data: bytes, name: str) -> str:
    """The type by the first bytes and the end: a file that merely begins like a picture and goes on as something else
    is refused when it is re-read.
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
