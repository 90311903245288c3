"""My offices, and whether my posts in the party's organisation are shown; who serves in party and committee alike."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.offices import consents, relationships, service
from hoa.offices.rules import PARTY, TIES
from hoa.offices.views import in_words, place_in_words
from hoa.web import context
from hoa.web.access import requires

blueprint = Blueprint("own", __name__)


@blueprint.get("/mine")
@requires("offices.read")
def mine() -> str:
    """What I hold and held, what was declared about me, and my consent."""
    session, here, me = context.reading(), context.community(), context.person_id()
    held = service.offices_of(session, here.id, me)
    now = context.now()
    return render_template(
        "offices/mine.html",
        held=held,
        rows=relationships.listed(session, here.id, of=me),
        ties=TIES,
        own_id=me,
        now=now,
        in_party=any(office.post in PARTY and office.starts_at <= now < office.ends_at for office in held),
        consent=consents.history(session, here.id, me),
        title=in_words,
        place=place_in_words,
    )


@blueprint.post("/mine/consent")
@requires("offices.read")
def agree() -> Response:
    with context.writing() as session:
        consents.give(session, context.community().id, person_id=context.person_id(), now=context.now())
    flash(gettext("已记录您的同意，名册从现在起公开您的党组织职务"), "ok")
    return _back()


@blueprint.post("/mine/consent/withdraw")
@requires("offices.read")
def withdraw() -> Response:
    with context.writing() as session:
        consents.withdraw(session, context.community().id, person_id=context.person_id(), now=context.now())
    flash(gettext("已撤回同意，名册从现在起不再公开您的党组织职务"), "ok")
    return _back()


def _back() -> Response:
    answer = redirect(url_for("offices.own.mine"))
    assert isinstance(answer, Response)
    return answer


@blueprint.get("/crossing")
@requires("offices.party")
def crossing() -> str:
    """The report of cross-appointments, for the branch and the authorities that oversee them (R2.16)."""
    session, here, now = context.reading(), context.community(), context.now()
    holders = service.roster(session, here.id, now=now)
    found = consents.cross_appointed(holders)
    return render_template(
        "offices/crossing.html",
        found=found,
        agreed=consents.consented(session, here.id),
        party=sum(1 for holder in holders if holder.office.post in PARTY),
        title=in_words,
    )
