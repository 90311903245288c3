"""The record for whoever doubts: tree heads, proofs, packages, and a check of one receipt by the server."""

import re
from typing import Any

from flask import jsonify, render_template, request, url_for
from werkzeug.wrappers import Response

from hoa.kernel.clock import stamp
from hoa.kernel.errors import NotFound, Refusal
from hoa.web import context
from hoa.web.access import public, requires
from hoa.web.i18n import told
from voting.powers import FULL_PACKAGE
from voting.rules import record
from voting.rules.life import State
from voting.rules.package import Form
from voting.service import packages, reading, receipts, witnessing
from voting.service.announcing import PACKAGE_KINDS
from voting.tables import Assembly
from voting.views.shared import blueprint, find, send_or_prepare

_LEAF = re.compile(r"[0-9a-f]{64}\Z")


@blueprint.get("/<code>/heads.json")
@public
def heads(code: str) -> Response:
    """Every signed tree head with its cosignatures, oldest first."""
    noted = witnessing.noted(context.reading(), find(code))
    return jsonify([{"purpose": one.head.reason, "time": stamp(one.head.signed_at), "note": one.note} for one in noted])


@blueprint.get("/<code>/manifest.json")
@public
def manifest(code: str) -> Response:
    """What the notice froze, byte for byte: its SHA-256 is the assembly's identity."""
    assembly = find(code)
    if assembly.manifest is None:
        raise NotFound
    return Response(assembly.manifest, mimetype="application/json")


@blueprint.get("/<code>/proof/inclusion/<leaf>.json")
@public
def inclusion(code: str, leaf: str) -> Response:
    if not _LEAF.match(leaf):
        raise NotFound
    size = request.args.get("size", type=int)
    return jsonify(reading.inclusion(context.reading(), find(code), leaf, size))


@blueprint.get("/<code>/proof/consistency.json")
@public
def consistency(code: str) -> Response:
    old, new = request.args.get("old", type=int), request.args.get("new", type=int)
    if old is None or new is None:
        raise NotFound
    return jsonify(reading.consistency(context.reading(), find(code), old, new))


@blueprint.get("/<code>/package-public.zip")
@public
def public_package(code: str) -> Response:
    return _package(find(code), Form.PUBLIC)


@blueprint.get("/<code>/package-full.zip")
@requires(FULL_PACKAGE)
def full_package(code: str) -> Response:
    return _package(find(code), Form.FULL)


def _package(assembly: Assembly, form: Form) -> Response:
    if assembly.step is not State.ANNOUNCED:
        raise NotFound
    session = context.reading()
    source = packages.package_source(session, assembly)
    return send_or_prepare(
        assembly,
        packages.kept(session, assembly, PACKAGE_KINDS[form], source),
        name=f"{context.community().code}-{assembly.code}-{form.value}.zip",
        media_type="application/zip",
        task="voting.package",
        payload={"assembly": assembly.id, "form": form.value, "url": request.path},
    )


@blueprint.route("/<code>/check", methods=["GET", "POST"])
@public
def check(code: str) -> str:
    """Is this receipt in the log? The answer of the server; `verify.py --receipt` gives one that trusts nobody."""
    assembly = find(code)
    answer: Any = None
    problem = None
    if request.method == "POST":
        try:
            answer = receipts.check(context.reading(), assembly, _sent())
        except Refusal as refusal:
            problem = told(refusal)
    return render_template(
        "voting/check.html",
        assembly=assembly,
        answer=answer,
        problem=problem,
        action=url_for("voting.check", code=code),
        own=_own_receipt(code),
        found=_of_a_picture(assembly),
    )


def _of_a_picture(assembly: Assembly) -> dict[str, Any] | None:
    """What the code of a receipt's picture asks: is this leaf in the log? Without the receipt nothing is promised."""
    leaf = request.args.get("leaf", "")
    if request.method == "POST" or not _LEAF.match(leaf) or "elector" in request.args:
        return None
    status = receipts.of_leaf(context.reading(), assembly, leaf)
    return {"short_code": record.short_code(leaf), "leaf": leaf, "status": status}


def _own_receipt(code: str) -> str | None:
    """Where the script finds the receipt of whoever comes here from their own receipt page."""
    elector, leaf = request.args.get("elector"), request.args.get("leaf")
    if context.me() is None or not elector or not leaf or not _LEAF.match(leaf):
        return None
    return url_for("voting.receipt_file", code=code, elector=elector, leaf=leaf)


def _sent() -> bytes:
    upload = request.files.get("file")
    if upload is not None and upload.filename:
        return upload.stream.read(receipts.MOST_BYTES + 1)
    return request.form.get("text", "").strip().encode()
