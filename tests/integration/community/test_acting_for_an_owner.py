"""Guardians and companies' authorised persons (rules.md R1.19): recorded at the desk with their paper, by two."""

import io

import pytest
from flask import Flask
from PIL import Image

from hoa.accounts.tables import Person
from hoa.community import desk
from hoa.community.rules import Capacity
from hoa.community.tables import IdentityCheck, Owner
from hoa.kernel.posts import RESIDENTS_STAFF
from hoa.platform import Platform
from tests.integration.community.scene import DEVELOPER, KANG, a_register, officer, owner_id, post, signed_in

PHONE = "19900000555"


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (250, 250, 250)).save(out, "PNG")
    return out.getvalue()


def staff(platform: Platform, community: str) -> tuple[str, str]:
    return (
        officer(platform, community, RESIDENTS_STAFF, name="秦雅宁", phone="19900001001"),
        officer(platform, community, RESIDENTS_STAFF, name="蔡文博", phone="19900001002"),
    )


def test_a_guardian_acts_for_the_owner_once_two_officers_saw_the_paper(app: Flask, platform: Platform) -> None:
    community = a_register(platform)
    first, second = staff(platform, community)
    owner = owner_id(platform, community, KANG[0])
    page = f"/c/WTY/desk/owners/{owner}"
    form = {
        "phone": PHONE,
        "person": "y",
        "title": "y",
        "capacity": "guardian",
        "acting_name": "康小妹",
        "paper": (io.BytesIO(picture()), "监护证明.png"),
    }
    clerk = signed_in(app, platform, first)
    bare = {name: value for name, value in form.items() if name != "paper"}
    assert "上传证明文件" in post(clerk, page, bare).text
    assert post(clerk, page, form).status_code == 302
    with platform.database.reading() as session:
        check = session.query(IdentityCheck).one()
    other, where = signed_in(app, platform, second), f"/c/WTY/desk/checks/{check.id}"
    shown = other.get(where).text
    assert "康小妹" in shown
    assert check.capacity_file in shown
    paper = other.get(f"{where}/paper")
    assert paper.data.startswith(b"\x89PNG")
    assert platform.files.get(check.capacity_key) != paper.data, "the kept copy is sealed"
    assert post(other, where, {"person": "y", "title": "y"}).status_code == 302
    with platform.database.reading() as session:
        row = session.get_one(Owner, (community, owner))
        assert (row.capacity, row.capacity_file) == ("guardian", check.capacity_file)
        person = session.get_one(Person, row.person_id)
    assert person.name == "康小妹", "the account is the guardian's, not the owner's"
    bystander = signed_in(app, platform, officer(platform, None, None, name="路人", phone="19900000556"))
    assert bystander.get(f"{where}/paper").status_code == 403


def test_who_acts_in_person_again_leaves_no_capacity_behind(platform: Platform) -> None:
    community = a_register(platform)
    first, second = staff(platform, community)
    owner = owner_id(platform, community, DEVELOPER[0])
    for capacity, name, phone in ((Capacity.REPRESENTATIVE, "代表甲", PHONE), (Capacity.SELF, "", "19900000557")):
        with platform.database.writing() as session:
            paper = (
                desk.keep_paper(platform.keys, platform.files, community, data=picture(), name="授权书.png")
                if name
                else None
            )
            check = desk.start(
                session,
                platform.keys,
                community,
                owner_id=owner,
                phone=phone,
                documents="证件",
                by=first,
                now=platform.now(),
                capacity=capacity,
                acting_name=name,
                paper=paper,
            )
            desk.confirm(session, platform.keys, community, check_id=check.id, by=second, now=platform.now())
        with platform.database.reading() as session:
            assert session.get_one(Owner, (community, owner)).capacity == capacity.value


def test_a_representative_without_a_paper_is_refused(platform: Platform) -> None:
    community = a_register(platform)
    first, _ = staff(platform, community)
    with platform.database.writing() as session, pytest.raises(desk.NoActingPerson):
        desk.start(
            session,
            platform.keys,
            community,
            owner_id=owner_id(platform, community, DEVELOPER[0]),
            phone=PHONE,
            documents="证件",
            by=first,
            now=platform.now(),
            capacity=Capacity.REPRESENTATIVE,
            acting_name="代表甲",
        )
