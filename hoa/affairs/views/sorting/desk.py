"""梳理: one suggestion at a time with everything on one screen; a decision opens the next one at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField

from hoa.affairs.powers import SORT
from hoa.affairs.rules.clocks import PROFILE_NAMES, Profile
from hoa.affairs.rules.states import Sorting, State
from hoa.affairs.rules.titles import proposed
from hoa.affairs.rules.wording import REASON_LENGTH, TEXT_LENGTH, TITLE_LENGTH
from hoa.affairs.service import desk, life, photos, public, reading, reporters
from hoa.affairs.tables import Suggestion
from hoa.affairs.views.sorting.base import blueprint, name_word, unit_choices
from hoa.kernel.clock import today
from hoa.kernel.errors import N_, Refusal
from hoa.web import context
from hoa.web.access import requires
from hoa.web.forms import Form, at_most, options, required
from hoa.web.i18n import told


class Decision(StrEnum):
    AT_ONCE = "at_once"
    UNDERTAKEN = "undertaken"
    REFERRED = "referred"
    MERGE = "merge"
    REFUSE = "refuse"


# What a decision cannot do without.
_NEEDED: Mapping[Decision, Sequence[str]] = {
    Decision.AT_ONCE: ("title", "answer"),
    Decision.UNDERTAKEN: ("title", "handler"),
    Decision.REFERRED: ("title", "handler"),
    Decision.MERGE: (),
    Decision.REFUSE: ("refusal",),
}
_DONE: Mapping[Decision, str] = {
    Decision.AT_ONCE: N_("%(label)s 已即办答复"),
    Decision.UNDERTAKEN: N_("%(label)s 已交办"),
    Decision.REFERRED: N_("%(label)s 已上报"),
    Decision.MERGE: N_("%(label)s 已合并"),
    Decision.REFUSE: N_("%(label)s 已答复不予受理"),
}


class DecideForm(Form):
    seen = HiddenField()
    title = StringField(
        lazy_gettext("公开的标题"),
        validators=[at_most(TITLE_LENGTH)],
        description=lazy_gettext("大家都能看到，不要写姓名、电话和房号"),
    )
    decision = RadioField(
        lazy_gettext("怎么办"),
        choices=options(
            [
                (str(Decision.AT_ONCE), lazy_gettext("即办：现在就答复")),
                (str(Decision.UNDERTAKEN), lazy_gettext("代办：交给承办单位")),
                (str(Decision.REFERRED), lazy_gettext("上报：本小区办不了")),
                (str(Decision.MERGE), lazy_gettext("合并到已有的一件")),
                (str(Decision.REFUSE), lazy_gettext("不予受理")),
            ]
        ),
        validators=[required()],
    )
    answer = TextAreaField(lazy_gettext("答复"), validators=[at_most(TEXT_LENGTH)])
    handler = SelectField(lazy_gettext("承办单位"), default="")
    profile = SelectField(
        lazy_gettext("期限"),
        choices=options((str(key), lazy_gettext(name)) for key, name in PROFILE_NAMES.items()),
        default=Profile.TEN,
    )
    reason = TextAreaField(lazy_gettext("交办说明"), validators=[at_most(REASON_LENGTH)])
    into = RadioField(lazy_gettext("并入哪一件"), validate_choice=False)
    into_label = StringField(lazy_gettext("或者填编号"), validators=[at_most(20)])
    refusal = TextAreaField(lazy_gettext("不予受理的理由"), validators=[at_most(REASON_LENGTH)])

    def chosen(self) -> Decision:
        return Decision(self.decision.data)

    def complete(self) -> bool:
        """Whether the fields that the decision needs are filled in; the others say so."""
        if not self.validate_on_submit():
            return False
        empty = [self[name] for name in _NEEDED[self.chosen()] if not self[name].data]
        for field in empty:
            field.errors = [*field.errors, gettext("请填写这一项")]
        return not empty


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a suggestion stands on the desk: how many wait, which one this is, its neighbours."""

    row: Suggestion
    number: int
    total: int
    following: str | None
    before: str | None


def place_of(queue: Sequence[Suggestion], suggestion_id: str) -> Place | None:
    """None for what does not wait here (any more)."""
    ids = [row.id for row in queue]
    if suggestion_id not in ids:
        return None
    at = ids.index(suggestion_id)
    return Place(
        row=queue[at],
        number=at + 1,
        total=len(ids),
        following=ids[at + 1] if at + 1 < len(ids) else None,
        before=ids[at - 1] if at else None,
    )


def _queue(session: Session) -> Sequence[Suggestion]:
    return desk.waiting(session, context.community().id)


