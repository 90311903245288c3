"""Making a pack: each document as a PDF of its own, their list with the SHA-256 of each, all of it bound and sealed,
and the zip. The same documents always give the same zip, and the same pages (rules.md R2.8)."""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pikepdf

from hoa.community.service import get_community
from hoa.db import get
from hoa.jobs import Run
from hoa.kernel import canonical, signing
from hoa.kernel.clock import parse_stamp
from hoa.kernel.zips import zipped
from hoa.platform import Platform
from hoa.ports.certificates import LocalCertificates, fingerprint
from hoa.web.paper import render_paper
from hoa.web.pdf import Attachment, render_parts, render_pdf
from hoa.web.pdf_sign import sign_pdf
from voting.filing import service
from voting.filing.tables import FilingPack

FORMAT = "hoa-filing/1"
PURPOSE = "filing"
SEAL_FIELD = "PlatformSeal"
# As many as the bound PDF is printed with (hoa.web.pdf): more would only wait for each other.
CHILDREN_AT_ONCE = 2
PAGE_LABEL = "第 {page} 页 / 共 {pages} 页"


def task(run: Run) -> dict[str, Any]:
    """The worker's part; a second run after a crash finds the pack ready, or makes the same one."""
    platform, pack_id = run.platform, str(run.payload["pack"])
    with platform.database.reading() as session:
        row = get(session, FilingPack, run.community, pack_id)
        code = get_community(session, run.community).code
        number = service.round_of(session, row).number
    if row.state != service.READY:
        contents, pdf, archive = make(platform, row, tell=run.progress)
        with platform.database.writing(seconds=30) as session:
            service.keep(
                session,
                run.community,
                pack_id,
                contents=contents,
                pdf=platform.files.put(pdf),
                archive=platform.files.put(archive),
                now=platform.now(),
            )
    return {"url": f"/c/{code}/filing/{number}#packs"}


def make(
    platform: Platform, row: FilingPack, *, tell: Any = lambda _done, _all: None
) -> tuple[list[Any], bytes, bytes]:
    """The contents, the bound PDF (sealed unless it is a draft) and the zip of a pack's source."""
    source = json.loads(platform.files.get(row.source))
    documents, steps = source["documents"], len(source["documents"]) + 3

    def alone(one: Mapping[str, Any]) -> bytes:
        html = platform.files.get(one["alone"]).decode()
        return render_pdf(html, title=one["title"], **_common(platform, source))

    members: dict[str, bytes] = {}
    contents: list[dict[str, Any]] = []
    with ThreadPoolExecutor(max_workers=CHILDREN_AT_ONCE) as pool:
        for number, (one, data) in enumerate(zip(documents, pool.map(alone, documents), strict=True), 1):
            tell(number, steps)
            members[one["file"]] = data
            contents.append(
                {
                    "no": number,
                    "file": one["file"],
                    "title": one["title"],
                    "pages": _pages(data),
                    "sha256": hashlib.sha256(data).hexdigest(),
                }
            )
    bound = _bound(platform, row, source, contents)
    tell(len(documents) + 2, steps)
    return contents, bound, _zip(platform, source, members, contents)


def _common(platform: Platform, source: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "created": parse_stamp(source["created"]),
        "author": source["community"],
        "base_url": platform.settings.base_url,
    }


def _pages(data: bytes) -> int:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        return len(pdf.pages)


def _bound(
    platform: Platform, row: FilingPack, source: Mapping[str, Any], contents: Sequence[Mapping[str, Any]]
) -> bytes:
    """All documents in one PDF behind their list, its pages numbered through; sealed by the platform as the audit's
    report is. A draft bears its mark instead of a seal."""
    seal = None if row.draft else LocalCertificates(platform.settings.data / "keys").seal(now=row.asked_at)
    front = render_paper(
        "filing/contents_paper.html",
        community_name=source["community"],
        unnumbered=True,
        draft=row.draft,
        title=source["title"],
        contents=contents,
        address=source["address"],
        data_hash=canonical.digest({"contents": list(contents)}),
        verify_url=f"{platform.settings.base_url}/verify",
        fingerprint=fingerprint(seal.certificate) if seal else None,
    )
    parts = [front, *(platform.files.get(one["joined"]).decode() for one in source["documents"])]
    index = canonical.encode({"format": FORMAT, "title": source["title"], "contents": list(contents)})
    attached = Attachment(name="contents.json", content=index, media_type="application/json", description="目录")
    pdf = render_parts(
        parts, page_label=PAGE_LABEL, title=source["title"], attachments=[attached], **_common(platform, source)
    )
    if seal is None:
        return pdf
    reason = f"{source['title']} sha256:{hashlib.sha256(index).hexdigest()}"
    return sign_pdf(pdf, seal=seal, now=row.asked_at, field_name=SEAL_FIELD, reason=reason)


def _zip(
    platform: Platform, source: Mapping[str, Any], members: Mapping[str, bytes], contents: Sequence[Mapping[str, Any]]
) -> bytes:
    """The documents with their signed list. An Ed25519 signature has no chance in it, so the bytes follow from the
    documents alone; the sealed PDF stands beside the zip, because its seal is different every time."""
    keys = platform.keys
    index = {
        "format": FORMAT,
        "title": source["title"],
        "draft": source["draft"],
        "contents": list(contents),
        "key": keys.signing_key(PURPOSE),
    }
    signature = keys.sign(PURPOSE, signing.message("filing", index)).value.hex()
    return zipped({**members, "contents.json": canonical.encode({**index, "signature": signature})})
