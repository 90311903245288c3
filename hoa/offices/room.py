"""What the offices room brings."""

from hoa.kernel.errors import N_
from hoa.offices import body_views, demand_views, log_views, own_views, relationship_views
from hoa.offices.needs import needs
from hoa.offices.powers import POWERS
from hoa.offices.views import administration, blueprint
from hoa.web.room import NavItem, Room

# Below the roster's own address, and under its door in the navigation.
for part in (body_views, demand_views, relationship_views, own_views, log_views):
    blueprint.register_blueprint(part.blueprint)

ROOM = Room(
    name="offices",
    blueprints=(blueprint, administration),
    powers=POWERS,
    nav=(NavItem(label=N_("机构"), endpoint="offices.roster"),),
    needs=needs,
)
