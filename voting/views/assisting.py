"""Voting with help on screen: staff open a session for one owner, the owner agrees, marks and confirms."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.accounts import rules as account_rules
from hoa.accounts import sending, signing_in
from hoa.accounts.signing_in import AskedCode
from hoa.accounts.views import begin_trial
from hoa.kernel import masking
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import requires, signed_in
from hoa.web.forms import tidy
from hoa.web.i18n import told
from voting.powers import FULL_PACKAGE
from voting.rules import record
from voting.rules.screens import screens
from voting.service import assisting, drafts, entries, proposals, seats
from voting.service.assisting import Helper
from voting.tables import Assembly, AssistedSession
from voting.views import walk
from voting.views.shared import blueprint, find
from voting.views.walk import Walk

PURPOSE = "assisted-vote"


def _official(assembly: Assembly) -> None:
    proposals.official(context.reading(), assembly, context.person_id())


def _rooms(assembly: Assembly, elector: str) -> str:
    return seats.rooms(entries.on_roll(context.reading(), assembly, elector))


@blueprint.route("/<code>/assist/<elector>", methods=["GET", "POST"])
@signed_in
def assist(code: str, elector: str) -> str | Response:
    """Which owner is helped, by whom, where; the code goes to the owner's phone unless two officers just checked."""
    assembly = find(code)
    _official(assembly)
    problem = None
    if request.method == "POST":
        try:
            row = _begin(assembly, elector)
        except Refusal as refusal:
            problem = told(refusal)
        else:
            return redirect(url_for("voting.assisted", code=code, assisted_id=row.id))
    session = context.reading()
    return render_template(
        "voting/assist.html",
        assembly=assembly,
        elector=elector,
        rooms=_rooms(assembly, elector),
        seats=seats.seats(session, assembly, elector, day=today(context.now())),
        relations=assisting.RELATION_TITLES,
        given=request.form,
        problem=problem,
    )


def _begin(assembly: Assembly, elector: str) -> AssistedSession:
    helper = Helper(
        tidy(request.form.get("helper")) or "", request.form.get("relation", ""), tidy(request.form.get("place")) or ""
    )
    with context.writing() as session:
        row = assisting.open_session(
            session,
            assembly,
            elector=elector,
            owner_id=request.form.get("owner", ""),
            helper=helper,
            by=context.person_id(),
            now=context.now(),
        )
    if row.confirmed_at is None:
        _send_code(row)
    return row


def _send_code(row: AssistedSession) -> None:
    keys = context.platform().keys
    number = assisting.phone(context.reading(), keys, row)
    trial = begin_trial("code-request", number)
    with context.writing() as session:
        asked: AskedCode = signing_in.ask_code(session, keys, trial, phone=number, known=True, now=context.now())
        assisting.code_sent(session, row, code_id=asked.id)
    text = gettext(
        "%(code)s 是确认码：%(helper)s 正在协助您投业主大会的票，同意才告诉他。5 分钟内有效，不能用来登录。",
        code=asked.code,
        helper=row.helper,
    )
    sending.send_soon(asked, text=text, template=PURPOSE)


def _row(assembly: Assembly, assisted_id: str) -> AssistedSession:
    _official(assembly)
    return assisting.one(context.reading(), assembly, assisted_id, by=context.person_id())


@blueprint.route("/<code>/assisted/<assisted_id>", methods=["GET", "POST"])
@signed_in
def assisted(code: str, assisted_id: str) -> str | Response:
    """The owner agrees by reading out the code; then the screen is the owner's."""
    assembly = find(code)
    row = _row(assembly, assisted_id)
    if row.leaf is not None:
        return redirect(url_for("voting.assisted_done", code=code, assisted_id=assisted_id))
    problem = None
    if request.method == "POST":
        try:
            _confirm(row)
        except Refusal as refusal:
            problem = told(refusal)
        else:
            return redirect(url_for("voting.assisted_mark", code=code, assisted_id=assisted_id, step=1))
    keys = context.platform().keys
    return render_template(
        "voting/assisted.html",
        assembly=assembly,
        row=row,
        rooms=_rooms(assembly, row.elector),
        phone=masking.phone(assisting.phone(context.reading(), keys, row)) if row.code_id else None,
        over=assisting.is_over(row, now=context.now()),
        problem=problem,
    )


