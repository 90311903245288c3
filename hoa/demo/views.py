"""The demo's sign-in page: pick a person. It exists only where the demo flag is set, never in production."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from hoa.accounts.entry import enter
from hoa.accounts.service import find_by_phone
from hoa.demo.build import CODE
from hoa.demo.people import ADMINISTRATOR, ROLES
from hoa.demo.signing_keys import STAFF, DemoKey
from hoa.kernel.errors import NotFound
from hoa.web import context
from hoa.web.access import public

blueprint = Blueprint("demo", __name__, url_prefix="/demo")
EVERYBODY = {role.key: role for role in (*ROLES, ADMINISTRATOR)}


@blueprint.get("/")
@public
def people() -> str:
    """Everybody one can be, owners first."""
    return render_template("demo/people.html", roles=ROLES, administrator=ADMINISTRATOR, signers=frozenset(STAFF))


@blueprint.get("/keys/<who>.pem")
@public
def key_file(who: str) -> Response:
    """The signing key of a demo official, to import into the browser and sign as them."""
    if who not in STAFF:
        raise NotFound
    response = Response(DemoKey(who).pem, mimetype="application/x-pem-file")
    response.headers["Content-Disposition"] = f'attachment; filename="demo-{who}.pem"'
    return response


@blueprint.post("/sign-in")
@public
def sign_in() -> Response:
    role = EVERYBODY.get(request.form.get("who", ""))
    if role is None:
        raise NotFound
    person = find_by_phone(context.reading(), context.platform().keys, role.phone)
    if person is None:
        raise NotFound
    with context.writing() as session:
        enter(session, person_id=person.id, method="demo")
    response = redirect(
        url_for("home.start") if role is ADMINISTRATOR else url_for("home.community", community_code=CODE)
    )
    assert isinstance(response, Response)
    return response
