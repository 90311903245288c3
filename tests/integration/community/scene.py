"""A community with a small register, people in posts, and browsers in which they are signed in."""

import io
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from openpyxl import Workbook
from sqlalchemy import select

from hoa.accounts import service as accounts
from hoa.accounts.signing_in import begin_session
from hoa.app import create_worker
from hoa.community import imports
from hoa.community.rules import AreaBasis
from hoa.community.tables import ImportBatch, Owner, Unit
from hoa.kernel.posts import Post
from hoa.offices import service as offices
from hoa.platform import Platform
from tests.integration.people import a_community

DATA = Path(__file__).resolve().parents[2] / "data"
HEAD = ("楼栋", "单元", "房号", "用途", "建筑面积", "业主姓名", "证件号码", "联系电话", "交付状态")
PING = ("平志晓", "990000193907071644", "19900000165")
REN = ("任娜琪", "990000197609071652", "19900000166")
KANG = ("康霞远", "990000194203070787", "19900000078")
DEVELOPER = ("重庆梧桐置业有限公司", "91990000MA0009001C", None)
SMALL: tuple[tuple[object, ...], ...] = (
    ("1栋", "1单元", "101", "住宅", 87.46, *PING, "已交付"),
    ("1栋", "1单元", "102", "住宅", 104.54, *KANG, "已交付"),
    ("1栋", "1单元", "201", "住宅", 87.46, *KANG, "已交付"),
    ("1栋", "1单元", "202", "住宅", 104.54, *DEVELOPER, "未售"),
    ("2栋", "1单元", "101", "住宅", 90, *DEVELOPER, "已售未交付"),
)


def workbook(rows: Sequence[Sequence[object]], head: Sequence[object] = HEAD) -> bytes:
    """A register as the bytes of an .xlsx."""
    book = Workbook()
    page = book.active
    assert page is not None
    for row in (head, *rows):
        page.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def do_import(
    platform: Platform,
    community: str,
    data: bytes,
    *,
    remove_missing: bool = False,
    basis: AreaBasis = AreaBasis.REGISTERED,
) -> ImportBatch:
    """Read, preview, confirm and write, as the pages and their jobs do; the batch afterwards."""
    with platform.database.writing() as session:
        batch = imports.begin(
            session, platform, community, data=data, file_name="名册.xlsx", basis=basis, by=None, now=platform.now()
        )
    imports.read_batch(platform, community, batch.id, lambda _done, _total: None)
    with platform.database.reading() as session:
        state = batch_of(session, batch.id).state
    if state == imports.READY:
        with platform.database.writing() as session:
            imports.confirm(session, community, batch.id, remove_missing=remove_missing)
        imports.import_batch(platform, community, batch.id, lambda _done, _total: None)
    with platform.database.reading() as session:
        return batch_of(session, batch.id)


def batch_of(session: Any, batch_id: str) -> ImportBatch:
    found = session.scalars(select(ImportBatch).where(ImportBatch.id == batch_id)).one()
    assert isinstance(found, ImportBatch)
    return found


def a_register(platform: Platform, code: str = "WTY", rows: Sequence[Sequence[object]] = SMALL) -> str:
    """The id of a community with a register."""
    community = a_community(platform, code, f"小区{code}")
    assert do_import(platform, community, workbook(rows)).state == imports.DONE
    return community


def unit_id(platform: Platform, community: str, code: str) -> str:
    with platform.database.reading() as session:
        return session.scalars(select(Unit.id).where(Unit.community_id == community, Unit.code == code)).one()


def owner_id(platform: Platform, community: str, name: str) -> str:
    with platform.database.reading() as session:
        return session.scalars(select(Owner.id).where(Owner.community_id == community, Owner.name == name)).one()


def officer(platform: Platform, community: str | None, post: Post | None, *, name: str, phone: str) -> str:
    """The id of a person with this phone, in this post if one is named."""
    now = platform.now()
    with platform.database.writing() as session:
        person = accounts.person_for_phone(session, platform.keys, phone=phone, name=name, now=now)
        if post is not None and community is not None:
            offices.appoint(
                session,
                community,
                post=post,
                person_id=person.id,
                starts_at=now,
                ends_at=now + timedelta(days=365),
                basis="选举",
                by=None,
                now=now,
            )
        return person.id


def signed_in(app: Flask, platform: Platform, person_id: str) -> FlaskClient:
    """A browser in which this person is signed in."""
    with platform.database.writing() as session:
        token = begin_session(session, person_id=person_id, device="", method="code", now=platform.now())
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
        cookie["_fresh"] = True
    return client


def csrf(client: FlaskClient, page: str) -> str:
    """The token that a form of this page carries."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page, follow_redirects=True).text)
    assert found, f"no form on {page}"
    return found[1]


def post(
    client: FlaskClient, url: str, data: Mapping[str, Any] | None = None, *, page: str | None = None, **more: Any
) -> Any:
    """Send a form as a browser does, with the token of `page` (the form's own page when not said otherwise)."""
    return client.post(url, data={"csrf_token": csrf(client, page or url), **(data or {})}, **more)


def work(platform: Platform) -> None:
    """Do all background work that was asked for."""
    worker = create_worker(platform)
    while worker.run_one():
        pass
