"""The paper shell: what may get into a PDF, and that the same input gives the same bytes (books.md 5, trust.md 19)."""

import base64
import subprocess
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from hoa.web.pdf import Attachment, PdfFailed, frame, render_parts, render_pdf, unframe

NOW = datetime(2026, 10, 20, 10, 0, tzinfo=timezone(timedelta(hours=8)))
SECRET = "MARKER-OF-A-LOCAL-FILE-7c1f"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPj/HwADAgH/p1EnEgAAAABJRU5ErkJggg=="
)


class _Listener(ThreadingHTTPServer):
    hits: list[str]


@pytest.fixture(name="listener", scope="module")
def _listener() -> Iterator[_Listener]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name http.server wants
            server = self.server
            assert isinstance(server, _Listener)
            server.hits.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    server = _Listener(("127.0.0.1", 0), Handler)
    server.hits = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def text_of(pdf: bytes) -> str:
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()


# One entry per way in which a document can ask for something. {x} is a web address, then a file's address.
VECTORS = {
    "img": '<img src="{x}">',
    "img srcset": '<img srcset="{x} 1x, {x} 2x">',
    "picture": '<picture><source srcset="{x}"><img src="{x}"></picture>',
    "object": '<object data="{x}"></object>',
    "embed": '<embed src="{x}">',
    "iframe": '<iframe src="{x}"></iframe>',
    "input image": '<input type="image" src="{x}">',
    "video poster": '<video poster="{x}" src="{x}"></video>',
    "link stylesheet": '<link rel="stylesheet" href="{x}">',
    "link attachment": '<link rel="attachment" href="{x}" title="t">',
    "a attachment": '<a rel="attachment" href="{x}">a</a>',
    "link icon": '<link rel="icon" href="{x}">',
    "base": '<base href="{x}"><img src="relative.png"><link rel="stylesheet" href="relative.css">',
    "body background": '<body background="{x}">',
    "table background": '<table background="{x}"><tr><td background="{x}">a</table>',
    "style import": '<style>@import url("{x}");</style>',
    "style import string": '<style>@import "{x}";</style>',
    "style background": '<style>p {{ background: url("{x}") }}</style><p>a</p>',
    "style attribute": '<p style="background-image: url({x}); border-image-source: url({x})">a</p>',
    "list image": '<ul style="list-style-image: url({x})"><li>a</ul>',
    "generated content": '<style>p::before {{ content: url("{x}") }}</style><p>a</p>',
    "page margin": '<style>@page {{ @top-left {{ content: url("{x}") }} background: url("{x}") }}</style>',
    "font face": '<style>@font-face {{ font-family: f; src: url("{x}") }} p {{ font-family: f }}</style><p>a</p>',
    "svg image": '<svg width="9" height="9"><image href="{x}" xlink:href="{x}" width="9" height="9"/></svg>',
    "svg use": '<svg width="9" height="9"><use href="{x}#a" xlink:href="{x}#a"/></svg>',
    "svg style": '<svg width="9" height="9"><style>@import url("{x}");</style><rect width="9" height="9"/></svg>',
    "svg paint": '<svg width="9" height="9"><rect width="9" height="9" fill="url({x}#a)" mask="url({x}#m)"/></svg>',
    "svg font": '<svg width="9" height="9"><style>@font-face {{ font-family: f; src: url("{x}") }}</style></svg>',
    "xml stylesheet": '<?xml-stylesheet href="{x}"?><p>a</p>',
    "xml entity": '<!DOCTYPE svg [<!ENTITY e SYSTEM "{x}">]><svg width="9" height="9"><text>&e;</text></svg>',
    "data style": '<link rel="stylesheet" href="data:text/css,@import%20url({x});">',
    "meta refresh": '<meta http-equiv="refresh" content="0; url={x}">',
}


# In sixes, because starting a child costs more than a page; the address that is hit names the vector. <base> stands
# alone: it would turn the relative addresses of the others.
ALONE = "base"
NAMES = [name for name in VECTORS if name != ALONE]
BATCHES = [[ALONE], *([NAMES[at : at + 6] for at in range(0, len(NAMES), 6)])]


@pytest.mark.parametrize("names", BATCHES, ids=lambda names: names[0])
def test_no_mark_up_reaches_the_network_or_a_file(names: list[str], listener: _Listener, tmp_path: Path) -> None:
    listener.hits.clear()
    secret = tmp_path / "secret.css"
    secret.write_text(f'p::after {{ content: "{SECRET}" }}')
    html = "<p>正文</p>"
    for name in names:
        web = f"http://127.0.0.1:{listener.server_port}/{name.replace(' ', '-')}"
        html += f"<div>{VECTORS[name].format(x=web)}{VECTORS[name].format(x=secret.as_uri())}</div>"
    pdf = render_pdf(html + "<p>末尾</p>", created=NOW)
    assert listener.hits == []
    with pikepdf.open(BytesIO(pdf)) as opened:
        assert len(opened.attachments) == 0
        assert not any(SECRET.encode() in stream_bytes(item) for item in opened.objects)
    words = text_of(pdf)
    assert SECRET not in words
    assert "正文" in words
    assert "末尾" in words, "a vector swallowed the ones after it"


def stream_bytes(item: object) -> bytes:
    return item.read_bytes() if isinstance(item, pikepdf.Stream) else b""


