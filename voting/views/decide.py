"""The sum of 民法典 278 for anyone, on a page that needs neither an account nor a community."""

from flask import Blueprint, render_template, request

from hoa.kernel.errors import Refusal
from hoa.web.access import public
from hoa.web.i18n import told
from voting.rules import shares
from voting.rules.matters import MATTERS
from voting.rules.matters import matter as find_matter
from voting.rules.thresholds import Decision, Measure
from voting.rules.thresholds import decide as decide_sum

blueprint = Blueprint("decide", __name__, url_prefix="/decide")

FIELDS = ("roll", "participated", "agreed")


@blueprint.get("/")
@public
def decide() -> str:
    """Fill in six numbers, read the four inequalities. The address holds the numbers, so it can be passed on."""
    given = {name: value.strip() for name, value in request.args.items()}
    decision: Decision | None = None
    problem = None
    if "matter" in given:
        try:
            decision = _decision(given)
        except Refusal as refusal:
            problem = told(refusal)
    return render_template(
        "voting/decide.html",
        given=given,
        decision=decision,
        problem=problem,
        MATTERS=MATTERS,
        Measure=Measure,
    )


def _decision(given: dict[str, str]) -> Decision:
    roll, participated, agreed = (
        shares.from_fields(given.get(f"{name}-heads", ""), given.get(f"{name}-area", "")) for name in FIELDS
    )
    return decide_sum(find_matter(given["matter"]), roll=roll, participated=participated, agreed=agreed)
