"""What witnesses need: the latest head, and where to bring their signature (docs/audit-package.md 14)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import jsonify, render_template, request
from werkzeug.wrappers import Response

from hoa.kernel.clock import CHINA
from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import public
from hoa.web.i18n import told
from hoa.web.security import csrf, limiter
from voting.service import witnessing
from voting.views.shared import address, blueprint, find

PER_MINUTE = "30 per minute"


@blueprint.get("/<code>/head.txt")
@public
def latest_head(code: str) -> Response:
    """The latest head as a note, cosignatures included."""
    heads = witnessing.noted(context.reading(), find(code))
    if not heads:
        raise NotFound
    return Response(heads[-1].note, mimetype="text/plain")


@blueprint.get("/<code>/witnesses")
@public
def witnesses(code: str) -> str:
    """Who has seen the log, as far as what size, and how to be a witness."""
    assembly = find(code)
    if assembly.manifest is None:
        raise NotFound
    session = context.reading()
    noted = witnessing.noted(session, assembly)
    return render_template(
        "voting/witnesses.html",
        assembly=assembly,
        witnesses=[_seen(title, key, noted) for title, key in witnessing.called(session, assembly)],
        latest=noted[-1] if noted else None,
        waits=witnessing.awaited(session, assembly, context.now()),
        address=address("voting.show", code=code),
    )


def _seen(title: str, key: str, noted: Sequence[witnessing.Noted]) -> tuple[str, str, tuple[int, datetime] | None, int]:
    """A witness's name and key, the last head they cosigned with the time they wrote, and how many."""
    name = key.partition("+")[0]
    signed = {one.head.size: time for one in noted for who, time in one.cosigned if who == name}
    last = max(signed) if signed else None
    seen = None if last is None else (last, datetime.fromtimestamp(signed[last], CHINA))
    return title, key, seen, len(signed)


# Without a CSRF token on purpose: nobody's session is asked, the signature itself is the authority. Whoever sends
# another site's visitor here delivers at most a line that a witness made.
@blueprint.post("/<code>/cosignatures")
@public
@csrf.exempt  # type: ignore[untyped-decorator]
@limiter.limit(PER_MINUTE)
def cosign(code: str) -> tuple[Response, int]:
    """Keep a witness's signature line: `{"size": 7, "line": "— name base64\\n"}`. Answers JSON, also to what it
    refuses."""
    assembly = find(code)
    try:
        size, line = _sent()
        with context.writing() as session:
            witnessing.accept(
                session,
                context.platform().keys,
                assembly.community_id,
                assembly.id,
                size=size,
                line=line,
                now=context.now(),
            )
    except Refusal as refusal:
        return jsonify({"refused": type(refusal).__name__, "why": told(refusal)}), refusal.status
    return jsonify({"kept": True, "size": size}), 201


def _sent() -> tuple[int, str]:
    """Size and line; a body that is too long is not read."""
    if (request.content_length or 0) > witnessing.MOST_BYTES:
        raise witnessing.NotACosignature
    sent: Any = request.get_json(force=True, silent=True)
    if not isinstance(sent, dict):
        raise witnessing.NotACosignature
    size, line = sent.get("size"), sent.get("line")
    if type(size) is not int or not 0 < size < 2**53 or not isinstance(line, str):
        raise witnessing.NotACosignature
    return size, line
