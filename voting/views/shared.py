"""The blueprint, and what every page of an assembly needs."""

from datetime import datetime
from io import BytesIO
from typing import Any

from flask import Blueprint, render_template, send_file, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from hoa.jobs import Job, enqueue
from hoa.kernel.clock import stamp
from hoa.kernel.errors import N_, NotFound
from hoa.resolutions import chain
from hoa.resolutions.chain import Key, Kind
from hoa.web import context
from hoa.web.i18n import language
from voting.elections.service import listing
from voting.elections.service import reading as nominations
from voting.powers import CONVENE
from voting.rules.counting import OPTION_TITLES
from voting.rules.election import RANK_TITLES
from voting.rules.life import STATE_TITLES, STEP_TITLES, State
from voting.rules.local import LOCAL_TITLES
from voting.rules.matters import MATTERS
from voting.rules.schedule import FORM_TITLES
from voting.service import drafts, packages, reading
from voting.tables import Assembly, AssemblyFile, Motion
from voting.views.entry_words import CHANNELS

blueprint = Blueprint("voting", __name__, url_prefix="/c/<community_code>/assemblies")

CHANNEL_TITLES = CHANNELS
STATE_TAGS = {
    State.DRAFT: "plain",
    State.NOTICED: "ink",
    State.OPEN: "ok",
    State.CUT_OFF: "warn",
    State.CLOSED: "warn",
    State.TALLIED: "warn",
    State.ANNOUNCED: "ink",
}


SIGNER_TITLES = {"platform": N_("平台"), "counter": N_("计票人"), "scrutineer": N_("监票人")}
HEAD_TITLES = {
    "notice": N_("公告时的树头"),
    "opening": N_("开始表决时的树头"),
    "hourly": N_("每小时的树头"),
    "cutoff": N_("截止时的树头"),
    "close": N_("封票时的树头"),
}


@blueprint.context_processor
def words() -> dict[str, Any]:
    """What the templates of assemblies speak with; other rooms that show them pass it on."""
    return {
        "STATE_TITLES": STATE_TITLES,
        "STEP_TITLES": STEP_TITLES,
        "STATE_TAGS": STATE_TAGS,
        "OPTION_TITLES": OPTION_TITLES,
        "CHANNEL_TITLES": CHANNEL_TITLES,
        "MATTERS": MATTERS,
        "SIGNER_TITLES": SIGNER_TITLES,
        "HEAD_TITLES": HEAD_TITLES,
        "FORM_TITLES": FORM_TITLES,
        "LOCAL_TITLES": LOCAL_TITLES,
        "RANK_TITLES": RANK_TITLES,
        "State": State,
    }


def chained(assembly: Assembly) -> list[Motion]:
    """The motions that began with what owners said: their pages lead to the whole chain."""
    session, here = context.reading(), assembly.community_id
    return [
        motion
        for motion in drafts.motions(session, assembly)
        if chain.begins_above(session, here, Key(Kind.MOTION, motion.id))
    ]


def find(code: str) -> Assembly:
    """The assembly of this page; a draft exists only for those who write it."""
    assembly = reading.by_code(context.reading(), context.community().id, code)
    if assembly.step is State.DRAFT and not context.may(CONVENE):
        raise NotFound
    return assembly


def candidate_pages(assembly: Assembly) -> dict[str, str]:
    """The page of each candidate by their motion's code; empty for candidates whom no nomination here brought."""
    session = context.reading()
    codes = {motion.id: motion.code for motion in drafts.motions(session, assembly)}
    return {
        codes[one.motion_id]: listing.path(session, row, one.number)
        for row in nominations.of_assembly(session, assembly)
        for one in nominations.candidates(session, row)
        if one.motion_id in codes
    }


def address(endpoint: str, **values: Any) -> str:
    """A complete address, for QR codes and paper."""
    return context.platform().settings.base_url + url_for(endpoint, **values)


def send_or_prepare(
    assembly: Assembly,
    kept: AssemblyFile | None,
    *,
    name: str,
    media_type: str,
    task: str,
    payload: dict[str, Any],
) -> Response:
    """The file when it is there; otherwise ask for it once and show a page that looks again by itself."""
    platform = context.platform()
    if kept is not None:
        data = platform.files.get(kept.sha256)
        response = send_file(BytesIO(data), mimetype=media_type, as_attachment=True, download_name=name)
        response.headers["ETag"] = f'"{kept.sha256}"'
        response.headers["X-Content-SHA256"] = kept.sha256
        return response
    with context.writing() as session:
        if not _is_asked_for(session, assembly, task, payload):
            enqueue(session, task, payload, now=context.now(), community_id=assembly.community_id)
    return Response(
        render_template("voting/preparing.html", assembly=assembly, name=name),
        mimetype="text/html",
        status=202,
        headers={"Refresh": "2"},
    )


def _is_asked_for(session: Session, assembly: Assembly, task: str, payload: dict[str, Any]) -> bool:
    query = select(Job.payload).where(
        Job.community_id == assembly.community_id, Job.kind == task, Job.state.in_(("waiting", "running"))
    )
    return payload in session.scalars(query).all()


def paper(
    assembly: Assembly, *, kind: str, template: str, created: datetime, name: str, values: dict[str, Any]
) -> Response:
    """A PDF of what the page shows: the HTML is made here, in the reader's language, and printed by a job."""
    html = render_template(template, assembly=assembly, community_name=context.community().name, **values).encode()
    digest = context.platform().files.put(html)
    kind = f"{kind}-{language()}"
    return send_or_prepare(
        assembly,
        packages.kept(context.reading(), assembly, kind, digest),
        name=name,
        media_type="application/pdf",
        task="voting.paper",
        payload={
            "assembly": assembly.id,
            "kind": kind,
            "html": digest,
            "created": stamp(created),
            "title": assembly.title,
            "language": language(),
            "url": "",
        },
    )
