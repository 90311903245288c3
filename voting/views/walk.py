"""A ballot being marked: one question a screen, review, confirm (experience.md). One way for an owner's own ballot, an
agent's, and one that is cast with help.

Marks travel in a sealed cookie until they are confirmed, so that the back button works, nothing undecided is stored on
the server, and a shared computer tells nobody what was marked. What is confirmed is what the review page shows.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flask import make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from hoa.kernel.errors import NotFound, Refusal
from hoa.kernel.ids import new_id
from hoa.web import context
from voting.rules.counting import MARKS, Option
from voting.rules.screens import Screen
from voting.service import casting
from voting.tables import Assembly, Motion
from voting.views.shared import candidate_pages

COOKIE = "hoa-ballot"
DRAFT = "ballot-draft"


class Walk(NamedTuple):
    """Whose ballot it is in words, its questions, and where its pages are (`base`/1, /review, /cast)."""

    assembly: Assembly
    row_id: str
    rooms: str
    base: str
    screens: Sequence[Screen[Motion]]
    # What stands over every page when somebody else brings the ballot to its end.
    heading: str = ""
    told: str = ""
    # What an agent was told, by motion code; empty when every mark is free.
    instructions: Mapping[str, str] = {}
    # The owner's own ballot: for how much it stands, and whom the reader acts for (R1.19).
    standing: casting.Standing | None = None
    represented: tuple[str, str] | None = None

    def step_url(self, step: int) -> str:
        return f"{self.base}/{step}"

    def allowed(self, code: str) -> Sequence[str]:
        """The marks that this motion leaves open."""
        told = self.instructions.get(code, "agent")
        return [mark for mark in MARKS if told in ("agent", mark)]


class Draft(NamedTuple):
    """The retry key and what was marked so far; `blank` is a candidate left without a mark on purpose."""

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
    """One question. Nothing is chosen beforehand; a tap on a motion's mark goes on to the next question."""
    if not 1 <= step <= len(walk.screens):
        raise NotFound
    screen, kept = walk.screens[step - 1], draft(walk)
    if screen.election is not None:
        return _elect(walk, step, kept)
    if request.method == "POST":
        chosen = request.form.get("mark", "")
        if chosen not in MARKS:
            raise casting.WrongChoices
        kept.choices[screen.code] = chosen
        return _keep(redirect(following(walk, kept)), walk, kept)
    page = render_template(
        "voting/mark.html", walk=walk, motion=screen.motion, step=step, chosen=kept.choices.get(screen.code)
    )
    return _keep(make_response(page), walk, kept)


def _elect(walk: Walk, step: int, kept: Draft) -> Response:
    """An election's candidates on one page. With too many marks of agreement, or a candidate overlooked, the page comes
    back with everything that was marked.
    """
    screen, asked = walk.screens[step - 1], request.method == "POST"
    if asked:
        _take(walk, screen, kept)
        go = request.form.get("go", "")
        if go == "back":
            return _keep(redirect(walk.step_url(max(step - 1, 1))), walk, kept)
        if page := candidate_pages(walk.assembly).get(go):
            # The marks are kept first: whoever comes back finds them, with scripts or without.
            return _keep(redirect(page), walk, kept)
        if not screen.over(kept.choices) and go == "leave" and not walk.instructions:
            kept.choices.update({motion.code: Option.BLANK.value for motion in screen.unmarked(kept.choices)})
        if not _is_open(screen, kept):
            return _keep(redirect(following(walk, kept)), walk, kept)
    page = render_template(
        "voting/elect.html",
        walk=walk,
        screen=screen,
        step=step,
        choices=kept.choices,
        pages=candidate_pages(walk.assembly),
        over=screen.over(kept.choices),
        unmarked=screen.unmarked(kept.choices) if asked else [],
    )
    return _keep(make_response(page), walk, kept)


def _take(walk: Walk, screen: Screen[Motion], kept: Draft) -> None:
    """What the page's boxes say replaces what was marked on it before."""
    for motion in screen.motions:
        chosen = request.form.get(f"mark-{motion.code}", "")
        if chosen and chosen not in walk.allowed(motion.code):
            raise casting.WrongChoices
        kept.choices.pop(motion.code, None)
        if chosen:
            kept.choices[motion.code] = chosen


def _is_open(screen: Screen[Motion], kept: Draft) -> bool:
    """Whether this question still needs its voter."""
    return bool(screen.unmarked(kept.choices) or screen.over(kept.choices))


def review(walk: Walk) -> str | Response:
    """Everything that was marked, before it is sent."""
    kept = draft(walk)
    after = following(walk, kept)
    if after != f"{walk.base}/review":
        return redirect(after)
    return render_template("voting/review.html", walk=walk, choices=kept.choices, nonce=kept.nonce)


def sent() -> dict[str, str]:
    """The choices that the review page sends."""
    return {name.removeprefix("choice-"): value for name, value in request.form.items() if name.startswith("choice-")}


def done(url: str, walk: Walk) -> Response:
    """On to the page that says so; the marks are forgotten."""
    response = redirect(url, code=303)
    response.delete_cookie(COOKIE, path=walk.base)
    return response


def following(walk: Walk, kept: Draft) -> str:
    """The first question that is still open, or the review."""
    for place, screen in enumerate(walk.screens, start=1):
        if _is_open(screen, kept):
            return walk.step_url(place)
    return f"{walk.base}/review"


def _place(walk: Walk) -> bytes:
    return "\n".join((walk.assembly.id, walk.row_id, context.person_id())).encode()


def _keep(response: Any, walk: Walk, kept: Draft) -> Response:
    """Browsers keep cookies of 4 KB: written without blanks, a ballot of twenty motions takes a fifth of that."""
    written = json.dumps(kept._asdict(), separators=(",", ":")).encode()
    sealed = context.platform().keys.seal(DRAFT, written, _place(walk))
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
