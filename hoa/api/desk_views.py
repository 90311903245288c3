"""For people: what the interface is, for whoever writes software; keys, for the desk."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.affairs.rules.intake import CATEGORIES
from hoa.api.forms import KeyForm
from hoa.api.powers import KEYS
from hoa.api.service import keys
from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.i18n import told

blueprint = Blueprint("open311_desk", __name__, url_prefix="/c/<community_code>/open311")


@blueprint.get("/")
@public
def about() -> str:
    """How other software reads and reports here; docs/open311.md says it in full."""
    base = context.platform().settings.base_url
    return render_template(
        "affairs/open311_about.html",
        endpoint=f"{base}/open311/v2",
        discovery=f"{base}/open311/discovery.xml",
        categories=CATEGORIES,
    )


@blueprint.route("/keys", methods=["GET", "POST"])
@requires(KEYS)
def index() -> str:
    """Every key with its use. A new one is shown on the page that answers its form, and never again."""
    form = KeyForm()
    secret = None
    if form.validate_on_submit():
        try:
            with context.writing() as session:
                _, secret = keys.make(
                    session,
                    context.community().id,
                    name=form.name.data or "",
                    contact=form.contact.data or "",
                    by=context.person_id(),
                    now=context.now(),
                )
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
    name = form.name.data if secret else None
    return render_template(
        "affairs/open311_keys.html",
        form=KeyForm(formdata=None) if secret else form,
        secret=secret,
        name=name,
        uses=keys.uses(context.reading(), context.community().id),
    )


@blueprint.post("/keys/<api_key_id>/end")
@requires(KEYS)
def end(api_key_id: str) -> Response:
    with context.writing() as session:
        row = keys.end(session, context.community().id, api_key_id, by=context.person_id(), now=context.now())
        name = row.name
    flash(gettext("“%(name)s”的密钥已停用，它不能再提交诉求；已经提交的照常办理。", name=name), "ok")
    return redirect(url_for("open311_desk.index"))
