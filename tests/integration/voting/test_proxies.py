"""Proxies (rules.md R1.30): appointed, voting as told, ruled on by two, and nothing against the owner's own ballot."""

import io
import re
from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from hoa.accounts.tables import Person
from hoa.kernel.clock import FrozenClock
from hoa.kernel.ids import new_id
from hoa.platform import Platform
from tests.integration.community.scene import officer, post, signed_in, work
from tests.integration.voting.world import World, a_world
from voting.rules import proxies as rules
from voting.rules.life import State
from voting.service import casting, entries, proxies, seats
from voting.tables import Ballot, ProxyAuthority

BASE = "/c/WTY/assemblies/2026-01"


@pytest.fixture
def world(platform: Platform, clock: FrozenClock) -> World:
    made = a_world(platform, clock, owners=9, staffed=True, channels=["online", "proxy"])
    made.to(State.OPEN)
    return made


def agent(world: World) -> str:
    return officer(world.platform, None, None, name="代办人", phone="19900000991")


def terms(world: World, place: int, told: Mapping[str, str], agent_id: str) -> proxies.Terms:
    return proxies.Terms(
        world.electors[place],
        world.people[place],
        f"业主{place}",
        proxies.Agent(agent_id, agent_id, "代办人"),
        told,
        world.row().ends_at,
    )


def appointed(world: World, place: int, agent_id: str, **told: str) -> str:
    with world.platform.database.writing() as session:
        given = terms(world, place, told or {"m1": "agree", "m2": "agent"}, agent_id)
        keys, now = world.platform.keys, world.clock.now()
        return proxies.appoint(session, keys, world.assembly, world.community, given, now=now).id


def votes(world: World, authority: str, agent_id: str, *, nonce: str | None = None, **choices: str) -> bytes:
    with world.platform.database.writing() as session:
        return proxies.vote(
            session,
            world.platform.keys,
            world.row(),
            authority,
            person_id=agent_id,
            clerk=False,
            choices=choices,
            client_nonce=nonce or new_id(),
            now=world.clock.now(),
        )


def rules_on(world: World, authority: str, *, accepted: bool, reason: str = "") -> str:
    with world.platform.database.reading() as session:
        row = proxies.one(session, world.row(), authority)
        entry = proxies.ruling_entry(world.row(), row, accepted=accepted, reason=reason, now=world.clock.now())
    return world.enter(entry)


def counted(world: World, place: int) -> str | None:
    from voting.service import tallying

    with world.platform.database.reading() as session:
        row = tallying.counted_row(session, world.platform.keys, world.row(), world.electors[place])
    return row.counted if row else None


def test_an_agent_votes_as_told_and_the_ballot_counts_once_two_officials_accept_it(world: World) -> None:
    agent_id = agent(world)
    authority = appointed(world, 0, agent_id)
    votes(world, authority, agent_id, m1="agree", m2="oppose")
    with world.platform.database.reading() as session:
        (ballot,) = casting.my_ballots(session, world.row(), world.electors[0])
        entry = casting.opened(world.platform.keys, world.community, world.assembly, ballot.leaf, ballot.entry)
        row = proxies.one(session, world.row(), authority)
    assert entry["channel"] == "proxy"
    assert entry["evidence"] == {"authority": row.digest, "agent": agent_id, "instruction": "m1=agree m2=agent"}
    assert rules_on(world, authority, accepted=True) == "appended"
    world.to(State.TALLIED)
    assert counted(world, 0) == ballot.leaf
    assert world.problems() == []


def test_a_mark_against_the_instruction_is_refused_and_nothing_is_cast(world: World) -> None:
    agent_id = agent(world)
    authority = appointed(world, 0, agent_id, m1="oppose")
    with pytest.raises(rules.AgainstInstruction):
        votes(world, authority, agent_id, m1="agree")
    with pytest.raises(rules.OutsideScope):
        votes(world, authority, agent_id, m1="oppose", m2="agree")
    votes(world, authority, agent_id, m1="oppose")
    with world.platform.database.reading() as session:
        (ballot,) = casting.my_ballots(session, world.row(), world.electors[0])
        entry = casting.opened(world.platform.keys, world.community, world.assembly, ballot.leaf, ballot.entry)
    assert entry["choices"] == {"m1": "oppose", "m2": "blank"}


def test_the_cap_is_refused_with_its_number(world: World) -> None:
    agent_id = agent(world)
    for place in range(3):
        appointed(world, place, agent_id)
    with pytest.raises(proxies.ProxyCapReached) as refused:
        appointed(world, 3, agent_id)
    assert refused.value.params["cap"] == 3


