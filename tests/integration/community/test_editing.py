"""One unit is changed without a workbook: the same rows as an import, with the paper it rests on."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from hoa.community import service
from hoa.community.tables import Owner, Ownership, RegisterChange, Unit
from hoa.kernel.clock import today
from hoa.kernel.posts import COMMITTEE_CHAIR, COMMITTEE_MEMBER
from hoa.platform import Platform
from tests.integration.community import scene

UNITS = "/c/WTY/register/units"


@pytest.fixture
def here(platform: Platform) -> str:
    return scene.a_register(platform)


@pytest.fixture
def officer(app: Flask, platform: Platform, here: str) -> FlaskClient:
    chair = scene.officer(platform, here, COMMITTEE_CHAIR, name="办理人", phone="19900000001")
    return scene.signed_in(app, platform, chair)


def unit_of(platform: Platform, label: str) -> Unit:
    with platform.database.reading() as session:
        return session.scalars(select(Unit).where(Unit.label == label)).one()


def owners_of(platform: Platform, unit: Unit) -> list[tuple[str, str, object, object]]:
    with platform.database.reading() as session:
        query = (
            select(Owner.name, Ownership.level, Ownership.since, Ownership.until)
            .join(Ownership, Ownership.owner_id == Owner.id)
            .where(Ownership.unit_id == unit.id)
            .order_by(Ownership.since, Owner.name)
        )
        return [tuple(row) for row in session.execute(query)]


def history(platform: Platform, unit: Unit) -> list[tuple[str, str, str]]:
    with platform.database.reading() as session:
        query = select(RegisterChange.field, RegisterChange.before, RegisterChange.after)
        query = query.where(RegisterChange.unit_id == unit.id, RegisterChange.batch_id.is_(None))
        return sorted(tuple(row) for row in session.execute(query))


def version(platform: Platform, here: str) -> int:
    with platform.database.reading() as session:
        return service.get_community(session, here).register_version


def details(platform: Platform, here: str, **more: str) -> dict[str, str]:
    return {
        "kind": "flat",
        "status": "delivered",
        "registered": "87.46",
        "surveyed": "",
        "contract": "",
        "note": "",
        "basis": "不动产权证 渝(2026)第 1 号",
        "version": str(version(platform, here)),
        **more,
    }


def test_an_area_is_corrected_with_the_paper_it_rests_on(platform: Platform, here: str, officer: FlaskClient):
    unit = unit_of(platform, "1栋1单元101")
    page = f"{UNITS}/{unit.id}/edit"
    assert 'value="87.46"' in officer.get(page).text
    done = scene.post(officer, page, details(platform, here, registered="88.00", surveyed="87.90"), page=page)
    assert done.headers["Location"].endswith(unit.id)
    changed = unit_of(platform, "1栋1单元101")
    assert (changed.area, changed.area_basis, changed.area_surveyed) == (8800, "registered", 8790)
    assert history(platform, unit) == [
        ("不动产登记面积", "87.46 m²", "88.00 m²"),
        ("变更依据", "", "不动产权证 渝(2026)第 1 号"),
        ("实测面积", "", "87.90 m²"),
    ]
    assert version(platform, here) == 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"registered": "很大"}, "不是面积"),
        ({"basis": ""}, "请填写这一项"),
        ({"version": "0"}, "又有变动"),
        ({}, "没有改动"),
    ],
)
def test_what_cannot_be_saved_says_why_and_changes_nothing(
    platform: Platform, here: str, officer: FlaskClient, wrong: dict[str, str], said: str
):
    unit = unit_of(platform, "1栋1单元101")
    page = f"{UNITS}/{unit.id}/edit"
    answer = scene.post(officer, page, details(platform, here, **wrong), page=page)
    assert answer.status_code == 200
    assert said in answer.text
    assert unit_of(platform, "1栋1单元101").area == 8746
    assert history(platform, unit) == []


def test_a_sale_ends_the_sellers_ownership_and_begins_the_buyers_at_the_lowest_level(
    platform: Platform, here: str, officer: FlaskClient
):
    unit = unit_of(platform, "1栋1单元101")
    page = f"{UNITS}/{unit.id}/transfer"
    day = today(platform.now()).isoformat()
    data = {
        "day": day,
        "basis": "不动产权证 渝(2026)第 2 号",
        "version": str(version(platform, here)),
        "name1": "任娜琪",
        "identifier1": scene.REN[1],
        "phone1": "199 0000 0166",
    }
    assert "平志晓" in officer.get(page).text
    assert scene.post(officer, page, data, page=page).status_code == 302
    assert [(name, level, until is None) for name, level, _, until in owners_of(platform, unit)] == [
        ("任娜琪", "V0", True),
        ("平志晓", "V0", False),
    ]
    assert ("业主", "平志晓", "任娜琪") in history(platform, unit)
    with platform.database.reading() as session:
        recorded = session.scalars(select(Ownership.recorded_at).where(Ownership.unit_id == unit.id)).all()
    assert None not in recorded


def test_a_co_owner_joins_and_the_first_one_stays_with_their_level(platform: Platform, here: str, officer: FlaskClient):
    unit = unit_of(platform, "1栋1单元101")
    with platform.database.writing() as session:
        row = session.scalars(select(Ownership).where(Ownership.unit_id == unit.id)).one()
        row.level, stays = "V2", row.owner_id
    page = f"{UNITS}/{unit.id}/transfer"
    data = {
        "day": today(platform.now()).isoformat(),
        "basis": "结婚证、加名申请",
        "version": str(version(platform, here)),
        "staying": stays,
        "name1": "任娜琪",
    }
    assert scene.post(officer, page, data, page=page).status_code == 302
    assert sorted((name, level, until) for name, level, _, until in owners_of(platform, unit)) == [
        ("任娜琪", "V0", None),
        ("平志晓", "V2", None),
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name1": ""}, "至少要有一位业主"),
        ({"day": "2030-01-01"}, "请改正"),
        ({"identifier1": "123"}, "证件"),
        ({"name2": "", "phone2": "19900000166"}, "第 2 位新业主没有填姓名"),
    ],
)
def test_a_transfer_that_cannot_be_says_why_and_ends_nobodys_ownership(
    platform: Platform, here: str, officer: FlaskClient, wrong: dict[str, str], said: str
):
    unit = unit_of(platform, "1栋1单元101")
    page = f"{UNITS}/{unit.id}/transfer"
    data = {
        "day": today(platform.now()).isoformat(),
        "basis": "不动产权证",
        "version": str(version(platform, here)),
        "name1": "任娜琪",
        **wrong,
    }
    answer = scene.post(officer, page, data, page=page)
    assert answer.status_code == 200
    assert said in answer.text
    assert [until for *_, until in owners_of(platform, unit)] == [None]


def test_only_who_may_change_the_register_finds_the_forms(app: Flask, platform: Platform, here: str):
    unit = unit_of(platform, "1栋1单元101")
    person = scene.officer(platform, here, COMMITTEE_MEMBER, name="委员", phone="19900000002")
    member = scene.signed_in(app, platform, person)
    for form in ("edit", "transfer"):
        assert member.get(f"{UNITS}/{unit.id}/{form}").status_code == 403
