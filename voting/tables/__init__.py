"""The tables of assemblies, one noun per file. `core` is the record itself; the others are the work around it."""

from voting.tables.core import (
    Assembly,
    AssemblyEvent,
    AssemblyFile,
    Ballot,
    CountedRow,
    InAssembly,
    LogEntry,
    Motion,
    RollEntry,
    RollUnit,
    Tally,
    TreeHead,
)
from voting.tables.signing import (
    BallotMark,
    Cosignature,
    EntrySignature,
    Official,
    Proposal,
    RollRemoval,
    TallySignature,
    Witness,
)

__all__ = [
    "Assembly",
    "AssemblyEvent",
    "AssemblyFile",
    "Ballot",
    "BallotMark",
    "Cosignature",
    "CountedRow",
    "EntrySignature",
    "InAssembly",
    "LogEntry",
    "Motion",
    "Official",
    "Proposal",
    "RollEntry",
    "RollRemoval",
    "RollUnit",
    "Tally",
    "TallySignature",
    "TreeHead",
    "Witness",
]
