"""The child process of `hoa.web.pdf`: the only place where WeasyPrint runs. Not for import by anyone else.

It reads one framed request from standard input and writes one framed answer to standard output. Before it looks at the
document it lowers its priority, limits its memory and time, and installs an audit hook that ends any attempt to open a
network connection or start a program, should a library ever try behind the fetcher's back.
"""

from __future__ import annotations

import gc
import io
import json
import os
import resource
import sys
from datetime import datetime
from html import escape
from typing import Any, NoReturn
from urllib.parse import urlsplit

from hoa.web.pdf import frame, unframe

MEMORY_BYTES = 6 * 2**30  # address space, not resident; one part of 1,000 rows needs about 250 MB resident
FILE_BYTES = 64 * 2**20  # what fontconfig may write into its cache
DEFAULT_STYLE = """
html, svg { font-family: "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", sans-serif }
"""
REFUSED_EVENTS = frozenset(
    {"socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.bind", "subprocess.Popen", "os.exec", "os.system"}
)


class NotOurs(ValueError):
    """A document asked for an address that it was not given."""


def main() -> None:
    answer_to = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints must not end up inside the answer
    os.nice(10)
    # Nearly all of the millions of objects of a layout live until the end, so looking for garbage among them takes a
    # third of the time and frees a fifteenth of the memory (1,000 rows: 5.7 s and 339 MB, without 4.0 s and 362 MB).
    gc.disable()
    header_bytes, *blobs = unframe(sys.stdin.buffer.read())
    header = json.loads(header_bytes)
    _limit(header["cpu_seconds"])
    try:
        refused, pdf = _answer(header, blobs)
        report: dict[str, Any] = {"ok": True, "refused": refused}
    except Exception as error:  # whatever it is, the parent must learn that there is no PDF
        report, pdf = {"ok": False, "error": type(error).__name__}, b""
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
    with os.fdopen(answer_to, "wb") as stream:
        stream.write(frame([json.dumps(report).encode(), pdf]))


