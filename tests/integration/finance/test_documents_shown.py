"""What of a document owners may open: published ones, and none that names a person until a masked copy exists; and
that nothing of what was masked is in the copy.
"""

import io
import re
import shutil
import subprocess
from contextlib import ExitStack

import pikepdf
import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select, text

from finance.rules.masking import box
from finance.service import documents, masking
from finance.tables import BankAccount, Document
from hoa.accounts.service import find_by_phone
from hoa.app import create_app
from hoa.db import get
from hoa.demo import papers
from hoa.demo.people import ROLES
from hoa.platform import Platform
from hoa.web import heavy, pages
from tests.integration.finance.clients import as_person
from tests.integration.finance.scene import PAYMENT, Scene, open_books

PUBLISHED = """
    SELECT a.document_id, d.community_id FROM finance_attachment a
    JOIN finance_voucher v ON v.community_id = a.community_id AND v.id = a.voucher_id
    JOIN finance_document d ON d.community_id = a.community_id AND d.id = a.document_id
    WHERE v.day < '2026-07-01' AND v.state = 'posted' ORDER BY v.day
"""
SECRET = "6222020200112233445"


def client_of(platform: Platform, key: str) -> FlaskClient:
    app = create_app(platform)
    app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    phone = next(role.phone for role in ROLES if role.key == key)
    with platform.database.reading() as session:
        person = find_by_phone(session, platform.keys, phone)
        assert person is not None
    return as_person(app, platform, person.id)


