"""Every route of meetings, seals and limits × every post of another community: nothing is found, nothing changes."""

from datetime import date

import pytest

from hoa.app import create_app
from hoa.kernel.clock import FrozenClock
from hoa.platform import Platform
from hoa.resolutions import authority
from hoa.resolutions import service as resolutions
from hoa.resolutions.meetings import attendance, service
from hoa.resolutions.seals import service as seals
from tests.integration.community.scene import a_register
from tests.integration.ground.test_tenants import HERE, THERE, fingerprint, signed_in, strangers, visits
from tests.integration.resolutions.committee import EXTINGUISHERS, Committee, a_committee

ROOMS = ("meetings.", "seals.", "authority.")


def one_of_each(committee: Committee) -> None:
    """A row behind every id that these routes take."""
    meeting = committee.call(EXTINGUISHERS)
    by, now, here = committee.people, committee.now, committee.community
    with committee.platform.database.writing() as session:
        attendance.observe(session, here, meeting, text="意见", by=by["supervisor"], now=now)
        service.demand(session, here, subject="电梯", by=by["member1"], now=now)
        ground = resolutions.enter(
            session, here, source="assembly", matter="M9", title="授权", text="授权。", decided_on=now.date(), now=now
        )
        authority.set_limit(
            session,
            here,
            single_fen=1,
            yearly_fen=None,
            from_on=now.date(),
            until_on=None,
            resolution_id=ground.id,
            by=by["residents"],
            now=now,
        )
        seal = seals.enter(
            session,
            here,
            name="公章",
            kind="committee",
            keeper_id=by["secretary"],
            since=date(2026, 6, 1),
            by=by["chair"],
            now=now,
        )
        seals.approve(
            session,
            here,
            seal_id=seal.id,
            document="合同",
            copies=1,
            resolution_id=ground.id,
            urgent="",
            by=by["chair"],
            now=now,
        )
    committee.gather(meeting, "chair", "deputy", "secretary", "treasurer")
    committee.open_vote(meeting)


@pytest.mark.sqlite_only
def test_a_committees_meetings_seals_and_limits_lead_nowhere_in_another_community(
    platform: Platform, clock: FrozenClock
):
    one_of_each(a_committee(platform, clock, code=HERE))
    a_register(platform, THERE)
    app = create_app(platform)
    app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    before, seen = fingerprint(platform, HERE), set()
    for person in strangers(platform):
        client = signed_in(app, platform, person)
        for rule, method, address in visits(app, platform, THERE, with_ids=True):
            if rule.endpoint.startswith(ROOMS):
                seen.add(rule.endpoint)
                answer = client.open(address, method=method)
                assert answer.status_code in (403, 404), f"{method} {rule.rule} answered {answer.status_code}"
    assert fingerprint(platform, HERE) == before
    # Everything that takes an id was asked for, also what only appears once a vote or a use is there.
    taking = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith(ROOMS) and rule.arguments - {"community_code"}
    }
    assert seen == taking