def _limit(cpu_seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _no_way_out(event: str, _arguments: tuple[Any, ...]) -> None:
    if event in REFUSED_EVENTS:
        raise NotOurs(event)


def _answer(header: dict[str, Any], blobs: list[bytes]) -> tuple[list[str], bytes]:
    # Imported before the hook is installed: these look for shared libraries, which may start a program.
    import weasyprint  # noqa: F401

    sys.addaudithook(_no_way_out)
    kinds = [part["kind"] for part in header["parts"]]
    parts, rest = blobs[: len(kinds)], blobs[len(kinds) :]
    names = header["resources"]
    own = dict(zip(names, rest, strict=False))
    files = rest[len(names) :]
    refused: list[str] = []
    made = [
        _render(part.decode(), header, own, refused) if kind == "html" else part
        for kind, part in zip(kinds, parts, strict=True)
    ]
    return refused, _assemble(made, header, files, refused)


def _fetcher(base_url: str, own: dict[str, bytes], refused: list[str]) -> Any:
    from urllib.request import OpenerDirector

    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class OwnBytesOnly(URLFetcher):  # type: ignore[misc]
        """Answers from a dictionary; it has no handler for any protocol, so there is nothing it could fetch with."""

        def __init__(self) -> None:
            OpenerDirector.__init__(self)
            self._fail_on_errors = False

        def fetch(self, url: str, _headers: object = None) -> Any:
            parts = urlsplit(url)
            path = parts._replace(query="", fragment="").geturl()
            key = path.removeprefix(base_url)
            if key == path or key not in own:
                _refuse(parts.scheme)
            return URLFetcherResponse(url, own[key], {"Content-Type": _media_type(key)})

    def _refuse(scheme: str) -> NoReturn:
        refused.append(scheme[:16])
        raise NotOurs("this address was not handed over with the document")

    return OwnBytesOnly()


def _media_type(name: str) -> str:
    known = {"css": "text/css", "svg": "image/svg+xml", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg"}
    return known.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def _render(html: str, header: dict[str, Any], own: dict[str, bytes], refused: list[str]) -> bytes:
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration

    fetcher = _fetcher(header["base_url"], own, refused)
    fonts = FontConfiguration()
    document = HTML(string=html, base_url=header["base_url"], url_fetcher=fetcher)
    if not document.etree_element.get("lang"):
        document.etree_element.set("lang", header["language"])  # else glyphs come out in their Japanese form
    style = CSS(string=DEFAULT_STYLE, base_url=header["base_url"], url_fetcher=fetcher, font_config=fonts)
    rendered = document.render(font_config=fonts, stylesheets=[style], cache={})
    metadata = rendered.metadata
    metadata.title = header["title"] or metadata.title
    metadata.authors = [header["author"]] if header["author"] else []
    metadata.created = metadata.modified = header["created"]
    metadata.lang = header["language"]
    metadata.attachments = []  # a document cannot attach anything to itself; we attach, below
    options = {"pdf_variant": header["variant"]} if header["variant"] else {}
    pdf: bytes = rendered.write_pdf(**options)
    return pdf


def _assemble(made: list[bytes], header: dict[str, Any], files: list[bytes], refused: list[str]) -> bytes:
    """Join the parts, number the pages, attach the files, and write the whole so that the same input gives the
    same bytes and a later signature has little to cover."""
    import pikepdf

    with pikepdf.open(io.BytesIO(made[0])) as pdf:
        for part in made[1:]:
            with pikepdf.open(io.BytesIO(part)) as more:
                _append(pdf, more)
        if header["page_label"]:
            _number_pages(pdf, header, refused)
        _attach(pdf, header, files)
        pdf.remove_unreferenced_resources()
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


def _append(pdf: Any, more: Any) -> None:
    """Pages with their bookmarks and their named targets, so that links inside a part keep working."""
    import pikepdf

    first = len(pdf.pages)
    places = {page.objgen: first + index for index, page in enumerate(more.pages)}
    targets = [(name, places[page.objgen], rest) for name, page, rest in _targets(more)]
    with more.open_outline() as outline:
        bookmarks = _moved(outline.root, places, first)
    pdf.pages.extend(more.pages)
    if targets:
        if "/Names" not in pdf.Root:
            pdf.Root.Names = pikepdf.Dictionary()
        if "/Dests" not in pdf.Root.Names:
            pdf.Root.Names.Dests = pdf.make_indirect(pikepdf.Dictionary(Names=pikepdf.Array()))
        tree = pikepdf.NameTree(pdf.Root.Names.Dests)
        for name, index, rest in targets:
            if name not in tree:
                tree[name] = pikepdf.Array([pdf.pages[index].obj, *rest])
    if not bookmarks and (title := str(more.docinfo.get("/Title", ""))):
        bookmarks = [pikepdf.OutlineItem(title, first)]
    with pdf.open_outline() as outline:
        outline.root.extend(bookmarks)


def _targets(more: Any) -> list[tuple[str, Any, list[Any]]]:
    """The named places of a part: name, page, and where on it."""
    if "/Names" not in more.Root or "/Dests" not in more.Root.Names:
        return []
    names = more.Root.Names.Dests.Names
    found = []
    for at in range(0, len(names), 2):
        page, *rest = list(names[at + 1])
        found.append((str(names[at]), page, rest))
    return found


def _moved(items: Any, places: dict[Any, int], first: int) -> list[Any]:
    """Bookmarks of a part as they stand in the whole: to the page, at its top."""
    import pikepdf

    moved = []
    for item in items:
        to = item.destination
        page = places.get(to[0].objgen, first) if isinstance(to, pikepdf.Array) and len(to) else first
        copy = pikepdf.OutlineItem(item.title, page)
        copy.children.extend(_moved(item.children, places, first))
        moved.append(copy)
    return moved


def _number_pages(pdf: Any, header: dict[str, Any], refused: list[str]) -> None:
    """Only after all parts are laid out is the number of pages known; so the numbers come as a second layer."""
    import pikepdf

    total = len(pdf.pages)
    sizes = [tuple(float(side) for side in page.mediabox[2:]) for page in pdf.pages]
    style = sorted(set(sizes))
    rules = "".join(
        f"@page s{index} {{ size: {width}pt {height}pt; margin: 0 }}"
        f".s{index} {{ page: s{index}; height: {height - 1}pt }}"
        for index, (width, height) in enumerate(style)
    )
    leaves = "".join(
        f'<div class="leaf s{style.index(size)}"><p>'
        + escape(header["page_label"].format(page=number, pages=total))
        + "</p></div>"
        for number, size in enumerate(sizes, start=1)
    )
    html = (
        f'<html lang="{escape(header["language"])}"><style>{rules}'
        ".leaf { position: relative; break-after: page } .leaf:last-child { break-after: auto }"
        "p { position: absolute; bottom: 8mm; left: 0; right: 0; margin: 0; text-align: center; font-size: 9pt; "
        f"color: #44504a }}</style>{leaves}"
    )
    numbers = _render(html, {**header, "variant": None}, {}, refused)
    with pikepdf.open(io.BytesIO(numbers)) as layer:
        for number, (page, leaf) in enumerate(zip(pdf.pages, layer.pages, strict=True), start=1):
            # By hand, because add_overlay names its layers at random and the bytes must come out the same.
            form = pdf.copy_foreign(leaf.as_form_xobject())
            name = page.add_resource(form, pikepdf.Name.XObject, pikepdf.Name(f"/PageNumber{number}"))
            page.contents_add(b"q\n", prepend=True)
            page.contents_add(b"\nQ\nq " + bytes(name) + b" Do Q\n")


def _attach(pdf: Any, header: dict[str, Any], files: list[bytes]) -> None:
    """PDF/A-3 wants each file once in the name tree and once in /AF (WeasyPrint would list it twice in /AF)."""
    import pikepdf

    if not files:
        return
    moment = datetime.fromisoformat(header["created"]).strftime("D:%Y%m%d%H%M%S%z")
    moment = f"{moment[:-2]}'{moment[-2:]}"
    entries = pikepdf.Array()
    for described, content in zip(header["attachments"], files, strict=True):
        specification = pikepdf.AttachedFileSpec(
            pdf,
            content,
            filename=described["name"],
            description=described["description"],
            mime_type=described["media_type"],
            creation_date=moment,
            mod_date=moment,
        )
        specification.relationship = pikepdf.Name("/" + described["relationship"])
        pdf.attachments[described["name"]] = specification
        entries.append(specification.obj)
    pdf.Root.AF = entries


if __name__ == "__main__":
    main()
