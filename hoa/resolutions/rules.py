"""What a resolution may authorise."""

from collections.abc import Mapping
from datetime import date

from hoa.kernel.errors import N_, Refusal

SOURCES: Mapping[str, str] = {"assembly": N_("业主大会决议"), "committee": N_("业主委员会决定")}


class UnknownSource(Refusal):
    message = N_("决议只能来自业主大会或业主委员会")


class NeedsMatter(Refusal):
    message = N_("业主大会决议要写明表决事项（M1–M9，民法典第 278 条）")


class InTheFuture(Refusal):
    message = N_("决定日期 %(day)s 还没有到")


def number_text(source: str, year: int, number: int) -> str:
    """`业2026-003` for an assembly, `委2026-012` for the committee."""
    return f"{'业' if source == 'assembly' else '委'}{year}-{number:03d}"


def check(source: str, matter: str | None, decided_on: date, today: date) -> None:
    """A resolution says who decided, what matter it was, and lies in the past."""
    if source not in SOURCES:
        raise UnknownSource
    if source == "assembly" and matter is None:
        raise NeedsMatter
    if decided_on > today:
        raise InTheFuture(day=decided_on.isoformat())
