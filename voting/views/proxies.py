"""Proxies on screen: the owner appoints and withdraws, the agent votes as told, officials look at papers and rule."""

from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from hoa.jobs import enqueue
from hoa.kernel import canonical
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, NotFound, Refusal
from hoa.ports import uploads
from hoa.web import context
from hoa.web.access import signed_in
from hoa.web.forms import tidy, written_text
from hoa.web.i18n import told
from hoa.web.security import limiter
from voting.rules import record
from voting.rules.life import State
from voting.rules.proxies import INSTRUCTION_TITLES, Instruction
from voting.rules.screens import screens
from voting.service import casting, drafts, entries, proposals, proxies, seats
from voting.service.proxies import Scan, Terms
from voting.tables import Assembly, Official, ProxyAuthority
from voting.views import walk
from voting.views.shared import blueprint, find
from voting.views.walk import Walk

TELL = "voting.tell-principal"
# Enough for a desk; too few to find out who owns which room by trying names.
PAPERS = "60 per hour"


class BadIdentityEnd(Refusal):
    message = N_("请写代理人姓名和证件号码的后四位，没有账户的代理人靠它区分")


class NoFile(Refusal):
    message = N_("请选择委托书的扫描件或照片（PDF、PNG 或 JPEG），没有保存")


class UnknownPrincipal(Refusal):
    message = N_("房号与委托人姓名对不上名册，没有保存。请照委托书和名册核对")


class RuleAfterCutOff(Refusal):
    message = N_("委托票在截止收票以后认定；截止以前谁也不看委托书里的意见")
    status = 409


class RulingWaits(Refusal):
    message = N_("这张委托票的认定已经提出，正在等签名")
    status = 409


def _clerk(assembly: Assembly) -> Official | None:
    """The reader as an official of this assembly, or None."""
    try:
        return proposals.official(context.reading(), assembly, context.person_id())
    except proposals.NotAnOfficial:
        return None


def _demand_official(assembly: Assembly) -> Official:
    return proposals.official(context.reading(), assembly, context.person_id())


def _told() -> dict[str, str]:
    """The instruction per motion as the form sends it; a motion left out is not in the scope."""
    return {
        name.removeprefix("told-"): value for name, value in request.form.items() if name.startswith("told-") and value
    }


def _text(name: str) -> str:
    return tidy(request.form.get(name)) or ""


def _choices_of(assembly: Assembly) -> dict[str, Any]:
    """What the forms for instructions need."""
    return {
        "screens": screens(drafts.motions(context.reading(), assembly), assembly.elections),
        "instructions": [(one.value, INSTRUCTION_TITLES[one]) for one in Instruction],
        "given": request.form,
        "most_mb": uploads.MAX_BYTES // 2**20,
    }


# -------------------------------------------------------------------------------------------------------- the principal


@blueprint.route("/<code>/proxy/<elector>", methods=["GET", "POST"])
@signed_in
def appoint(code: str, elector: str) -> str | Response:
    """An owner's page for one of their electors: who votes for me, on what terms; appoint or withdraw."""
    assembly = find(code)
    standing = casting.standing(
        context.reading(), assembly, person_id=context.person_id(), elector=elector, day=today(context.now())
    )
    problem = None
    if request.method == "POST":
        try:
            _appoint(assembly, elector)
        except Refusal as refusal:
            problem = told(refusal)
        else:
            flash(gettext("已委托。您随时可以撤回，也可以自己投票，以您自己的票为准。"), "ok")
            return redirect(url_for("voting.appoint", code=code, elector=elector))
    session, keys = context.reading(), context.platform().keys
    rows = proxies.of_elector(session, assembly, elector)
    living = [row for row in rows if row.withdrawn_at is None]
    # What serves is shown before a paper that somebody sent and nobody has looked at.
    standing_row = next((row for row in living if proxies.is_looked_at(row)), living[0] if living else None)
    return render_template(
        "voting/proxy.html",
        assembly=assembly,
        standing=standing,
        current=standing_row,
        current_told=proxies.instructions(keys, standing_row) if standing_row else {},
        earlier=[row for row in rows if row.withdrawn_at is not None],
        open="proxy" in assembly.open_channels and context.now() < assembly.ends_at,
        problem=problem,
        titles=INSTRUCTION_TITLES,
        **_choices_of(assembly),
    )


