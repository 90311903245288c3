"""The register of seals: decision before use, keeper and approver apart, red until decided (rules.md R2.19)."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from hoa.bulletin.tables import Publication
from hoa.community import pack_choice
from hoa.kernel.clock import FrozenClock
from hoa.kernel.errors import NotFound
from hoa.platform import Platform
from hoa.resolutions import service as resolutions
from hoa.resolutions.meetings.service import NotAMember
from hoa.resolutions.seals import rules, service
from hoa.resolutions.seals.tables import SealUse
from tests.integration.community.scene import post, signed_in
from tests.integration.people import a_community
from tests.integration.resolutions.committee import Committee, a_committee


@pytest.fixture
def committee(platform: Platform, clock: FrozenClock) -> Committee:
    return a_committee(platform, clock)


def choose(committee: Committee, code: str) -> None:
    with committee.platform.database.writing() as session:
        pack_choice.choose(
            session,
            committee.community,
            code=code,
            reason="所在地",
            by=committee.people["residents"],
            now=committee.now,
        )


def a_seal(committee: Committee, *, kind: str = "committee", keeper: str = "secretary") -> str:
    with committee.platform.database.writing() as session:
        return service.enter(
            session,
            committee.community,
            name=f"印章 {kind}",
            kind=kind,
            keeper_id=committee.people[keeper],
            since=date(2026, 6, 1),
            by=committee.people["chair"],
            now=committee.now,
        ).id


def a_decision(committee: Committee) -> str:
    with committee.platform.database.writing() as session:
        return resolutions.enter(
            session,
            committee.community,
            source="committee",
            title="与翀达消防签订合同",
            text="同意。",
            decided_on=committee.now.date(),
            now=committee.now,
        ).id


def approve(committee: Committee, seal: str, *, by: str = "chair", **changes) -> str:
    facts = {"document": "消防维护合同", "copies": 2, "resolution_id": None, "urgent": ""}
    with committee.platform.database.writing() as session:
        return service.approve(
            session,
            committee.community,
            seal_id=seal,
            by=committee.people[by],
            now=committee.now,
            **(facts | changes),
        ).id


def apply(committee: Committee, use: str, *, by: str = "secretary") -> None:
    with committee.platform.database.writing() as session:
        service.apply(session, committee.community, use, by=committee.people[by], now=committee.now)


def lines(committee: Committee) -> list[service.Line]:
    with committee.platform.database.reading() as session:
        return service.register(session, committee.community, now=committee.now)


def test_one_member_approves_and_the_keeper_sets_the_seal(committee: Committee):
    seal, decision = a_seal(committee), a_decision(committee)
    with pytest.raises(rules.KeeperApproves):
        approve(committee, seal, by="secretary", resolution_id=decision)
    with pytest.raises(NotAMember):
        approve(committee, seal, by="alternate", resolution_id=decision)
    with pytest.raises(rules.NoDecision):
        approve(committee, seal)
    use = approve(committee, seal, resolution_id=decision)
    with pytest.raises(rules.OnlyTheKeeper):
        apply(committee, use, by="chair")
    apply(committee, use)
    with pytest.raises(rules.AlreadyApplied):
        apply(committee, use)
    (line,) = lines(committee)
    assert (line.use.number, line.resolution.id if line.resolution else None) == (1, decision)
    with pytest.raises(DBAPIError), committee.platform.database.writing() as session:
        session.execute(update(SealUse).values(copies=20))


def test_an_urgent_use_is_red_until_a_decision_is_named(committee: Committee):
    use = approve(committee, a_seal(committee), urgent="当天报送街道")
    apply(committee, use)
    assert lines(committee)[0].resolution is None
    decision = a_decision(committee)
    with committee.platform.database.writing() as session:
        service.name_decision(
            session,
            committee.community,
            use,
            resolution_id=decision,
            by=committee.people["chair"],
            now=committee.now,
        )
        with pytest.raises(rules.AlreadyDecided):
            service.name_decision(
                session,
                committee.community,
                use,
                resolution_id=decision,
                by=committee.people["chair"],
                now=committee.now,
            )
    (line,) = lines(committee)
    assert (line.resolution.id if line.resolution else None, line.use.urgent) == (decision, "当天报送街道")


def test_in_beijing_the_committees_seal_waits_for_four_of_seven(committee: Committee):
    choose(committee, "cn-beijing")
    committee.call()  # says that there are seven seats
    decision = a_decision(committee)
    use = approve(committee, a_seal(committee), resolution_id=decision)
    for name in ("chair", "deputy", "treasurer"):
        with committee.platform.database.writing() as session:
            service.consent(session, committee.community, use, by=committee.people[name], now=committee.now)
    with pytest.raises(rules.TooFewConsents) as refused:
        apply(committee, use)
    assert refused.value.params == {"planned": 7, "signed": 3, "missing": 1}
    with committee.platform.database.writing() as session:
        service.consent(session, committee.community, use, by=committee.people["member1"], now=committee.now)
    apply(committee, use)
    apply(committee, approve(committee, a_seal(committee, kind="finance"), resolution_id=decision))


def test_in_hangzhou_uses_are_published_every_half_year(committee: Committee):
    choose(committee, "cn-hangzhou")
    seal, decision = a_seal(committee), a_decision(committee)

    def due() -> date | None:
        with committee.platform.database.reading() as session:
            return service.publication_due(session, committee.community, now=committee.now)

    assert due() is None
    apply(committee, approve(committee, seal, resolution_id=decision))
    assert due() == date(2027, 4, 20)
    committee.clock.advance(days=1)
    with committee.platform.database.writing() as session:
        service.publish(session, committee.community, by=committee.people["chair"], now=committee.now)
        with pytest.raises(service.NothingToPublish):
            service.publish(session, committee.community, by=committee.people["chair"], now=committee.now)
        row = session.scalars(select(Publication).where(Publication.kind == "seal-uses")).one()
        assert row.content["uses"][0]["decision"] == "委2026-001"
        assert "甲chair" not in row.body
    assert due() is None


def test_a_retired_seal_is_set_no_more(committee: Committee):
    seal = a_seal(committee)
    use = approve(committee, seal, resolution_id=a_decision(committee))
    with committee.platform.database.writing() as session:
        service.retire(session, committee.community, seal, because="移交换届", now=committee.now)
    for act in (lambda: apply(committee, use), lambda: approve(committee, seal, urgent="急")):
        with pytest.raises(rules.Retired):
            act()


def test_another_communitys_seal_is_not_found(committee: Committee):
    use = approve(committee, a_seal(committee), urgent="急")
    elsewhere = a_community(committee.platform, "BYL", "白云里")
    with pytest.raises(NotFound), committee.platform.database.writing() as session:
        service.apply(session, elsewhere, use, by=committee.people["secretary"], now=committee.now)


def test_the_register_is_kept_by_forms_and_read_by_officers(app: Flask, committee: Committee):
    chair = signed_in(app, committee.platform, committee.people["chair"])
    page = "/c/WTY/seals/"
    fields = {
        "name": "业主委员会公章",
        "kind": "committee",
        "keeper": committee.people["secretary"],
        "since": "2026-06-01",
    }
    assert post(chair, f"{page}new", fields).status_code == 302
    with committee.platform.database.reading() as session:
        seal = service.seals(session, committee.community)[0].id
    form = {"seal": seal, "document": "消防维护合同", "copies": "2", "resolution": "", "urgent": ""}
    assert "用印要依据一项决定" in post(chair, f"{page}use", form).text
    assert post(chair, f"{page}use", {**form, "urgent": "当天报送"}).status_code == 302
    keeper = signed_in(app, committee.platform, committee.people["secretary"])
    assert post(keeper, f"{page}uses/{lines(committee)[0].use.id}/apply", page=page).status_code == 302
    supervisor = signed_in(app, committee.platform, committee.people["supervisor"])
    shown = supervisor.get(page).text
    assert "没有依据的决定" in shown
    assert "消防维护合同" in shown
    assert supervisor.get(f"{page}use").status_code == 403
    retire = f"{page}{seal}/retire"
    assert post(chair, retire, {"because": ""}, page=page).status_code == 422
    assert post(chair, retire, {"because": "移交换届"}, page=page).status_code == 302
    assert "移交换届" in supervisor.get(page).text
    assert app.test_client().get(page).status_code == 302


def test_a_use_approved_under_a_decision_is_not_set_when_the_decision_has_run_out(committee: Committee):
    with committee.platform.database.writing() as session:
        decision = resolutions.enter(
            session,
            committee.community,
            source="committee",
            title="本月的采购",
            text="同意。",
            decided_on=committee.now.date(),
            valid_until=committee.now.date(),
            now=committee.now,
        ).id
    use = approve(committee, a_seal(committee), resolution_id=decision)
    committee.clock.advance(days=1)
    with pytest.raises(rules.DecidedLater):
        apply(committee, use)
