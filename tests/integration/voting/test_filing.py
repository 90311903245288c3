"""The filing pack: what is missing and whose turn it is, the bound and sealed PDF, the zip, and who may have them."""

import hashlib
import io
import json
import subprocess
from zipfile import ZipFile

import pikepdf
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.exc import DatabaseError

from hoa.kernel import signing
from hoa.kernel.clock import FrozenClock
from hoa.kernel.posts import COMMITTEE_CHAIR, SUPERVISOR
from hoa.platform import Platform
from hoa.ports.certificates import LocalCertificates
from hoa.resolutions.meetings.rules import Item, ItemKind, Kind
from hoa.web.pdf_sign import verify_pdf
from tests.integration.community.scene import post, signed_in, work
from tests.integration.people import a_community, a_person
from tests.integration.resolutions.committee import Committee
from tests.integration.voting.filing_scene import Elected, an_elected_committee
from voting.filing import making, service
from voting.filing.rules.pack import Paper
from voting.filing.tables import FilingPack
from voting.service import minutes


@pytest.fixture
def here(platform: Platform, clock: FrozenClock) -> Elected:
    return an_elected_committee(platform, clock)


def missing(here: Elected) -> dict[Paper, str]:
    with here.platform.database.reading() as session:
        found = service.round_numbered(session, here.community, 1)
        pieces = service.pieces(session, service.sources(session, found, here.clock.now()))
    return {piece.paper: piece.missing.turn for piece in pieces if piece.missing is not None}


def complete(here: Elected) -> None:
    here.write_books()
    here.keep_minutes()
    here.meet()


def packs(here: Elected) -> list[FilingPack]:
    with here.platform.database.reading() as session:
        return list(session.scalars(select(FilingPack).order_by(FilingPack.number)))


def words(pdf: bytes) -> list[str]:
    """The text of each page, without spaces."""
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return ["".join(page.split()) for page in done.stdout.decode().split("\f")[:-1]]


def test_what_is_missing_is_listed_with_whose_turn_it_is_until_nothing_is(here: Elected) -> None:
    here.enter()
    assert set(missing(here)) == {Paper.MINUTES, Paper.PROCEDURE, Paper.COVENANT, Paper.MEETING}
    assert "全体委员" in missing(here)[Paper.MEETING]
    here.write_books()
    here.keep_minutes()
    assert set(missing(here)) == {Paper.MEETING}
    here.meet()
    assert missing(here) == {}


def test_a_paper_that_lacks_something_says_how_much_on_the_page(app: Flask, here: Elected) -> None:
    here.enter()
    with here.platform.database.writing() as session:
        minutes.finish(
            session, here.platform.keys, here.community, here.world.assembly, by=here.race.leader, now=here.clock.now()
        )
    page = signed_in(app, here.platform, here.staff).get("/c/WTY/filing/1").text
    assert "会议记录有 0 人签名，要 2 人" in page


@pytest.mark.slow
def test_an_incomplete_pack_is_made_only_as_a_draft_with_the_word_on_each_page(app: Flask, here: Elected) -> None:
    here.enter()
    client, page = signed_in(app, here.platform, here.staff), "/c/WTY/filing/1"
    assert "还缺 4 项" in client.get(page).text
    assert post(client, f"{page}/packs", page=page).status_code == 409
    assert packs(here) == []
    assert post(client, f"{page}/packs", {"draft": "y"}, page=page).status_code == 302
    work(here.platform)
    (row,) = packs(here)
    assert (row.draft, row.state) == (True, service.READY)
    pages = words(client.get(f"/c/WTY/filing/packs/{row.id}.pdf").data)
    assert len(pages) > 4
    assert all("草" in text and "稿" in text for text in pages), "rotated letters are read one by one"
    pdf = client.get(f"/c/WTY/filing/packs/{row.id}.pdf").data
    assert not verify_pdf(pdf, trust_roots=[], now=here.clock.now()).signatures, "a draft bears no seal"
    archive = client.get(f"/c/WTY/filing/packs/{row.id}.zip").data
    assert making.make(here.platform, row)[2] == archive, "the same documents, the same bytes"
    _is_read_by_those_who_may_and_never_changes(app, here, row)