def _confirm(row: AssistedSession) -> None:
    keys = context.platform().keys
    number = assisting.phone(context.reading(), keys, row)
    trial = begin_trial(PURPOSE, number)
    with context.writing() as session:
        proven = signing_in.redeem_code(
            session,
            keys,
            trial,
            code_id=row.code_id or "",
            code=tidy(request.form.get("code")) or "",
            now=context.now(),
        )
        assisting.confirm(session, keys, row, proven=proven, now=context.now())


@blueprint.post("/<code>/assisted/<assisted_id>/code")
@signed_in
def assisted_code(code: str, assisted_id: str) -> Response:
    """Send the code once more."""
    row = _row(find(code), assisted_id)
    if assisting.is_over(row, now=context.now()):
        raise assisting.Over
    try:
        _send_code(row)
    except account_rules.AskedTooOften as refusal:
        flash(told(refusal), "error")
    return redirect(url_for("voting.assisted", code=code, assisted_id=assisted_id))


def _walk(assembly: Assembly, assisted_id: str) -> Walk:
    row = _row(assembly, assisted_id)
    if row.leaf is None:
        assisting.check_usable(row, now=context.now())
    rooms = _rooms(assembly, row.elector)
    return Walk(
        assembly=assembly,
        row_id=row.id,
        rooms=rooms,
        heading=gettext("%(rooms)s 业主本人选择", rooms=rooms),
        told=gettext(
            "协助人 %(helper)s 只帮忙操作，由业主自己点。协助会记录在案，并发短信告知业主。", helper=row.helper
        ),
        base=url_for("voting.assisted", code=assembly.code, assisted_id=row.id),
        screens=screens(drafts.motions(context.reading(), assembly), assembly.elections),
    )


@blueprint.route("/<code>/assisted/<assisted_id>/<int:step>", methods=["GET", "POST"])
@signed_in
def assisted_mark(code: str, assisted_id: str, step: int) -> str | Response:
    return walk.mark(_walk(find(code), assisted_id), step)


@blueprint.get("/<code>/assisted/<assisted_id>/review")
@signed_in
def assisted_review(code: str, assisted_id: str) -> str | Response:
    return walk.review(_walk(find(code), assisted_id))


@blueprint.post("/<code>/assisted/<assisted_id>/cast")
@signed_in
def assisted_cast(code: str, assisted_id: str) -> Response:
    """The owner confirms; the same form sent again leads to the same receipt."""
    assembly = find(code)
    walked, platform = _walk(assembly, assisted_id), context.platform()
    with context.writing() as session:
        assisting.vote(
            session,
            platform.keys,
            assembly,
            assisted_id,
            by=context.person_id(),
            choices=walk.sent(),
            client_nonce=request.form.get("nonce", ""),
            now=context.now(),
        )
    return walk.done(url_for("voting.assisted_done", code=code, assisted_id=assisted_id), walked)


@blueprint.get("/<code>/assisted/<assisted_id>/done")
@signed_in
def assisted_done(code: str, assisted_id: str) -> str:
    """The receipt to print or write down for the owner: a short code, never a choice."""
    assembly = find(code)
    row = _row(assembly, assisted_id)
    if row.leaf is None:
        raise NotFound
    return render_template(
        "voting/assisted_done.html",
        assembly=assembly,
        row=row,
        rooms=_rooms(assembly, row.elector),
        short_code=record.short_code(row.leaf),
    )


@blueprint.get("/<code>/helped")
@requires(FULL_PACKAGE)
def helped(code: str) -> str:
    """For the supervisors: who helped whom, and how many; never what was chosen."""
    assembly = find(code)
    session = context.reading()
    return render_template(
        "voting/helped.html",
        assembly=assembly,
        helped=assisting.helped(session, assembly),
        counts=assisting.per_helper(session, assembly),
        relations=assisting.RELATION_TITLES,
    )
