"""What the audit wants to know of the voting record, without finance knowing voting. `hoa.app` wires the provider."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from sqlalchemy.orm import Session


@dataclass(frozen=True, kw_only=True)
class AssemblyRecord:
    """One assembly that was announced in a period, as recounted now.

    `manifest` is its identity (SHA-256 hex), `package` the SHA-256 of its full package (None before the tally),
    `recounted` whether the recount agrees with the announced result, `problem` what it found otherwise, `witnesses`
    how many keys cosigned the closing tree head.
    """

    code: str
    title: str
    announced_on: date
    outcome: str
    manifest: str
    package: str | None
    recounted: bool
    problem: str | None
    witnesses: int
    url: str


class AssemblyEvidence(Protocol):
    """The assemblies of a community that were announced from `start` to `end` (inclusive)."""

    def __call__(self, session: Session, community_id: str, *, start: date, end: date) -> Sequence[AssemblyRecord]: ...


_provider: AssemblyEvidence | None = None


def provide(provider: AssemblyEvidence) -> None:
    global _provider
    _provider = provider


def assemblies(session: Session, community_id: str, *, start: date, end: date) -> Sequence[AssemblyRecord]:
    """What the voting room says; nothing when no voting room is wired."""
    return _provider(session, community_id, start=start, end=end) if _provider else ()
