"""The owner's walk: one question per screen, review, confirm (`voting.views.walk`), receipt (experience.md). Taps:
motions + 3 after sign-in.
"""

from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from hoa.community.rules import CAPACITY_WORDS
from hoa.kernel import canonical, ids
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound
from hoa.web import context
from hoa.web.access import signed_in
from voting import service
from voting.rules import record
from voting.rules.counting import Counting
from voting.rules.life import State
from voting.rules.screens import screens
from voting.service import assisting, casting, drafts, proxies, reading, seats, signs, successions, tallying, witnessing
from voting.tables import Assembly, Ballot
from voting.views import walk
from voting.views.shared import blueprint, find
from voting.views.walk import Walk


def _standing(assembly: Assembly, elector: str) -> casting.Standing:
    return casting.standing(
        context.reading(),
        assembly,
        person_id=context.person_id(),
        elector=elector,
        day=today(context.now()),
    )


def _represented(assembly: Assembly, elector: str) -> tuple[str, str] | None:
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


def _walk(assembly: Assembly, elector: str) -> Walk:
    """The owner's own ballot; refused to whoever may not cast it."""
    standing = _standing(assembly, elector)
    motions = drafts.motions(context.reading(), assembly)
    return Walk(
        assembly=assembly,
        row_id=elector,
        rooms=standing.rooms,
        base=url_for("voting.vote", code=assembly.code) + "/" + elector,
        screens=screens(motions, assembly.elections),
        standing=standing,
        represented=_represented(assembly, elector),
    )


@blueprint.route("/<code>/vote/<elector>/<int:step>", methods=["GET", "POST"])
@signed_in
def mark(code: str, elector: str, step: int) -> str | Response:
    """One question: a motion, or an election."""
    assembly = find(code)
    mine = _walk(assembly, elector)
    return _voted(assembly, elector) or walk.mark(mine, step)


@blueprint.get("/<code>/vote/<elector>/review")
@signed_in
def review(code: str, elector: str) -> str | Response:
    """Everything that was marked, before it is sent."""
    assembly = find(code)
    mine = _walk(assembly, elector)
    return _voted(assembly, elector) or walk.review(mine)


@blueprint.post("/<code>/vote/<elector>/cast")
@signed_in
def cast(code: str, elector: str) -> Response:
    """Confirm. The answer comes after the commit; the same form sent again leads to the same receipt."""
    assembly = find(code)
    mine = _walk(assembly, elector)
    person_id = context.person_id()
    choices = walk.sent()
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
        device = request.cookies.get(signs.COOKIE) or ids.new_id()
        signs.note(session, platform.keys, assembly, leaf=leaf, device=device)
    done = walk.done(url_for("voting.receipt", code=code, elector=elector, leaf=leaf), mine)
    done.set_cookie(
        signs.COOKIE,
        device[: signs.LONGEST],
        max_age=signs.KEPT_SECONDS,
        secure=platform.settings.https,
        httponly=True,
        samesite="Lax",
    )
    return done


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
        screens=screens(drafts.motions(session, assembly), assembly.elections),
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
