"""A result as page, paper and minutes show it: from the bytes of `tally.json`, and what belongs beside them
(experience.md, result page; rules.md R1.39)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from flask import url_for
from flask_babel import gettext

from hoa.accounts import service as accounts
from hoa.kernel import canonical
from hoa.kernel.clock import today
from hoa.web import context
from voting.powers import FULL_PACKAGE
from voting.rules.afterwards import a_year_after
from voting.rules.life import State
from voting.rules.package import Form
from voting.rules.screens import Screen, screens
from voting.service import aftermath, countersigning, drafts, log, reading, results, steps, tallying, witnessing
from voting.tables import Assembly, AssemblyEvent, Motion, Tally
from voting.views import elected
from voting.views.entry_words import INVALID_REASONS, VOID_REASONS
from voting.views.shared import CHANNEL_TITLES, address
from voting.views.verdicts import bars, lines, verdict, ways

FATE_TAGS = {"counted": "ok", "invalid": "warn", "void": "error"}


def figures(assembly: Assembly, tally: Tally) -> dict[str, Any]:
    """What page and paper show alike."""
    session = context.reading()
    value = canonical.decode(tally.public)
    lock = aftermath.lock(session, assembly)
    return {
        "tally": value,
        "digest": tally.digest,
        "address": address("voting.show", code=assembly.code),
        "signatures": countersigning.lines(session, assembly, tally, Form.PUBLIC),
        "timeline": timeline(assembly),
        "shown": [_screen(one, value) for one in screens(drafts.motions(session, assembly), assembly.elections)],
        "channels": channels(assembly),
        "witnesses": _witnesses(assembly),
        "deadline": aftermath.deadline(session, assembly),
        "lock": lock,
        "last_day_to_sue": a_year_after(today(timeline(assembly)[-1].at)),
        "silent_rule": assembly.silent_rule,
    }


def _screen(screen: Screen[Motion], value: Mapping[str, Any]) -> dict[str, Any]:
    """One question of the ballot: a motion, or an election with everyone who stood."""
    figures = {one["motion"]: one for one in value["motions"]}
    if screen.election is None:
        return {"title": screen.motion.title, **_motion(screen.motion, figures[screen.motion.code])}
    told = next(one for one in value["elections"] if one["election"] == screen.code)
    names = {motion.code: motion.title for motion in screen.motions}
    return {"title": screen.title, "election": elected.shown(screen.election.value, told, figures, names)}


def _motion(motion: Any, told: Mapping[str, Any]) -> dict[str, Any]:
    """One motion with its verdict, its bars, and each way of counting with what it lacks."""
    return {
        "motion": motion,
        "figures": told,
        "verdict": verdict(told),
        "bars": bars(told["without_invalid"]["inequalities"]),
        "ways": ways(told),
        "silent": _silent(told),
    }


def _silent(told: Mapping[str, Any]) -> dict[str, Any] | None:
    """The third sum (R1.34), when the notice has the rule and the matter allows it."""
    third = told.get("with_silent")
    return None if third is None else {**third, "lines": lines(third)}


class Step(NamedTuple):
    """A step of the assembly's life; `who` is None for the schedule."""

    state: State
    at: datetime
    who: str | None


def timeline(assembly: Assembly) -> list[Step]:
    session = context.reading()

    def who(event: AssemblyEvent) -> str | None:
        return accounts.person(session, event.person_id).name if event.person_id else None

    return [Step(State(event.state), event.at, who(event)) for event in steps.events(session, assembly)]


def channels(assembly: Assembly) -> list[tuple[str, int]]:
    """How the counted ballots came, in words; small channels together."""
    found = results.turnout_by_channel(context.reading(), assembly)
    return [("、".join(gettext(CHANNEL_TITLES[one]) for one in row.channels), row.heads) for row in found]


def _witnesses(assembly: Assembly) -> list[tuple[str, Sequence[str]]]:
    """Which heads were cosigned and by whom."""
    return [(one.head.reason, one.names) for one in witnessing.noted(context.reading(), assembly) if one.cosigned]


def page_values(assembly: Assembly) -> dict[str, Any]:
    """What only the page shows: mine, what I may open, objections."""
    session = context.reading()
    tally = tallying.tally_of(session, assembly)
    may_full = context.may(FULL_PACKAGE)
    return {
        **figures(assembly, tally),
        "mine": _mine(assembly),
        "may_full": may_full,
        "reasons": results.invalid_by_reason(session, assembly) if may_full else {},
        "INVALID_REASONS": INVALID_REASONS,
        "INVALID_FOR_A_CANDIDATE": INVALID_REASONS | elected.INVALID_FOR_A_CANDIDATE,
        "heads": log.heads(session, assembly),
        "check_url": url_for("voting.check", code=assembly.code),
        "objected": results.objections(session, assembly),
        "today": today(context.now()),
    }


class Told(NamedTuple):
    """One ballot of mine on the result page: a word, what it means, and a link to its receipt."""

    tag: str
    word: str
    sentence: str
    ballot: Any


def _mine(assembly: Assembly) -> list[dict[str, Any]]:
    """Each of my electors: the row that was counted for it, and what became of every ballot cast in its name."""
    session, me = context.reading(), context.me()
    if me is None:
        return []
    keys = context.platform().keys
    found = []
    for one in reading.mine(session, assembly, person_id=me.id, day=today(context.now())):
        row = tallying.counted_row(session, keys, assembly, one.standing.elector)
        fates = results.fates(session, keys, assembly, one.ballots, row.counted if row else None)
        found.append({"standing": one.standing, "row": row, "told": [_told(assembly, fate) for fate in fates]})
    return found


def _told(assembly: Assembly, fate: results.Fate) -> Told:
    word, sentence = _fate_words(assembly, fate)
    return Told(FATE_TAGS.get(fate.kind, "plain"), word, sentence, fate.ballot)


def _fate_words(assembly: Assembly, fate: results.Fate) -> tuple[str, str]:
    if fate.kind == "void":
        why = fate.reasons["*"]
        return gettext("已作废"), gettext(VOID_REASONS[why])
    ruled = [reason for code, reason in fate.reasons.items() if code not in fate.over]
    whys = [gettext(INVALID_REASONS[reason]) for reason in dict.fromkeys(ruled)]
    if fate.over:
        whys.append(gettext("同意的候选人超过了最多人数，对这次选举的候选人都不算"))
    why = "、".join(whys)
    first = assembly.counting == "first"
    words = {
        "counted": (gettext("这一票计入"), ""),
        "invalid": (gettext("无效"), gettext("计票采用这张票，但被认定无效：%(why)s", why=why)),
        "refused": (gettext("没有采用"), gettext("代理人没有有效的委托")),
        "set-aside": (gettext("没有采用"), gettext("这张票被认定无效（%(why)s），计入了另一张有效的票", why=why)),
        "own-first": (gettext("没有采用"), gettext("业主本人投了票，以本人的为准")),
        "superseded": (
            gettext("没有采用"),
            gettext("按公告，以第一张票为准") if first else gettext("按公告，以最后一张票为准"),
        ),
    }
    return words[fate.kind]
