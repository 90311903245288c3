"""The live list: what the checks say at this moment, and taking a finding up to follow it."""

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from finance.audit import content as contents
from finance.audit import present as audit_present
from finance.service.books import find_book
from finance.supervision.powers import FIND
from finance.supervision.service import cases as service
from finance.supervision.views.base import blueprint
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound
from hoa.web import context
from hoa.web.access import requires


def _days(opened: date) -> tuple[date, date]:
    """This year so far, and the one before in its first quarter, when last year's books are still being looked at."""
    day = today(context.now())
    year = day.year - 1 if day.month <= 3 else day.year
    return max(date(year, 1, 1), opened), max(day, opened)


@blueprint.get("/live")
@requires(FIND)
def live() -> str:
    """Every finding of the days up to now; those that are followed lead to their case."""
    session, here = context.reading(), context.community()
    book = find_book(session, here.id)
    if book is None:
        return render_template("supervision/live.html", r=None)
    start, end = _days(book.opened_on)
    found = contents.checks_only(session, here.id, start=start, end=end, now=context.now())
    return render_template(
        "supervision/live.html",
        r=found,
        severities=audit_present.counted(found),
        cases=service.followed(session, here.id, [one["key"] for one in found["findings"]]),
        **{name: word for name, word in audit_present.words().items() if name != "severity_tag"},
    )


@blueprint.post("/live/take")
@requires(FIND)
def take() -> Response:
    """Follow one finding of the live list, as it is now."""
    here, key = context.community(), request.form.get("key", "")
    book = find_book(context.reading(), here.id)
    if book is None:
        raise NotFound
    start, end = _days(book.opened_on)
    found = contents.checks_only(context.reading(), here.id, start=start, end=end, now=context.now())["findings"]
    chosen = [one for one in found if one["key"] == key]
    if not chosen:
        raise NotFound
    with context.writing() as session:
        taken = service.take_up(
            session,
            here.id,
            findings=chosen,
            start=start,
            end=end,
            by=context.person_id(),
            now=context.now(),
            hints=True,
        )
    if not taken:
        raise NotFound
    flash(gettext("已立案跟踪，业主委员会会看到"), "ok")
    return redirect(url_for("supervision.case", case_id=taken[0].id))
