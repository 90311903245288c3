"""The demo's re-election group is one that the rules would let anybody form, and what it shows is worth a look."""

from sqlalchemy import text

from hoa.bulletin.tables import Publication
from hoa.kernel.clock import today
from hoa.kernel.posts import RE_ELECTION_LEADER, RE_ELECTION_MEMBER
from hoa.offices import service as offices
from hoa.offices.preparing import integrity, progress
from hoa.offices.preparing.rules.clock import State
from hoa.platform import Platform


def test_the_group_is_lawful_and_announced_and_its_members_hold_their_offices(demo_platform: Platform):
    now = demo_platform.now()
    with demo_platform.database.reading() as session:
        community = str(session.scalar(text("SELECT id FROM community WHERE code = 'WTY'")))
        row = progress.running(session, community)
        assert row is not None
        found = progress.of(session, row)
        group = offices.holders(session, community, posts=frozenset({RE_ELECTION_LEADER, RE_ELECTION_MEMBER}), now=now)
        members = found.mark("members")
        assert members is not None
        published = session.get(Publication, (community, members.publication_id))
        assert integrity.verify(demo_platform, session, community) == []
    assert found.lawful
    assert len(group) == len(found.members) == 7
    assert published is not None
    assert [one["name"] for one in published.content["members"]] == [member.name for member in found.members]
    states = {step.code: step.state(today(now)) for step in found.steps}
    assert states["form"] is State.DONE
    assert states["members"] is State.DONE
    assert states["publish"] is State.NOW
    assert found.missing_published
