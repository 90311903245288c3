"""The owner's walk: one motion per screen, review, confirm, receipt (experience.md). Taps: motions + 3 after sign-in.

Marks travel in a sealed cookie until they are confirmed, so that the back button works, nothing undecided is stored on
the server, and a shared computer tells nobody what was marked. What is confirmed is what the review page shows.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from hoa.community.rules import CAPACITY_WORDS
from hoa.kernel import canonical
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound, Refusal
from hoa.kernel.ids import new_id
from hoa.web import context
from hoa.web.access import signed_in
from voting import service
from voting.rules import record
from voting.rules.counting import MARKS, Counting
from voting.rules.life import State
from voting.service import assisting, casting, drafts, proxies, reading, seats, successions, tallying, witnessing
from voting.tables import Assembly, Ballot, Motion
from voting.views.shared import blueprint, find

COOKIE = "hoa-ballot"
DRAFT = "ballot-draft"


def _standing(assembly: Assembly, elector: str) -> casting.Standing:
    return casting.standing(
        context.reading(),
        assembly,
        person_id=context.person_id(),
        elector=elector,
        day=today(context.now()),
    )


def _represented(assembly: Assembly, elector: str) -> tuple[str, Any] | None:
    """Whom the reader acts for here as guardian or authorised person, in words (R1.19)."""
    found = seats.represented(
        context.reading(), assembly, elector, person_id=context.person_id(), day=today(context.now())
    )
    return found and (found[0], CAPACITY_WORDS[found[1]])


@blueprint.get("/<code>/vote")
@signed_in
def vote(code: str) -> str | Response:
    """My electors here; straight to the first motion when there is only one question left: how to vote."""
    assembly = find(code)
    mine = reading.mine(context.reading(), assembly, person_id=context.person_id(), day=today(context.now()))
    todo = [one for one in mine if not one.voted and one.checked]
    if assembly.step is State.OPEN and len(mine) == 1 and todo:
        return redirect(url_for("voting.mark", code=code, elector=todo[0].standing.elector, step=1))
    return render_template("voting/mine.html", assembly=assembly, mine=mine)


@blueprint.route("/<code>/vote/<elector>/<int:step>", methods=["GET", "POST"])
@signed_in
def mark(code: str, elector: str, step: int) -> str | Response:
    """One motion. Nothing is chosen beforehand; a tap on a mark goes on to the next motion."""
    assembly = find(code)
    standing = _standing(assembly, elector)
    motions = drafts.motions(context.reading(), assembly)
    if not 1 <= step <= len(motions):
        raise NotFound
    if voted := _voted(assembly, elector):
        return voted
    draft = _draft(assembly, elector)
    if request.method == "POST":
        chosen = request.form.get("mark", "")
        if chosen not in MARKS:
            raise casting.WrongChoices
        draft["choices"][motions[step - 1].code] = chosen
        return _keep(redirect(_next(assembly, elector, motions, draft["choices"])), assembly, elector, draft)
    page = render_template(
        "voting/mark.html",
        assembly=assembly,
        standing=standing,
        motion=motions[step - 1],
        step=step,
        motions=motions,
        chosen=draft["choices"].get(motions[step - 1].code),
        represented=_represented(assembly, elector),
        marks=MARKS,
    )
    return _keep(make_response(page), assembly, elector, draft)


@blueprint.get("/<code>/vote/<elector>/review")
@signed_in
def review(code: str, elector: str) -> str | Response:
    """Everything that was marked, before it is sent."""
    assembly = find(code)
    standing = _standing(assembly, elector)
    if voted := _voted(assembly, elector):
        return voted
    motions = drafts.motions(context.reading(), assembly)
    draft = _draft(assembly, elector)
    following = _next(assembly, elector, motions, draft["choices"])
    if following != url_for("voting.review", code=code, elector=elector):
        return redirect(following)
    return render_template(
        "voting/review.html",
        assembly=assembly,
        standing=standing,
        motions=motions,
        choices=draft["choices"],
        nonce=draft["nonce"],
        represented=_represented(assembly, elector),
    )


@blueprint.post("/<code>/vote/<elector>/cast")
@signed_in
def cast(code: str, elector: str) -> Response:
    """Confirm. The answer comes after the commit; the same form sent again leads to the same receipt."""
    assembly = find(code)
    _standing(assembly, elector)
    person_id = context.person_id()
    choices = {
        name.removeprefix("choice-"): value for name, value in request.form.items() if name.startswith("choice-")
    }
    platform = context.platform()
    with context.writing() as session:
        successions.demand_no_predecessor(session, assembly, person_id=person_id, elector=elector)
        receipt = service.cast(
            session,
            platform.keys,
            assembly.community_id,
            assembly.id,
            elector=elector,
            choices=choices,
            client_nonce=request.form.get("nonce", ""),
            now=platform.now(),
        )
    leaf = canonical.decode(receipt)["leaf"]
    response = redirect(url_for("voting.receipt", code=code, elector=elector, leaf=leaf), code=303)
    response.delete_cookie(COOKIE, path=_cookie_path(assembly, elector))
    return response


@blueprint.get("/<code>/receipt/<elector>")
@signed_in
def receipt(code: str, elector: str) -> str:
    """The receipt: a short code, time, rooms and channel; the choice only when its owner asks."""
    assembly = find(code)
    standing = own(assembly, elector)
    session = context.reading()
    ballots = successions.ballots(session, assembly, elector)
    if not ballots:
        raise NotFound
    ballot = next((one for one in ballots if one.leaf == request.args.get("leaf")), ballots[-1])
    heads = witnessing.noted(session, assembly)
    mine = bool(successions.readable(session, assembly, [ballot], person_id=context.person_id()))
    asked = request.args.get("show") == "choices"
    if asked:
        _demand_readable(assembly, standing, ballot)
    return render_template(
        "voting/receipt.html",
        assembly=assembly,
        standing=standing,
        ballot=ballot,
        short_code=record.short_code(ballot.leaf),
        due=canonical.decode(ballot.receipt)["due"],
        found=reading.find_leaf(session, assembly, ballot.leaf),
        head=heads[-1] if heads else None,
        entry=_entry(assembly, ballot) if asked else None,
        motions=drafts.motions(session, assembly),
        fresh="leaf" in request.args,
        may_change=mine
        and assembly.step is State.OPEN
        and (assembly.counting == Counting.LAST or not proxies.own_ballot_stands(session, assembly, elector)),
        helped=assisting.of_elector(session, assembly, elector, ballot.leaf),
        mine=mine,
    )


@blueprint.get("/<code>/receipt/<elector>.json")
@signed_in
def receipt_file(code: str, elector: str) -> Response:
    """The receipt file for `verify.py --receipt`: the promise, my own entry, and my row once there is one."""
    assembly = find(code)
    standing = own(assembly, elector)
    session, keys = context.reading(), context.platform().keys
    ballots = successions.ballots(session, assembly, elector)
    if not ballots:
        raise NotFound
    ballot = next((one for one in ballots if one.leaf == request.args.get("leaf")), ballots[-1])
    _demand_readable(assembly, standing, ballot)
    content: dict[str, Any] = {
        "receipt": canonical.decode(ballot.receipt),
        "entry": _entry(assembly, ballot),
    }
    row = tallying.counted_row(session, keys, assembly, elector)
    if row is not None and assembly.step is State.ANNOUNCED:
        content["row"] = row.value
    response = Response(canonical.encode(content), mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="receipt-{ballot.leaf[:10]}.json"'
    return response


def own(assembly: Assembly, elector: str) -> casting.Standing:
    """My own elector, at whatever identity level: that a ballot is there may be read below the level for casting. Its
    choices may not: whoever prints activation letters could come in as a co-owner and read them. Whoever sold after
    voting finds their receipt still.
    """
    session, person_id = context.reading(), context.person_id()
    mine = casting.standings(session, assembly, person_id=person_id, day=today(context.now()))
    found = next((standing for standing in mine if standing.elector == elector), None)
    found = found or successions.former_standing(session, assembly, person_id=person_id, elector=elector)
    if found is None:
        raise NotFound
    return found


def _demand_readable(assembly: Assembly, standing: casting.Standing, ballot: Ballot) -> None:
    """Choices are for those who were owners when the ballot was cast, and known as surely as casting asks."""
    if standing.level < assembly.identity_level:
        raise casting.IdentityTooLow
    successions.demand_readable(context.reading(), assembly, ballot, person_id=context.person_id())


def _entry(assembly: Assembly, ballot: Ballot) -> dict[str, Any]:
    keys = context.platform().keys
    return casting.opened(keys, assembly.community_id, assembly.id, ballot.leaf, ballot.entry)


def _voted(assembly: Assembly, elector: str) -> Response | None:
    """Where the first ballot counts, whoever has voted sees the receipt, never a second ballot; nor does a buyer whose
    seller has voted (R1.20).
    """
    session = context.reading()
    cast = successions.standing_ballots(session, assembly, successions.ballots(session, assembly, elector))
    own = any(ballot.channel != "proxy" for ballot in cast)
    if (own and assembly.counting == Counting.FIRST) or successions.predecessor_voted(
        session, assembly, person_id=context.person_id(), elector=elector
    ):
        return redirect(url_for("voting.receipt", code=assembly.code, elector=elector))
    if assembly.step is not State.OPEN:
        raise casting.NotOpen
    return None


def _next(assembly: Assembly, elector: str, motions: Sequence[Motion], choices: dict[str, str]) -> str:
    """The first motion without a mark, or the review."""
    for place, motion in enumerate(motions, start=1):
        if motion.code not in choices:
            return url_for("voting.mark", code=assembly.code, elector=elector, step=place)
    return url_for("voting.review", code=assembly.code, elector=elector)


def _cookie_path(assembly: Assembly, elector: str) -> str:
    return url_for("voting.vote", code=assembly.code) + "/" + elector


def _context(assembly: Assembly, elector: str) -> bytes:
    return "\n".join((assembly.id, elector, context.person_id())).encode()


def _draft(assembly: Assembly, elector: str) -> dict[str, Any]:
    """What was marked so far and the retry key, out of the sealed cookie; a new one when there is none."""
    try:
        sealed = base64.urlsafe_b64decode(request.cookies.get(COOKIE, ""))
        opened = context.platform().keys.open(DRAFT, sealed, _context(assembly, elector))
    except (binascii.Error, ValueError, Refusal):
        return {"nonce": new_id(), "choices": {}}
    draft: dict[str, Any] = json.loads(opened)
    return draft


def _keep(response: Any, assembly: Assembly, elector: str, draft: dict[str, Any]) -> Response:
    sealed = context.platform().keys.seal(DRAFT, json.dumps(draft).encode(), _context(assembly, elector))
    kept: Response = response
    kept.set_cookie(
        COOKIE,
        base64.urlsafe_b64encode(sealed).decode(),
        path=_cookie_path(assembly, elector),
        secure=context.platform().settings.https,
        httponly=True,
        samesite="Lax",
    )
    return kept
