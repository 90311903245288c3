"""The demo's officials have keys that a visitor may take and sign with; no other deployment knows them."""

import pytest
from sqlalchemy import select

from hoa.app import create_app
from hoa.demo.people import ROLES
from hoa.demo.signing_keys import STAFF, DemoKey
from hoa.kernel import canonical
from hoa.platform import Platform
from tests.integration.community.scene import signed_in
from voting.tables import Assembly, Official, Proposal


def test_every_assembly_names_the_same_officials_with_the_keys_that_the_page_gives(demo_platform: Platform) -> None:
    names = {role.name: DemoKey(role.key).public.hex() for role in ROLES if role.key in STAFF}
    with demo_platform.database.reading() as session:
        for assembly in session.scalars(select(Assembly)):
            assert assembly.manifest is not None
            keys = canonical.decode(assembly.manifest)["keys"]
            people = keys["counters"] + keys["scrutineers"] + keys["clerks"]
            assert {one["person"]: one["public"] for one in people} == names


def test_a_visitor_signs_as_the_demos_clerk_with_the_key_from_the_demo_page(demo_platform: Platform) -> None:
    app = create_app(demo_platform)
    app.config.update(WTF_CSRF_ENABLED=False)
    visitor = app.test_client()
    pem = visitor.get("/demo/keys/clerk.pem")
    assert pem.data == DemoKey("clerk").pem
    assert 'href="/demo/keys/clerk.pem"' in visitor.get("/demo/").text
    with demo_platform.database.reading() as session:
        waiting = session.scalars(select(Proposal).where(Proposal.state == "waiting")).all()
        clerk = session.scalars(select(Official).where(Official.key_id.is_not(None), Official.role == "clerk")).all()
    assert waiting
    client = signed_in(app, demo_platform, clerk[0].person_id)
    page = client.get("/c/WTY/assemblies/2026-03/sign").text
    assert page.count("data-items=") == len(waiting)


@pytest.mark.parametrize("who", ["chair", "administrator", "x"])
def test_who_signs_nothing_in_the_demo_has_no_key_there(demo_platform: Platform, who: str) -> None:
    assert create_app(demo_platform).test_client().get(f"/demo/keys/{who}.pem").status_code == 404


def test_a_deployment_that_is_no_demo_gives_no_key(platform: Platform) -> None:
    assert not platform.settings.demo
    assert create_app(platform).test_client().get("/demo/keys/clerk.pem").status_code == 404