def field(page: str, name: str) -> str:
    """What the editor carries in a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


@pytest.mark.sqlite_only
def test_a_document_that_names_a_person_is_kept_from_owners_until_it_is_masked(demo_platform: Platform) -> None:
    with demo_platform.database.reading() as session:
        document, community = session.execute(text(PUBLISHED)).first() or ("", "")
    address = f"/c/WTY/books/documents/{document}"
    owner, supervisor, treasurer = (client_of(demo_platform, key) for key in ("elder", "supervisor", "treasurer"))
    assert owner.get(address).status_code == 200
    original = owner.get(address).data
    with demo_platform.database.writing() as session:
        for name in session.scalars(
            text("SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='finance_voucher'")
        ).all():
            session.execute(text(f"DROP TRIGGER {name}"))
        session.execute(text("UPDATE finance_voucher SET party_is_person = 1"))
    held_back = owner.get(address)
    assert (held_back.status_code, "遮盖" in held_back.text) == (403, True)
    assert owner.get(f"{address}/about").status_code == 403
    assert owner.get(f"{address}/pages/1").status_code == 403
    assert owner.get(f"{address}/mask").status_code == 403
    assert supervisor.get(address).status_code == 200
    assert f"{document}/mask" in treasurer.get("/c/WTY/books/documents/unseen").text

    # Two taps, a typed box, one back, a wrong number that loses nothing: all without a script.
    page = treasurer.post(f"{address}/mask", data={"width": "320", "page": "1", "point.x": "32", "point.y": "45"}).text
    assert "红十字" in page
    state = {"width": "320", "page": "1", "mark": field(page, "mark"), "point.x": "160", "point.y": "90"}
    page = treasurer.post(f"{address}/mask", data=state).text
    boxes = field(page, "boxes")
    assert re.fullmatch(r"1:100,\d+,500,\d+", boxes)
    typed = {"width": "320", "page": "1", "boxes": boxes, "act": "add", "left": "10", "top": "50"}
    wrong = treasurer.post(f"{address}/mask", data=typed | {"wide": "95", "high": "5"})
    assert (wrong.status_code, field(wrong.text, "boxes"), 'value="95"' in wrong.text) == (422, boxes, True)
    page = treasurer.post(f"{address}/mask", data=typed | {"wide": "30.5", "high": "5"}).text
    two = field(page, "boxes")
    assert two == f"{boxes};1:100,500,405,550"
    page = treasurer.post(f"{address}/mask", data={"boxes": two, "page": "1", "act": "undo"}).text
    assert field(page, "boxes") == boxes
    nothing = treasurer.post(f"{address}/mask", data={"boxes": "", "act": "keep"})
    assert (nothing.status_code, "没有要遮的内容" in nothing.text) == (422, True)
    assert treasurer.post(f"{address}/mask", data={"boxes": two, "act": "keep"}).status_code == 302

    shown = owner.get(address)
    assert (shown.status_code, shown.data[:5], shown.data != original) == (200, b"%PDF-", True)
    assert owner.get(f"{address}/about").status_code == 200
    assert owner.get(f"{address}/pages/1").mimetype == "image/jpeg"
    assert document not in treasurer.get("/c/WTY/books/documents/unseen").text
    about = treasurer.get(f"{address}/about").text
    assert "业主看到的" in about
    assert "我核对过" not in about, "not by who made it"
    checking = re.search(r"/documents/masks/(\w+)/check", supervisor.get(f"{address}/about").text)
    assert checking is not None
    assert treasurer.post(f"/c/WTY/books/documents/masks/{checking[1]}/check").status_code == 422
    assert supervisor.post(f"/c/WTY/books/documents/masks/{checking[1]}/check").status_code == 302
    assert "核对过" in treasurer.get(f"{address}/about").text

    # A second copy takes the place of the first; the original stays what it was.
    assert treasurer.post(f"{address}/mask", data={"boxes": boxes, "act": "keep"}).status_code == 302
    assert owner.get(address).data not in (shown.data, original)
    assert supervisor.get(address).data == original
    with demo_platform.database.reading() as session:
        made = masking.versions(session, get(session, Document, community, document))
        assert [(one.no, len(one.boxes)) for one in made] == [(2, 1), (1, 2)]


@pytest.mark.sqlite_only
def test_when_every_place_for_heavy_work_is_taken_the_next_one_is_told_to_come_back_and_the_rest_goes_on(
    demo_platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    with demo_platform.database.reading() as session:
        drawn = select(Document.id).where(Document.media_type == masking.PDF, Document.masked_from_id.is_(None))
        document, account = session.scalars(drawn).first(), session.scalars(select(BankAccount.id)).first()
    treasurer = client_of(demo_platform, "treasurer")
    about = f"/c/WTY/books/documents/{document}"
    reads = [f"{about}/about", f"{about}/pages/1", f"{about}/mask"]
    reads.append(f"/c/WTY/books/bank/{account}/reconciliation/2026-06.pdf")

    def answers() -> list[tuple[int, str | None]]:
        sent = {"file": (io.BytesIO(b"%PDF-1.4"), "report.pdf")}
        told = [treasurer.get(address) for address in reads]
        told.append(treasurer.post("/verify", data=sent, content_type="multipart/form-data"))
        assert all("请一分钟后再试" in one.text for one in told if one.status_code == 503)
        return [(one.status_code, one.headers.get("Retry-After")) for one in told]

    monkeypatch.setattr(heavy, "WAIT_SECONDS", 0)
    with ExitStack() as taken:
        for _ in range(heavy.AT_WORK):
            taken.enter_context(heavy.place())
        assert answers() == [(503, "60")] * 5
        assert treasurer.get("/c/WTY/").status_code == 200
        assert treasurer.get("/verify").status_code == 200
        assert treasurer.get(about).status_code == 200
    assert answers() == [(200, None)] * 5


def test_nothing_of_what_was_masked_is_in_the_copy() -> None:
    """The account number stands in the text, and as white text on white; neither is left, in text or in bytes."""
    pdf = papers.paper("收据", ("收款人：某某", f"卡号 {SECRET}", "金额 1,000.00"))
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        opened.pages[0].Contents = [
            opened.pages[0].Contents,
            opened.make_stream(f"1 1 1 rg BT /F1 12 Tf 60 60 Td ({SECRET}) Tj ET".encode()),
        ]
        opened.docinfo["/Subject"] = SECRET
        out = io.BytesIO()
        opened.save(out)
    copy, name = masking.burnt(out.getvalue(), masking.PDF, [box(1, 0, 60, 1000, 300)], nothing=False)
    assert name == "masked.pdf"
    assert SECRET.encode() not in copy
    with pikepdf.open(io.BytesIO(copy)) as opened:
        assert "/Font" not in opened.pages[0].get("/Resources", {})
        for item in opened.objects:
            if isinstance(item, pikepdf.Stream) and item.get("/Subtype") != "/Image":
                assert SECRET.encode() not in item.read_bytes()
    tool = shutil.which("pdftotext")
    assert tool is not None
    said = subprocess.run([tool, "-", "-"], input=copy, capture_output=True, check=True).stdout.decode()
    assert said.strip() == ""
    with Image.open(io.BytesIO(pages.draw(copy).pictures[0])) as sheet:
        inside = sheet.crop((0, sheet.height * 7 // 100, sheet.width, sheet.height * 29 // 100)).convert("L")
        assert max(inside.get_flattened_data()) < 12, "black from edge to edge"
        below = sheet.crop((0, sheet.height * 31 // 100, sheet.width, sheet.height)).convert("L")
        assert min(below.get_flattened_data()) > 200


def test_a_picture_is_painted_over_and_pages_that_are_not_there_are_refused(platform: Platform) -> None:
    out = io.BytesIO()
    Image.new("RGB", (200, 100), (250, 250, 250)).save(out, "PNG")
    copy, name = masking.burnt(out.getvalue(), "image/png", [box(1, 0, 0, 500, 1000)], nothing=False)
    with Image.open(io.BytesIO(copy)) as sheet:
        assert (name, sheet.getpixel((99, 50)), sheet.getpixel((101, 50))) == ("masked.png", (0, 0, 0), (250, 250, 250))
    for data, media, why in (
        (out.getvalue(), "image/png", masking.rules.PageUnknown),
        (papers.paper("a", ("b",)), masking.PDF, masking.rules.PageUnknown),
        (b"%PDF-1.4 broken", masking.PDF, pages.PagesFailed),
        (b"PK", "application/ofd", masking.CannotMask),
        (_of_pages(masking.MOST_PAGES + 1), masking.PDF, masking.TooManyPages),
    ):
        with pytest.raises(why):
            masking.burnt(data, media, [box(2, 0, 0, 10, 10)], nothing=False)
    scene = open_books(platform)
    _masks_are_made_of_originals_and_checked_by_others(scene)


def _of_pages(count: int) -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        for _ in range(count):
            pdf.add_blank_page(page_size=(72, 72))
        pdf.save(out)
    return out.getvalue()


def _masks_are_made_of_originals_and_checked_by_others(scene: Scene) -> None:
    voucher = scene.posted(PAYMENT)
    treasurer, now = scene.people["treasurer"], scene.platform.now()
    with scene.platform.database.writing() as session:
        document = session.scalar(
            text("SELECT document_id FROM finance_attachment WHERE voucher_id = :v"), {"v": voucher}
        )
        assert document is not None
        given = {"boxes": (box(1, 0, 0, 10, 10),), "by": treasurer, "now": now}
        made = masking.mask(session, scene.platform.files, scene.community, document_id=document, **given)
        with pytest.raises(masking.CopyOfACopy):
            masking.mask(session, scene.platform.files, scene.community, document_id=made.copy_id, **given)
        with pytest.raises(masking.rules.OwnMasking):
            masking.confirm(session, scene.community, masking_id=made.id, by=treasurer, now=now)
        masking.confirm(session, scene.community, masking_id=made.id, by=scene.people["chair"], now=now)
        with pytest.raises(masking.AlreadyChecked):
            masking.confirm(session, scene.community, masking_id=made.id, by=scene.people["chair"], now=now)


@pytest.mark.sqlite_only
def test_the_same_file_under_two_vouchers_is_pointed_out_and_a_hostile_name_is_text(platform: Platform) -> None:
    scene = open_books(platform)
    app = create_app(platform)
    app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    treasurer = as_person(app, platform, scene.people["treasurer"])
    first, second = (scene.draft(PAYMENT, paper=False) for _ in range(2))
    with platform.database.reading() as session:
        code = session.scalar(text("SELECT code FROM community WHERE id = :c"), {"c": scene.community})
    for voucher in (first, second):
        answer = treasurer.post(
            f"/c/{code}/books/vouchers/{voucher}/documents",
            data={
                "kind": "invoice",
                "file": (
                    io.BytesIO(papers.invoice(number="1", seller="a", buyer="b", item="c", amount="1", day="d")),
                    "<img src=x onerror=alert(1)>.pdf",
                ),
            },
        )
        assert answer.status_code == 302
    page = treasurer.get(f"/c/{code}/books/vouchers/{second}").text
    assert "不是重复报销" in page
    assert "<img src=x" not in page
    with platform.database.reading() as session:
        rows = session.scalars(text("SELECT id FROM finance_document ORDER BY uploaded_at, id")).all()
        one = get(session, Document, scene.community, rows[0])
        assert [use.id for use in documents.used_elsewhere(session, one)] in ([first], [second])
    for row in rows:
        about = treasurer.get(f"/c/{code}/books/documents/{row}/about").text
        assert "同一个文件还附在别处" in about
        assert "<img src=x" not in about
        got = treasurer.get(f"/c/{code}/books/documents/{row}")
        assert got.headers["Content-Disposition"].startswith("attachment")
        assert got.headers["X-Content-Type-Options"] == "nosniff"
