"""The kinds of documents that the books know; what may be stored at all is told by `hoa.ports.uploads`."""

from hoa.kernel.errors import N_, Refusal
from hoa.ports.uploads import (
    MAX_BYTES,
    DocumentActive,
    DocumentEmpty,
    DocumentTooLarge,
    DocumentType,
    DocumentUnreadable,
    media_type,
    safe_name,
)

__all__ = [
    "DOCUMENT_KINDS",
    "MAX_BYTES",
    "DocumentActive",
    "DocumentEmpty",
    "DocumentKindUnknown",
    "DocumentTooLarge",
    "DocumentType",
    "DocumentUnreadable",
    "media_type",
    "safe_name",
]

DOCUMENT_KINDS = {
    "invoice": N_("发票"),
    "receipt": N_("收据"),
    "contract": N_("合同"),
    "photo": N_("照片"),
    "other": N_("其他"),
}


class DocumentKindUnknown(Refusal):
    message = N_("不认识的单据种类，请从列表中选择")
