"""What people send is told by its content: nothing that acts, hides something else, or unpacks to a flood is kept."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

import pikepdf
import pytest
from PIL import Image

from hoa.demo import papers
from hoa.kernel.errors import Refusal
from hoa.ports import uploads

OFD_ENTRY = b'<?xml version="1.0" encoding="UTF-8"?><ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016" DocType="OFD"/>'


def a_picture(kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (20, 10), (200, 10, 10)).save(out, kind)
    return out.getvalue()


def an_ofd(parts: dict[str, bytes] | None = None, *, comment: bytes = b"", packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packed) as archive:
        for name, data in {"OFD.xml": OFD_ENTRY, "Doc_0/Document.xml": b"<a/>", **(parts or {})}.items():
            archive.writestr(name, data)
        archive.comment = comment
    return out.getvalue()


def a_pdf_bomb() -> bytes:
    """200 MB in 199 KB: a packed object stream that opening alone would unpack."""
    packed = zlib.compress(b"0 0 " + b" " * (200 * 1024 * 1024), 9)
    head = b"1 0 obj\n<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>\nstream\n" % len(packed)
    return b"%PDF-1.5\n" + head + packed + b"\nendstream\nendobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def a_huge_png() -> bytes:
    """A header that promises 20,000 × 20,000 points."""
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    packed = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def an_acting_pdf(where: str) -> bytes:
    with pikepdf.open(io.BytesIO(papers.paper("发票", ("1",)))) as pdf:
        action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        if where == "open":
            pdf.Root.OpenAction = action
        elif where == "page":
            pdf.pages[0].AA = pikepdf.Dictionary(O=action)
        elif where == "launch":
            pdf.pages[0].AA = pikepdf.Dictionary(O=pikepdf.Dictionary(S=pikepdf.Name.Launch, F="calc.exe"))
        else:
            pdf.attachments["a.html"] = b"<script>"
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


def hostile() -> Iterator[tuple[str, bytes, str]]:
    pdf = papers.paper("发票", ("1",))
    yield "nothing", b"", "DocumentEmpty"
    yield "svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "DocumentType"
    yield "html", b"<!doctype html><script>1</script>", "DocumentType"
    yield "html called png", b"<html>", "DocumentType"
    yield "gif", b"GIF89a" + bytes(20), "DocumentType"
    yield "program", b"MZ" + bytes(100), "DocumentType"
    yield "picture cut off", a_picture()[:40], "DocumentUnreadable"
    yield "png then html", b"\x89PNG\r\n\x1a\n<html><script>1</script>", "DocumentUnreadable"
    yield "huge picture", a_huge_png(), "DocumentTooLarge"
    yield "too heavy", b"%PDF-" + bytes(uploads.MAX_BYTES), "DocumentTooLarge"
    yield "pdf that is a zip too", pdf + an_ofd(), "DocumentTwoFaced"
    yield "pdf with markup in its head", pdf[:9] + b"%<HTML><script>1</script>\n" + pdf[9:], "DocumentTwoFaced"
    yield "pdf bomb", a_pdf_bomb(), "DocumentBomb"
    yield "pdf that opens a script", an_acting_pdf("open"), "DocumentActive"
    yield "page that runs a script", an_acting_pdf("page"), "DocumentActive"
    yield "page that starts a program", an_acting_pdf("launch"), "DocumentActive"
    yield "pdf with a file inside", an_acting_pdf("attachment"), "DocumentActive"
    yield "pdf of nothing", b"%PDF-1.4\n%%EOF", "DocumentUnreadable"
    yield "zip that is no ofd", an_ofd({"OFD.xml": b"<html/>"}), "DocumentType"
    yield "ofd with an entity", an_ofd({"OFD.xml": b"<!DOCTYPE a [<!ENTITY x 'y'>]>" + OFD_ENTRY}), "DocumentType"
    yield "ofd without its entry", an_ofd_without_entry(), "DocumentUnreadable"
    yield "ofd with a script", an_ofd({"Doc_0/run.js": b"1"}), "DocumentActive"
    yield "ofd with a page of html", an_ofd({"Doc_0/a.html": b"1"}), "DocumentActive"
    yield "ofd that climbs", an_ofd({"../../etc/a.xml": b"1"}), "DocumentTwoFaced"
    yield "ofd with a root", an_ofd({"/etc/a.xml": b"1"}), "DocumentTwoFaced"
    yield "ofd with a remark", an_ofd(comment=b"<script>"), "DocumentTwoFaced"
    yield "ofd bomb", an_ofd({"Doc_0/a.xml": bytes(200 * 1024 * 1024)}), "DocumentBomb"
    yield "ofd of a thousand parts", an_ofd({f"Doc_0/{i}.xml": b"" for i in range(1000)}), "DocumentTwoFaced"
    yield "ofd cut off", an_ofd()[:-30], "DocumentUnreadable"


def an_ofd_without_entry() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("Doc_0/Document.xml", b"<a/>")
    return out.getvalue()


@pytest.mark.parametrize(("data", "why"), [pytest.param(data, why, id=name) for name, data, why in hostile()])
def test_a_hostile_file_is_refused_with_what_is_wrong(data: bytes, why: str) -> None:
    with pytest.raises(Refusal) as refused:
        uploads.checked(data, "发票.pdf", ofd=True)
    assert type(refused.value).__name__ == why


def test_plain_files_are_kept_a_pdf_and_an_ofd_byte_by_byte() -> None:
    pdf, ofd = (
        papers.paper("发票", ("1",)),
        an_ofd({"Doc_0/Pages/Page_0/Content.xml": b"<a/>", "Doc_0/Res/a.png": b"x"}),
    )
    assert uploads.checked(pdf, "发票.pdf") == uploads.Upload(pdf, "application/pdf", "发票.pdf")
    assert uploads.checked(ofd, "发票.ofd", ofd=True) == uploads.Upload(ofd, uploads.OFD, "发票.ofd")
    with pytest.raises(uploads.DocumentType):
        uploads.checked(ofd, "发票.ofd")
    assert uploads.checked(a_picture("JPEG") + b"<script>", "a.exe").name == "a.exe.jpg"


def test_what_lies_behind_a_picture_is_gone() -> None:
    hidden = a_picture() + b"PK\x03\x04 hidden"
    assert b"hidden" not in uploads.checked(hidden, "a.png").data
    out = io.BytesIO()
    Image.new("RGB", (20, 10)).save(out, "JPEG", comment=b"29.5N 106.5E")
    assert b"106.5E" in out.getvalue()
    assert b"106.5E" not in uploads.checked(out.getvalue(), "a.jpg").data


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd.png"),
        ("C:\\Users\\a\\发票.PNG", "发票.png"),
        ("<img src=x onerror=alert(1)>.png", "_img src=x onerror=alert(1)_.png"),
        ("a\u202egnp.exe", "agnp.exe.png"),
        ("....", "document.png"),
        ("长" * 200, "长" * 80 + ".png"),
    ],
)
def test_a_file_name_is_for_people_and_leads_nowhere(given: str, kept: str) -> None:
    assert uploads.safe_name(given, "image/png") == kept
