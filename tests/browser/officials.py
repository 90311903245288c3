"""What the demo's officials do with `hoa sign` and their own keys, for walks that are about somebody else."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.orm import Session

from hoa.config import from_environment
from hoa.demo.signing_keys import STAFF, DemoKey, countersign
from hoa.kernel import signing
from hoa.platform import Platform, open_platform
from tests.browser.demos import EVERYBODY, DemoServer
from voting.rules.life import State
from voting.service import closing, log, officials, proposals, proxies
from voting.tables import Assembly, Cosignature

PATIENCE_SECONDS = 60
CLERKS = ("clerk", "second_clerk")


@contextmanager
def behind(demo: DemoServer) -> Iterator[Platform]:
    """The demo's own platform, beside its server or while that is stopped."""
    platform = open_platform(from_environment(demo.environment))
    try:
        yield platform
    finally:
        platform.database.close()


def assembly_of(session: Session, code: str) -> Assembly:
    """The demo's assembly of this code."""
    return session.scalars(select(Assembly).where(Assembly.code == code)).one()


def people_of(session: Session, assembly: Assembly) -> dict[str, str]:
    """The ids of the demo's officials, by their keys in the demo."""
    by_name = {one.name: one.person_id for one in officials.of(session, assembly)}
    return {who: by_name[EVERYBODY[who].name] for who in STAFF}


def settle_and_close(demo: DemoServer, code: str) -> None:
    """After the cut-off: proxies' ballots are accepted, what nobody signed is taken back, and the log is closed."""
    with behind(demo) as platform:
        _until(platform, code, "the worker did not cut off", lambda _session, row: row.step is State.CUT_OFF)
        with platform.database.writing(seconds=30) as session:
            assembly, now = assembly_of(session, code), platform.now()
            people = people_of(session, assembly)
            proposals.drop_all(session, assembly, reason="截止时不在手", now=now)
            for waiting in proxies.unruled(session, assembly):
                entry = proxies.ruling_entry(assembly, waiting.authority, accepted=True, reason="", now=now)
                proposal = proposals.propose(session, platform.keys, assembly, entry, by=None, now=now)
                message = signing.message("entry", proposals.opened(platform.keys, proposal))
                for clerk in CLERKS:
                    proposals.sign(
                        session,
                        platform.keys,
                        assembly.community_id,
                        assembly.id,
                        proposal.id,
                        person_id=people[clerk],
                        signature=DemoKey(clerk).sign(message),
                        now=now,
                    )
            closing.close(session, platform.keys, assembly.community_id, assembly.id, by=None, now=now)
        _until(platform, code, "the demo's witness did not sign", _witnessed)


def wait_until(demo: DemoServer, code: str, otherwise: str, holds: Callable[[Session, Assembly], bool]) -> None:
    """Wait for what the demo's worker does by itself."""
    with behind(demo) as platform:
        _until(platform, code, otherwise, holds)


def sign_the_tally(demo: DemoServer, code: str) -> None:
    """Two counters and the scrutineer."""
    with behind(demo) as platform, platform.database.writing(seconds=30) as session:
        assembly = assembly_of(session, code)
        countersign(session, assembly, people_of(session, assembly), now=platform.now())


def _witnessed(session: Session, assembly: Assembly) -> bool:
    (head,) = [head for head in log.heads(session, assembly) if head.reason == "close"]
    query = select(Cosignature.id).where(Cosignature.head_id == head.id, Cosignature.assembly_id == assembly.id)
    return session.scalars(query).first() is not None


def _until(platform: Platform, code: str, otherwise: str, holds: Callable[[Session, Assembly], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        with platform.database.reading() as session:
            if holds(session, assembly_of(session, code)):
                return
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.2)