def _appoint(assembly: Assembly, elector: str) -> None:
    keys, me = context.platform().keys, context.me()
    assert me is not None
    with context.writing() as session:
        agent = proxies.agent_by_phone(session, keys, phone=_text("phone"), name=_text("name"))
        terms = Terms(elector, me.id, me.name, agent, _told(), assembly.ends_at)
        proxies.appoint(session, keys, assembly.id, assembly.community_id, terms, now=context.now())


@blueprint.post("/<code>/proxies/<authority_id>/withdraw")
@signed_in
def withdraw(code: str, authority_id: str) -> Response:
    """The principal, or another owner of the same rooms, takes the authority back."""
    assembly = find(code)
    row = proxies.one(context.reading(), assembly, authority_id)
    standing = casting.standing(
        context.reading(), assembly, person_id=context.person_id(), elector=row.elector, day=today(context.now())
    )
    with context.writing() as session:
        proxies.withdraw(session, assembly, authority_id, by=context.person_id(), now=context.now())
    flash(gettext("已撤回。"), "ok")
    return redirect(url_for("voting.appoint", code=code, elector=standing.elector))


# ------------------------------------------------------------------------------------------------------------ the agent


@blueprint.get("/<code>/proxies")
@signed_in
def agents(code: str) -> str:
    """What I was authorised for."""
    assembly = find(code)
    session, now = context.reading(), context.now()
    rows = proxies.of_agent(session, assembly, context.person_id())
    return render_template(
        "voting/proxies.html",
        assembly=assembly,
        mine=[(row, _rooms(assembly, row.elector), proxies.is_usable(row, now=now)) for row in rows],
        official=_clerk(assembly),
        open=_is_open(assembly, now),
        takes="proxy" in assembly.open_channels,
    )


def _is_open(assembly: Assembly, now: datetime) -> bool:
    return assembly.step is State.OPEN and assembly.opens_at <= now < assembly.ends_at


def _rooms(assembly: Assembly, elector: str) -> str:
    try:
        return seats.rooms(entries.on_roll(context.reading(), assembly, elector))
    except entries.NotOnTheRoll:
        return elector


def _walk(assembly: Assembly, authority_id: str) -> Walk:
    """The agent's walk; refused for anybody else and for an authority that cannot be used."""
    session, keys = context.reading(), context.platform().keys
    row = proxies.one(session, assembly, authority_id)
    official = row.agent_id is None and _clerk(assembly) is not None
    proxies.check_agent(row, person_id=context.person_id(), clerk=official, now=context.now())
    if not _is_open(assembly, context.now()):
        raise casting.NotOpen
    told_so = proxies.instructions(keys, row)
    rooms = _rooms(assembly, row.elector)
    return Walk(
        assembly=assembly,
        row_id=row.id,
        rooms=rooms,
        heading=gettext("代 %(rooms)s 业主投票", rooms=rooms),
        told=ngettext(
            "这不是您自己的票。只投委托的 %(num)s 项，其余事项按未选计。",
            "这不是您自己的票。只投委托的 %(num)s 项，其余事项按未选计。",
            len(told_so),
        ),
        base=url_for("voting.agents", code=assembly.code) + f"/{row.id}/vote",
        screens=screens(
            [motion for motion in drafts.motions(session, assembly) if motion.code in told_so], assembly.elections
        ),
        instructions=told_so,
    )


@blueprint.route("/<code>/proxies/<authority_id>/vote/<int:step>", methods=["GET", "POST"])
@signed_in
def proxy_mark(code: str, authority_id: str, step: int) -> str | Response:
    return walk.mark(_walk(find(code), authority_id), step)


@blueprint.get("/<code>/proxies/<authority_id>/vote/review")
@signed_in
def proxy_review(code: str, authority_id: str) -> str | Response:
    return walk.review(_walk(find(code), authority_id))


