"""The blueprint, and the words that its pages share."""

from typing import Any

from flask import Blueprint, url_for
from flask_babel import gettext

from hoa.accounts import service as accounts
from hoa.kernel import masking
from hoa.kernel.clock import today
from hoa.kernel.posts import Post
from hoa.offices import registration
from hoa.offices.after_tables import FilingRound
from hoa.offices.rules import BODIES, KINDS
from hoa.web import context
from voting.filing import clocks, service
from voting.filing.powers import ENTER, FILE, READ
from voting.filing.rules.pack import TITLES

blueprint = Blueprint("filing", __name__, url_prefix="/c/<community_code>/filing")


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return {
        "may_enter": context.may(ENTER),
        "may_file": context.may(FILE),
        "may_read": context.may(READ),
        "Step": registration.Step,
        "Outcome": registration.Outcome,
        "STEPS": registration.STEPS,
        "NUMBERS": registration.NUMBERS,
        "ORGANS": registration.ORGANS,
        "OUTCOMES": registration.OUTCOMES,
        "PAPERS": TITLES,
        "CLOCKS": clocks.TITLES,
        "BODIES": BODIES,
        "day_today": today(context.now()),
        "post_title": post_title,
        "name_of": name_of,
    }


def post_title(post: Post) -> str:
    """A post's own name; the body is clear from the page."""
    return str(gettext(KINDS[post.kind]))


def name_of(person_id: str) -> str:
    """A name in full for whoever may read the papers, masked for everybody else."""
    name = accounts.person(context.reading(), person_id).name
    return name if context.may(READ) else masking.name(name)


def round_numbered(number: int) -> FilingRound:
    """The round of this page."""
    return service.round_numbered(context.reading(), context.community().id, number)


def address(endpoint: str, **values: Any) -> str:
    """A complete address, for QR codes and paper."""
    return context.platform().settings.base_url + url_for(endpoint, **values)
