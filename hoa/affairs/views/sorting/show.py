"""One suggestion for staff: everything about it, and what the reader may do with it now."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flask import make_response, render_template
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from hoa.accounts import service as accounts
from hoa.affairs.powers import PUBLISH, READ, SORT, SUPERVISE
from hoa.affairs.rules.states import Action, State, allowed
from hoa.affairs.service import desk, intake, letters, photos, public, reading, reporters, terms
from hoa.affairs.tables import Check, Cluster, Message, Rating, Step, Suggestion
from hoa.affairs.views.sorting.base import blueprint, may_look_after, unit_choices, unit_names
from hoa.affairs.views.sorting.forms import ActForm, AgainForm, CheckForm, MergeForm, PublishForm, ReassignForm
from hoa.db import get
from hoa.kernel.clock import today
from hoa.resolutions import chain
from hoa.resolutions.chain import Key, Kind, Reader
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import options


class Acts(NamedTuple):
    """What the reader may do with the suggestion now."""

    sort: bool
    reassign: bool
    merge: bool
    cluster: bool
    supervise: bool
    check: bool
    again: bool
    publish: bool
    clear: bool


@blueprint.get("/suggestions/<suggestion_id>")
@requires(READ)
def show(suggestion_id: str) -> str:
    return page(reading.find(context.reading(), context.community().id, suggestion_id))


@blueprint.get("/suggestions/<suggestion_id>/photos/<photo_id>")
@requires(READ)
def photo(suggestion_id: str, photo_id: str) -> Response:
    """A picture, cleared for the public or not."""
    session = context.reading()
    row = reading.find(session, context.community().id, suggestion_id)
    found = photos.photo_of(session, row, photo_id)
    response = make_response(context.platform().files.get(found.digest))
    response.headers["Content-Type"] = found.media_type
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


def acts_of(row: Suggestion) -> Acts:
    state, sorter = State(row.state), context.may(SORT)
    late = reading.standing(row, today(context.now())).overdue > 0
    return Acts(
        sort=sorter and state is State.RECEIVED,
        reassign=sorter and allowed(state, Action.REASSIGN),
        merge=sorter and state is not State.RECEIVED and allowed(state, Action.MERGE),
        cluster=sorter and row.cluster_id is None and allowed(state, Action.CLUSTER),
        supervise=late and context.may(SUPERVISE) and allowed(state, Action.SUPERVISE),
        check=may_look_after() and allowed(state, Action.CHECK),
        again=may_look_after() and row.round == 1 and allowed(state, Action.REOPEN),
        publish=context.may(PUBLISH) and allowed(state, Action.PUBLISH),
        clear=context.may(PUBLISH),
    )


def page(row: Suggestion, filled: ActForm | None = None) -> str:
    """The page; `filled` is the one form that was sent and could not be carried out, with what was typed."""
    session = context.reading()
    now_at = str(desk.moved_to(session, row))
    forms = _forms(session, row)
    if filled is not None:
        forms[type(filled).__name__] = filled
    for form in forms.values():
        form.seen.data = now_at
    history = reading.history(session, row)
    return render_template(
        "affairs/sorting_show.html",
        row=row,
        acts=acts_of(row),
        forms_of=forms,
        filled=type(filled).__name__ if filled else "",
        seen=now_at,
        steps=history,
        names=_names(history),
        units=unit_names(),
        standing=reading.standing(row, today(context.now())),
        milestones=terms.milestones(session, row, today(context.now())),
        reporter=reporters.shown(context.platform().keys, row),
        photos=photos.photos(session, row),
        letters=letters.letters(session, row),
        followers=len(intake.following(session, row.community_id, row.id)),
        topics=chain.became(
            session, row.community_id, Key(Kind.SUGGESTION, row.id), Reader(context.powers(), context.now())
        ),
        **_more(session, row),
    )


def _names(history: Sequence[Step]) -> Mapping[str, str]:
    """Names of staff who took steps. Who reported is not among them: a step of theirs names nobody."""
    people = {step.person_id for step in history if step.person_id and step.by != "reporter"}
    return accounts.names(context.reading(), people)


def _more(session: Session, row: Suggestion) -> dict[str, Any]:
    """What hangs on it: ratings and checks of its rounds, messages, what it was merged with, its cluster."""

    def of(table: type[Any]) -> Any:
        return select(table).where(table.community_id == row.community_id, table.suggestion_id == row.id)

    others = select(Suggestion).where(Suggestion.community_id == row.community_id, Suggestion.merged_into_id == row.id)
    return {
        "ratings": {one.round: one for one in session.scalars(of(Rating))},
        "checks": {one.id: one for one in session.scalars(of(Check))},
        "messages": session.scalars(of(Message).order_by(Message.made_at, Message.id)).all(),
        "merged": session.scalars(others.order_by(Suggestion.received_at)).all(),
        "into": reading.find(session, row.community_id, row.merged_into_id) if row.merged_into_id else None,
        "cluster": get(session, Cluster, row.community_id, row.cluster_id) if row.cluster_id else None,
    }


def _forms(session: Session, row: Suggestion) -> dict[str, ActForm]:
    """Every form of the page as it is on a first visit."""
    made: list[ActForm] = [
        reassign_form(row, blank=True),
        MergeForm(formdata=None, prefix="merge-"),
        check_form(blank=True),
        AgainForm(formdata=None, prefix="again-"),
        publish_form(session, row, blank=True),
    ]
    return {type(form).__name__: form for form in made}


def _data(blank: bool) -> dict[str, Any]:
    return {"formdata": None} if blank else {}


def reassign_form(row: Suggestion, *, blank: bool = False) -> ReassignForm:
    form = ReassignForm(prefix="reassign-", **_data(blank))
    form.handler.choices = options(one for one in unit_choices() if one[0] != row.handler_id)
    return form


def check_form(*, blank: bool = False) -> CheckForm:
    form = CheckForm(prefix="check-", **_data(blank))
    form.offer()
    return form


def publish_form(session: Session, row: Suggestion, *, blank: bool = False) -> PublishForm:
    """The words proposed for the public: what was said and answered, with phones, numbers and doors hidden."""
    form = PublishForm(prefix="publish-", **_data(blank))
    shown = photos.photos(session, row)
    form.pictures.choices = options((one.id, _called(one.phase, number)) for number, one in enumerate(shown, start=1))
    if blank:
        keys = context.platform().keys
        form.text.data = public.masked(session, keys, row, row.text) or row.title
        form.answer.data = public.written(keys, row, answer_of(session, row))
        form.pictures.data = [one.id for one in shown if one.cleared_at is not None]
    return form


def _called(phase: str, number: int) -> str:
    if phase == photos.Phase.AFTER:
        return str(gettext("照片 %(number)s（办理后）", number=number))
    return str(gettext("照片 %(number)s（办理前）", number=number))


def answer_of(session: Session, row: Suggestion) -> str:
    """The answer of the last round, in the words of whoever gave it; empty while there is none."""
    answers = [
        step.reason for step in reading.history(session, row) if step.action in (Action.ANSWER, Action.ANSWER_AT_ONCE)
    ]
    return answers[-1] if answers else ""