def test_a_withdrawn_authority_cannot_be_voted_on_nor_accepted(world: World) -> None:
    agent_id = agent(world)
    authority, later = appointed(world, 0, agent_id), appointed(world, 1, agent_id)
    votes(world, authority, agent_id, m1="agree", m2="agree")
    with world.platform.database.writing() as session:
        for row_id in (authority, later):
            proxies.withdraw(session, world.row(), row_id, by=world.people[0], now=world.clock.now())
    with pytest.raises(proxies.NotUsable):
        votes(world, later, agent_id, m1="agree", m2="agree")
    with pytest.raises(proxies.WithdrawnCannotCount):
        rules_on(world, authority, accepted=True)
    assert rules_on(world, authority, accepted=False, reason="已撤回") == "appended"
    world.to(State.TALLIED)
    assert counted(world, 0) is not None, "a refused ballot is the elector's row: taken part, invalid everywhere"


def test_the_owners_own_ballot_goes_before_the_agents(world: World) -> None:
    agent_id = agent(world)
    authority = appointed(world, 0, agent_id)
    votes(world, authority, agent_id, m1="agree", m2="agree")
    world.cast(0, m1="oppose")
    rules_on(world, authority, accepted=True)
    with world.platform.database.reading() as session:
        own = next(
            row for row in casting.my_ballots(session, world.row(), world.electors[0]) if row.channel == "online"
        )
    world.to(State.TALLIED)
    assert counted(world, 0) == own.leaf


def test_whoever_voted_already_needs_no_agent_and_an_agent_cannot_vote_after_the_owner(world: World) -> None:
    agent_id = agent(world)
    world.cast(0, m1="agree")
    with pytest.raises(casting.OwnBallotStands):
        appointed(world, 0, agent_id)
    authority = appointed(world, 1, agent_id)
    world.cast(1, m1="agree")
    with pytest.raises(casting.OwnBallotStands):
        votes(world, authority, agent_id, m1="agree", m2="agree")


def test_the_same_confirmation_twice_is_one_ballot_and_another_one_is_refused(world: World) -> None:
    agent_id = agent(world)
    authority = appointed(world, 0, agent_id)
    nonce = new_id()
    first = votes(world, authority, agent_id, nonce=nonce, m1="agree", m2="agree")
    assert votes(world, authority, agent_id, nonce=nonce, m1="agree", m2="agree") == first
    with pytest.raises(proxies.UsedAlready):
        votes(world, authority, agent_id, m1="agree", m2="agree")


def test_an_agent_cannot_try_out_choices_against_the_owners_own_ballot(world: World) -> None:
    agent_id = agent(world)
    authority = appointed(world, 0, agent_id, m1="agent", m2="agent")
    world.cast(0, nonce="n" * 20, m1="oppose", m2="agree")
    for mark in ("agree", "oppose"):
        with pytest.raises(casting.OwnBallotStands):
            votes(world, authority, agent_id, nonce="n" * 20, m1=mark, m2="agree")


def test_only_the_agent_votes_and_neither_the_owner_nor_a_co_owner_can_be_one(world: World) -> None:
    agent_id = agent(world)
    authority = appointed(world, 0, agent_id)
    with pytest.raises(proxies.NotTheAgent):
        votes(world, authority, world.people[3], m1="agree", m2="agree")
    with pytest.raises(proxies.CannotBeAgent):
        appointed(world, 2, world.people[2])
    with pytest.raises(proxies.HasAnAgent):
        appointed(world, 0, world.people[5])


def test_while_voting_is_open_the_database_tells_no_instruction(world: World) -> None:
    authority = appointed(world, 0, agent(world), m1="oppose")
    with world.platform.database.reading() as session:
        row = proxies.one(session, world.row(), authority)
        assert "oppose" not in repr([getattr(row, column.name) for column in ProxyAuthority.__table__.columns])
        assert proxies.instructions(world.platform.keys, row) == {"m1": "oppose"}


# ------------------------------------------------------------------------------------------------------------ on screen


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (250, 250, 250)).save(out, "PNG")
    return out.getvalue()


def appoint_on_screen(client: FlaskClient, world: World, **more: str) -> Any:
    page = f"{BASE}/proxy/{world.electors[0]}"
    data = {"name": "代办人", "phone": "19900000991", "told-m1": "agree", "told-m2": "", **more}
    return post(client, page, data)


