"""What the resolutions room brings."""

from hoa.kernel.errors import N_
from hoa.resolutions import authority_views, rulebook_views, rulebooks
from hoa.resolutions.powers import POWERS
from hoa.resolutions.views import blueprint
from hoa.web.room import NavItem, Room

ROOM = Room(
    name="resolutions",
    blueprints=(blueprint, rulebook_views.blueprint, authority_views.blueprint),
    powers=POWERS,
    nav=(NavItem(label=N_("决议"), endpoint="resolutions.book"),),
    publications={rulebooks.PUBLICATION: N_("规约文本")},
    verify=rulebooks.verify,
)
