"""What the pages of saying something share: the blueprint, where a thing is in words, a code of their own."""

from collections.abc import Sequence

from flask import Blueprint, Response, request, session
from flask_babel import gettext

from hoa.accounts import rules, sending, signing_in
from hoa.accounts.entry import WRITES
from hoa.accounts.views import begin_trial, counting_sent
from hoa.affairs.rules.intake import DAY, MOST_A_DAY, Channel
from hoa.affairs.service import drafts, places
from hoa.affairs.service.drafts import Written
from hoa.affairs.tables import Place
from hoa.kernel.ids import new_id
from hoa.ports.uploads import Upload
from hoa.web import context
from hoa.web.security import seconds_to_wait

blueprint = Blueprint("say", __name__, url_prefix="/c/<community_code>")

# Sends of one address that is not signed in: a whole building may share it, so this is loose; each phone that was
# proven and each account is counted strictly (`hoa.affairs.rules.intake.demand_not_too_many`).
SENDS = "20 per minute"
SENDS_FOR = "suggestion"
KILOBYTE = 1024
PICTURES = f"{100 * KILOBYTE} per hour"  # kilobytes: about a hundred pictures of a phone
TEMPLATE = "suggestion-code"
CODES_PER_ADDRESS = 300  # a day; a carrier puts many phones behind one address
TRIAL_ASK, TRIAL_GUESS = "suggestion-code-request", "suggestion-code"


@blueprint.app_template_global("spot_words")
def spot_words(building: str, entrance: str, floor: int | None) -> str:
    """1栋 1单元 12 层; empty where nothing is said."""
    parts = [building, entrance, gettext("%(floor)s 层", floor=floor) if floor is not None else ""]
    return " ".join(part for part in parts if part)


def place_of(code: str) -> Place | None:
    """The place of the poster, if one was scanned and still is in use."""
    return places.find_by_code(context.reading(), context.community().id, code) if code else None


def channel_of(written: Written) -> Channel:
    return Channel.POSTER if written.place_code else Channel.PAGE


def browser() -> str:
    """What this browser alone knows; what is written in it is bound to that."""
    if WRITES not in session:
        session[WRITES] = new_id()
        session.permanent = True  # whoever closes the browser finds the page again as long as it is kept
    return str(session[WRITES])


def kept(kept_id: str) -> Written | None:
    """What was written so far in this browser; WrittenElsewhere for what somebody writes in another one."""
    keys, here = context.platform().keys, context.community()
    found = drafts.find(context.reading(), keys, here.id, kept_id, now=context.now())
    if found is not None and found.browser != session.get(WRITES):
        raise drafts.WrittenElsewhere
    return found


def demand(kept_id: str) -> Written:
    """The same, or DraftGone."""
    found = kept(kept_id)
    if found is None:
        raise drafts.DraftGone
    return found


def demand_room(pictures: Sequence[Upload]) -> None:
    """NoRoomForPhotos once an address, or whoever signed in, has sent more in an hour than a building would."""
    size = sum(len(picture.data) for picture in pictures)
    if size and seconds_to_wait(PICTURES, "suggestion-pictures", cost=size // KILOBYTE + 1):
        raise drafts.NoRoomForPhotos


def ask_code(phone: str) -> str:
    """Send a one-time code that agrees to nothing but this; any phone may ask. The id to redeem it by."""
    trial = begin_trial(TRIAL_ASK, phone)
    keys = context.platform().keys
    with counting_sent(trial), context.writing() as session:
        # Any phone may be typed here: whoever it belongs to is not to be woken all night.
        signing_in.demand_tries_left(
            session,
            trial,
            now=context.now(),
            most=(MOST_A_DAY, CODES_PER_ADDRESS),
            refusal=rules.AskedTooOften,
            window=DAY,
        )
        asked = signing_in.ask_code(session, keys, trial, phone=phone, known=True, now=context.now())
    text = gettext("%(code)s 是您提交或关注诉求的验证码，5 分钟内有效，不能用来登录。", code=asked.code)
    sending.send_soon(asked, text=text, template=TEMPLATE)
    return asked.id


def shown(picture: Upload) -> Response:
    """A picture for an <img>, never sniffed as anything else; private pages keep it out of caches."""
    return Response(picture.data, mimetype=picture.media_type)


def field(name: str) -> str:
    """A short word of the address, such as a category; unknown ones are refused where they are used."""
    return request.args.get(name, "")
