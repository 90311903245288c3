"""Growing the demo community, in the order in which it would have happened. Everything but ids' randomness is
written here; with the same seed it is the same community.
"""

import dataclasses
import random
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from hoa.accounts import service as accounts
from hoa.community import service as register
from hoa.community.tables import Community
from hoa.demo import (
    affairs,
    assemblies,
    audits,
    bodies,
    books,
    convening,
    elections,
    notices,
    people,
    shares,
    signing_keys,
    supervision,
)
from hoa.demo import register as demo_register
from hoa.kernel.clock import CHINA, FrozenClock
from hoa.kernel.ids import seeded
from hoa.platform import DEMO_START, Platform

CODE = "WTY"
NAME = "梧桐苑"
SEED = 20261020
SETTLED = datetime(2025, 12, 1, 9, 0, tzinfo=CHINA)
DESK = datetime(2026, 1, 5, 9, 0, tzinfo=CHINA)

Tell = Callable[[str], None]


def is_built(platform: Platform) -> bool:
    """Whether the demo community is there; it is announced last, so a half-built one does not count."""
    with platform.database.reading() as session:
        community = session.scalars(select(Community).where(Community.code == CODE)).one_or_none()
        return community is not None and notices.is_complete(session, community.id)


def build(platform: Platform, *, tell: Tell) -> None:
    """Make the demo community in an empty, migrated database. `tell` hears what is being made."""
    clock = FrozenClock(SETTLED)
    then = dataclasses.replace(platform, clock=clock)
    with seeded(SEED):
        tell("register")
        with then.database.writing() as session:
            administrator = accounts.create_person(
                session,
                then.keys,
                name=people.ADMINISTRATOR.name,
                phone=people.ADMINISTRATOR.phone,
                now=clock.now(),
                administrator=True,
            )
            community = register.create(
                session, code=CODE, name=NAME, help_phone="023-0000 0405", by=administrator.id, now=clock.now()
            )
        cast = people.settle(then, community.id, administrator=administrator.id, now=clock.now())
        demo_register.fill(then, community.id, by=cast["clerk"])
        clock.moment = DESK
        demo_register.check_owners(
            then,
            community.id,
            by=(cast["clerk"], cast["second_clerk"]),
            must=frozenset(cast.values()),
            chance=random.Random(SEED),  # noqa: S311 - the demo is meant to be predictable
        )
        bodies.build(then, community.id, cast, now=clock.now())
        with then.database.writing() as session:
            signing_keys.register(session, cast, now=clock.now())
        tell("books")
        decisions = books.build(then, community.id, cast)
        convening.build_rulebooks(then, community.id, cast)
        tell("assemblies")
        assemblies.build(then, community.id, cast, clock)
        clock.moment = DEMO_START
        convening.build_request(then, community.id, cast)
        tell("election")
        elections.build(then, community.id, cast)
        tell("audit")
        audits.build(then, community.id, cast)
        supervision.build(then, community.id, cast)
        tell("shares")
        shares.build(then, community.id, cast, decisions)
        tell("suggestions")
        affairs.build(platform, community.id, cast)
        tell("notices")
        notices.build(then, community.id, cast)
