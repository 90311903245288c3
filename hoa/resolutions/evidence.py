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


@dataclass(frozen=True, kw_only=True)
class BallotSigns:
    """What is countable about one assembly's ballots once voting is over (rules.md F29): how many votes each agent and
    how many units each helper (masked names) and each device (a digest) brought, and how many ballots came in each of
    the last day's minutes before the close (0: the last minute). It says nothing of any choice.
    """

    code: str
    title: str
    closed_on: date
    count: int
    proxy_cap: int
    proxies: tuple[tuple[str, int], ...]
    helped: tuple[tuple[str, int], ...]
    devices: tuple[tuple[str, int], ...]
    before_close: tuple[tuple[int, int], ...]


class SignsOfBallots(Protocol):
    """The assemblies of a community whose voting ended from `start` to `end` (inclusive)."""

    def __call__(self, session: Session, community_id: str, *, start: date, end: date) -> Sequence[BallotSigns]: ...


_signs: SignsOfBallots | None = None


def provide_signs(provider: SignsOfBallots) -> None:
    global _signs
    _signs = provider


def ballot_signs(session: Session, community_id: str, *, start: date, end: date) -> Sequence[BallotSigns]:
    """What the voting room counts; nothing when no voting room is wired."""
    return _signs(session, community_id, start=start, end=end) if _signs else ()
