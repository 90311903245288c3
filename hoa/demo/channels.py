"""In the demo's open assembly one owner is voted for by an agent, and one votes with help at the desk."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from hoa.accounts import service as accounts
from hoa.community import desk as identity_desk
from hoa.community.service import RollElector, RollOwner
from hoa.demo.people import ROLES
from hoa.kernel.clock import CHINA, FrozenClock
from hoa.platform import Platform
from voting.service import assisting, meeting, proxies
from voting.tables import Assembly

APPOINTED = datetime(2026, 10, 16, 20, 5, tzinfo=CHINA)
VOTED = datetime(2026, 10, 17, 9, 30, tzinfo=CHINA)
HELPED = datetime(2026, 10, 19, 15, 0, tzinfo=CHINA)
DESK = "核验点一号台"


def _owner(voter: RollElector) -> RollOwner:
    """The first owner who has an account; every voter of the demo has one."""
    return next(owner for owner in voter.owners if owner.person_id is not None)


def by_agent(
    platform: Platform,
    assembly: Assembly,
    people: Mapping[str, str],
    clock: FrozenClock,
    voter: RollElector,
    marks: Mapping[str, str],
) -> None:
    """The owner tells an agent what to vote, on every motion; the agent does so the next day."""
    owner, agent = _owner(voter), people["member"]
    name = next(role.name for role in ROLES if role.key == "member")
    terms = proxies.Terms(
        voter.elector_id, owner.person_id, owner.name, proxies.Agent(agent, agent, name), marks, assembly.ends_at
    )
    clock.moment = APPOINTED
    with platform.database.writing() as session:
        row = proxies.appoint(session, platform.keys, assembly.id, assembly.community_id, terms, now=clock.now())
    clock.moment = VOTED
    with platform.database.writing() as session:
        proxies.vote(
            session,
            platform.keys,
            assembly,
            row.id,
            person_id=agent,
            clerk=False,
            choices=marks,
            client_nonce="proxy".ljust(32, "0"),
            now=clock.now(),
        )


def by_help(
    platform: Platform,
    assembly: Assembly,
    people: Mapping[str, str],
    clock: FrozenClock,
    voter: RollElector,
    marks: Mapping[str, str],
) -> None:
    """Two officers look at the owner's papers; a quarter of an hour later the owner votes at the clerk's screen."""
    owner, clerk = _owner(voter), people["clerk"]
    assert owner.person_id is not None
    clock.moment = HELPED
    keys, community_id = platform.keys, assembly.community_id
    with platform.database.writing() as session:
        phone = accounts.phone_of(session, keys, owner.person_id) or ""
        check = identity_desk.start(
            session,
            keys,
            community_id,
            owner_id=owner.owner_id,
            phone=phone,
            documents="身份证件原件，人证一致\n不动产权证或购房合同原件，与名册一致",
            by=clerk,
            now=clock.now(),
        )
        identity_desk.confirm(
            session, keys, community_id, check_id=check.id, by=people["second_clerk"], now=clock.now()
        )
    clock.moment = HELPED + timedelta(minutes=15)
    with platform.database.writing() as session:
        table = meeting.add_desk(session, assembly, name=DESK, by=clerk, now=clock.now())
        meeting.check_in(
            session,
            assembly,
            elector=voter.elector_id,
            visitor=meeting.Visitor(owner_id=owner.owner_id),
            desk_id=table.id,
            by=clerk,
            now=clock.now(),
        )
        helper = assisting.Helper("秦雅宁", "official", DESK)
        row = assisting.open_session(
            session,
            assembly,
            elector=voter.elector_id,
            owner_id=owner.owner_id,
            helper=helper,
            by=clerk,
            now=clock.now(),
        )
        assisting.vote(
            session,
            keys,
            assembly,
            row.id,
            by=clerk,
            choices=marks,
            client_nonce="helped".ljust(32, "0"),
            now=clock.now(),
        )
        meeting.check_out(session, assembly, elector=voter.elector_id, by=clerk, now=clock.now())
