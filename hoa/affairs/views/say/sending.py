"""From the written page to a suggestion: what others already reported, the code that proves a phone, and sending."""

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from hoa.accounts import rules as account_rules
from hoa.accounts import service as accounts
from hoa.accounts import signing_in
from hoa.accounts.forms import CodeForm, refuse
from hoa.accounts.views import begin_trial
from hoa.affairs.rules import intake as rules
from hoa.affairs.rules.intake import CATEGORIES, Channel, Said
from hoa.affairs.rules.states import STATE_NAMES, State
from hoa.affairs.service import drafts, intake, life, links, photos, reading, reporters
from hoa.affairs.service.drafts import Written
from hoa.affairs.tables import Place
from hoa.affairs.views.say.base import TRIAL_GUESS, ask_code, blueprint, browser, channel_of, demand, place_of
from hoa.kernel import identifiers, masking
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import public
from hoa.web.i18n import told
from hoa.web.shell import local_path


def said_of(
    written: Written, channel: Channel, *, place: Place | None = None, reporter_id: str | None = None, phone: str = ""
) -> Said:
    """What was written as it will be kept; a poster says where it is."""
    where = place or written
    return Said(
        category=written.category,
        text=written.text,
        channel=channel,
        building=where.building,
        entrance=where.entrance,
        floor=where.floor,
        spot=written.spot,
        place_id=place.id if place else None,
        reporter_id=reporter_id,
        name=written.name,
        phone=phone or None,
        may_call=written.may_call,
    )


def onward(kept_id: str, written: Written) -> BaseResponse | str:
    """The page is in order: what others reported, the code for a phone without an account, and sending."""
    if not written.anew and _others(written):
        return redirect(url_for("say.same", kept_id=kept_id))
    return proceed(kept_id, written)


def proceed(kept_id: str, written: Written) -> BaseResponse | str:
    """Send or follow at once for somebody signed in; else prove the phone first."""
    if context.me() is None:
        return _to_code(kept_id, written)
    try:
        return _finish(kept_id, written, reporter_id=context.person_id(), phone="")
    except rules.SentTooMany as refusal:
        return _waiting(kept_id, refusal)


def _others(written: Written) -> list[intake.Similar]:
    place = place_of(written.place_code)
    found = intake.similar(
        context.reading(),
        context.platform().keys,
        context.community().id,
        category=written.category,
        text=written.text,
        place_id=place.id if place else None,
        building=place.building if place else written.building,
        entrance=place.entrance if place else written.entrance,
    )
    return list(found)


def save(kept_id: str, written: Written) -> None:
    written = drafts.changed(written, browser=browser())
    with context.writing() as session:
        drafts.save(session, context.platform().keys, context.community().id, kept_id, written, now=context.now())


@blueprint.route("/say/draft/<kept_id>/same", methods=["GET", "POST"])
@public
def same(kept_id: str) -> str | BaseResponse:
    """Others already reported this: follow one of them with a tap, or go on because it is something else."""
    written = demand(kept_id)
    if written.sent:
        return to_sent(written.sent)
    others = _others(written)
    if request.method == "POST":
        chosen = request.form.get("follow", "")
        if chosen and chosen not in {other.id for other in others}:
            raise NotFound
        written = drafts.changed(written, follows=chosen, anew=not chosen)
        save(kept_id, written)
        return proceed(kept_id, written)
    if not others:
        return redirect(url_for("say.draft", kept_id=kept_id))
    return render_template(
        "affairs/say_same.html",
        others=others,
        kept_id=kept_id,
        categories=CATEGORIES,
        state_names={str(state): name for state, name in STATE_NAMES.items()},
    )


# ------------------------------------------------------------------------------------------------------- the code


def _to_code(kept_id: str, written: Written) -> BaseResponse | str:
    """Ask for a code, unless one is still on its way to this phone."""
    phone = identifiers.mobile(written.phone)
    keys = context.platform().keys
    if signing_in.phone_of_code(context.reading(), keys, written.code_id, now=context.now()) != phone:
        try:
            written = drafts.changed(written, phone=phone, code_id=ask_code(phone))
        except account_rules.AskedTooOften as refusal:
            return _waiting(kept_id, refusal, follows=written.follows)
        save(kept_id, written)
    return redirect(url_for("say.code", kept_id=kept_id))