@blueprint.get("/")
@requires(SORT)
def index() -> str:
    """The oldest that waits; with nothing waiting, where else to go."""
    queue = _queue(context.reading())
    if not queue:
        return render_template("affairs/sorting_empty.html")
    return _page(place_of(queue, queue[0].id) or _gone(queue[0]))


@blueprint.route("/waiting/<suggestion_id>", methods=["GET", "POST"])
@requires(SORT)
def one(suggestion_id: str) -> str | Response | tuple[str, int]:
    """One of those that wait; a decision about it opens the next."""
    session, here = context.reading(), context.community()
    row = reading.find(session, here.id, suggestion_id)
    place = place_of(_queue(session), row.id)
    if request.method == "GET":
        return redirect(url_for("sorting.show", suggestion_id=row.id)) if place is None else _page(place)
    form = _form(row)
    if form.complete():
        try:
            with context.writing() as writing:
                _decide(writing, form, row.id)
        except Refusal as refusal:
            form.form_errors.append(told(refusal))
            return _again(row.id, form), refusal.status
        flash(gettext(_DONE[form.chosen()], label=row.label), "ok")
        return redirect(_next(place))
    return _page(place or _gone(row), form)


def _next(place: Place | None) -> str:
    """The one after this; from the last back to the first that was skipped."""
    if place is not None and place.following:
        return url_for("sorting.one", suggestion_id=place.following)
    return url_for("sorting.index")


def _gone(row: Suggestion) -> Place:
    """What somebody else sorted meanwhile is shown once more with what was typed, so that nothing typed is lost."""
    return Place(row=row, number=0, total=0, following=None, before=None)


def _again(suggestion_id: str, form: DecideForm) -> str:
    """The page as things stand now, with what was typed."""
    session = context.reading()
    row = reading.find(session, context.community().id, suggestion_id)
    form.seen.data = str(desk.moved_to(session, row))
    return _page(place_of(_queue(session), row.id) or _gone(row), form)


def _form(row: Suggestion) -> DecideForm:
    """Filled in on a first visit: the title from what was said, the unit that mostly gets such things."""
    session = context.reading()
    fresh = request.method == "GET"
    form = DecideForm(formdata=None) if fresh else DecideForm()
    form.handler.choices = options(unit_choices())
    form.into.choices = options((other.id, f"{other.label} {name_word(other)}") for other in desk.alike(session, row))
    if not form.into.choices:  # nothing is proposed, so the number is not "or" anything
        form.into_label.label.text = gettext("并入哪一件，填编号")
    if fresh:
        form.seen.data = str(desk.moved_to(session, row))
        form.title.data = row.title or proposed(public.masked(session, context.platform().keys, row, row.text))
        form.profile.data = row.profile or Profile.TEN
        form.handler.data = desk.usual_handler(session, row.community_id, row.category) or ""
    return form


def _page(place: Place, form: DecideForm | None = None) -> str:
    session, row = context.reading(), place.row
    return render_template(
        "affairs/sorting_desk.html",
        row=row,
        place=place,
        form=form or _form(row),
        alike=desk.alike(session, row),
        reporter=reporters.shown(context.platform().keys, row),
        photos=photos.photos(session, row),
        steps=reading.history(session, row),
        standing=reading.standing(row, today(context.now())),
        waits=row.state == State.RECEIVED,
    )


def _decide(session: Session, form: DecideForm, suggestion_id: str) -> None:
    community_id = context.community().id
    row, into_id = reading.find(session, community_id, suggestion_id), ""
    if form.chosen() is Decision.MERGE:
        label, chosen = form.into_label.data or "", form.into.data or ""
        into_id = desk.merge_target(session, community_id, label=label, chosen=chosen)
    desk.demand_fresh(session, row, form.seen.data or "", also=[into_id] if into_id else [])
    by, now = context.person_id(), context.now()
    # Everybody reads these, also when nobody knows any more which name had to stay out of them.
    title, refusal = (
        public.written(context.platform().keys, row, field.data or "") for field in (form.title, form.refusal)
    )
    match form.chosen():
        case Decision.AT_ONCE:
            life.answer_at_once(session, community_id, row.id, title=title, text=form.answer.data or "", by=by, now=now)
        case Decision.UNDERTAKEN | Decision.REFERRED as sorting:
            life.assign(
                session,
                community_id,
                row.id,
                title=title,
                sorting=Sorting(sorting),
                handler_id=form.handler.data,
                profile=Profile(form.profile.data),
                reason=form.reason.data or "",
                by=by,
                now=now,
            )
        case Decision.MERGE:
            life.merge(session, community_id, row.id, into_id=into_id, by=by, now=now)
        case Decision.REFUSE:
            life.refuse(session, community_id, row.id, reason=refusal, by=by, now=now)
