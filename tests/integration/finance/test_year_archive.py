"""The archive of a year: the same bytes every time, and whatever is changed in it is named."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from finance.papers import making
from finance.papers.room import ROOM as PAPERS
from finance.papers.rules import archive as rules
from finance.papers.rules import retention as retention_rules
from finance.papers.service import archives, retention
from finance.service import bank, books, closing, verify_books
from hoa.app import create_app, create_worker
from hoa.cli import main
from hoa.kernel.clock import FrozenClock
from hoa.kernel.errors import Refusal
from hoa.kernel.zips import unzipped, zipped
from hoa.platform import Platform
from tests.integration.finance.clients import as_person
from tests.integration.finance.scene import PAYMENT, Scene, open_books

STATEMENT = (
    "账号:,9900 0000 0000 0405\n起始日期:,20260101,截止日期:,20261231\n"
    "交易日期,收入金额,支出金额,账户余额,对方户名,摘要,流水号\n"
    "20260915,3000.00,,3000.00,渝璧甲商贸有限公司,公共用房租金 9月,1\n"
    "20260920,,2600.00,400.00,顺发建材经营部,垃圾房维修,2\n"
).encode()


@pytest.fixture
def year(platform: Platform, clock: FrozenClock) -> Scene:
    """A year with two vouchers, its bank statement and twelve closed months, seen from January 2027."""
    scene = open_books(platform)
    scene.posted()
    scene.posted(PAYMENT)
    clock.advance(days=80)
    with platform.database.writing() as session:
        account = books.bank_account(session, books.trust_book(session, scene.community))
        bank.import_statement(
            session,
            scene.community,
            account_id=account.id,
            name="a.csv",
            data=STATEMENT,
            by=scene.people["cashier"],
            now=platform.now(),
        )
    return scene


def close(scene: Scene, until: int = 12) -> None:
    for month in range(202601, 202600 + until + 1):
        with scene.platform.database.writing() as session:
            closing.close_month(
                session, scene.community, month=month, by=scene.people["treasurer"], now=scene.platform.now()
            )


def known(scene: Scene) -> dict[str, bytes]:
    return {key: found.public for key, found in scene.platform.keys.public_keys().items()}


def test_a_year_is_archived_once_closed_and_the_same_every_time(year: Scene, clock: FrozenClock) -> None:
    close(year, until=11)
    with pytest.raises(rules.YearNotClosed, match="12"), year.platform.database.reading() as session:
        archives.check(session, year.community, kind="trust", year=2026, day=date(2027, 1, 20))
    with year.platform.database.writing() as session:
        closing.close_month(session, year.community, month=202612, by=year.people["treasurer"], now=year.platform.now())
    with year.platform.database.reading() as session:
        for bad, why in ((2027, rules.YearNotOver), (2025, rules.YearBeforeBook)):
            with pytest.raises(why):
                archives.check(session, year.community, kind="trust", year=bad, day=date(2027, 1, 20))

    steps: list[tuple[int, int]] = []
    kept, data = making.make(
        year.platform,
        year.community,
        kind="trust",
        year=2026,
        by=None,
        tell=lambda done, total: steps.append((done, total)),
    )
    assert steps[-1] == (4, 4), "two documents and two steps"
    assert rules.check(data, known=known(year)) == []
    members, index = unzipped(data), rules.read_manifest(data)
    assert (index["vouchers"], index["documents"], index["year"]) == (2, 2, 2026)
    first = members["balances.csv"].decode("utf-8-sig").splitlines()[1].split(",")
    assert (first[0], first[2:]) == ("1801.01", ["0.00", "3000.00", "2600.00", "400.00"])
    assert members["bank-journal.csv"].decode("utf-8-sig").splitlines()[-1].endswith(",2600.00,400.00")
    assert len(json.loads(members["closing.json"])) == 12
    lines = [json.loads(line) for line in members["bank-lines.jsonl"].splitlines()]
    assert [line["amount_fen"] for line in lines] == [300_000, -260_000]

    clock.advance(days=30)
    year.platform.keys.rotate(archives.PURPOSE)
    again, same = making.make(year.platform, year.community, kind="trust", year=2026, by=None)
    assert (again.id, same) == (kept.id, data), "another day, another key: the same bytes, one archive"
    with year.platform.database.reading() as session:
        assert verify_books(session, year.platform.files) == []
        assert PAPERS.verify is not None
        assert list(PAPERS.verify(year.platform, session, year.community)) == []
        path = next((year.platform.settings.data / "files").rglob(kept.sha256))
        path.chmod(0o600)
        path.write_bytes(data[:-1])
        (said,) = PAPERS.verify(year.platform, session, year.community)
        assert "2026" in said


Change = Callable[[dict[str, bytes]], dict[str, bytes]]


def damage(members: dict[str, bytes], name: str, old: bytes, new: bytes) -> dict[str, bytes]:
    assert old in members[name], name
    return members | {name: members[name].replace(old, new, 1)}


def test_whatever_is_changed_in_an_archive_is_named(year: Scene, tmp_path: Path) -> None:
    close(year)
    _, data = making.make(year.platform, year.community, kind="trust", year=2026, by=None)
    members = unzipped(data)
    document = next(name for name in members if name.startswith("documents/"))
    changes: list[tuple[Change, str]] = [
        (lambda m, name=name: m | {name: m[name] + b" "}, name) for name in sorted(members) if name != rules.MANIFEST
    ]
    changes += [
        (lambda m: damage(m, "vouchers.jsonl", b'"amount":300000', b'"amount":300001'), "vouchers.jsonl"),
        (lambda m: damage(m, "vouchers.jsonl", b"2026-09-15", b"2026-09-14"), "vouchers.jsonl"),
        (lambda m: damage(m, rules.MANIFEST, b'"year":2026', b'"year":2025'), "签名"),
        (lambda m: {name: one for name, one in m.items() if name != document}, document),
        (lambda m: m | {"more.txt": b"x"}, "more.txt"),
    ]
    for change, named in changes:
        found = [str(fault) for fault in rules.check(zipped(change(members)), known=known(year))]
        assert any(named in one for one in found), (named, found)
    flipped = bytearray(data)
    flipped[data.index(b"%PDF")] ^= 1
    with pytest.raises(Refusal, match="documents/"):
        rules.check(bytes(flipped), known=known(year))
    assert [str(one) for one in rules.check(data + b" ", known=known(year))] != []
    assert any("不认识的密钥" in str(one) for one in rules.check(data, known={}))
    assert _signed_by_a_stranger(members, year)

    runner, file = CliRunner(), tmp_path / "2026.zip"
    said = runner.invoke(
        main, ["books", "archive", "--community", _code(year), "--year", "2026", "-o", str(file)], obj=year.platform
    )
    assert (said.exit_code, file.read_bytes()) == (0, data), said.output
    assert runner.invoke(main, ["books", "verify-archive", str(file)], obj=year.platform).exit_code == 0
    file.write_bytes(zipped(changes[-5][0](members)))
    refused = runner.invoke(main, ["books", "verify-archive", str(file)], obj=year.platform)
    assert (refused.exit_code, "vouchers.jsonl" in refused.output) == (1, True)
    file.write_bytes(b"not a zip")
    assert runner.invoke(main, ["books", "verify-archive", str(file)], obj=year.platform).exit_code == 1


def _code(scene: Scene) -> str:
    from hoa.community.service import get_community

    with scene.platform.database.reading() as session:
        return get_community(session, scene.community).code


def _signed_by_a_stranger(members: dict[str, bytes], scene: Scene) -> bool:
    """Somebody writes 1 fen more into a voucher, mends every digest, and signs with a key of the platform's name."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    stranger = Ed25519PrivateKey.generate()
    inside = {name: data for name, data in members.items() if name != rules.MANIFEST}
    index = json.loads(members[rules.MANIFEST])
    theirs = {"members", "format", "key", "public", "signature"}
    about = {name: value for name, value in index.items() if name not in theirs}
    forged = rules.build(
        inside,
        about,
        key=index["key"],
        public=stranger.public_key().public_bytes_raw(),
        sign=stranger.sign,
    )
    return any("不认识的密钥" in str(one) for one in rules.check(forged, known=known(scene)))


