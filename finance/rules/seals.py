"""The chain of seals: what a row said when it became final, bound to every seal before it (trust.md 12)."""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from hoa.kernel import canonical

FORMAT = "hoa-seal-1"


def plain(value: object) -> Any:
    """A column's value as canonical JSON holds it: days and moments as text, texts in one normal form."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, Mapping):
        return {str(key): plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [plain(member) for member in value]
    return value


def link(previous: str, *, seq: int, table: str, row_id: str, stage: str, facts: Mapping[str, Any]) -> str:
    """The hash of one seal, over its facts and the seal before."""
    return canonical.digest(
        {
            "facts": dict(facts),
            "format": FORMAT,
            "previous": previous,
            "row": row_id,
            "seq": seq,
            "stage": stage,
            "table": table,
        }
    )
