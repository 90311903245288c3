"""What witnesses need: the latest head, and where to bring their signature (docs/audit-package.md 14)."""

from typing import Any

from flask import jsonify, request
from werkzeug.wrappers import Response

from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import public
from hoa.web.i18n import told
from hoa.web.security import csrf, limiter
from voting.service import witnessing
from voting.views.shared import blueprint, find

PER_MINUTE = "30 per minute"


@blueprint.get("/<code>/head.txt")
@public
def latest_head(code: str) -> Response:
    """The latest head as a note, cosignatures included."""
    heads = witnessing.noted(context.reading(), find(code))
    if not heads:
        raise NotFound
    return Response(heads[-1].note, mimetype="text/plain")


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
