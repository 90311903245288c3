"""The chain page: one matter from the suggestion to the payment, for everybody (rules.md 8)."""

from flask import Blueprint, render_template

from hoa.resolutions.chain import Key, Kind, Reader
from hoa.topics.service import chain as service
from hoa.web import context
from hoa.web.access import public

# Links of one step that stand open; a contract paid by the month for years has more.
SHOWN = 6

blueprint = Blueprint("chain", __name__, url_prefix="/c/<community_code>/chain")


@blueprint.get("/<any(suggestion,topic,motion,item,resolution,contract,payment):kind>/<link_id>")
@public
def show(kind: str, link_id: str) -> str:
    session, here = context.reading(), context.community()
    steps = service.steps(session, here.id, Key(Kind(kind), link_id), Reader(context.powers(), context.now()))
    return render_template("topics/chain.html", steps=steps, SHOWN=SHOWN)
