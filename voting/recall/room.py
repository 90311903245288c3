"""What recalls bring."""

from hoa.jobs import Periodic
from hoa.web.room import Room
from voting.recall import integrity, tasks
from voting.recall.needs import needs
from voting.recall.powers import POWERS
from voting.recall.views import blueprint

ROOM = Room(
    name="recall",
    blueprints=(blueprint,),
    powers=POWERS,
    tasks=tasks.TASKS,
    periodic=(Periodic("voting.recalls", tasks.SECONDS, tasks.settle),),
    needs=needs,
    verify=integrity.verify,
)
