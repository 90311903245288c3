"""Counting the sheets in hand at the cut-off: typed or scanned, listed, signed by two (voting-record.md 2)."""

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.kernel.errors import Refusal
from hoa.web import context
from hoa.web.access import signed_in
from hoa.web.i18n import told
from voting.rules.life import State
from voting.rules.officials import Role
from voting.service import hand
from voting.views.paper import acting, looking, noticed, tried
from voting.views.shared import blueprint

MOST_TYPED = 500


@blueprint.get("/<code>/paper/hand")
@signed_in
def in_hand(code: str) -> str:
    """The list as it grows."""
    return _page(code, typed="", problems=[], added=0)


def _page(code: str, *, typed: str, problems: list[str], added: int) -> str:
    assembly = noticed(code)
    official = looking(assembly)
    session = context.reading()
    logged = hand.is_logged(session, assembly)
    waits = hand.waiting(session, assembly) is not None
    counting = assembly.step is State.CUT_OFF and not logged and not waits
    return render_template(
        "voting/in_hand.html",
        assembly=assembly,
        sheets=hand.counted(session, assembly),
        logged=logged,
        waits=waits,
        counting=counting and official is not None and official.role == Role.CLERK,
        is_clerk=official is not None and official.role == Role.CLERK,
        typed=typed,
        problems=problems,
        added=added,
    )


@blueprint.post("/<code>/paper/hand")
@signed_in
def add_in_hand(code: str) -> str | Response:
    """Serials, one a line; each that is refused stays in the field with what is wrong with it."""
    assembly = noticed(code)
    lines = [line.strip() for line in request.form.get("serials", "").splitlines() if line.strip()][:MOST_TYPED]
    left, problems = [], []
    with acting(assembly) as (session, row, official):
        for line in lines:
            try:
                hand.add(session, row, line, by=official.person_id, now=context.now())
            except (hand.NotCounting, hand.CountedBefore, hand.CountWaits):
                raise
            except Refusal as refusal:
                left.append(line)
                problems.append(told(refusal))
    return _page(code, typed="\n".join(left), problems=problems, added=len(lines) - len(left))


@blueprint.post("/<code>/paper/hand/scanned")
@signed_in
def add_scanned(code: str) -> Response:
    """All sheets whose scans came before the end."""
    assembly = noticed(code)
    back = url_for("voting.in_hand", code=code)

    def act() -> object:
        with acting(assembly) as (session, row, official):
            added = hand.add_scanned(session, row, by=official.person_id, now=context.now())
        return gettext("列入了 %(count)s 张。", count=added)

    return tried(act, done=back, refused=back)


@blueprint.post("/<code>/paper/hand/remove")
@signed_in
def remove_in_hand(code: str) -> Response:
    """A sheet listed by mistake."""
    assembly = noticed(code)
    back = url_for("voting.in_hand", code=code)

    def act() -> object:
        with acting(assembly) as (session, row, _official):
            removed = hand.remove(session, row, request.form.get("serial", ""))
        return gettext("已移出 %(serial)s。", serial=removed.serial)

    return tried(act, done=back, refused=back)


@blueprint.post("/<code>/paper/hand/submit")
@signed_in
def submit_in_hand(code: str) -> Response:
    """The list waits for two signatures from here on."""
    assembly = noticed(code)
    back = url_for("voting.in_hand", code=code)

    def act() -> object:
        with acting(assembly) as (session, row, official):
            hand.propose(session, context.platform().keys, row, by=official.person_id, now=context.now())
        return gettext("清点结果等待两人签名，签名后继续录入。")

    return tried(act, done=back, refused=back)


@blueprint.post("/<code>/paper/hand/withdraw")
@signed_in
def withdraw_in_hand(code: str) -> Response:
    """Change the list before two have signed."""
    assembly = noticed(code)
    with acting(assembly) as (session, row, _official):
        hand.withdraw(session, row, now=context.now())
    return redirect(url_for("voting.in_hand", code=code))
