"""Packages: the record as files, for everybody and for those who may see it whole (docs/audit-package.md)."""

import hashlib
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

import voting
from hoa.kernel import canonical
from hoa.kernel.clock import stamp
from hoa.kernel.errors import N_, Refusal
from hoa.ports.files import Files
from hoa.ports.keys import Keys
from voting.rules.life import State
from voting.rules.package import Form, package
from voting.rules.record import OPEN_TYPES
from voting.service import countersigning, ledgers, tallying, witnessing
from voting.service.keys import in_force
from voting.tables import Assembly, AssemblyFile, CountedRow

VERIFIER = Path(voting.__file__).parent / "verify.py"
VERIFY_SECONDS = 600


class NotTallied(Refusal):
    message: ClassVar[str] = N_("还没有计票，核验包要在计票之后才能生成")
    status: ClassVar[int] = 409


class VerifierObjects(Refusal):
    message: ClassVar[str] = N_("核验程序没有通过，不能公布结果：%(finding)s")
    status: ClassVar[int] = 409


def build(session: Session, keys: Keys, assembly: Assembly, form: Form) -> bytes:
    """The package's bytes; the same record always gives the same bytes."""
    if assembly.step not in (State.TALLIED, State.ANNOUNCED):
        raise NotTallied
    assert assembly.manifest is not None
    assert assembly.manifest_hash is not None
    tally = tallying.tally_of(session, assembly)
    full = form is Form.FULL
    key = in_force(keys, assembly, "record")
    members = {
        "manifest.json": assembly.manifest,
        "roll.jsonl": canonical.encode_lines(_roll(session, keys, assembly, full)),
        "log.jsonl": canonical.encode_lines(_log(session, keys, assembly, full)),
        "tree-heads.jsonl": canonical.encode_lines(_heads(session, assembly)),
        "counted.jsonl": canonical.encode_lines(_counted(session, keys, assembly, full)),
        "tally.json": tally.full if full else tally.public,
        "signatures.jsonl": canonical.encode_lines(countersigning.lines(session, assembly, tally, form)),
        "verify.py": VERIFIER.read_bytes(),
    }
    return package(members, form=form, assembly=assembly.manifest_hash, key=key.id, sign=key.sign)


def _roll(session: Session, keys: Keys, assembly: Assembly, full: bool) -> list[Any]:
    """The opening roll; what changed since is in the log."""
    if full:
        return [row.value for row in sorted(tallying.opened_roll(session, keys, assembly), key=lambda row: row.leaf)]
    return sorted(row.leaf for row in ledgers.opening_roll(session, assembly))


def _counted(session: Session, keys: Keys, assembly: Assembly, full: bool) -> list[Any]:
    query = select(CountedRow).where(
        CountedRow.community_id == assembly.community_id, CountedRow.assembly_id == assembly.id
    )
    rows = session.scalars(query.order_by(CountedRow.leaf))
    return [tallying.opened_row(keys, row).value if full else row.leaf for row in rows]


def _log(session: Session, keys: Keys, assembly: Assembly, full: bool) -> list[Any]:
    return [
        entry if full or entry["type"] in OPEN_TYPES else leaf
        for leaf, entry in ledgers.entries(session, keys, assembly)
    ]


def _heads(session: Session, assembly: Assembly) -> list[dict[str, Any]]:
    return [
        {"purpose": one.head.reason, "time": stamp(one.head.signed_at), "note": one.note}
        for one in witnessing.noted(session, assembly)
    ]


# --------------------------------------------------------------------------------------------------- the verifier


def verify(data: bytes, *arguments: str) -> tuple[bool, str]:
    """Run the verifier that everybody gets on these bytes: whether it was satisfied, and what it said."""
    with NamedTemporaryFile(suffix=".zip") as file:
        file.write(data)
        file.flush()
        done = subprocess.run(
            [sys.executable, "-I", str(VERIFIER), file.name, *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=VERIFY_SECONDS,
            check=False,
        )
    return done.returncode == 0, (done.stdout + done.stderr).replace(file.name, "package.zip")


def must_verify(data: bytes, assembly: Assembly) -> None:
    """Refuse when the verifier finds anything: nothing is announced that a reader could not confirm."""
    assert assembly.manifest_hash is not None
    satisfied, said = verify(data, "--assembly", assembly.manifest_hash)
    if not satisfied:
        raise VerifierObjects(finding=" ".join(said.split())[:400])


# ----------------------------------------------------------------------------------------------------- kept files


def kept(session: Session, assembly: Assembly, kind: str, source: str) -> AssemblyFile | None:
    """A file that was made before from the same source."""
    query = select(AssemblyFile).where(
        AssemblyFile.community_id == assembly.community_id,
        AssemblyFile.assembly_id == assembly.id,
        AssemblyFile.kind == kind,
        AssemblyFile.source == source,
    )
    return session.scalars(query).one_or_none()


def keep(
    session: Session, files: Files, assembly: Assembly, *, kind: str, source: str, data: bytes, now: datetime
) -> AssemblyFile:
    """Put a made file away under its hash, so that the next reader gets it at once."""
    found = kept(session, assembly, kind, source)
    if found is not None:
        return found
    row = AssemblyFile(
        community_id=assembly.community_id,
        assembly_id=assembly.id,
        kind=kind,
        source=source,
        sha256=files.put(data),
        size=len(data),
        made_at=now,
    )
    session.add(row)
    session.flush()
    return row


def package_source(session: Session, assembly: Assembly) -> str:
    """What a package is made from: the tally, who signed it, and the verifier that goes with it."""
    tally = tallying.tally_of(session, assembly)
    people = "".join(f"{row.key_id}\n" for row in countersigning.signatures(session, assembly))
    return hashlib.sha256(f"{tally.digest}\n{people}".encode() + VERIFIER.read_bytes()).hexdigest()
