"""What the accounts room brings."""

from hoa.accounts import key_views, own_views, second_views
from hoa.accounts.commands import sign
from hoa.accounts.powers import POWERS
from hoa.accounts.second_commands import account
from hoa.accounts.signing_in import tidy
from hoa.accounts.views import blueprint
from hoa.jobs import Periodic
from hoa.platform import Platform
from hoa.web.room import Room

own_views.register(blueprint)
key_views.register(blueprint)
second_views.register(blueprint)


def _tidy(platform: Platform) -> None:
    with platform.database.writing() as session:
        tidy(session, now=platform.now())


ROOM = Room(
    name="accounts",
    blueprints=(blueprint,),
    powers=POWERS,
    commands=(sign, account),
    periodic=(Periodic("accounts.tidy", 3600, _tidy),),
)
