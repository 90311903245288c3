"""The demo's re-election group is one that the rules would let anybody form."""

from datetime import date, timedelta

from sqlalchemy import select, text

from hoa.accounts.tables import Person
from hoa.demo import people, preparing
from hoa.kernel.clock import today
from hoa.kernel.posts import RE_ELECTION_LEADER, RE_ELECTION_MEMBER
from hoa.offices import service as offices
from hoa.offices.preparing import progress
from hoa.offices.preparing.rules.clock import State
from hoa.platform import Platform


def test_the_group_is_lawful_and_its_members_hold_their_offices(demo_platform: Platform):
    with demo_platform.database.reading() as session:
        community = session.scalar(text("SELECT id FROM community WHERE code = 'WTY'"))
        cast = {
            role.key: session.scalars(select(Person.id).where(Person.name == role.name)).first()
            for role in people.ROLES
        }
    now = demo_platform.now()
    made = preparing.re_election_group(
        demo_platform, community, cast, started=now - timedelta(days=40), term_ends_on=date(2027, 3, 31)
    )
    with demo_platform.database.reading() as session:
        found = progress.of(session, progress.get(session, community, made))
        group = offices.holders(session, community, posts=frozenset({RE_ELECTION_LEADER, RE_ELECTION_MEMBER}), now=now)
    assert found.lawful
    assert len(group) == len(found.members) == 7
    assert {step.code for step in found.steps if step.state(today(now)) is State.DONE} == {"report", "form", "members"}
