"""Limits of authority: given by the owners alone, read by finance, forbidden in some places (rules.md R2.11)."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from finance.rules import life
from hoa.community import pack_choice
from hoa.kernel.errors import NotFound, Refusal
from hoa.platform import Platform
from hoa.resolutions import authority, rulebooks
from hoa.resolutions.tables import AuthorityLimit
from tests.integration.community.scene import post, signed_in
from tests.integration.finance.scene import PAYMENT, Scene, open_books
from tests.integration.people import a_community

RULES = "\n".join(("第一条 总则。", "第二条 业主委员会可以自行决定单笔三千元以内的支出。"))


@pytest.fixture
def scene(platform: Platform) -> Scene:
    return open_books(platform)


def set_limit(scene: Scene, **changes) -> AuthorityLimit:
    facts = {
        "single_fen": 300_000,
        "yearly_fen": None,
        "from_on": date(2026, 9, 1),
        "until_on": None,
        "resolution_id": scene.assembly,
        "by": scene.people["clerk"],
        "now": scene.platform.now(),
    }
    with scene.platform.database.writing() as session:
        return authority.set_limit(session, scene.community, **(facts | changes))


def on(scene: Scene, day: date) -> authority.Limits | None:
    with scene.platform.database.reading() as session:
        return authority.limits(session, scene.community, on=day)


def test_the_later_limit_holds_from_its_day_and_the_earlier_one_before_it(scene: Scene):
    set_limit(scene, until_on=date(2026, 9, 30))
    singles = [
        found.single_fen if (found := on(scene, day)) else None
        for day in (date(2026, 1, 1), date(2026, 8, 31), date(2026, 9, 1), date(2026, 9, 30), date(2026, 10, 1))
    ]
    assert singles == [None, 500_000, 300_000, 300_000, 500_000]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"single_fen": 0}, authority.BadAmount),
        ({"yearly_fen": 299_999}, authority.BadAmount),
        ({"until_on": date(2026, 8, 31)}, authority.BadDays),
        ({"resolution_id": None}, authority.OneGround),
        ({"clause": "第二条"}, authority.OneGround),
        ({"clause": "第九条", "resolution_id": None}, rulebooks.BadClause),
        ({"from_on": date(2026, 1, 1)}, authority.BeforeItsGround),
        ({"resolution_id": "nobody's"}, NotFound),
    ],
)
def test_a_limit_that_nobody_gave_is_refused(scene: Scene, changes: dict, refusal: type[Refusal]):
    with pytest.raises(refusal):
        set_limit(scene, **changes)


def test_the_committee_gives_itself_nothing(scene: Scene):
    with pytest.raises(authority.NotByTheAssembly):
        set_limit(scene, resolution_id=scene.committee)


def test_a_clause_of_the_rules_in_force_is_ground_enough(scene: Scene):
    now = scene.platform.now()
    with scene.platform.database.writing() as session:
        draft = rulebooks.draft(session, scene.community, kind="procedure", text=RULES, by=None, now=now)
        version = rulebooks.adopt_first(
            session,
            scene.community,
            draft.id,
            basis="首次会议",
            effective_on=date(2026, 2, 1),
            by=scene.people["clerk"],
            now=now,
        )
    row = set_limit(scene, clause="第二条", resolution_id=None)
    assert (row.basis, row.rulebook_id) == ("业主大会议事规则第二条", version.id)


def test_where_the_place_forbids_it_none_is_set_and_none_holds_from_then_on(scene: Scene):
    now = scene.platform.now()
    with scene.platform.database.writing() as session:
        pack_choice.choose(
            session, scene.community, code="cn-beijing", reason="本小区在北京", by=scene.people["clerk"], now=now
        )
    with pytest.raises(authority.LimitsForbidden):
        set_limit(scene)
    assert on(scene, now.date()) is None
    assert on(scene, now.date() - timedelta(days=1)) is not None


def test_an_ended_limit_holds_through_its_last_day_and_is_never_changed(scene: Scene):
    row, now, by = set_limit(scene), scene.platform.now(), scene.people["clerk"]

    def end(because: str) -> None:
        with scene.platform.database.writing() as session:
            authority.end_limit(session, scene.community, row.id, because=because, by=by, now=now)

    with pytest.raises(authority.WhyEnded):
        end(" ")
    end("业主大会收回")
    with pytest.raises(authority.AlreadyEnded):
        end("再来")
    today = scene.platform.now().date()
    assert (on(scene, today) or authority.Limits("", 0, None, "")).single_fen == 300_000
    assert (on(scene, today + timedelta(days=1)) or authority.Limits("", 0, None, "")).single_fen == 500_000
    with pytest.raises(DBAPIError), scene.platform.database.writing() as session:
        session.execute(update(AuthorityLimit).values(single_fen=9_999_999))


def test_another_community_has_no_part_in_a_limit(scene: Scene):
    elsewhere = a_community(scene.platform, "BYL", "白云里")
    with scene.platform.database.reading() as session:
        assert authority.limits(session, elsewhere, on=date(2026, 9, 1)) is None
        (row,) = authority.all_limits(session, scene.community)
    with pytest.raises(NotFound), scene.platform.database.writing() as session:
        authority.end_limit(session, elsewhere, row.id, because="x", by=scene.people["clerk"], now=scene.platform.now())


# ------------------------------------------------------------------------------------------- what finance makes of it


def test_a_payment_is_measured_by_the_limit_of_its_own_day(scene: Scene):
    set_limit(scene, from_on=date(2026, 9, 21))
    scene.posted(PAYMENT, amount_fen=300_001)
    late = scene.draft(PAYMENT, amount_fen=300_001, day=date(2026, 9, 21))
    with pytest.raises(life.AssemblyNeeded):
        scene.step("submit", late, "treasurer")


def test_the_years_sum_is_reached_and_not_passed_and_a_reversal_gives_it_back(scene: Scene):
    set_limit(scene, single_fen=500_000, yearly_fen=700_000)
    first = scene.posted(PAYMENT, amount_fen=400_000)
    scene.posted(PAYMENT, amount_fen=900_000, resolution_id=scene.assembly)
    with pytest.raises(life.YearUsedUp) as refused:
        scene.step("submit", scene.draft(PAYMENT, amount_fen=300_001), "treasurer")
    assert refused.value.params["spent"] == "¥4,000.00"
    scene.posted(PAYMENT, amount_fen=300_000, resolution_id=scene.committee)
    red = scene.step("reverse", first, "treasurer", day=date(2026, 9, 30), reason="重复").id
    again = scene.draft(PAYMENT, amount_fen=400_000)
    with pytest.raises(life.YearUsedUp):  # sent off, a red voucher may still be taken away: only posted it gives back
        scene.step("submit", again, "treasurer")
    scene.step("approve", red, "chair")
    scene.step("post", red, "deputy")
    scene.step("submit", again, "treasurer")


def test_without_a_limit_every_payment_needs_the_assembly(scene: Scene):
    early = {"day": date(2026, 1, 1), "amount_fen": 1}
    with pytest.raises(life.NoAuthority):
        scene.step("submit", scene.draft(PAYMENT, **early), "treasurer")


def test_the_residents_committee_writes_a_limit_down_and_the_committee_itself_cannot(app: Flask, scene: Scene):
    page = "/c/WTY/authority/"
    form = {"single": "2000", "resolution": scene.assembly, "clause": "", "from_on": "2026-10-01"}
    chair = signed_in(app, scene.platform, scene.people["chair"])
    assert post(chair, f"{page}new", form, page="/me/keys").status_code == 403
    clerk = signed_in(app, scene.platform, scene.people["clerk"])
    assert "请选一个依据" in post(clerk, f"{page}new", {**form, "resolution": ""}).text
    assert post(clerk, f"{page}new", form).status_code == 302
    assert "¥2,000.00" in app.test_client().get(page).text
    found = on(scene, scene.platform.now().date())
    assert found is not None
    assert post(clerk, f"{page}{found.id}/end", {"because": "收回"}, page=page).status_code == 302
    assert "收回" in app.test_client().get(page).text
