"""Somebody with the database's password and the platform's keys: what they write is signed and sealed as it should."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from hoa.kernel import canonical, checkpoint, merkle, signing
from hoa.kernel.clock import parse_stamp
from tests.integration.voting.world import World
from tests.signers import Signer
from voting.rules import record
from voting.service import casting, ledgers, log
from voting.service.keys import BALLOT, in_force, place
from voting.tables import Assembly, Ballot, Cosignature, LogEntry, TreeHead

Entry = dict[str, Any]
Change = Callable[[list[Entry]], Sequence[Entry | None]]


class Insider:
    """Acts on one world's assembly while voting is open."""

    def __init__(self, world: World) -> None:
        self.world, self.keys = world, world.platform.keys

    def without_guards(self, session: Session) -> None:
        """The triggers that keep final rows are nothing to the database's owner."""
        if session.get_bind().dialect.name == "sqlite":
            for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                session.execute(text(f"DROP TRIGGER {name}"))
            session.execute(text("PRAGMA defer_foreign_keys = ON"))
        else:
            session.execute(text("SET session_replication_role = replica"))

    def rewrite(self, change: Change) -> None:
        """Write the log again: `change` gives each entry as it shall be, or None to leave it out. Chains, leaves, rows,
        receipts and the platform's heads are made to fit; cosignatures of witnesses cannot be."""
        world = self.world
        with world.platform.database.writing() as session:
            row = session.get_one(Assembly, (world.community, world.assembly))
            log.sequence_ballots(session, self.keys, row, batch=None)
            before = [entry for _, entry in ledgers.entries(session, self.keys, row)]
            heads = [(head.reason, head.size, head.signed_at) for head in log.heads(session, row)]
            after = list(change(before))
            assert len(after) == len(before)
            self.without_guards(session)
            for table in (Cosignature, TreeHead, LogEntry, Ballot):
                session.execute(delete(table).where(table.assembly_id == row.id))
            self._write(session, row, [entry for entry in after if entry is not None])
            leaves = log.leaves(session, row)
            for reason, size, at in heads:
                kept = sum(entry is not None for entry in after[:size])
                self._head(session, row, reason, leaves[:kept], at)

    def _write(self, session: Session, row: Assembly, entries: Sequence[Entry]) -> None:
        last: dict[str, str] = {}
        for seq, given in enumerate(entries):
            entry = dict(given)
            if entry["type"] == "ballot":
                entry["previous"] = last.get(entry["elector"], "0" * 64)
                last[entry["elector"]] = record.leaf(entry).hex()
                self._ballot(session, row, entry)
                leaf = last[entry["elector"]]
                session.execute(
                    insert(LogEntry),
                    [log._row(self.keys, row, seq=seq, kind="ballot", leaf=leaf, body=None)],
                )
            else:
                log.append(session, self.keys, row, entry)

    def _ballot(self, session: Session, row: Assembly, entry: Entry) -> None:
        leaf, cast_at = record.leaf(entry).hex(), parse_stamp(entry["time"])
        key = in_force(self.keys, row, "receipt")
        due = cast_at + timedelta(minutes=row.receipt_minutes)
        promise = record.receipt(
            str(row.manifest_hash), leaf=leaf, time=cast_at, due=due, key=key.id, channel=entry["channel"]
        )
        receipt = canonical.encode({**promise, "signature": key.sign(signing.message("receipt", promise)).hex()})
        nonce = f"again-{leaf[:20]}"
        session.add(
            Ballot(
                id=casting.ballot_id(self.keys, row.id, entry["elector"], nonce, leaf, cast_at, receipt),
                community_id=row.community_id,
                assembly_id=row.id,
                elector=entry["elector"],
                previous=entry["previous"],
                channel=entry["channel"],
                client_nonce=nonce,
                leaf=leaf,
                entry=self.keys.seal(BALLOT, canonical.encode(entry), place(row.community_id, row.id, leaf)),
                receipt=receipt,
                cast_at=cast_at,
            )
        )
        session.flush()

    def _head(self, session: Session, row: Assembly, reason: str, leaves: Sequence[bytes], at: Any) -> None:
        key, manifest = in_force(self.keys, row, "log"), canonical.decode(row.manifest or b"")
        name = log.origin(manifest["host"], manifest["community"]["code"], row)
        head = checkpoint.Checkpoint(name, len(leaves), merkle.root(leaves))
        verifier = checkpoint.VerifierKey(name, checkpoint.KeyType.LOG, key.public)
        note = checkpoint.Note(head, (checkpoint.sign_head(head, verifier, key.sign),)).text
        session.add(
            TreeHead(
                id=log.head_id(self.keys, row.id, reason, at, note),
                community_id=row.community_id,
                assembly_id=row.id,
                size=head.size,
                reason=reason,
                note=note,
                signed_at=at,
            )
        )
        session.flush()

    def append(self, entry: Entry, *names: str) -> None:
        """Put an entry into the log past every rule, with the signatures of these officials (who took part or lent
        their keys)."""
        world = self.world
        with world.platform.database.writing() as session:
            row = session.get_one(Assembly, (world.community, world.assembly))
            log.sequence_ballots(session, self.keys, row, batch=None)
            message = signing.message("entry", record.unsigned(entry))
            signers = []
            for name in names:
                key = record.key_id(Signer(name).public, "p256")
                signers.append(record.Signer(name, key, Signer(name).sign(message).hex()))
            signed = record.signed(entry, signers)
            if entry["type"] != "ballot":
                log.append(session, self.keys, row, signed)
                return
            self._ballot(session, row, signed)
            leaf = record.leaf(signed).hex()
            seq = log.size(session, row)
            session.execute(insert(LogEntry), [log._row(self.keys, row, seq=seq, kind="ballot", leaf=leaf, body=None)])

    def ballot_of(self, place_: int) -> Entry:
        """A ballot's entry, opened."""
        world = self.world
        with world.platform.database.reading() as session:
            query = select(Ballot).where(Ballot.elector == world.electors[place_])
            ballot = session.scalars(query).one()
            return casting.opened(self.keys, world.community, world.assembly, ballot.leaf, ballot.entry)
