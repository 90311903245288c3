"""Open311 GeoReport v2 (wiki.open311.org/GeoReport_v2): one endpoint for all communities, by jurisdiction_id.

Whoever calls is software: nobody's session is asked, nothing here depends on who is signed in.
"""

import hashlib
from collections.abc import Sequence

from flask import Blueprint, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from hoa.affairs.rules.intake import CATEGORIES
from hoa.affairs.service import links
from hoa.affairs.tables import Photo, Suggestion
from hoa.api import answers, telling
from hoa.api.rules import query, submission
from hoa.api.rules.refusals import (
    BadKey,
    NoJurisdiction,
    NoTokens,
    Refused,
    UnknownJurisdiction,
    UnknownRequest,
    UnknownService,
)
from hoa.api.rules.wire import Format
from hoa.api.service import keys as api_keys
from hoa.api.service import receiving
from hoa.community import pack_choice
from hoa.community.service import find_community
from hoa.community.tables import Community
from hoa.kernel.clock import today
from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import public
from hoa.web.security import csrf, limiter, network

blueprint = Blueprint("open311", __name__, url_prefix="/open311")

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
# When services, attributes or this document last changed their shape; later is greater.
CHANGESET = "2026-11-21 00:00"
PER_KEY = "30 per minute; 600 per day"
PER_ADDRESS = "120 per minute"


@blueprint.errorhandler(Refused)
@blueprint.errorhandler(Refusal)
def _refused(error: Refused | Refusal) -> Response:
    return answers.refused(error)


@blueprint.errorhandler(HTTPException)
def _http_error(error: HTTPException) -> Response:
    return answers.http_error(error)


@blueprint.after_request
def _open_to_pages_elsewhere(response: Response) -> Response:
    """What everybody may read, a page of any other site may read too; no cookie plays a part."""
    if request.method in ("GET", "HEAD"):
        response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@blueprint.get("/discovery.<ending>")
@public
def discovery(ending: str) -> Response:
    form, settings = answers.wanted(ending), context.platform().settings
    page = f"{settings.base_url}/c/{{jurisdiction_id}}/open311/"
    value = {
        "changeset": CHANGESET,
        "contact": gettext("请联系所在小区的业主委员会或居民委员会：%(url)s", url=settings.base_url),
        "key_service": gettext("密钥由各小区发放，说明见 %(url)s", url=page),
        "endpoints": [
            {
                "specification": SPECIFICATION,
                "url": f"{settings.base_url}{blueprint.url_prefix}/v2",
                "changeset": CHANGESET,
                "type": "test" if settings.demo else "production",
                "formats": [each.content_type for each in Format],
            }
        ],
    }
    return answers.answer(form, "discovery", value)


@blueprint.get("/v2/services.<ending>")
@public
@limiter.limit(PER_ADDRESS)
def services(ending: str) -> Response:
    form, here = answers.wanted(ending), _jurisdiction()
    return answers.answer(form, "services", telling.services(context.reading(), here.id))


@blueprint.get("/v2/services/<service_code>.<ending>")
@public
@limiter.limit(PER_ADDRESS)
def service(service_code: str, ending: str) -> Response:
    form, here = answers.wanted(ending), _jurisdiction()
    if service_code not in CATEGORIES:
        raise UnknownService(code=service_code[:40])
    value = telling.definition(context.reading(), here.id, service_code)
    return answers.answer(form, "service_definition", value)


@blueprint.get("/v2/tokens/<token>.<ending>")
@public
@limiter.limit(PER_ADDRESS)
def token(token: str, ending: str) -> Response:
    """Every service is realtime, so no token was ever given out."""
    answers.wanted(ending)
    _jurisdiction()
    raise NoTokens(token=token[:40])


@blueprint.get("/v2/requests.<ending>")
@public
@limiter.limit(PER_ADDRESS)
def requests(ending: str) -> Response:
    form, here = answers.wanted(ending), _jurisdiction()
    asked = query.read(request.args.to_dict(flat=False), now=context.now())
    return _requests(form, here, telling.chosen(context.reading(), here.id, asked))


@blueprint.get("/v2/requests/<service_request_id>.<ending>")
@public
@limiter.limit(PER_ADDRESS)
def one(service_request_id: str, ending: str) -> Response:
    form, here = answers.wanted(ending), _jurisdiction()
    asked = query.read({"service_request_id": [service_request_id]}, now=context.now())
    found = telling.chosen(context.reading(), here.id, asked)
    if len(found) != 1 or found[0].label != service_request_id:
        raise UnknownRequest(label=service_request_id[:20])
    return _requests(form, here, found)


def _caller() -> str:
    """Reports are counted per key; without one, per address."""
    secret = request.form.get("api_key", "")
    return f"key:{hashlib.sha256(secret.encode()).hexdigest()}" if secret else f"address:{network()}"


# Without a CSRF token on purpose: the key in the body is the authority, and no session is looked at. The key counts in
# the body only, where no log of addresses keeps it.
@blueprint.post("/v2/requests.<ending>")
@public
@csrf.exempt  # type: ignore[untyped-decorator]
@limiter.limit(PER_ADDRESS)
@limiter.limit(PER_KEY, key_func=_caller)
def create(ending: str) -> Response:
    form, here = answers.wanted(ending), _jurisdiction()
    secret = request.form.get("api_key", "").strip()
    if api_keys.opened_by(context.reading(), here.id, secret) is None:
        raise BadKey
    said = submission.read(request.form.to_dict(flat=False))
    keys, code = context.platform().keys, here.code
    with context.writing() as session:
        row, again = receiving.receive(session, keys, here.id, secret=secret, submission=said, now=context.now())
        label, path = row.label, links.path(keys, code, row)
    value = [{"service_request_id": label, "service_notice": _notice(said, path), "account_id": None}]
    return answers.answer(form, "service_requests", value, status=200 if again else 201)


def _notice(said: submission.Submission, path: str) -> str:
    """What happens next, and the reporter's own page, which only this answer names."""
    here = _jurisdiction()
    days = pack_choice.current(context.reading(), here.id, day=today(context.now())).number(
        "suggestion_triage_working_days"
    )
    told = gettext(
        "已收到，%(days)s 个工作日内梳理。查看进展、补充照片和评价：%(url)s",
        days=days,
        url=context.platform().settings.base_url + path,
    )
    if not said.left_out:
        return str(told)
    return f"{told} {gettext('没有保存：%(arguments)s。', arguments=', '.join(said.left_out))}"


def _jurisdiction() -> Community:
    """The community that the call is about; POST may name it in its body or its address."""
    code = (request.values.get("jurisdiction_id") or "").strip()
    if not code:
        raise NoJurisdiction(example="WTY")
    try:
        return find_community(context.reading(), code)
    except NotFound:
        raise UnknownJurisdiction(code=code[:20]) from None


def _requests(form: Format, here: Community, rows: Sequence[Suggestion]) -> Response:
    def picture(row: Suggestion, photo: Photo) -> str:
        path = url_for("suggestions.photo", community_code=here.code, label=row.label, photo_id=photo.id)
        return context.platform().settings.base_url + path

    session, keys = context.reading(), context.platform().keys
    value = telling.requests(session, keys, here.id, rows, community=here.name, picture=picture)
    return answers.answer(form, "service_requests", value)
