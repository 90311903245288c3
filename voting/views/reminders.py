"""Which messages went out, to how many, and what came of them; never to whom by name, never what anybody chose."""

from collections import Counter

from flask import render_template, request

from hoa.kernel.errors import NotFound
from hoa.web import context
from hoa.web.access import requires
from voting.powers import CONVENE
from voting.rules import reminding
from voting.rules.life import State
from voting.service import messages
from voting.views.shared import blueprint, find

PAGE = 50


@blueprint.get("/<code>/reminders")
@requires(CONVENE)
def reminders(code: str) -> str:
    """The messages so far by their times, each with its outcome, and when the next go out."""
    assembly = find(code)
    if assembly.step is State.DRAFT:
        raise NotFound
    session, now = context.reading(), context.now()
    rows = messages.sent(session, assembly)
    pages = max(1, -(-len(rows) // PAGE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    times = reminding.slots(opens=assembly.opens_at, closes=assembly.closes_at, ends=assembly.ends_at)
    return render_template(
        "voting/reminders.html",
        assembly=assembly,
        sums=_sums([(row.slot, row.outcome) for row in rows]),
        rows=rows[(page - 1) * PAGE : page * PAGE],
        total=len(rows),
        page=page,
        pages=pages,
        following=[slot for slot in times if slot.at > now and assembly.step in (State.NOTICED, State.OPEN)],
        TITLES=reminding.TITLES,
        kind_of=reminding.kind_of,
    )


def _sums(found: list[tuple[str, str]]) -> dict[str, Counter[str]]:
    """Outcomes by slot, in the order in which the slots came."""
    sums: dict[str, Counter[str]] = {}
    for slot, outcome in reversed(found):
        sums.setdefault(slot, Counter())[outcome] += 1
    return sums
