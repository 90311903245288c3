"""Steps of an assembly's life as rows: who took it, when, why. The state never goes back (voting-record.md 2)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.kernel import canonical
from hoa.kernel.clock import CHINA
from hoa.kernel.errors import NotFound
from voting.rules import life
from voting.rules.life import State
from voting.tables import Assembly, AssemblyEvent


def locked(session: Session, community_id: str, assembly_id: str) -> Assembly:
    """The assembly, held until this transaction ends: of several who press the same button one takes the step.

    The lock lets foreign keys through (NO KEY UPDATE), so a sequencer's pass that is writing never waits for it, and
    waits for casts that are being written (SHARE).
    """
    query = select(Assembly).where(Assembly.community_id == community_id, Assembly.id == assembly_id)
    query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    assembly = session.scalars(query).one_or_none()
    if assembly is None:
        raise NotFound
    return assembly


def take(
    session: Session, assembly: Assembly, target: State, *, by: str | None, now: datetime, reason: str = ""
) -> None:
    """Move one step on and write down who did it; `by` None is the schedule that the notice fixed."""
    assembly.state = life.step(assembly.step, target).value
    record(session, assembly, target, by=by, now=now, reason=reason)


def record(session: Session, assembly: Assembly, state: State, *, by: str | None, now: datetime, reason: str) -> None:
    """The event of a step."""
    session.add(
        AssemblyEvent(
            id=event_id(assembly.id, state.value, by, now, reason),
            community_id=assembly.community_id,
            assembly_id=assembly.id,
            state=state.value,
            person_id=by,
            at=now,
            reason=reason,
        )
    )
    session.flush()


def event_id(assembly_id: str, state: str, person_id: str | None, at: datetime, reason: str) -> str:
    """A fingerprint of the event, so that `hoa verify` can name one that was edited."""
    moment = at.astimezone(CHINA).isoformat()
    return canonical.digest([assembly_id, state, person_id, moment, reason])[:20]


def events(session: Session, assembly: Assembly) -> Sequence[AssemblyEvent]:
    """What happened so far, in order."""
    query = select(AssemblyEvent).where(
        AssemblyEvent.community_id == assembly.community_id, AssemblyEvent.assembly_id == assembly.id
    )
    return sorted(session.scalars(query), key=lambda event: life.ORDER.index(State(event.state)))