@pytest.mark.sqlite_only
def test_an_archive_is_asked_for_made_and_downloaded_and_papers_go_only_with_two_signatures(
    year: Scene, clock: FrozenClock
) -> None:
    close(year)
    app = create_app(year.platform)
    app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    code, people = _code(year), year.people
    treasurer, chair, supervisor = (
        as_person(app, year.platform, people[name]) for name in ("treasurer", "chair", "supervisor")
    )
    address = f"/c/{code}/archives"
    refused = treasurer.post(address, data={"year": "2027", "book": "trust"})
    assert "还没有过完" in refused.text
    for nonsense in ("9" * 30, "-5", "x", ""):
        assert treasurer.post(address, data={"year": nonsense, "book": "trust"}).status_code == 200
    assert treasurer.post(address, data={"year": "2026", "book": "other"}).status_code == 200
    asked = treasurer.post(address, data={"year": "2026", "book": "trust"})
    assert asked.status_code == 302
    worker = create_worker(year.platform)
    while worker.run_one():
        pass
    page = supervisor.get(address)
    assert "2026 年" in page.text
    with year.platform.database.reading() as session:
        ((kept, _),) = archives.archives(session, year.community)
    got = supervisor.get(f"{address}/{kept.id}.zip")
    assert rules.check(got.data, known=known(year)) == []

    early = treasurer.post(f"{address}/retention", data={"item": "vouchers:trust:2026", "reason": "到期"})
    assert (early.status_code, "2056-12-31" in early.text) == (422, True)
    with year.platform.database.writing() as session:
        now = clock.now().replace(year=2057)
        later = {"by": people["treasurer"], "now": now, "day": date(2057, 1, 2)}
        with pytest.raises(retention_rules.KeptForEver):
            retention.propose(session, year.community, keys=["yearly:trust:2026"], reason="x", **later)
        row = retention.propose(session, year.community, keys=["bank:trust:2026"], reason="到期，已结清", **later)
        with pytest.raises(retention_rules.NothingChosen):
            retention.propose(session, year.community, keys=["bank:trust:2026"], reason="x", **later)
    there = f"{address}/destructions/{row.id}"
    assert "还没有两方签字" in treasurer.post(f"{there}/done", data={"watched_by": "某某"}).text
    assert chair.post(f"{there}/sign").status_code == 302
    assert treasurer.post(f"{there}/sign").status_code == 409, "one of each side"
    assert supervisor.post(f"{there}/sign").status_code == 302
    assert treasurer.post(f"{there}/done", data={"watched_by": ""}).status_code == 200
    assert treasurer.post(f"{there}/done", data={"watched_by": "街道办某某"}).status_code == 302
    assert "街道办某某" in supervisor.get(there).text
    with year.platform.database.reading() as session:
        assert verify_books(session, year.platform.files) == []
