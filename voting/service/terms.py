"""How an assembly is held: form, channels, and the local rules with the clauses they rest on. Settled in the draft,
looked at again by the notice, which freezes them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from hoa.community import pack_choice
from hoa.kernel import packs
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.kernel.packs import RulePack
from hoa.resolutions import rulebooks
from hoa.resolutions.rulebooks import BadClause
from voting.rules import conveners, local, schedule
from voting.rules.schedule import Calendar, Form
from voting.tables import Assembly


class NoRulebook(Refusal):
    message: ClassVar[str] = N_(
        "本小区还没有登记议事规则，不能采用与默认不同的办法：请先登记议事规则第一版，或者改回默认"
    )


class RulebookMoved(Refusal):
    message: ClassVar[str] = N_("起草以后议事规则有了新的版本，请回到“修改会议”重新选择所依据的条款")
    status: ClassVar[int] = 409


class ExtensionTooEarly(Refusal):
    message: ClassVar[str] = N_("最晚可以延长到的时间必须晚于截止时间，请改正")


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a draft asks for; None means the pack's default. `clauses` maps a parameter to the clause it rests on."""

    form: str = Form.REGULAR.value
    channels: Sequence[str] = ("online",)
    counting: str | None = None
    silent_rule: str | None = None
    proxy_cap: int | None = None
    notice_days: int | None = None
    extension_latest: datetime | None = None
    clauses: Mapping[str, str] = field(default_factory=dict)


def settle(session: Session, assembly: Assembly, terms: Terms, *, now: datetime) -> None:
    """Write the terms into a draft, under the community's pack of today; refused with the clause that is missing."""
    pack = pack_choice.current(session, assembly.community_id, day=today(now))
    kind = schedule.form(terms.form)
    conveners.check_first(assembly.convener, kind)
    local.check_channels(pack, terms.channels)
    schedule.check_window(pack, assembly.opens_at, assembly.closes_at)
    if terms.extension_latest is not None and terms.extension_latest <= assembly.closes_at:
        raise ExtensionTooEarly
    held = _wanted(pack, kind, terms)
    cited = _cited(session, assembly, held, pack, terms.clauses, now=now)
    assembly.rule_pack, assembly.form = pack.code, kind.value
    assembly.identity_level = pack.text("identity_level")
    assembly.receipt_minutes = pack.number("receipt_due_minutes")
    assembly.channels = sorted(set(terms.channels))
    assembly.counting, assembly.silent_rule, assembly.proxy_cap = held.counting, held.silent_rule, held.proxy_cap
    assembly.extension_latest = terms.extension_latest
    assembly.extension_clause = terms.clauses.get("extension") if held.extension else None
    assembly.clauses = cited
    session.flush()


def check(session: Session, assembly: Assembly, *, matters: Iterable[str], now: datetime) -> None:
    """What the notice demands of a draft: in time, within the window, by allowed channels, every local rule with a
    clause of the text that is in force today.
    """
    pack = packs.pack(assembly.rule_pack, day=today(now))
    schedule.check_notice(assembly.opens_at, now=now, days=calendar(assembly, now=now).days)
    schedule.check_window(pack, assembly.opens_at, assembly.closes_at)
    local.check_channels(pack, assembly.channels)
    local.check_silent(assembly.silent_rule, matters)
    local.check_cited(departures(assembly, pack), assembly.clauses)
    if assembly.clauses:
        version, clauses = rulebooks.citable(session, assembly.community_id, on=today(now))
        if version is None:
            raise NoRulebook
        known = {clause.id for clause in clauses}
        for cited in assembly.clauses:
            if cited["document"] != version.sha256:
                raise RulebookMoved
            if cited["clause"] not in known:
                raise BadClause(clause=cited["clause"])


def departures(assembly: Assembly, pack: RulePack) -> list[str]:
    """The local rules of an assembly: each needs a clause."""
    held = local.Held(
        assembly.counting,
        assembly.silent_rule,
        assembly.proxy_cap,
        extension=assembly.extension_latest is not None,
        notice_days=longer_notice(assembly),
    )
    return list(local.departures(pack, held))


def calendar(assembly: Assembly, *, now: datetime) -> Calendar:
    """The days that follow if the notice is given today."""
    pack = packs.pack(assembly.rule_pack, day=today(now))
    return schedule.calendar(
        pack,
        schedule.form(assembly.form),
        opens=assembly.opens_at,
        closes=assembly.ends_at,
        now=now,
        longer=longer_notice(assembly),
    )


def longer_notice(assembly: Assembly) -> int | None:
    """The days of notice that the rulebook asks for, where it asks for more than the pack."""
    return next((int(one["value"]) for one in assembly.clauses if one["parameter"] == "notice_days"), None)


def cited_clause(assembly: Assembly, parameter: str) -> str | None:
    """The clause that a local rule of this assembly rests on."""
    return next((str(one["clause"]) for one in assembly.clauses if one["parameter"] == parameter), None)


def _wanted(pack: RulePack, kind: Form, terms: Terms) -> local.Held:
    cap = pack.number("proxy_cap") if terms.proxy_cap is None else terms.proxy_cap
    local.check_cap(cap)
    lawful = schedule.notice_days(pack, kind)
    if terms.notice_days is not None and terms.notice_days < lawful:
        raise local.ShorterNotice(days=lawful)
    return local.Held(
        counting=terms.counting or pack.text("counting"),
        silent_rule=terms.silent_rule or pack.text("silent_rule"),
        proxy_cap=cap,
        extension=terms.extension_latest is not None,
        notice_days=terms.notice_days if terms.notice_days != lawful else None,
    )


def _cited(
    session: Session,
    assembly: Assembly,
    held: local.Held,
    pack: RulePack,
    chosen: Mapping[str, str],
    *,
    now: datetime,
) -> list[dict[str, Any]]:
    """Each departure with its clause and the hash of the text; anything chosen without need is left out."""
    wanted = list(local.departures(pack, held))
    if not wanted:
        return []
    version, clauses = rulebooks.citable(session, assembly.community_id, on=today(now))
    if version is None:
        raise NoRulebook
    known = {clause.id for clause in clauses}
    cited: list[dict[str, Any]] = []
    for parameter in wanted:
        clause = chosen.get(parameter, "")
        if not clause:
            raise local.NEEDS[parameter]
        if clause not in known:
            raise BadClause(clause=clause)
        entry: dict[str, Any] = {"parameter": parameter, "clause": clause, "document": version.sha256}
        cited.append(entry | {"value": held.notice_days} if parameter == "notice_days" else entry)
    return cited