def test_an_owner_appoints_on_screen_the_agent_walks_and_the_owner_sees_the_ballot(app: Flask, world: World) -> None:
    agent_id = agent(world)
    owner = signed_in(app, world.platform, world.people[0])
    page = f"{BASE}/proxy/{world.electors[0]}"
    assert "手机号和姓名都对得上" in appoint_on_screen(owner, world, name="别人").text
    assert appoint_on_screen(owner, world).status_code == 302
    assert "代办人" in owner.get(page).text
    client = signed_in(app, world.platform, agent_id)
    listed = client.get(f"{BASE}/proxies").text
    assert "业主0" not in listed, "the agent's page masks the principal's name"
    begun = re.search(r'href="([^"]+/vote/1)"', listed)
    assert begun
    question = client.get(begun[1]).text
    assert "代 1幢1单元0101 业主投票" in question
    assert 'value="oppose"' not in question
    review = post(client, begun[1], {"mark": "agree"}).headers["Location"]
    nonce = re.search(r'name="nonce" value="([^"]+)"', client.get(review).text)
    assert nonce
    data = {"nonce": nonce[1], "choice-m1": "agree"}
    done = post(client, review.replace("review", "cast"), data, page=review)
    assert done.status_code == 303
    assert "已代" in client.get(done.headers["Location"]).text
    receipt = owner.get(f"{BASE}/receipt/{world.electors[0]}").text
    assert "委托投票" in receipt
    neighbour = signed_in(app, world.platform, world.people[4])
    assert neighbour.get(begun[1]).status_code == 403
    assert neighbour.get(page).status_code == 403
    work(world.platform)


def test_a_written_authority_is_looked_at_before_it_serves_and_ruled_after_the_cut_off(
    app: Flask, world: World
) -> None:
    agent_id = agent(world)
    client = signed_in(app, world.platform, agent_id)
    form = {"room": "1幢1单元0301", "principal": "业主2", "told-m1": "agree", "told-m2": "agent"}
    wrong = {**form, "principal": "业主7", "scan": (io.BytesIO(picture()), "委托书.png")}
    assert "对不上名册" in post(client, f"{BASE}/proxies/written", wrong).text
    sent = post(client, f"{BASE}/proxies/written", {**form, "scan": (io.BytesIO(picture()), "委托书.png")})
    assert sent.status_code == 302
    with world.platform.database.reading() as session:
        row = session.scalars(select(ProxyAuthority)).one()
    assert client.get(f"{BASE}/proxies/{row.id}/vote/1").status_code == 409
    clerk = signed_in(app, world.platform, world.officials["clerk1"])
    assert clerk.get(f"{BASE}/proxies/{row.id}/scan").status_code == 200
    assert client.get(f"{BASE}/proxies/{row.id}/scan").status_code == 403
    desk = f"{BASE}/proxies/desk"
    assert post(clerk, f"{BASE}/proxies/{row.id}/seen", {"papers": "原件、身份证"}, page=desk).status_code == 302
    assert clerk.get(f"{BASE}/proxies/{row.id}/scan").status_code == 409
    votes(world, row.id, agent_id, m1="agree", m2="agree")
    assert "同意" not in clerk.get(desk).text
    early = post(clerk, f"{BASE}/proxies/{row.id}/rule", {"ruling": "accept"}, page=f"{BASE}/proxies/written")
    assert early.status_code == 409
    world.to(State.CUT_OFF)
    assert "同意" in clerk.get(desk).text
    assert post(clerk, f"{BASE}/proxies/{row.id}/rule", {"ruling": "accept"}, page=desk).status_code == 302
    with world.platform.database.reading() as session:
        (waiting,) = proxies.unruled(session, world.row())
        proposal = proposals_about(session, world, waiting.ballot)
    assert world.sign(proposal, "clerk1", "scrutineer1") == "appended"
    world.to(State.TALLIED)
    assert world.problems() == []


def test_a_paper_that_nobody_has_seen_tells_its_sender_nothing_and_stands_in_nobodys_way(
    app: Flask, world: World
) -> None:
    stranger = signed_in(app, world.platform, officer(world.platform, None, None, name="路人", phone="19900000992"))

    def sends(room: str, principal: str, colour: int) -> Any:
        out = io.BytesIO()
        Image.new("RGB", (40, 30), (colour, 0, 0)).save(out, "PNG")
        scan = (io.BytesIO(out.getvalue()), "委托书.png")
        return post(
            stranger,
            f"{BASE}/proxies/written",
            {"room": room, "principal": principal, "told-m1": "agree", "scan": scan},
        )

    agent_id = agent(world)
    appointed(world, 1, agent_id)
    world.cast(2, m1="agree", m2="agree")
    assert sends("1幢1单元0201", "业主1", 10).status_code == 302, "who the owner's agent is stays unknown"
    assert sends("1幢1单元0301", "业主2", 20).status_code == 302, "and whether the owner has voted"
    assert sends("1幢1单元0101", "业主0", 30).status_code == 302
    appointed(world, 0, agent_id)
    with world.platform.database.reading() as session:
        rows = session.scalars(select(ProxyAuthority).where(ProxyAuthority.scan_key.is_not(None))).all()
    assert "代办人" in signed_in(app, world.platform, world.people[0]).get(f"{BASE}/proxy/{world.electors[0]}").text
    refused = {world.electors[1]: proxies.HasAnAgent, world.electors[2]: casting.OwnBallotStands}
    for row in rows:
        with (
            world.platform.database.writing() as session,
            pytest.raises(refused.get(row.elector, proxies.HasAnAgent)),
        ):
            clerk, now = world.officials["clerk1"], world.clock.now()
            proxies.see(session, world.community, row.id, identity_seen="身份证", by=clerk, now=now)


