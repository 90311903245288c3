"""The places that have a QR poster, and their posters as pages and PDF."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as BaseResponse
from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import Optional

from hoa.affairs import posters
from hoa.affairs.powers import PLACES
from hoa.affairs.service import places, terms
from hoa.affairs.tables import Place
from hoa.community.views import download
from hoa.db import get
from hoa.jobs import enqueue
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound, Refusal
from hoa.offices import places as register
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told

blueprint = Blueprint("places", __name__, url_prefix="/c/<community_code>/places")


class PlaceForm(Form):
    name = StringField(lazy_gettext("点位名称"), validators=[required(), at_most(places.MOST_NAME)])
    building = SelectField(lazy_gettext("楼栋和单元"), default="")
    floor = IntegerField(lazy_gettext("楼层"), validators=[Optional()])

    def offer(self) -> None:
        """Every building and entrance of the register, in its order; the number is the choice."""
        self.building.choices = options(
            [
                ("", gettext("不在楼里")),
                *((str(number), " ".join(pair).strip()) for number, pair in enumerate(_spots())),
            ]
        )

    def spot(self) -> tuple[str, str]:
        return _spots()[int(self.building.data)] if self.building.data else ("", "")


def _spots() -> list[tuple[str, str]]:
    """Buildings, each followed by its entrances."""
    found: list[tuple[str, str]] = []
    for building, entrances in register.buildings(context.reading(), context.community().id).items():
        found += [(building, ""), *((building, entrance) for entrance in entrances if entrance)]
    return found


@blueprint.route("/", methods=["GET", "POST"])
@requires(PLACES)
def index() -> str | BaseResponse:
    """All places in use; a new one; their posters."""
    form = PlaceForm()
    form.offer()
    if form.validate_on_submit():
        try:
            _add(form)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
        else:
            flash(gettext("点位已加上，可以打印海报了"), "ok")
            return redirect(url_for("places.index"))
    rows = places.places(context.reading(), context.community().id)
    return render_template("affairs/places.html", rows=rows, form=form)


def _add(form: PlaceForm) -> None:
    building, entrance = form.spot()
    with context.writing() as session:
        places.add(
            session,
            context.community().id,
            name=form.name.data or "",
            building=building,
            entrance=entrance,
            floor=form.floor.data if building else None,
            by=context.person_id(),
            now=context.now(),
        )


@blueprint.route("/<place_id>/remove", methods=["GET", "POST"])
@requires(PLACES)
def remove(place_id: str) -> str | BaseResponse:
    """Out of use: the poster then says so, what was reported there keeps the place."""
    here = context.community()
    row = get(context.reading(), Place, here.id, place_id)
    form = Form()
    if form.validate_on_submit():
        with context.writing() as session:
            places.remove(session, here.id, place_id, now=context.now())
        flash(gettext("点位已停用，请把海报取下来"), "ok")
        return redirect(url_for("places.index"))
    return render_template("affairs/places_remove.html", row=row, form=form)


@blueprint.route("/posters", methods=["GET", "POST"])
@requires(PLACES)
def show_posters() -> str | BaseResponse:
    """The posters as a page to print; POST has them made into a PDF in the background."""
    platform, here = context.platform(), context.community()
    chosen = request.values.get("place", "")
    rows = [row for row in places.places(context.reading(), here.id) if chosen in ("", row.id)]
    if chosen and not rows:
        raise NotFound
    if request.method == "POST" and rows:
        with context.writing() as session:
            job = enqueue(
                session,
                posters.TASK,
                {"place": chosen},
                now=context.now(),
                community_id=here.id,
                person_id=context.person_id(),
            )
        return redirect(url_for("jobs.show", job_id=job.id))
    return render_template(
        "affairs/places_posters.html",
        posters=[(row, platform.settings.base_url + posters.path(here.code, row)) for row in rows],
        terms=terms.current(context.reading(), here.id, today(context.now())),
        chosen=chosen,
        pdf=request.args.get("pdf"),
    )


@blueprint.get("/posters/<digest>.pdf")
@requires(PLACES)
def poster_file(digest: str) -> Response:
    return download(
        posters.open_pdf(context.platform(), context.community().id, digest), "posters.pdf", "application/pdf"
    )
