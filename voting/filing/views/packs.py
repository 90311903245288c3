"""Having a pack made, and reading it."""

import io

from flask import redirect, request, send_file, url_for
from werkzeug.wrappers import Response

from hoa.web import context
from hoa.web.access import requires
from voting.filing import service
from voting.filing.powers import FILE, READ
from voting.filing.rules.pack import check_complete
from voting.filing.views import papers
from voting.filing.views.shared import blueprint, round_numbered


@blueprint.post("/<int:round_no>/packs")
@requires(FILE)
def ask_pack(round_no: int) -> Response:
    """Write the documents down as they are now and have them bound; without all of them only as a draft."""
    found, session = round_numbered(round_no), context.reading()
    draft = bool(request.form.get("draft"))
    material = service.sources(session, found, context.now())
    pieces = service.pieces(session, material)
    if not draft:
        check_complete(piece.missing for piece in pieces)
    source = papers.source(material, pieces, draft=draft)
    with context.writing() as session:
        _, job = service.ask(session, found, draft=draft, source=source, by=context.person_id(), now=context.now())
    if job is None:
        return redirect(url_for("filing.show", round_no=round_no) + "#packs")
    return redirect(url_for("jobs.show", job_id=job.id))


@blueprint.get("/packs/<pack_id>.pdf")
@requires(READ)
def pack_pdf(pack_id: str) -> Response:
    """The bound documents, byte by byte as they were sealed."""
    return _file(pack_id, "pdf", "application/pdf")


@blueprint.get("/packs/<pack_id>.zip")
@requires(READ)
def pack_zip(pack_id: str) -> Response:
    """Each document for itself, with the signed list."""
    return _file(pack_id, "zip", "application/zip")


def _file(pack_id: str, ending: str, media: str) -> Response:
    here = context.community()
    row = service.ready(context.reading(), here.id, pack_id)
    digest = (row.pdf_digest if ending == "pdf" else row.zip_digest) or ""
    number = service.round_of(context.reading(), row).number
    name = f"{here.code}-filing-{number}-{row.number}{'-draft' if row.draft else ''}.{ending}"
    response = send_file(
        io.BytesIO(context.platform().files.get(digest)), mimetype=media, as_attachment=True, download_name=name
    )
    response.headers["X-Content-SHA256"] = digest
    return response
