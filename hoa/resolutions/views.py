"""The book of resolutions, open to everybody. Nothing is entered here: an assembly's come from its announced tally, the
committee's from signed minutes.
"""

from flask import Blueprint, render_template

from hoa.resolutions import rules, service
from hoa.web import context
from hoa.web.access import public

blueprint = Blueprint("resolutions", __name__, url_prefix="/c/<community_code>/resolutions")


@blueprint.get("/")
@public
def book() -> str:
    rows = service.resolutions(context.reading(), context.community().id)
    return render_template("resolutions/book.html", rows=rows, number=rules.number_text, sources=rules.SOURCES)


@blueprint.get("/<resolution_id>")
@public
def show(resolution_id: str) -> str:
    resolution = service.get(context.reading(), context.community().id, resolution_id)
    return render_template(
        "resolutions/resolution.html", resolution=resolution, number=rules.number_text, sources=rules.SOURCES
    )
