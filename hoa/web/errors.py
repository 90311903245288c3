"""Every error is a page that says what happened and what to do next; for scripts the same as JSON."""

import structlog
from flask import Flask, jsonify, render_template, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from markupsafe import escape
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from werkzeug.exceptions import HTTPException, InternalServerError, RequestEntityTooLarge
from werkzeug.wrappers import Response

from hoa.db import is_unavailable
from hoa.kernel.errors import N_, Busy, Refusal
from hoa.kernel.traces import without_messages
from hoa.web.i18n import told

log = structlog.get_logger("hoa.web")

SAID = {
    400: N_("请求不完整，请返回上一页重新填写"),
    403: N_("您现在的身份不能打开这一页"),
    404: N_("没有找到这一页，链接可能已失效"),
    405: N_("这一页不能这样打开，请从首页进入"),
    413: N_("文件太大了，请压缩后再上传（上限 32 MB）"),
    415: N_("这种文件不能用，请换一种格式"),
    422: N_("填写的内容有误，请按提示修改"),
    429: N_("操作太频繁了，请稍等一分钟再试"),
    500: N_("系统出错了，刚才的操作没有生效。请稍后再试"),
    503: N_("系统正忙，刚才的操作没有生效，请稍后再试"),
}


def install(app: Flask) -> None:
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(Exception, _crashed)


def page_of(app: Flask, status: int) -> bytes:
    """The page of an error that is told before the application is asked, in the platform's language."""
    with app.test_request_context("/"):
        return _page(status, gettext(SAID[status])).encode()


def _refused(refusal: Refusal) -> Response:
    if refusal.status in (401, 403, 429):
        # Who was kept out of what, without who it was: the trail that ASVS 16.3 asks for.
        log.warning("request.refused", endpoint=request.endpoint, refusal=type(refusal).__name__)
    response = _answer(refusal.status, told(refusal))
    if isinstance(refusal, Busy):
        response.headers["Retry-After"] = str(refusal.retry_seconds)
    return response


def _stale_form(_error: CSRFError) -> Response:
    log.warning("request.refused", endpoint=request.endpoint, refusal="CSRFError")
    return _answer(400, gettext("这一页打开太久了，为了安全没有提交。请返回上一页，刷新后再提交一次"))


def _http(error: HTTPException) -> Response:
    code = error.code or 500
    if code < 400:
        return error.get_response()
    message = SAID.get(code)
    response = _answer(code, gettext(message) if message else (error.description or error.name))
    if code == 429:
        response.headers.setdefault("Retry-After", "60")
    return response


def _database(error: DBAPIError) -> Response:
    """A database that is locked, full or gone passes; anything else is our mistake."""
    return _refused(Busy()) if is_unavailable(error) else _crashed(error)


def _crashed(error: Exception) -> Response:
    log.error("request.crashed", endpoint=request.endpoint, trace=without_messages(error, frames=6))
    return _http(InternalServerError())


def _answer(status: int, message: str) -> Response:
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        response: Response = jsonify({"error": {"status": status, "message": message}})
    else:
        response = Response(_page(status, message), mimetype="text/html")
    response.status_code = status
    return response


def _typed() -> list[str]:
    """Sentences that were typed into the form whose sending ended here, so that they can be copied and nothing is lost.
    Only what has words: codes, numbers and passwords are not shown again.
    """
    if request.method != "POST":
        return []
    try:
        sent = list(request.form.items(multi=True))
    except RequestEntityTooLarge:  # the form is what ended here: nothing of it was read
        return []
    told = (text.strip() for name, text in sent if "password" not in name)
    return [text for text in told if len(text) >= 8 and any(ord(letter) > 0x2E7F or letter == " " for letter in text)]


def _page(status: int, message: str) -> str:
    """The error page; where even its frame cannot be drawn (the frame asks the database who is here), the words
    alone.
    """
    try:
        return render_template("errors/error.html", status=status, message=message, typed=_typed())
    except (Refusal, SQLAlchemyError):
        return f"<!doctype html><meta charset=utf-8><title>{status}</title><p>{escape(message)}</p>"
