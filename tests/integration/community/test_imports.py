"""Importing: whole or not at all, differences first, the same file twice changes nothing."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from hoa.community import imports, sealing, service
from hoa.community.checks import verify
from hoa.community.rules import AreaBasis
from hoa.community.tables import Building, Owner, Ownership, RegisterChange, Unit
from hoa.platform import Platform
from hoa.ports.keys import NotOpened
from tests.integration.community.scene import DATA, KANG, PING, REN, SMALL, a_register, do_import, unit_id, workbook
from tests.integration.people import a_community

TABLES = (Building, Unit, Owner, Ownership, RegisterChange)


def counts(platform: Platform) -> dict[str, int]:
    with platform.database.reading() as session:
        return {table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES}


def owners_of(platform: Platform, community: str, code: str) -> list[tuple[str, bool]]:
    """Name and whether still owning, by name, of everybody who ever owned the unit."""
    with platform.database.reading() as session:
        query = (
            select(Owner.name, Ownership.until)
            .join(Ownership, (Ownership.community_id == Owner.community_id) & (Ownership.owner_id == Owner.id))
            .where(Ownership.community_id == community, Ownership.unit_id == unit_id(platform, community, code))
            .order_by(Owner.name)
        )
        return [(name, until is None) for name, until in session.execute(query)]


def preview(batch: Any) -> Mapping[str, Any]:
    assert batch.preview is not None
    return dict(batch.preview)


def test_the_sample_register_is_imported_as_expected(platform: Platform) -> None:
    expected = json.loads((DATA / "register.expected.json").read_text(encoding="utf-8"))
    community = a_community(platform)
    batch = do_import(platform, community, (DATA / "register.xlsx").read_bytes())
    assert batch.state == imports.DONE
    with platform.database.reading() as session:
        totals = service.totals(session, community)
        assert verify(platform, session, community) == []
    assert (totals.units, totals.area, totals.heads) == (
        expected["units"],
        expected["area_centi_m2"],
        expected["heads"],
    )
    assert (totals.developer_units, totals.coowned_units) == (expected["developer_units"], expected["coowned_units"])


def test_the_spoiled_register_changes_nothing_and_keeps_every_error(platform: Platform) -> None:
    community = a_community(platform)
    batch = do_import(platform, community, (DATA / "register-spoiled.xlsx").read_bytes())
    assert batch.state == imports.FAULTY
    assert len(preview(batch)["errors"]) == 10
    assert len(preview(batch)["warnings"]) == 1
    assert set(counts(platform).values()) == {0}


def test_the_same_file_again_changes_nothing(platform: Platform) -> None:
    community = a_register(platform)
    before = counts(platform)
    batch = do_import(platform, community, workbook(SMALL))
    assert batch.state == imports.SAME
    assert preview(batch)["unchanged"] == len(SMALL)
    assert counts(platform) == before


def test_an_updated_file_shows_its_differences_before_and_then_makes_them(platform: Platform) -> None:
    community = a_register(platform)
    rows = [list(row) for row in SMALL]
    rows[0][4] = 88
    rows[1][5:8] = REN
    rows.append(["2栋", "1单元", "102", "商铺", 50, *REN, "已交付"])
    batch = do_import(platform, community, workbook(rows))
    shown = preview(batch)
    assert (shown["added"], shown["changed"], shown["missing"], shown["unchanged"]) == (1, 2, 0, 3)
    fields = [field for change in shown["changed_shown"] for field in change["fields"]]
    assert ["不动产登记面积", "87.46 m²", "88.00 m²", False] in fields
    assert ["业主", "康霞远", "任娜琪", False] in fields
    assert owners_of(platform, community, "1-1-102") == [("任娜琪", True), ("康霞远", False)]
    with platform.database.reading() as session:
        assert service.totals(session, community).units == 6
        fields_logged = set(session.scalars(select(RegisterChange.field)))
    assert {"新增专有部分", "业主", "不动产登记面积"} <= fields_logged


def test_units_that_the_file_does_not_name_stay_unless_they_are_to_go(platform: Platform) -> None:
    community = a_register(platform)
    few = workbook(SMALL[:2])
    assert do_import(platform, community, few).state == imports.DONE
    with platform.database.reading() as session:
        assert service.totals(session, community).units == 5
    do_import(platform, community, few, remove_missing=True)
    with platform.database.reading() as session:
        totals = service.totals(session, community)
    assert (totals.units, totals.heads) == (2, 2)
    assert owners_of(platform, community, "1-1-201") == [("康霞远", False)]


def test_a_unit_that_comes_back_is_the_same_row_with_a_new_ownership(platform: Platform) -> None:
    community = a_register(platform)
    there = unit_id(platform, community, "1-1-201")
    do_import(platform, community, workbook(SMALL[:2]), remove_missing=True)
    do_import(platform, community, workbook(SMALL))
    assert unit_id(platform, community, "1-1-201") == there
    assert owners_of(platform, community, "1-1-201") == [("康霞远", False), ("康霞远", True)]


def test_a_preview_is_refused_when_the_register_has_moved_on(platform: Platform) -> None:
    community = a_register(platform)
    rows = [list(row) for row in SMALL]
    rows[0][4] = 99
    with platform.database.writing() as session:
        batch = imports.begin(
            session,
            platform,
            community,
            data=workbook(rows),
            file_name="a.xlsx",
            basis=AreaBasis.REGISTERED,
            by=None,
            now=platform.now(),
        )
    imports.read_batch(platform, community, batch.id, lambda _d, _t: None)
    rows[1][4] = 98
    do_import(platform, community, workbook(rows))
    with platform.database.writing() as session, pytest.raises(imports.RegisterMoved):
        imports.confirm(session, community, batch.id, remove_missing=False)


def test_an_import_done_twice_by_the_worker_writes_once(platform: Platform) -> None:
    community = a_community(platform)
    batch = do_import(platform, community, workbook(SMALL))
    before = counts(platform)
    imports.import_batch(platform, community, batch.id, lambda _d, _t: None)
    assert counts(platform) == before


def test_certificates_and_phones_are_nowhere_in_the_database_in_clear(platform: Platform) -> None:
    community = a_register(platform)
    with platform.database.reading() as session:
        rows = session.execute(text("SELECT * FROM owner WHERE community_id = :c"), {"c": community}).all()
        changes = session.execute(text("SELECT * FROM register_change")).all()
        batches = session.execute(text("SELECT * FROM import_batch")).all()
    everything = repr([rows, changes, batches])
    assert PING[0] in everything
    for secret in (*PING[1:], *KANG[1:]):
        assert secret not in everything
        assert secret.encode().hex() not in everything


def test_the_file_that_was_sent_is_kept_sealed_and_only_its_own_import_opens_it(platform: Platform) -> None:
    community, data = a_community(platform), workbook(SMALL)
    batch = do_import(platform, community, data)
    kept = platform.files.get(batch.file_key)
    assert data not in kept
    assert not platform.files.has(batch.file_sha256)
    assert sealing.open_file(platform.keys, community, batch.id, kept) == data
    with pytest.raises(NotOpened):
        sealing.open_file(platform.keys, "another", batch.id, kept)


def test_the_same_person_in_two_communities_has_nothing_in_common_in_the_tables(platform: Platform) -> None:
    first, second = a_register(platform), a_register(platform, "BSH")
    with platform.database.reading() as session:
        keys = {
            (owner.community_id, owner.key, owner.phone_key)
            for owner in session.scalars(select(Owner).where(Owner.name == PING[0]))
        }
    assert {community for community, _, _ in keys} == {first, second}
    assert len({key for _, key, _ in keys}) == len({phone for _, _, phone in keys}) == 2


def test_a_changed_area_or_certificate_is_found_by_verifying(platform: Platform) -> None:
    community = a_register(platform)
    with platform.database.writing() as session:
        session.execute(text("UPDATE unit SET area = area + 1 WHERE code = '1-1-101'"))
        session.execute(text("UPDATE owner SET key = 'x' WHERE name = :name"), {"name": KANG[0]})
    with platform.database.reading() as session:
        found = verify(platform, session, community)
    assert len(found) == 2
    assert "1-1-101" in found[0]


@pytest.mark.parametrize("statement", ["DELETE FROM register_change", "UPDATE register_change SET after = 'x'"])
def test_the_history_of_the_register_cannot_be_rewritten(platform: Platform, statement: str) -> None:
    a_register(platform)
    with pytest.raises(DBAPIError), platform.database.writing() as session:
        session.execute(text(statement))