def test_the_official_who_handled_an_agent_without_account_is_not_one_of_the_two_who_rule(world: World) -> None:
    clerk, now = world.officials["clerk1"], world.clock.now()
    paper = proxies.Terms(
        world.electors[0],
        None,
        "业主0",
        proxies.agent_on_paper("纸上代理人", "123X"),
        {"m1": "agree", "m2": "agent"},
        world.row().ends_at,
    )
    with world.platform.database.writing() as session:
        scan = proxies.Scan(picture(), "委托书.png", "原件、身份证")
        where = (session, world.platform.keys, world.platform.files, world.assembly, world.community)
        row_id = proxies.register(*where, paper, scan, by=clerk, now=now).id
    with world.platform.database.writing() as session:
        proxies.vote(
            session,
            world.platform.keys,
            world.row(),
            row_id,
            person_id=clerk,
            clerk=True,
            choices={"m1": "agree", "m2": "agree"},
            client_nonce=new_id(),
            now=now,
        )
    with world.platform.database.reading() as session:
        row = proxies.one(session, world.row(), row_id)
        entry = proxies.ruling_entry(world.row(), row, accepted=True, reason="", now=now)
    proposal = world.propose(entry)
    with pytest.raises(proxies.OwnWork):
        world.sign(proposal, "clerk1")
    assert world.sign(proposal, "clerk2", "scrutineer1") == "appended"


def test_no_official_looks_at_an_authority_given_to_themselves(app: Flask, world: World) -> None:
    clerk = signed_in(app, world.platform, world.officials["clerk1"])
    with world.platform.database.writing() as session:
        me = session.get_one(Person, world.officials["clerk1"])
        given = terms(world, 0, {"m1": "agree"}, me.id)
        keys, files, now = world.platform.keys, world.platform.files, world.clock.now()
        where = (world.assembly, world.community, given)
        with pytest.raises(proxies.OwnAuthority):
            seen = proxies.Scan(picture(), "a.png", "身份证")
            proxies.register(session, keys, files, *where, seen, by=me.id, now=now)
        row = proxies.register(session, keys, files, *where, proxies.Scan(picture(), "a.png", ""), by=me.id, now=now)
    address = f"{BASE}/proxies/{row.id}/seen"
    assert post(clerk, address, {"papers": "身份证"}, page=f"{BASE}/proxies/desk").status_code == 403
    with world.platform.database.reading() as session:
        assert not proxies.is_usable(proxies.one(session, world.row(), row.id), now=world.clock.now())


def proposals_about(session: Any, world: World, ballot: Ballot) -> str:
    from voting.service import proposals

    return proposals.about(session, world.row(), ballot.leaf)[0].id


def test_an_agent_without_an_account_votes_at_an_officials_screen(world: World) -> None:
    with world.platform.database.writing() as session:
        given = terms(world, 0, {"m1": "agree"}, "")._replace(agent=proxies.agent_on_paper("老张", "071x"))
        scan = proxies.Scan(picture(), "委托书.png", "原件、身份证")
        clerk = world.officials["clerk1"]
        row = proxies.register(
            session,
            world.platform.keys,
            world.platform.files,
            world.assembly,
            world.community,
            given,
            scan,
            by=clerk,
            now=world.clock.now(),
        )
        assert row.agent == "老张·071X"
        receipt = proxies.vote(
            session,
            world.platform.keys,
            world.row(),
            row.id,
            person_id=clerk,
            clerk=True,
            choices={"m1": "agree"},
            client_nonce=new_id(),
            now=world.clock.now(),
        )
        assert receipt
        with pytest.raises(proxies.SameScan):
            proxies.register(
                session,
                world.platform.keys,
                world.platform.files,
                world.assembly,
                world.community,
                given._replace(elector=world.electors[1]),
                scan,
                by=clerk,
                now=world.clock.now(),
            )


def test_rooms_that_are_not_on_the_roll_are_said_so(world: World) -> None:
    with world.platform.database.reading() as session:
        with pytest.raises(seats.NoSuchRoom):
            seats.elector_of_room(session, world.row(), "9幢9单元999")
        found = seats.elector_of_room(session, world.row(), "1幢1单元0101")
        assert found.elector == world.electors[0]
        with pytest.raises(entries.NotOnTheRoll):
            entries.on_roll(session, world.row(), "nobody")
        assert session.get(Person, world.people[0]) is not None
