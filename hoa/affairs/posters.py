"""QR posters of places as a PDF, one A4 page each, made in the background."""

from typing import Any

from hoa.affairs.service import places, terms
from hoa.affairs.tables import Place
from hoa.community import service as community
from hoa.jobs import Run
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound
from hoa.platform import Platform
from hoa.web.paper import render_paper, translated
from hoa.web.pdf import render_pdf

TASK = "affairs.posters"
TEMPLATE = "pdf/place_posters.html"
_PURPOSE = "place-posters"


def path(code: str, place: Place) -> str:
    """Where the QR code on the wall leads."""
    return f"/c/{code}/say/{place.code}"


def print_posters(run: Run) -> dict[str, Any]:
    """Make the posters of one place (`place`) or of all; doing it again makes the same posters again."""
    platform, chosen = run.platform, str(run.payload["place"])
    with platform.database.reading() as session:
        here = community.get_community(session, run.community)
        clocks = terms.current(session, here.id, today(platform.now()))
        rows = [row for row in places.places(session, here.id) if chosen in ("", row.id)]
    if not rows:
        raise NotFound
    run.progress(0, len(rows))
    html = render_paper(
        TEMPLATE,
        community_name=here.name,
        posters=[(row, platform.settings.base_url + path(here.code, row)) for row in rows],
        help_phone=here.help_phone,
        terms=clocks,
    )
    pdf = render_pdf(
        html,
        created=max(row.added_at for row in rows),
        title=translated("码上提", language="zh-CN"),
        base_url=platform.settings.base_url,
    )
    # Sealed for this community, so that the address of a file opens nobody else's.
    digest = platform.files.put(platform.keys.seal(_PURPOSE, pdf, here.id.encode()))
    return {"url": f"/c/{here.code}/places/posters?pdf={digest}&place={chosen}"}


def open_pdf(platform: Platform, community_id: str, digest: str) -> bytes:
    """The PDF that a job made for this community; anything else does not open."""
    return platform.keys.open(_PURPOSE, platform.files.get(digest), community_id.encode())
