"""The conveners' desk: draft, motions with their matters, notice, and the steps; turnout only, never a leaning."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.jobs import enqueue
from hoa.kernel.errors import NotFound, Refusal
from hoa.resolutions import chain
from hoa.resolutions.chain import Kind
from hoa.web import context
from hoa.web.access import requires
from hoa.web.i18n import told
from voting import service
from voting.powers import CONVENE
from voting.rules import life
from voting.rules.life import State
from voting.rules.matters import matter
from voting.rules.screens import screens
from voting.rules.warnings import MatterWarning, Mixed, keyword_warnings, mixed
from voting.service import closing, countersigning, drafts, notice, officials, proposals, roll, steps, terms, witnessing
from voting.tables import Assembly, Motion
from voting.views.officials import notice_warnings
from voting.views.shared import address, blueprint, candidate_pages, find


@blueprint.get("/<code>/manage")
@requires(CONVENE)
def manage(code: str) -> str:
    assembly, session = find(code), context.reading()
    motions = drafts.motions(session, assembly)
    voting = assembly.step in (State.OPEN, State.CUT_OFF)
    return render_template(
        "voting/manage.html",
        assembly=assembly,
        screens=screens(motions, assembly.elections),
        pages=candidate_pages(assembly),
        looked_at=_looked_at,
        events=steps.events(session, assembly),
        turnout=closing.turnout(session, assembly) if voting else None,
        following=_following(assembly),
        calendar=terms.calendar(assembly, now=context.now()),
        hindrance=_hindrance(assembly, motions) if assembly.step is State.DRAFT else None,
        official=context.person_id() in {one.person_id for one in proposals.officials(session, assembly)},
        waits=witnessing.awaited(session, assembly, context.now()),
        address=address("voting.show", code=assembly.code),
        reach=roll.reach(session, assembly) if assembly.step in (State.DRAFT, State.NOTICED, State.OPEN) else None,
        topics=chain.waiting(session, assembly.community_id, Kind.MOTION) if assembly.step is State.DRAFT else (),
    )


def _looked_at(motion: Motion) -> tuple[Sequence[MatterWarning], Mixed | None]:
    """What a motion's words suggest."""
    found = matter(motion.matter)
    return keyword_warnings(found, f"{motion.title}\n{motion.body}"), mixed(found, motion.title, motion.body)


class Hindrance(NamedTuple):
    """Why the notice could not be given now, in the words of the rule that says no, and where that is mended."""

    says: str
    label: str
    url: str


def _hindrance(assembly: Assembly, motions: Sequence[Motion]) -> Hindrance | None:
    code = assembly.code
    try:
        notice.check(context.reading(), assembly, motions, now=context.now())
    except notice.NoMotions as refusal:
        return Hindrance(told(refusal), gettext("添加表决事项"), url_for("voting.new_motion", code=code))
    except notice.BlankLeft as refusal:
        return Hindrance(told(refusal), gettext("修改表决事项"), url_for("voting.manage", code=code) + "#motions")
    except officials.UNREADY as refusal:
        label = gettext("指定计票人、监票人和见证人")
        return Hindrance(told(refusal), label, url_for("voting.officials_page", code=code))
    except Refusal as refusal:
        return Hindrance(told(refusal), gettext("修改会议"), url_for("voting.edit", code=code))
    return None


class Following(NamedTuple):
    """The step that comes next, as the desk offers it."""

    target: State
    label: str
    explains: str
    due: datetime | None

    @property
    def early(self) -> bool:
        return self.due is not None and context.now() < self.due


def _following(assembly: Assembly) -> Following | None:
    target = life.successor(assembly.step)
    words: dict[State, Callable[[], tuple[str, str, datetime | None]]] = {
        State.NOTICED: lambda: (
            gettext("发出公告"),
            gettext("公告后，表决事项、业主名册、时间和规则都固定下来，不能再改；公告立即张贴到公示栏。"),
            None,
        ),
        State.OPEN: lambda: (
            gettext("开始表决"),
            gettext("到公告写明的时间会自动开始，不需要守着。"),
            assembly.opens_at,
        ),
        State.CUT_OFF: lambda: (
            gettext("截止收票"),
            gettext("到公告写明的时间会自动截止。截止后不再收票。"),
            assembly.ends_at,
        ),
        State.CLOSED: lambda: (gettext("封票"), gettext("封票后日志到此为止，任何人都不能再添加。"), None),
        State.TALLIED: lambda: (gettext("计票"), gettext("按公告的规则逐票计算，由平台签名。"), None),
        State.ANNOUNCED: lambda: (
            gettext("公布结果"),
            gettext("先用公开的核验程序检查一遍，通过后公布到公示栏；通过的事项成为业主大会决议。"),
            None,
        ),
    }
    return Following(target, *words[target]()) if target in words else None


@blueprint.route("/<code>/step/<target>", methods=["GET", "POST"])
@requires(CONVENE)
def step(code: str, target: str) -> str | Response:
    """One step, with a page that says what it does before it is done."""
    assembly = find(code)
    if target not in tuple(State):
        raise NotFound
    following = _following(assembly)
    if following is None or following.target != target:
        if request.method == "POST":
            raise life.NotTheNextStep
        return redirect(url_for("voting.manage", code=code))
    if request.method == "GET":
        motions = drafts.motions(context.reading(), assembly)
        if assembly.step is State.DRAFT and _hindrance(assembly, motions):
            return redirect(url_for("voting.manage", code=code))
        return render_template(
            "voting/step.html",
            assembly=assembly,
            following=following,
            screens=screens(motions, assembly.elections),
            left_out=notice_warnings(assembly),
            standing=countersigning.standing(context.reading(), assembly) if target == State.ANNOUNCED else None,
        )
    return _take(assembly, State(target))


def _take(assembly: Assembly, target: State) -> Response:
    by, now, platform = context.person_id(), context.now(), context.platform()
    if target is State.ANNOUNCED:
        countersigning.demand(context.reading(), assembly)
    if target in (State.TALLIED, State.ANNOUNCED):
        kind = "voting.count" if target is State.TALLIED else "voting.announce"
        with context.writing() as session:
            job = enqueue(
                session,
                kind,
                {"assembly": assembly.id, "by": by},
                now=now,
                community_id=assembly.community_id,
                person_id=by,
            )
        return redirect(url_for("jobs.show", job_id=job.id))
    with context.writing() as session:
        if target is State.NOTICED:
            service.give(
                session,
                platform.keys,
                assembly.community_id,
                assembly.id,
                host=platform.settings.origin_host,
                by=by,
                now=now,
                url=url_for("voting.show", code=assembly.code),
            )
        else:
            closing.STEPS[target](session, platform.keys, assembly.community_id, assembly.id, by=by, now=now)
    flash(gettext("已完成。"), "ok")
    return redirect(url_for("voting.manage", code=assembly.code))
