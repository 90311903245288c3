"""Topics that wait for an assembly become motions of its draft; the topic keeps which one it was."""

from flask import flash, redirect, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.kernel.errors import NotFound
from hoa.resolutions import chain
from hoa.resolutions.chain import Key, Kind
from hoa.web import context
from hoa.web.access import requires
from voting import service
from voting.powers import CONVENE
from voting.views.shared import blueprint, find


@blueprint.post("/<code>/topics/<topic_id>")
@requires(CONVENE)
def take_up(code: str, topic_id: str) -> Response:
    """A motion with the words that the topic was settled with; the editor goes on from there."""
    assembly, topics = find(code), chain.topics()
    with context.writing() as session:
        waiting = chain.waiting(session, assembly.community_id, Kind.MOTION)
        topic = next((row for row in waiting if row.id == topic_id), None)
        if topic is None or topics is None:
            raise NotFound
        motion = service.add_motion(
            session,
            assembly.community_id,
            assembly.id,
            title=topic.title,
            body=topic.text,
            matter_code=topic.matter,
        )
        made = Key(Kind.MOTION, motion.id)
        topics.taken_up(session, assembly.community_id, topic_id, by=made, now=context.now())
    flash(gettext("议题 %(label)s 已写成表决事项，请再看一遍文字和类别", label=topic.label), "ok")
    return redirect(url_for("voting.edit_motion", code=code, motion_id=made.id))