@blueprint.post("/<code>/proxies/<authority_id>/vote/cast")
@signed_in
def proxy_cast(code: str, authority_id: str) -> Response:
    """The agent confirms; the principal is told."""
    assembly = find(code)
    walked = _walk(assembly, authority_id)
    clerk = _clerk(assembly) is not None
    platform = context.platform()
    with context.writing() as session:
        before = proxies.one(session, assembly, authority_id).leaf
        receipt = proxies.vote(
            session,
            platform.keys,
            assembly,
            authority_id,
            person_id=context.person_id(),
            clerk=clerk,
            choices=walk.sent(),
            client_nonce=request.form.get("nonce", ""),
            now=context.now(),
        )
        leaf = canonical.decode(receipt)["leaf"]
        if before != leaf:
            payload = {"authority": authority_id}
            enqueue(session, TELL, payload, now=context.now(), community_id=assembly.community_id)
    return walk.done(url_for("voting.proxy_done", code=code, authority_id=authority_id), walked)


@blueprint.get("/<code>/proxies/<authority_id>/done")
@signed_in
def proxy_done(code: str, authority_id: str) -> str:
    """The receipt's short code, for the agent; what was chosen is the principal's to open."""
    assembly = find(code)
    row = proxies.one(context.reading(), assembly, authority_id)
    if context.person_id() not in (row.agent_id, row.cast_by) or row.leaf is None:
        raise NotFound
    return render_template(
        "voting/proxy_done.html",
        assembly=assembly,
        row=row,
        rooms=_rooms(assembly, row.elector),
        short_code=record.short_code(row.leaf),
    )


# ------------------------------------------------------------------------------------------------- written authorities


@blueprint.route("/<code>/proxies/written", methods=["GET", "POST"])
@signed_in
@limiter.limit(PAPERS, methods=["POST"])
def written(code: str) -> str | Response:
    """A written authority: an official registers it with the papers seen; its agent may send it for one to look at."""
    assembly = find(code)
    official = _clerk(assembly)
    problem = None
    if request.method == "POST":
        try:
            _register(assembly, official)
        except Refusal as refusal:
            problem = told(refusal)
        else:
            if official:
                flash(gettext("已登记，扫描件加密保存。"), "ok")
                return redirect(url_for("voting.proxy_desk", code=code))
            flash(gettext("已收到。工作人员核对原件和证件以后，您就可以代为投票。"), "ok")
            return redirect(url_for("voting.agents", code=code))
    return render_template(
        "voting/proxy_written.html", assembly=assembly, official=official, problem=problem, **_choices_of(assembly)
    )


def _register(assembly: Assembly, official: Official | None) -> None:
    platform, me, now = context.platform(), context.me(), context.now()
    assert me is not None
    sent = request.files.get("scan")
    if sent is None or not sent.filename:
        raise NoFile
    scan = Scan(sent.stream.read(uploads.MAX_BYTES + 1), sent.filename[-80:], _text("papers")[:200] if official else "")
    with context.writing() as session:
        elector, principal_id, principal_name = _principal(session, assembly, now)
        if official is None:
            agent = proxies.Agent(me.id, me.id, me.name)
        elif _text("phone"):
            agent = proxies.agent_by_phone(session, platform.keys, phone=_text("phone"), name=_text("name"))
        elif _text("name") and len(_text("identity_end")) == 4:
            agent = proxies.agent_on_paper(_text("name")[:40], _text("identity_end"))
        else:
            raise BadIdentityEnd
        terms = Terms(elector, principal_id, principal_name, agent, _told(), assembly.ends_at)
        row = proxies.register(
            session,
            platform.keys,
            platform.files,
            assembly.id,
            assembly.community_id,
            terms,
            scan,
            by=me.id,
            now=now,
        )
        payload = {"authority": row.id}
        enqueue(session, TELL, payload, now=now, community_id=assembly.community_id)


def _principal(session: Any, assembly: Assembly, now: datetime) -> tuple[str, str | None, str]:
    """Elector, account and name of the owner who signed: room and name must both be the register's."""
    try:
        entry = seats.elector_of_room(session, assembly, _text("room"))
    except seats.NoSuchRoom:
        raise UnknownPrincipal from None
    for seat in seats.seats(session, assembly, entry.elector, day=today(now)):
        if seat.owner.name == _text("principal"):
            return entry.elector, seat.owner.person_id, seat.owner.name
    raise UnknownPrincipal


# ---------------------------------------------------------------------------------------------------------- officials


