"""One motion a screen for a ballot that somebody else brings to its end: an agent's, or an owner's with help.

The marks travel in a sealed cookie until they are confirmed, as on an owner's own walk (`voting.views.owner`).
"""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from flask import make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from hoa.kernel.errors import NotFound, Refusal
from hoa.kernel.ids import new_id
from hoa.web import context
from voting.rules.counting import MARKS
from voting.service import casting
from voting.tables import Assembly, Motion

COOKIE = "hoa-walk"
DRAFT = "walk-draft"


class Walk(NamedTuple):
    """A ballot being marked: whose it is in words, its motions, and where its pages are (`base`/1, /review, /cast)."""

    assembly: Assembly
    row_id: str
    rooms: str
    heading: str
    told: str
    base: str
    motions: Sequence[Motion]
    # What an agent was told, by motion code; empty when every mark is free.
    instructions: dict[str, str]

    def step_url(self, step: int) -> str:
        return f"{self.base}/{step}"

    def allowed(self, code: str) -> Sequence[str]:
        """The marks that this motion leaves open."""
        told = self.instructions.get(code, "agent")
        return [mark for mark in MARKS if told in ("agent", mark)]


class Draft(NamedTuple):
    """The retry key and what was marked so far."""

    nonce: str
    choices: dict[str, str]


def draft(walk: Walk) -> Draft:
    """Out of the sealed cookie; a new one when there is none, or it was for another ballot."""
    try:
        sealed = base64.urlsafe_b64decode(request.cookies.get(COOKIE, ""))
        opened: dict[str, Any] = json.loads(context.platform().keys.open(DRAFT, sealed, _place(walk)))
    except (binascii.Error, ValueError, Refusal):
        return Draft(new_id(), {})
    return Draft(opened["nonce"], opened["choices"])


def mark(walk: Walk, step: int) -> str | Response:
    """One motion; a tap marks it and goes on."""
    if not 1 <= step <= len(walk.motions):
        raise NotFound
    motion, kept = walk.motions[step - 1], draft(walk)
    if request.method == "POST":
        chosen = request.form.get("mark", "")
        if chosen not in MARKS:
            raise casting.WrongChoices
        kept.choices[motion.code] = chosen
        return _keep(redirect(following(walk, kept)), walk, kept)
    page = render_template(
        "voting/walk_mark.html", walk=walk, motion=motion, step=step, chosen=kept.choices.get(motion.code)
    )
    return _keep(make_response(page), walk, kept)


def review(walk: Walk) -> str | Response:
    """Everything that was marked, before it is sent."""
    kept = draft(walk)
    after = following(walk, kept)
    if after != f"{walk.base}/review":
        return redirect(after)
    return render_template("voting/walk_review.html", walk=walk, choices=kept.choices, nonce=kept.nonce)


def sent() -> dict[str, str]:
    """The choices that the review page sends."""
    return {name.removeprefix("choice-"): value for name, value in request.form.items() if name.startswith("choice-")}


def done(url: str, walk: Walk) -> Response:
    """On to the page that says so; the marks are forgotten."""
    response = redirect(url, code=303)
    response.delete_cookie(COOKIE, path=walk.base)
    return response


def following(walk: Walk, kept: Draft) -> str:
    """The first motion without a mark, or the review."""
    for place, motion in enumerate(walk.motions, start=1):
        if motion.code not in kept.choices:
            return walk.step_url(place)
    return f"{walk.base}/review"


def _place(walk: Walk) -> bytes:
    return "\n".join((walk.assembly.id, walk.row_id, context.person_id())).encode()


def _keep(response: Any, walk: Walk, kept: Draft) -> Response:
    sealed = context.platform().keys.seal(DRAFT, json.dumps(kept._asdict()).encode(), _place(walk))
    held: Response = response
    held.set_cookie(
        COOKIE,
        base64.urlsafe_b64encode(sealed).decode(),
        path=walk.base,
        secure=context.platform().settings.https,
        httponly=True,
        samesite="Lax",
    )
    return held
