"""Answers and refusals of the interface: the specification's shapes, in the notation that the address asks for."""

import structlog
from flask import request
from flask_babel import gettext
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from hoa.api.rules import refusals
from hoa.api.rules.refusals import Refused, UnknownFormat
from hoa.api.rules.wire import Format, Value, write
from hoa.kernel.errors import Refusal
from hoa.web.errors import SAID
from hoa.web.i18n import told

log = structlog.get_logger("hoa.api")

# Seconds after which software that was told to wait may try again.
_WAIT = {429: "60", 503: "5"}


def wanted(ending: str) -> Format:
    """The notation of an address; one we do not write does not exist."""
    try:
        return Format(ending)
    except ValueError:
        raise UnknownFormat(format=ending[:10]) from None


def answer(form: Format, name: str, value: Value, *, status: int = 200) -> Response:
    return Response(write(form, name, value), status=status, content_type=f"{form.content_type}; charset=utf-8")


def refused(error: Refused | Refusal) -> Response:
    """Everything that is wrong, each with the specification's number."""
    found = error.refusals if isinstance(error, Refused) else [error]
    return _errors(
        refusals.http_status([refusal.status for refusal in found]),
        [(refusals.code(refusal.status), told(refusal)) for refusal in found],
        type(found[0]).__name__,
    )


def http_error(error: HTTPException) -> Response:
    """What the transport refuses: too often, too large, unreadable."""
    status = refusals.code(error.code or 500)
    said = SAID.get(status)
    return _errors(status, [(status, gettext(said) if said else error.name)], type(error).__name__)


def _errors(status: int, found: list[tuple[int, str]], kind: str) -> Response:
    if status in (403, 429):
        log.warning("request.refused", endpoint=request.endpoint, refusal=kind)
    form = Format.JSON if request.path.endswith(".json") else Format.XML  # XML is the one everybody must read
    value: list[Value] = [{"code": code, "description": description} for code, description in found]
    response = answer(form, "errors", value, status=status)
    if status in _WAIT:
        response.headers["Retry-After"] = _WAIT[status]
    return response
