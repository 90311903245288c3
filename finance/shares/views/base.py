"""The blueprint of shares, the words its templates share, and what several pages offer."""

import io
from datetime import date

from flask import Blueprint, send_file
from flask_babel import gettext
from werkzeug.wrappers import Response

from finance.rules.charts import purpose_name
from finance.rules.periods import month_text
from finance.shares.rules import runs as run_rules
from finance.shares.service.allowances import post_named
from finance.shares.service.runs import label
from finance.shares.service.standing import BATCH_NAMES, BatchState
from finance.views.base import month_name
from hoa.kernel.clock import today
from hoa.offices.rules import title
from hoa.resolutions import rules as resolution_rules
from hoa.resolutions import service as resolutions
from hoa.web import context

blueprint = Blueprint("shares", __name__, url_prefix="/c/<community_code>/shares")

BATCH_TAGS = {
    BatchState.VOID: "error",
    BatchState.ORDERED: "warn",
    BatchState.BOOKED: "warn",
    BatchState.CONFIRMED: "ok",
}
PART_TAGS = {"paid": "ok", "ordered": "warn", "ready": "plain", "waiting": "plain"}


def role_name(role: str, name: str) -> str:
    """An account of a budget in the reader's words: a source or use, or the chart's own name."""
    group, _, code = role.partition(".")
    return str(gettext(purpose_name(code))) if group in ("income", "use") else name


@blueprint.context_processor
def words() -> dict[str, object]:
    """What every template of shares may say."""
    return {
        "kind_name": lambda kind: gettext(run_rules.KIND_NAMES[kind]),
        "run_state": lambda state: gettext(run_rules.STATE_NAMES[state]),
        "part_state": lambda state: gettext(run_rules.PART_NAMES[state]),
        "part_tag": lambda state: PART_TAGS.get(str(state), "error"),
        "batch_state": lambda state: gettext(BATCH_NAMES[state]),
        "batch_tag": lambda state: BATCH_TAGS[state],
        "run_label": label,
        "role_name": role_name,
        "month_name": month_name,
        "month_text": month_text,
        "post_title": lambda post: title(post_named(post)),
        "decision_number": lambda row: resolution_rules.number_text(row.source, row.year, row.number),
    }


def decisions(*, matter: str | None = None) -> list[tuple[str, str]]:
    """Resolutions of the assembly in force today, as options."""
    found = resolutions.citable(
        context.reading(), context.community().id, on=day_today(), source="assembly", matter=matter
    )
    return [(row.id, f"{resolution_rules.number_text(row.source, row.year, row.number)} {row.title}") for row in found]


def day_today() -> date:
    return today(context.now())


def sent(data: bytes, *, name: str, media_type: str) -> Response:
    """A file, always as a download and never guessed at."""
    response = send_file(io.BytesIO(data), mimetype=media_type, as_attachment=True, download_name=name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
