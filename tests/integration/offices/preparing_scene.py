"""A community without a committee, its street office, and owners who were checked."""

import io
from collections.abc import Sequence
from datetime import date

import pikepdf
from sqlalchemy import update

from hoa.app import wire
from hoa.community.tables import Owner, Ownership
from hoa.kernel.clock import today
from hoa.kernel.posts import RESIDENTS_STAFF, STREET_OFFICER
from hoa.offices.preparing import paperwork, progress, service, starting
from hoa.offices.preparing.progress import Progress
from hoa.offices.preparing.rules.composition import Delegation
from hoa.offices.preparing.rules.papers import Paper
from hoa.offices.preparing.rules.trigger import Delivered, Ground, Request
from hoa.platform import Platform
from hoa.ports import uploads
from tests.integration.community.scene import DEVELOPER, a_register, officer

OWNERS = ("平志晓", "任娜琪", "康霞远", "常娟萱", "谢翀龑")
PHONES = tuple(f"1990000020{number}" for number in range(len(OWNERS)))


def identity(number: int) -> str:
    """An ID number of nobody, with the check digit that it must have (GB 11643)."""
    digits = f"99000019390707{number:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return digits + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11]


def rows(delivered: int = 5, others: int = 3) -> list[tuple[object, ...]]:
    """Flats of 100 m²: `delivered` of owners, `others` unsold."""
    sold = [
        ("1栋", "1单元", str(101 + number), "住宅", 100, OWNERS[number], identity(number), None, "已交付")
        for number in range(delivered)
    ]
    return [*sold, *(("2栋", "1单元", str(101 + n), "住宅", 100, *DEVELOPER, "未售") for n in range(others))]


class Scene:
    """The community and who is in it; every verb is the service's own."""

    def __init__(self, platform: Platform, code: str = "WTY", *, delivered: int = 5, others: int = 3) -> None:
        wire(platform)
        self.platform = platform
        self.code = code
        self.id = a_register(platform, code, rows(delivered, others))
        tail = "1" if code == "WTY" else "2"
        self.street = officer(platform, self.id, STREET_OFFICER, name="罗正言", phone=f"1990000{tail}003")
        self.clerk = officer(platform, self.id, RESIDENTS_STAFF, name="秦雅宁", phone=f"1990000{tail}001")
        self.second = officer(platform, self.id, RESIDENTS_STAFF, name="蔡文博", phone=f"1990000{tail}002")
        self.owners = [self.checked(name, phone) for name, phone in zip(OWNERS[:delivered], PHONES, strict=False)]

    def checked(self, name: str, phone: str) -> str:
        """The account of this owner, as after the desk."""
        person = officer(self.platform, None, None, name=name, phone=phone)
        with self.platform.database.writing() as session:
            session.execute(
                update(Owner).where(Owner.community_id == self.id, Owner.name == name).values(person_id=person)
            )
            session.execute(update(Ownership).where(Ownership.community_id == self.id).values(level="V2"))
        return person

    @property
    def day(self) -> date:
        return today(self.platform.now())

    def start(
        self,
        *,
        delivered: Delivered | None = None,
        request: Request | None = None,
        received: date | None = None,
        papers_by: date | None = None,
        ground: Ground = Ground.OWNERS,
    ) -> str:
        with self.platform.database.writing() as session:
            return starting.start_first(
                session,
                self.platform.keys,
                self.platform.files,
                self.id,
                ground=ground,
                delivered=delivered or starting.figures(session, self.id).delivered,
                request=request or Request(2, 6, 20_000, 80_000),
                evidence=a_file("书面申请"),
                received_on=received or self.day,
                papers_by=papers_by,
                by=self.clerk,
                now=self.platform.now(),
            ).id

    def start_again(self, *, ends: date | None, ground: Ground = Ground.TERM) -> str:
        with self.platform.database.writing() as session:
            return starting.start_re_election(
                session,
                self.platform.keys,
                self.platform.files,
                self.id,
                ground=ground,
                term_ends_on=ends,
                evidence=a_file("换届报告"),
                received_on=self.day,
                by=self.clerk,
                now=self.platform.now(),
            ).id

    def add(
        self,
        preparation: str,
        name: str,
        delegation: Delegation,
        person: str | None = None,
        *,
        leader: bool = False,
        consent: bool = False,
    ) -> str:
        with self.platform.database.writing() as session:
            return service.add_member(
                session,
                self.id,
                preparation,
                name=name,
                delegation=delegation,
                basis="推荐",
                person_id=person,
                leader=leader,
                consent=consent,
                by=self.second,
                now=self.platform.now(),
            ).id

    def fill(self, preparation: str, owners: int = 3) -> list[str]:
        """Street in the chair, residents' committee, owners."""
        made = [
            self.add(preparation, "罗正言", Delegation.STREET, self.street, leader=True),
            self.add(preparation, "秦雅宁", Delegation.RESIDENTS, self.clerk),
        ]
        names = zip(OWNERS, self.owners[:owners], strict=False)
        return [*made, *(self.add(preparation, name, Delegation.OWNER, person) for name, person in names)]

    def form(self, preparation: str, *, by: str | None = None, reason: str = "") -> None:
        (decision,) = self.file(preparation, [Paper.EVIDENCE])
        with self.platform.database.writing() as session:
            service.form(
                session,
                self.id,
                preparation,
                formed_on=self.day,
                decision=decision,
                reason=reason,
                by=by or self.second,
                now=self.platform.now(),
            )

    def formed(self) -> str:
        """A preparation whose group is at work."""
        made = self.start()
        self.fill(made)
        self.form(made)
        return made

    def file(self, preparation: str, kinds: Sequence[Paper]) -> list[str]:
        with self.platform.database.writing() as session:
            return [
                paperwork.file_paper(
                    session,
                    self.platform.keys,
                    self.platform.files,
                    self.id,
                    preparation,
                    kind=kind,
                    upload=a_file(kind.value),
                    by=self.clerk,
                    now=self.platform.now(),
                ).id
                for kind in kinds
            ]

    def of(self, preparation: str) -> Progress:
        with self.platform.database.reading() as session:
            return progress.of(session, progress.get(session, self.id, preparation))


def a_pdf(title: str) -> bytes:
    """A page of its own for each title."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.docinfo["/Title"] = title
    out = io.BytesIO()
    pdf.save(out, deterministic_id=True)
    return out.getvalue()


def a_file(title: str) -> uploads.Upload:
    return uploads.checked(a_pdf(title), f"{title}.pdf")
