"""A receipt as a picture to keep: short code, time, rooms, channel and where to check it; never the choice."""

from flask import render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from hoa.kernel.errors import NotFound
from hoa.web import context
from hoa.web.access import signed_in
from hoa.web.i18n import moment
from hoa.web.picture import ACCENT, SOFT, Line, card
from voting.rules import record
from voting.service import casting, successions
from voting.tables import Assembly, Ballot
from voting.views import owner
from voting.views.entry_words import CHANNELS
from voting.views.shared import address, blueprint, find


@blueprint.get("/<code>/receipt/<elector>/picture")
@signed_in
def receipt_picture(code: str, elector: str) -> str:
    """The page around the picture: WeChat saves what a long press is on."""
    assembly = find(code)
    _standing, ballot = _mine(assembly, elector)
    return render_template(
        "voting/receipt_picture.html",
        assembly=assembly,
        elector=elector,
        ballot=ballot,
        short_code=record.short_code(ballot.leaf),
    )


@blueprint.get("/<code>/receipt/<elector>.png")
@signed_in
def receipt_png(code: str, elector: str) -> Response:
    assembly = find(code)
    standing, ballot = _mine(assembly, elector)
    lines = [
        Line(context.community().name, 36, SOFT),
        Line(assembly.title, 44),
        Line(gettext("投票回执"), 36, ACCENT),
        Line(record.short_code(ballot.leaf), 92),
        Line(gettext("时间：%(when)s", when=moment(ballot.cast_at))),
        Line(gettext("房号：%(rooms)s", rooms=standing.rooms)),
        Line(gettext("方式：%(channel)s", channel=gettext(CHANNELS[ballot.channel]))),
        Line(gettext("会议编号：%(hash)s…", hash=(assembly.manifest_hash or "")[:16]), 32, SOFT),
        Line(gettext("扫码核验这张票在不在日志里。图里没有您的选择。"), 32, SOFT),
    ]
    data = card(lines, qr=address("voting.check", code=code, leaf=ballot.leaf))
    response = Response(data, mimetype="image/png")
    response.headers["Content-Disposition"] = f'inline; filename="receipt-{ballot.leaf[:10]}.png"'
    return response


def _mine(assembly: Assembly, elector: str) -> tuple[casting.Standing, Ballot]:
    """My own elector and its ballot, as on the receipt page."""
    standing = owner.own(assembly, elector)
    ballots = successions.ballots(context.reading(), assembly, elector)
    if not ballots:
        raise NotFound
    asked = request.args.get("leaf")
    return standing, next((one for one in ballots if one.leaf == asked), ballots[-1])