def test_the_listener_would_have_seen_a_fetch(listener: _Listener, tmp_path: Path) -> None:
    """The mutant: WeasyPrint's own fetcher on one of the vectors above does hit the network and read the file."""
    from weasyprint import HTML

    listener.hits.clear()
    secret = tmp_path / "secret.css"
    secret.write_text(f'p::after {{ content: "{SECRET}" }}')
    web = f"http://127.0.0.1:{listener.server_port}/x"
    html = f'<link rel="stylesheet" href="{secret.as_uri()}"><img src="{web}"><p>正文</p>'
    pdf = HTML(string=html).write_pdf()
    assert listener.hits == ["/x"]
    assert SECRET in text_of(pdf)


def test_a_colour_profile_from_elsewhere_ends_the_rendering(listener: _Listener) -> None:
    listener.hits.clear()
    web = f"http://127.0.0.1:{listener.server_port}/x"
    style = f'<style>@color-profile --c {{ src: url("{web}") }} p {{ color: color(--c 1 1 1) }}</style><p>a</p>'
    with pytest.raises(PdfFailed):
        render_pdf(style, created=NOW)
    assert listener.hits == []


def test_resources_nested_inside_an_own_picture_are_refused_too(listener: _Listener) -> None:
    listener.hits.clear()
    web = f"http://127.0.0.1:{listener.server_port}/x"
    svg = (
        '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="90" height="90">'
        f'<style>@import url({web});</style><image xlink:href="{web}" width="9" height="9"/></svg>'
    )
    render_pdf('<img src="chart.svg">', created=NOW, resources={"chart.svg": svg.encode()})
    assert listener.hits == []


def test_own_bytes_are_used_by_relative_address() -> None:
    html = '<link rel="stylesheet" href="own.css"><p>正文</p><img src="pixel.png">'
    css = 'p::after { content: "来自样式" }'.encode()
    pdf = render_pdf(html, created=NOW, resources={"own.css": css, "pixel.png": PIXEL})
    assert "来自样式" in text_of(pdf)
    with pikepdf.open(BytesIO(pdf)) as opened:
        assert len(opened.pages[0].get_images()) == 1


def test_relative_links_lead_to_the_site_and_its_bytes_are_found_below_it() -> None:
    html = '<link rel="stylesheet" href="/own.css?v=1"><p><a href="/verify">核验</a></p>'
    pdf = render_pdf(html, created=NOW, base_url="http://localhost:8000", resources={"own.css": b"p{color:red}"})
    with pikepdf.open(BytesIO(pdf)) as opened:
        assert str(opened.pages[0].Annots[0].A.URI) == "http://localhost:8000/verify"


def test_the_same_input_gives_the_same_bytes_and_declares_pdf_a_3() -> None:
    files = [Attachment(name="凭证.csv", content="付款,䶮".encode(), media_type="text/csv", description="凭证")]
    html = "<html lang='zh-CN'><title>报告</title><p>䶮源养护 翀达消防</p>"
    first, second = (render_pdf(html, created=NOW, attachments=files) for _ in range(2))
    assert first == second
    with pikepdf.open(BytesIO(first)) as opened, opened.open_metadata() as metadata:
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "B")
        assert metadata["dc:title"] == "报告"
        assert str(opened.docinfo["/CreationDate"]).startswith("D:20261020100000")
        assert len(opened.Root.AF) == 1
        assert opened.Root.AF[0].AFRelationship == "/Data"
        assert opened.attachments["凭证.csv"].get_file().read_bytes() == "付款,䶮".encode()


def test_only_embedded_fonts_and_rare_characters_survive() -> None:
    pdf = render_pdf(
        "<p>䶮源养护 <b>翀达消防</b> <svg width='90' height='20'><text y='12'>图例</text></svg>", created=NOW
    )
    assert {"䶮源养护", "翀达消防", "图例"} <= set(text_of(pdf).split())
    done = subprocess.run(["pdffonts", "-"], input=pdf, capture_output=True, check=True)
    rows = done.stdout.decode().splitlines()[2:]
    assert rows
    assert all(row.split()[-5:-2] == ["yes", "yes", "yes"] for row in rows)


def test_parts_are_joined_numbered_and_their_links_work() -> None:
    part = (
        "<title>{t}</title><style>@page {{ size: A4 }}</style><h1 id='{t}'>{t}</h1><p style='break-before:page'>末</p>"
    )
    first = part.format(t="甲") + "<a href='#甲'>去</a>"
    parts = [first, part.format(t="乙") + "<a href='#乙'>去</a>", part.format(t="丙").replace("A4", "A4 landscape")]
    files = [Attachment(name="a.json", content=b"{}", media_type="application/json")]
    both = [
        render_parts(parts, page_label="第 {page} 页 / 共 {pages} 页", created=NOW, title="全", attachments=files)
        for _ in range(2)
    ]
    assert both[0] == both[1]
    pages = text_of(both[0]).split("\f")[:6]
    assert [f"第{n}页/共6页" in "".join(page.split()) for n, page in enumerate(pages, start=1)] == [True] * 6
    with pikepdf.open(BytesIO(both[0])) as opened:
        targets = pikepdf.NameTree(opened.Root.Names.Dests)
        assert targets["乙"][0].objgen == opened.pages[2].objgen
        assert str(opened.docinfo["/Title"]) == "全"
        assert len(opened.Root.AF) == 1


def test_a_document_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(PdfFailed, match="not ready"):
        render_pdf("<p>慢</p>", created=NOW, timeout_seconds=0.05)


def test_a_date_without_zone_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="time zone"):
        render_pdf("<p>a</p>", created=datetime(2026, 1, 1))  # noqa: DTZ001


def test_a_cut_off_message_is_noticed() -> None:
    message = frame([b"one", b""])
    assert unframe(message) == [b"one", b""]
    for length in range(len(message)):
        with pytest.raises(ValueError, match="cut off"):
            unframe(message[:length])