@blueprint.get("/<code>/proxies/desk")
@signed_in
def proxy_desk(code: str) -> str:
    """Papers to look at; after the cut-off, the proxies' ballots that wait for a ruling, each beside its authority."""
    assembly = find(code)
    _demand_official(assembly)
    session, keys = context.reading(), context.platform().keys
    ended = assembly.step in (State.CUT_OFF, State.CLOSED, State.TALLIED, State.ANNOUNCED)
    unruled = proxies.unruled(session, assembly)
    waiting = {task.proposal.subject for task in proposals.waiting(session, keys, assembly)}
    return render_template(
        "voting/proxy_desk.html",
        assembly=assembly,
        papers=[(row, _rooms(assembly, row.elector)) for row in proxies.on_paper(session, assembly)],
        ended=ended,
        unruled=[
            (one, _rooms(assembly, one.authority.elector), proxies.instructions(keys, one.authority))
            for one in unruled
            if ended
        ],
        count=len(unruled),
        waiting=waiting,
        screens=screens(drafts.motions(session, assembly), assembly.elections),
        titles=INSTRUCTION_TITLES,
        open=_is_open(assembly, context.now()),
        problem=None,
    )


@blueprint.post("/<code>/proxies/<authority_id>/seen")
@signed_in
def proxy_seen(code: str, authority_id: str) -> Response:
    """An official has compared the paper that an agent sent with the original and the papers of both."""
    assembly = find(code)
    _demand_official(assembly)
    proxies.one(context.reading(), assembly, authority_id)
    papers = _text("papers")[:200]
    if not papers:
        flash(gettext("请写明看过哪些证件原件，没有保存。"), "error")
        return redirect(url_for("voting.proxy_desk", code=code))
    with context.writing() as session:
        proxies.see(
            session,
            assembly.community_id,
            authority_id,
            identity_seen=papers,
            by=context.person_id(),
            now=context.now(),
        )
    flash(gettext("已核对，代理人可以投票了。"), "ok")
    return redirect(url_for("voting.proxy_desk", code=code))


@blueprint.get("/<code>/proxies/<authority_id>/scan")
@signed_in
def proxy_scan(code: str, authority_id: str) -> Response:
    """The written authority. Whoever is looking at the paper itself, or, after the cut-off, whoever rules on it: it
    tells an opinion.
    """
    assembly = find(code)
    _demand_official(assembly)
    row = proxies.one(context.reading(), assembly, authority_id)
    if row.seen_by is not None and not _ruling_time(assembly):
        raise RuleAfterCutOff
    platform = context.platform()
    data = proxies.scan(platform.keys, platform.files, row)
    response = Response(data, mimetype=row.scan_type or "application/octet-stream")
    response.headers["Content-Disposition"] = "attachment; filename=" + uploads.safe_name(
        f"proxy-{row.digest[:10]}", row.scan_type or "application/pdf"
    )
    return response


def _ruling_time(assembly: Assembly) -> bool:
    return assembly.step not in (State.DRAFT, State.NOTICED, State.OPEN)


@blueprint.post("/<code>/proxies/<authority_id>/rule")
@signed_in
def proxy_rule(code: str, authority_id: str) -> Response:
    """Propose to accept or refuse the ballot of this authority; two officials sign it."""
    assembly = find(code)
    _demand_official(assembly)
    row: ProxyAuthority = proxies.one(context.reading(), assembly, authority_id)
    if not _ruling_time(assembly):
        raise RuleAfterCutOff
    accepted, reason = request.form.get("ruling") == "accept", written_text("reason", most=200)
    if not accepted and not reason:
        flash(gettext("不采用的，请写明原因，没有保存。"), "error")
        return redirect(url_for("voting.proxy_desk", code=code))
    keys = context.platform().keys
    with context.writing() as session:
        if any(one.state == proposals.WAITING for one in proposals.about(session, assembly, row.leaf or "")):
            raise RulingWaits
        entry = proxies.ruling_entry(assembly, row, accepted=accepted, reason=reason, now=context.now())
        proposals.propose(
            session, keys, assembly, entry, by=context.person_id(), now=context.now(), subject=row.leaf or ""
        )
    flash(gettext("已提出认定，由两人签名后生效。"), "ok")
    return redirect(url_for("voting.proxy_desk", code=code))
