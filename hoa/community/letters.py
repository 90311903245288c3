"""Activation letters on paper: one page each, made in the background, kept sealed because the codes are on them."""

from typing import Any

from hoa.community import activation, service
from hoa.jobs import Run
from hoa.kernel.errors import NotFound
from hoa.platform import Platform
from hoa.web.paper import render_paper
from hoa.web.pdf import render_pdf

KIND = "community.letters"
_PURPOSE = "activation-letters"


def make_job(run: Run) -> dict[str, Any]:
    """Make the PDF of a batch; doing it again makes the same letters again."""
    platform, batch_id = run.platform, str(run.payload["batch"])
    with platform.database.reading() as session:
        here = service.get_community(session, run.community)
        found = activation.letters(session, platform.keys, here.id, here.code, batch_id)
    if not found:
        raise NotFound
    run.progress(0, len(found))
    html = render_paper(
        "community/letters_paper.html",
        community_name=here.name,
        letters=found,
        base_url=platform.settings.base_url,
        help_phone=here.help_phone,
    )
    pdf = render_pdf(html, created=platform.now(), base_url=platform.settings.base_url, variant=None)
    sealed = platform.keys.seal(_PURPOSE, pdf, f"{here.id}\n{batch_id}".encode())
    digest = platform.files.put(sealed)
    return {"url": f"/c/{here.code}/register/letters/{batch_id}?pdf={digest}"}


def open_pdf(platform: Platform, community_id: str, batch_id: str, digest: str) -> bytes:
    """The PDF that a job made for this batch of this community; another's does not open."""
    return platform.keys.open(_PURPOSE, platform.files.get(digest), f"{community_id}\n{batch_id}".encode())
