"""What everybody reads of topics, and where owners say what they think."""

import io
from collections.abc import Sequence

from flask import flash, redirect, render_template, request, send_file
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.accounts import service as accounts
from hoa.affairs.rules import clocks
from hoa.affairs.rules.masking import mask
from hoa.kernel import masking, workdays
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound, Refusal
from hoa.resolutions import chain
from hoa.resolutions.chain import Key, Kind, Prepared, Reader
from hoa.topics import rules
from hoa.topics.powers import COMMENT, TOPIC_FILES, TOPICS
from hoa.topics.rules import Outcome, Party, Stage
from hoa.topics.service import commenting, outcomes, reading
from hoa.topics.tables import Topic, TopicComment, TopicMeeting
from hoa.topics.views.base import CommentForm, address, blueprint, find
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.i18n import told

PAGE = 40


@blueprint.get("/")
@public
def index() -> str:
    session, here, day = context.reading(), context.community(), today(context.now())
    rows = [(row, outcomes.stage(session, row, day)) for row in reading.topics(session, here.id)]
    return render_template("topics/index.html", rows=rows)


@blueprint.get("/<topic_id>")
@public
def show(topic_id: str) -> str:
    return page(find(topic_id), CommentForm(formdata=None))


@blueprint.post("/<topic_id>/comment")
@requires(COMMENT)
def comment(topic_id: str) -> str | tuple[str, int] | Response:
    """An owner's comment; what was typed stays when it is refused."""
    topic, form = find(topic_id), CommentForm()
    if not form.validate_on_submit():
        return page(topic, form)
    try:
        with context.writing() as session:
            commenting.comment(
                session,
                context.community().id,
                topic_id,
                side=form.side.data or "",
                text=form.text.data or "",
                by=context.person_id(),
                now=context.now(),
            )
    except (rules.NotOpen, rules.AlreadySettled):
        # The page has no form any more; the error page shows the words, so that nothing is lost.
        raise
    except Refusal as refusal:
        form.form_errors.append(told(refusal))
        return page(find(topic_id), form), refusal.status
    flash(gettext("意见已提交，已经显示在下面"), "ok")
    return redirect(address(topic_id, "#comments"))


@blueprint.get("/<topic_id>/meetings/<topic_meeting_id>/minutes")
@requires(TOPIC_FILES)
def minutes(topic_id: str, topic_meeting_id: str) -> Response:
    """The signed minutes as they were scanned: with names, so for whoever belongs to this community."""
    row = reading.meeting_of(context.reading(), find(topic_id), topic_meeting_id)
    if row.digest is None:
        raise NotFound
    data = context.platform().files.get(row.digest)
    answer = send_file(io.BytesIO(data), mimetype=row.media_type, as_attachment=True, download_name=row.file_name)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def page(topic: Topic, form: CommentForm) -> str:
    """A topic's page, with the comment as it was sent."""
    session, now = context.reading(), context.now()
    day, calendar = today(now), workdays.china()
    stage, reader = outcomes.stage(session, topic, day), Reader(context.powers(), now)
    figures = reading.figures(session, topic)
    pages = max(1, -(-figures["comments"] // PAGE))
    number = min(max(request.args.get("page", 1, type=int), 1), pages)
    suggestions = reading.suggestions(session, topic)
    raised = [Key(Kind.SUGGESTION, row.id) for row in suggestions]
    became = [Key(kind, row_id) for kind, row_id in _became(topic) if row_id is not None]
    return render_template(
        "topics/show.html",
        topic=topic,
        stage=stage,
        form=form,
        whole=clocks.working_days_after(topic.opens_on, topic.closes_on, calendar),
        passed=clocks.working_days_after(topic.opens_on, day, calendar),
        comments=_comments(topic)[(number - 1) * PAGE : number * PAGE],
        page=number,
        pages=pages,
        figures=figures,
        meetings=[(row, _present(row)) for row in reading.meetings(session, topic)],
        labels=[row.label for row in suggestions],
        raised=chain.tell(session, topic.community_id, raised, reader).values(),
        became=list(chain.tell(session, topic.community_id, became, reader).values()),
        drafts=_drafts(topic, reader) if stage is Stage.WAITING else (),
        may_comment=context.may(COMMENT) and stage is Stage.COMMENTS,
        may_meet=stage in (Stage.COMMENTS, Stage.MEETING, Stage.SUMMARY),
        leads=context.may(TOPICS),
        undecided=outcomes.undecided(session, topic),
    )


def _became(topic: Topic) -> tuple[tuple[Kind, str | None], ...]:
    return (Kind.MOTION, topic.motion_id), (Kind.ITEM, topic.item_id)


def _drafts(topic: Topic, reader: Reader) -> Sequence[Prepared]:
    """The assemblies being drafted in which this reader may put the topic."""
    preparing = chain.preparing()
    if preparing is None or topic.outcome != Outcome.MOTION:
        return ()
    return preparing.assemblies(context.reading(), topic.community_id, topic.id, reader)


def _comments(topic: Topic) -> list[tuple[TopicComment, str, str]]:
    """What owners said, the latest first, with the author's masked name and the words as they may be public: never a
    full name, a phone or a door, whoever reads.
    """
    rows = list(reversed(reading.comments(context.reading(), topic)))
    names = accounts.names(context.reading(), {row.person_id for row in rows})
    return [(row, masking.name(names[row.person_id]), mask(row.text)) for row in rows]


def _present(row: TopicMeeting) -> list[tuple[str, str]]:
    """Who was there from each party; names are masked for visitors."""
    inside = context.may(TOPIC_FILES)
    return [
        (party.value, "、".join(name if inside else masking.name(name) for name in row.present[party.value]))
        for party in Party
        if party.value in row.present
    ]