@blueprint.route("/say/draft/<kept_id>/code", methods=["GET", "POST"])
@public
def code(kept_id: str) -> str | BaseResponse:
    """The code proves the phone; a wrong one costs nothing but another try."""
    written = demand(kept_id)
    if written.sent:
        return to_sent(written.sent)
    if context.me() is not None:
        return redirect(url_for("say.draft", kept_id=kept_id))
    phone = identifiers.mobile(written.phone)
    form = CodeForm()
    if request.form.get("step") == "again":
        save(kept_id, drafts.changed(written, code_id=""))
        return _to_code(kept_id, demand(kept_id))
    status = 200
    if form.validate_on_submit():
        trial = begin_trial(TRIAL_GUESS, phone)
        try:
            return _redeem(kept_id, written, trial, form.code.data or "")
        except (account_rules.WrongCode, account_rules.TooManyTries, rules.SentTooMany) as refusal:
            refuse(form.code, told(refusal))
            status = refusal.status if refusal.status == 429 else 200
    html = render_template(
        "affairs/say_code.html", form=form, phone=masking.phone(phone), kept_id=kept_id, follows=bool(written.follows)
    )
    return Response(html, status=status, mimetype="text/html")


def _redeem(kept_id: str, written: Written, trial: signing_in.Trial, given: str) -> BaseResponse:
    keys = context.platform().keys
    with context.writing() as session:
        proven = signing_in.redeem_code(session, keys, trial, code_id=written.code_id, code=given, now=context.now())
        holder = accounts.find_by_phone(session, keys, proven)
        ended = _end(session, kept_id, written, reporter_id=holder.id if holder else None, phone=proven)
    return _ended(written, ended)


# ------------------------------------------------------------------------------------------------------- sending


def _finish(kept_id: str, written: Written, *, reporter_id: str, phone: str) -> BaseResponse:
    with context.writing() as session:
        ended = _end(session, kept_id, written, reporter_id=reporter_id, phone=phone)
    return _ended(written, ended)


def _end(session: Session, kept_id: str, written: Written, *, reporter_id: str | None, phone: str) -> str:
    """Follow or send, in one transaction with the draft's end; where that leads (an address of ours)."""
    platform, here, now = context.platform(), context.community(), context.now()
    again = drafts.demand(session, platform.keys, here.id, kept_id, now=now, lock=True)
    if again.sent:
        return again.sent
    if written.follows:
        follower = intake.follow(
            session,
            platform.keys,
            here.id,
            written.follows,
            person_id=reporter_id,
            phone=None if reporter_id else phone,
            now=now,
        )
        ended = intake.unfollow_path(platform.keys, here.code, follower)
    else:
        ended = _send(session, kept_id, written, reporter_id=reporter_id, phone=phone)
    drafts.finish(session, platform.keys, here.id, kept_id, sent=ended, browser=browser(), now=now)
    return ended


def _send(session: Session, kept_id: str, written: Written, *, reporter_id: str | None, phone: str) -> str:
    platform, here, now = context.platform(), context.community(), context.now()
    keys = platform.keys
    place = place_of(written.place_code)
    if reporter_id is not None and written.may_call and not phone:
        phone = accounts.phone_of(session, keys, reporter_id) or ""
    said = said_of(
        written,
        channel_of(written),
        place=place,
        reporter_id=reporter_id,
        phone=phone,
    )
    pictures = drafts.pictures(session, keys, here.id, kept_id)
    rules.check(said, photos=len(pictures))
    intake.demand_not_too_many(
        session,
        here.id,
        reporter_id=reporter_id,
        phone_key=reporters.phone_key(keys, here.id, phone) if phone else None,
        now=now,
    )
    row = life.receive(session, keys, here.id, said, now=now, pictures=photos.Pictures(platform.files, pictures))
    return links.path(keys, here.code, row)


def _ended(written: Written, ended: str) -> BaseResponse:
    if written.follows:
        flash(gettext("已关注。这件诉求有进展时会发短信告诉您"), "ok")
        return redirect(ended)
    return to_sent(ended)


def to_sent(ended: str) -> BaseResponse:
    """Where a page leads that was sent already: pressing twice sends once. Only addresses that we kept ourselves."""
    if not local_path(ended):
        raise NotFound
    return redirect(ended if "/unfollow/" in ended else f"{ended}/sent")


def _waiting(kept_id: str, refusal: Refusal, *, follows: str = "") -> Response:
    """It has to wait: the page says how long, and leads back to what was written, which is kept."""
    back = url_for("say.follow", suggestion_id=follows) if follows else url_for("say.draft", kept_id=kept_id)
    html = render_template("affairs/say_waiting.html", message=told(refusal), back=back)
    return Response(html, status=429, mimetype="text/html")


@blueprint.get("/s/<suggestion_id>/<token>/sent")
@public
def sent(suggestion_id: str, token: str) -> str:
    """It has been received: its number, by when it is sorted, and the address of its own page."""
    keys, here = context.platform().keys, context.community()
    row = links.find_by_token(context.reading(), keys, here.id, suggestion_id, token)
    return render_template(
        "affairs/say_sent.html",
        row=row,
        standing=reading.standing(row, today(context.now())),
        address=url_for("say.track", suggestion_id=row.id, token=token),
        received=row.state == State.RECEIVED,
        own=context.me() is not None,
    )
