"""Where officials sign what waits for them, in the browser or by `hoa sign`; the private keys never come here
(voting-record.md 1)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.db import get
from hoa.kernel import sign_files
from hoa.kernel.canonical import decode
from hoa.kernel.errors import N_, NotAllowed, Refusal
from hoa.kernel.sign_files import Item
from hoa.web import context
from hoa.web.access import requires, signed_in
from hoa.web.forms import tidy
from hoa.web.i18n import told
from voting.powers import CONVENE, FULL_PACKAGE
from voting.rules.life import State
from voting.rules.officials import ROLE_TITLES, Role
from voting.rules.package import Form
from voting.service import countersigning, drafts, packages, proposals, tallying, to_sign
from voting.service.announcing import PACKAGE_KINDS
from voting.service.to_sign import TALLY_ITEMS, Waiting
from voting.tables import Assembly, Official, Proposal
from voting.views import entry_words
from voting.views.entry_words import KIND_TITLES, Known
from voting.views.shared import blueprint, find, send_or_prepare
from voting.views.verdicts import bars, verdict

REASON_LENGTH = 200


class NoReason(Refusal):
    message = N_("请写明为什么撤下（最多 200 字），没有撤下")


class NothingSigned(Refusal):
    message = N_("没有收到签名，没有任何一条生效。请先勾选，再用本页的按钮签名，或者上传 signed.json")


class Line(NamedTuple):
    """One thing that waits, as the page shows it. `item` only where the reader may sign it now."""

    id: str
    kind: str
    subject: str
    details: Sequence[tuple[str, str]]
    made_at: Any
    signed_by: Sequence[str]
    needed: int
    item: Item | None
    may_drop: bool


class Outcome(NamedTuple):
    """What became of the signatures that were sent."""

    effective: int
    waiting: int
    refused: Sequence[tuple[str, str]]


def _official(assembly: Assembly) -> Official | None:
    """The reader as an official; None for a convener who is none. Everybody else is refused."""
    try:
        return proposals.official(context.reading(), assembly, context.person_id())
    except proposals.NotAnOfficial:
        if context.may(CONVENE):
            return None
        raise


@blueprint.get("/<code>/sign")
@signed_in
def sign(code: str) -> str:
    """What waits for my signature, in words; conveners who sign nothing see how far things are."""
    assembly = find(code)
    return _page(assembly, _official(assembly))


def _page(assembly: Assembly, official: Official | None, **more: Any) -> str:
    session = context.reading()
    found = to_sign.entries(session, context.platform().keys, assembly, person_id=context.person_id())
    lines = _lines(assembly, found)
    tally = to_sign.tally_items(session, assembly, official) if official else []
    return render_template(
        "voting/sign.html",
        assembly=assembly,
        official=official,
        role=ROLE_TITLES[Role(official.role)] if official else None,
        groups=_groups([line for line in lines if line.item]),
        others=[line for line in lines if not line.item],
        tally_items=[item._asdict() for item in tally],
        tally=_tally(assembly, official),
        total=sum(1 for line in lines if line.item) + bool(tally),
        KIND_TITLES=KIND_TITLES,
        EFFECTS=entry_words.EFFECTS,
        ROLE_TITLES=ROLE_TITLES,
        may_full=context.may(FULL_PACKAGE),
        **{"outcome": None, "problem": None, **more},
    )


def _lines(assembly: Assembly, found: Sequence[Waiting]) -> list[Line]:
    session, me, convenes = context.reading(), context.person_id(), context.may(CONVENE)
    leaves = [one.entry["leaf"] for one in found if one.entry and "leaf" in one.entry]
    known = Known(
        to_sign.rooms(session, assembly) if found else {},
        to_sign.electors_of_ballots(session, assembly, leaves),
        {motion.code: motion.title for motion in drafts.motions(session, assembly)},
    )
    return [
        Line(
            one.proposal.id,
            one.proposal.kind,
            entry_words.subject(one.entry, known) if one.entry else gettext("内容只给录票的工作人员看"),
            entry_words.details(one.entry, known) if one.entry else (),
            one.proposal.made_at,
            one.signed_by,
            one.proposal.needed,
            one.item if one.mine else None,
            convenes or one.proposal.made_by == me,
        )
        for one in found
    ]


def _groups(lines: Sequence[Line]) -> dict[str, list[Line]]:
    """By kind, in the order of the titles: like things are read and signed together."""
    found = {kind: [line for line in lines if line.kind == kind] for kind in KIND_TITLES}
    return {kind: those for kind, those in found.items() if those}


def _tally(assembly: Assembly, official: Official | None) -> dict[str, Any] | None:
    """The figures that counters and scrutineers put their names to, and who has done so."""
    session = context.reading()
    if assembly.step is not State.TALLIED or not countersigning.needs_people(assembly):
        return None
    if official is None or official.role not in countersigning.SIGNING_ROLES:
        return {"standing": countersigning.standing(session, assembly), "motions": []}
    titles = {motion.code: motion.title for motion in drafts.motions(session, assembly)}
    row = tallying.tally_of(session, assembly)
    return {
        "standing": countersigning.standing(session, assembly),
        "digest": row.digest,
        "motions": [
            (titles[motion["motion"]], verdict(motion), bars(motion["without_invalid"]["inequalities"]), motion)
            for motion in decode(row.full)["motions"]
        ],
    }


@blueprint.get("/<code>/sign/package-public.zip")
@signed_in
def package_to_sign(code: str) -> Response:
    """The record before it is announced, for those who are asked to sign it."""
    assembly = find(code)
    proposals.official(context.reading(), assembly, context.person_id(), *countersigning.SIGNING_ROLES)
    return _package(assembly, Form.PUBLIC)


@blueprint.get("/<code>/sign/package-full.zip")
@requires(FULL_PACKAGE)
def full_package_to_sign(code: str) -> Response:
    """The same ballot by ballot, for a scrutineer who may see that (a supervisor, an auditor)."""
    assembly = find(code)
    proposals.official(context.reading(), assembly, context.person_id(), *countersigning.SIGNING_ROLES)
    return _package(assembly, Form.FULL)


def _package(assembly: Assembly, form: Form) -> Response:
    if assembly.step not in (State.TALLIED, State.ANNOUNCED):
        raise packages.NotTallied
    session = context.reading()
    return send_or_prepare(
        assembly,
        packages.kept(session, assembly, PACKAGE_KINDS[form], packages.package_source(session, assembly)),
        name=f"{context.community().code}-{assembly.code}-{form.value}-to-sign.zip",
        media_type="application/zip",
        task="voting.package",
        payload={"assembly": assembly.id, "form": form.value, "url": request.path},
    )


@blueprint.get("/<code>/to-sign.json")
@signed_in
def to_sign_file(code: str) -> Response:
    """What waits for me, for `hoa sign`: the way without a script, or with a key that no browser may hold."""
    assembly = find(code)
    session = context.reading()
    official = proposals.official(session, assembly, context.person_id())
    found = to_sign.entries(session, context.platform().keys, assembly, person_id=official.person_id)
    items = [one.item for one in found if one.mine] + to_sign.tally_items(session, assembly, official)
    response = Response(sign_files.write_to_sign(official.key_id or "", items), mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="to-sign.json"'
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/<code>/sign")
@signed_in
def sign_entries(code: str) -> str | tuple[str, int]:
    """Take signatures in: each entry in a transaction of its own, so that one refusal holds nobody else up."""
    assembly = find(code)
    official = proposals.official(context.reading(), assembly, context.person_id())
    try:
        given = sign_files.read_signed(_sent())
        if not given:
            raise NothingSigned
    except Refusal as refusal:
        return _page(assembly, official, problem=told(refusal)), refusal.status
    outcome = _take_in(assembly, given)
    assembly = find(code)
    return _page(assembly, _official(assembly), outcome=outcome)


def _sent() -> bytes:
    upload = request.files.get("file")
    if upload is not None and upload.filename:
        return upload.stream.read(sign_files.MOST_BYTES + 1)
    text = request.form.get("signatures", "").strip()
    if not text:
        raise NothingSigned
    return text.encode()


def _take_in(assembly: Assembly, given: dict[str, bytes]) -> Outcome:
    effective = waiting = 0
    refused: list[tuple[str, str]] = []
    tally = {name: given.pop(name) for name in TALLY_ITEMS.values() if name in given}
    for proposal_id, signature in given.items():
        try:
            state = _sign_entry(assembly, proposal_id, signature)
        except Refusal as refusal:
            refused.append((_title(assembly, proposal_id), told(refusal)))
            continue
        effective, waiting = effective + (state == proposals.APPENDED), waiting + (state == proposals.WAITING)
    if tally:
        try:
            effective += _sign_tally(assembly, tally)
        except Refusal as refusal:
            refused.append((gettext("计票结果"), told(refusal)))
    return Outcome(effective, waiting, refused)


class WrittenAnew(Refusal):
    """A ballot that had to follow a newer one of its elector: the signatures so far are over what it said before."""

    message = N_("这位业主刚刚又有一张票，这一条已经接在它后面重新列出，请两位再签一次")
    status = 409


def _sign_entry(assembly: Assembly, proposal_id: str, signature: bytes) -> str:
    with context.writing() as session:
        signed = proposals.sign(
            session,
            context.platform().keys,
            assembly.community_id,
            assembly.id,
            proposal_id,
            person_id=context.person_id(),
            signature=signature,
            now=context.now(),
        )
        found, state = signed.id, signed.state
    if found != proposal_id:
        raise WrittenAnew
    return state


def _sign_tally(assembly: Assembly, given: dict[str, bytes]) -> int:
    with context.writing() as session:
        countersigning.sign(
            session,
            assembly.community_id,
            assembly.id,
            person_id=context.person_id(),
            public_signature=given.get(TALLY_ITEMS[Form.PUBLIC], b""),
            full_signature=given.get(TALLY_ITEMS[Form.FULL], b""),
            now=context.now(),
        )
    return 1


def _title(assembly: Assembly, proposal_id: str) -> str:
    """What a refused signature was for, as far as its kind tells."""
    row = context.reading().get(Proposal, (assembly.community_id, proposal_id))
    return gettext(KIND_TITLES[row.kind]) if row is not None and row.assembly_id == assembly.id else proposal_id


@blueprint.post("/<code>/sign/<proposal_id>/drop")
@signed_in
def drop_proposal(code: str, proposal_id: str) -> Response:
    """Take back what is not in the log yet: who proposed it, or a convener; with a reason that stays on record."""
    assembly = find(code)
    reason = tidy(request.form.get("reason", "")) or ""
    _official(assembly)
    with context.writing() as session:
        row = get(session, Proposal, assembly.community_id, proposal_id)
        if row.assembly_id != assembly.id:
            raise proposals.NotWaiting
        if row.made_by != context.person_id() and not context.may(CONVENE):
            raise NotAllowed
        if not 0 < len(reason) <= REASON_LENGTH:
            raise NoReason
        proposals.drop(session, assembly.community_id, proposal_id, reason=reason, now=context.now())
    flash(gettext("已撤下，没有写入日志。"), "ok")
    return redirect(url_for("voting.sign", code=assembly.code))