@pytest.mark.slow
def test_a_complete_pack_is_bound_sealed_numbered_and_lists_the_hash_of_each_document(
    app: Flask, here: Elected
) -> None:
    here.enter()
    complete(here)
    client, page = signed_in(app, here.platform, here.staff), "/c/WTY/filing/1"
    assert post(client, f"{page}/packs", page=page).status_code == 302
    work(here.platform)
    (row,) = packs(here)
    pdf = client.get(f"/c/WTY/filing/packs/{row.id}.pdf").data
    pages = words(pdf)
    total = len(pages)
    assert all(f"第{number}页/共{total}页" in text for number, text in enumerate(pages, 1))
    assert not any("草稿" in text for text in pages)
    whole = "".join(pages)
    titles = "备案申请表 业主大会会议记录 表决结果 议事规则 管理规约 首次会议记录 名单 承诺书"
    for title in titles.split():
        assert title in whole, title
    assert "䶮源" in whole
    assert row.contents is not None
    assert [one["no"] for one in row.contents] == list(range(1, 9))
    for one in row.contents:
        assert one["sha256"] in pages[0] + pages[1]
    roots = LocalCertificates(here.platform.settings.data / "keys").trust_roots()
    verdict = verify_pdf(pdf, trust_roots=roots, now=here.clock.now())
    assert verdict.valid
    assert json.loads(verdict.attachments["contents.json"])["contents"] == row.contents
    _holds_each_document(client, here, row)
    here.clock.advance(days=1)
    post(client, f"{page}/packs", page=page)
    work(here.platform)
    assert len(packs(here)) == 1, "the same documents are not made twice"


def _holds_each_document(client: FlaskClient, here: Elected, row: FilingPack) -> None:
    """The zip has each document as listed, and a signed list."""
    answer = client.get(f"/c/WTY/filing/packs/{row.id}.zip")
    assert answer.headers["X-Content-SHA256"] == hashlib.sha256(answer.data).hexdigest()
    with ZipFile(io.BytesIO(answer.data)) as archive:
        index = json.loads(archive.read("contents.json"))
        for one in index["contents"]:
            data = archive.read(one["file"])
            assert hashlib.sha256(data).hexdigest() == one["sha256"]
            with pikepdf.open(io.BytesIO(data)) as pdf:
                assert len(pdf.pages) == one["pages"]
    key = here.platform.keys.public_keys()[index["key"]]
    message = signing.message("filing", index)
    assert signing.verify_ed25519(public=key.public, signature=bytes.fromhex(index["signature"]), message=message)


def _is_read_by_those_who_may_and_never_changes(app: Flask, here: Elected, row: FilingPack) -> None:
    address = f"/c/WTY/filing/packs/{row.id}.pdf"
    supervisor = a_person(here.platform, "监督员")
    here.appoint(supervisor, SUPERVISOR)
    looks_on = signed_in(app, here.platform, supervisor)
    assert looks_on.get(address).status_code == 200
    assert post(looks_on, "/c/WTY/filing/1/packs", {"draft": "y"}, page="/me").status_code == 403
    owner = signed_in(app, here.platform, here.race.people[8])
    assert owner.get(address).status_code == 403
    assert app.test_client().get(address).status_code == 302
    a_community(here.platform, "BYL", "白云里")
    staff = signed_in(app, here.platform, here.staff)
    assert staff.get(address.replace("WTY", "BYL")).status_code in (403, 404)
    with pytest.raises(DatabaseError), here.platform.database.writing() as session:
        session.execute(update(FilingPack).values(draft=False))


def test_the_public_sees_how_far_the_filing_is_and_no_name_in_full(app: Flask, here: Elected) -> None:
    here.enter()
    page = app.test_client().get("/c/WTY/filing/1").text
    assert "提交备案材料" in page
    assert "还剩" in page
    assert "缺" not in page
    assert "业主0" not in page


def test_what_is_late_reaches_chair_and_street_and_is_red_with_words(app: Flask, here: Elected) -> None:
    here.enter()
    assert signed_in(app, here.platform, here.street).get("/").status_code == 302
    people = {f"m{number}": person for number, person in enumerate(here.members())}
    committee = Committee(here.platform, here.clock, here.community, people, {})
    report = Item(ItemKind.REPORT, "通报选举结果", "通报选举结果。")
    meeting = committee.call(report, kind=Kind.FIRST, days=1, by="m0", planned=5)
    committee.gather(meeting, *people, by="m0")
    committee.finish(meeting, by="m0")
    here.clock.advance(days=40)
    page = signed_in(app, here.platform, here.street).get("/").text
    assert "业主委员会逾期没有备案" in page
    assert "业主委员会会议记录逾期没有公布" in page
    assert "业主委员会逾期没有召开首次会议" not in page
    assert "逾期" in app.test_client().get("/c/WTY/filing/1").text
    here.appoint(people["m0"], COMMITTEE_CHAIR)
    home = signed_in(app, here.platform, people["m0"]).get("/c/WTY/").text
    assert "业主委员会逾期没有备案" in home
    assert "逾期没有备案" not in signed_in(app, here.platform, here.race.people[8]).get("/c/WTY/").text
