"""The record as bytes: roll entries, manifest, log entries, receipts, counted rows (docs/audit-package.md 1–7 and
10)."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from hoa.kernel import canonical, merkle
from hoa.kernel.clock import stamp
from hoa.kernel.ids import random_bytes
from hoa.kernel.packs import RulePack
from hoa.kernel.signing import ED25519, P256
from voting.rules.counting import NO_PREVIOUS
from voting.rules.election import Contest
from voting.rules.matters import Majority, Matter
from voting.rules.thresholds import MAJORITIES, QUORUM, Share, Threshold

FORMAT = "hoa-assembly/1"
NONCE_BYTES = 16


def key_id(public: bytes, algorithm: str = ED25519) -> str:
    """How the record names a key: `ed25519` for the platform's, `p256` for people's."""
    return f"{algorithm}:{hashlib.sha256(public).hexdigest()[:16]}"


def leaf(value: Mapping[str, Any]) -> bytes:
    """The leaf hash of an entry or row."""
    return merkle.leaf_hash(canonical.encode(value))


def fresh() -> str:
    """A nonce or a salt: without it a leaf could be guessed from what it is likely to say."""
    return random_bytes(NONCE_BYTES).hex()


class RollRow(NamedTuple):
    """One elector of a roll: one head, with the sum of the areas of its units (rules.md R1.13). `area` in 0.01 m²."""

    elector: str
    units: tuple[tuple[str, int], ...]
    salt: str

    @property
    def share(self) -> Share:
        return Share(1, sum(area for _, area in self.units))

    @property
    def value(self) -> dict[str, Any]:
        return {
            "elector": self.elector,
            "heads": 1,
            "area": self.share.area,
            "units": [{"unit": unit, "area": area} for unit, area in self.units],
            "salt": self.salt,
        }

    @property
    def leaf(self) -> bytes:
        return leaf(self.value)


def roll_row(elector: str, units: Iterable[tuple[str, int]]) -> RollRow:
    """A roll row with a fresh salt; units sorted by name."""
    return RollRow(elector, tuple(sorted(units)), fresh())


def roll_root(rows: Iterable[RollRow]) -> bytes:
    """The root over the rows' leaves, sorted by leaf."""
    return merkle.root(sorted(row.leaf for row in rows))


class NoticedMotion(NamedTuple):
    """A motion as the notice freezes it."""

    code: str
    title: str
    text: str
    matter: Matter
    majority: Majority
    documents: Sequence[Mapping[str, str]] = ()

    @property
    def value(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "title": self.title,
            "text": self.text,
            "matter": self.matter.code,
            "class": self.majority.value,
            "article": self.matter.article,
            "documents": [dict(document) for document in self.documents],
        }


class Keys(NamedTuple):
    """The platform's public keys, one per purpose."""

    log: bytes
    receipt: bytes
    record: bytes


class Extension(NamedTuple):
    """How far the closing time may be moved, and the rulebook's clause that allows it (R1.37)."""

    clause: str
    latest: datetime


class Person(NamedTuple):
    """A counter, scrutineer or clerk with the public half of a personal key (hex)."""

    role: str
    person: str
    public: str

    @property
    def value(self) -> dict[str, str]:
        return {"id": key_id(bytes.fromhex(self.public), P256), "person": self.person, "public": self.public}


class Notice(NamedTuple):
    """Everything that a notice freezes."""

    host: str
    community_code: str
    community_name: str
    code: str
    title: str
    convener: str
    counting: str
    pack: RulePack
    noticed: datetime
    opens: datetime
    closes: datetime
    motions: Sequence[NoticedMotion]
    roll_root: bytes
    totals: Share
    keys: Keys
    channels: Sequence[str] = ("online",)
    silent_rule: str = "none"
    proxy_cap: int = 3
    extension: Extension | None = None
    # [{"clause", "document"}]: rulebook clauses relied on, with the SHA-256 of the rulebook's text.
    clauses: Sequence[Mapping[str, str]] = ()
    witnesses: Sequence[str] = ()
    people: Sequence[Person] = ()
    elections: Sequence[Contest] = ()


def _threshold(threshold: Threshold) -> dict[str, Any]:
    return {
        "numerator": threshold.numerator,
        "denominator": threshold.denominator,
        "strict": threshold.strict,
    }


def manifest(notice: Notice) -> bytes:
    """`manifest.json`; its SHA-256 is the assembly's identity."""
    pack = notice.pack
    return canonical.encode(
        {
            "format": FORMAT,
            "host": notice.host,
            "community": {"code": notice.community_code, "name": notice.community_name},
            "code": notice.code,
            "title": notice.title,
            "convener": notice.convener,
            "channels": sorted(notice.channels),
            "counting": notice.counting,
            "silent_rule": notice.silent_rule,
            "proxy_cap": notice.proxy_cap,
            "times": {
                "noticed": stamp(notice.noticed),
                "opens": stamp(notice.opens),
                "closes": stamp(notice.closes),
            },
            "extension": notice.extension
            and {"clause": notice.extension.clause, "latest": stamp(notice.extension.latest)},
            "clauses": [dict(clause) for clause in notice.clauses],
            "rules": {
                "pack": pack.code,
                "version": pack.valid_from.isoformat(),
                "source": pack.source,
                "verified": pack.verified,
                "quorum": _threshold(QUORUM),
                "ordinary": _threshold(MAJORITIES[Majority.ORDINARY]),
                "special": _threshold(MAJORITIES[Majority.SPECIAL]),
            },
            "body": "choices",
            "motions": [motion.value for motion in notice.motions],
            # Only where something is elected: packages of before elections stay as they were.
            **({"elections": [one.value for one in notice.elections]} if notice.elections else {}),
            "roll_root": notice.roll_root.hex(),
            "totals": {"heads": notice.totals.heads, "area": notice.totals.area},
            "keys": {
                "platform": [
                    {"id": key_id(public), "purpose": purpose, "public": public.hex()}
                    for purpose, public in notice.keys._asdict().items()
                ],
                "witnesses": list(notice.witnesses),
                **{
                    f"{role}s": [person.value for person in notice.people if person.role == role]
                    for role in ("counter", "scrutineer", "clerk")
                },
            },
        }
    )


def identity(manifest_bytes: bytes) -> str:
    """The assembly's identity: what the printed notice shows."""
    return hashlib.sha256(manifest_bytes).hexdigest()


# ------------------------------------------------------------------------------------------------ entries of the log

# The types that anyone may read; every other one names an elector (docs/audit-package.md 5.1).
OPEN_TYPES = frozenset({"notice", "extend", "channel-added", "key-change", "cutoff", "close"})
# How many personal signatures an entry needs (docs/audit-package.md 5). A ballot's depend on its channel.
SIGNERS = {
    "notice": 0,
    "issue": 1,
    "reissue": 1,
    "delivery": 1,
    "void": 2,
    "ruling": 2,
    "roll-change": 2,
    "extend": 2,
    "channel-added": 2,
    "key-change": 2,
    "paper-received": 2,
    "close": 0,
}
SIGNERS_OF_CHANNEL = {"online": 0, "meeting": 2, "paper": 2, "proxy": 0}


def signers_needed(entry: Mapping[str, Any]) -> int:
    """How many people must sign this entry."""
    if entry["type"] == "ballot":
        return SIGNERS_OF_CHANNEL[entry["channel"]]
    if entry["type"] == "cutoff":
        return 2 if entry["cause"] == "decided" else 0
    return SIGNERS[entry["type"]]


def unsigned(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry without `by`: what people sign (kind `entry`)."""
    return {name: value for name, value in entry.items() if name != "by"}


class Signer(NamedTuple):
    """One personal signature in `by`."""

    person: str
    key: str
    signature: str


def signed(entry: Mapping[str, Any], signers: Iterable[Signer]) -> dict[str, Any]:
    """The entry as it enters the log: signers sorted by key."""
    return {**entry, "by": [signer._asdict() for signer in sorted(signers, key=lambda signer: signer.key)]}


def _entry(kind: str, assembly: str, time: datetime, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "assembly": assembly, "nonce": fresh(), "time": stamp(time), "by": [], **fields}


def notice_entry(assembly: str, *, time: datetime) -> dict[str, Any]:
    return _entry("notice", assembly, time)


def issue_entry(assembly: str, *, serial: str, elector: str, time: datetime) -> dict[str, Any]:
    """A paper sheet made for an elector."""
    return _entry("issue", assembly, time, serial=serial, elector=elector)


def reissue_entry(assembly: str, *, serial: str, replaces: str, elector: str, time: datetime) -> dict[str, Any]:
    """A new sheet; the one it replaces is dead from here on."""
    return _entry("reissue", assembly, time, serial=serial, replaces=replaces, elector=elector)


def delivery_entry(
    assembly: str, *, elector: str, serial: str | None, method: str, delivered: datetime, time: datetime
) -> dict[str, Any]:
    """The ballot reached an elector: `method` in-person, post, sms, login or posted (rules.md R1.29)."""
    return _entry("delivery", assembly, time, elector=elector, serial=serial, method=method, delivered=stamp(delivered))


def ballot_entry(
    assembly: str,
    *,
    elector: str,
    previous: str | None,
    choices: Mapping[str, str],
    time: datetime,
    channel: str = "online",
    evidence: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A ballot; `previous` is the leaf of this elector's ballot before it, in any channel."""
    return _entry(
        "ballot",
        assembly,
        time,
        elector=elector,
        previous=previous or NO_PREVIOUS,
        channel=channel,
        choices=dict(choices),
        evidence=dict(evidence or {}),
    )


def void_entry(assembly: str, *, leaf: str, reason: str, time: datetime) -> dict[str, Any]:
    """A ballot that was keyed wrongly (`wrong-elector`, `keying-error`) is taken out."""
    return _entry("void", assembly, time, leaf=leaf, reason=reason)


def ruling_entry(assembly: str, *, leaf: str, motion: str, ruling: str, reason: str, time: datetime) -> dict[str, Any]:
    """A ballot is invalid for a motion or for all (`*`), or a proxy's is accepted or refused (R1.30, R1.35)."""
    return _entry("ruling", assembly, time, leaf=leaf, motion=motion, ruling=ruling, reason=reason)


class Heir(NamedTuple):
    """Whose ballots (leaves in order of acceptance) a new roll entry takes over."""

    elector: str
    sources: Sequence[str]
    ballots: Sequence[str]

    @property
    def value(self) -> dict[str, Any]:
        return {"elector": self.elector, "from": sorted(self.sources), "ballots": list(self.ballots)}


def roll_change_entry(
    assembly: str,
    *,
    before: Iterable[str],
    after: Iterable[RollRow],
    heirs: Iterable[Heir],
    reason: str,
    paper: str | None,
    time: datetime,
) -> dict[str, Any]:
    """A correction of the roll (docs/audit-package.md 5.3); `paper` is the SHA-256 of a registry's or court's paper."""
    rows = sorted(after, key=lambda row: row.leaf)
    return _entry(
        "roll-change",
        assembly,
        time,
        before=sorted(before),
        after=[row.value for row in rows],
        heirs=[heir.value for heir in sorted(heirs, key=lambda heir: heir.elector)],
        reason=reason,
        paper=paper,
    )


def extend_entry(assembly: str, *, until: datetime, reason: str, time: datetime) -> dict[str, Any]:
    """A later closing time, where the notice allows one (R1.37)."""
    return _entry("extend", assembly, time, until=stamp(until), reason=reason)


def channel_added_entry(assembly: str, *, channel: str, reason: str, time: datetime) -> dict[str, Any]:
    return _entry("channel-added", assembly, time, channel=channel, reason=reason)


def key_change_entry(
    assembly: str, *, role: str, old: str | None, key: Mapping[str, str], reason: str, time: datetime
) -> dict[str, Any]:
    """A new key for the platform (`log`, `receipt`, `record`) or a person (`counter`, `scrutineer`, `clerk`)."""
    return _entry("key-change", assembly, time, role=role, old=old, key=dict(key), reason=reason)


def paper_received_entry(assembly: str, *, serials: Iterable[str], time: datetime) -> dict[str, Any]:
    """The sheets in hand at the cut-off: only these may still be keyed."""
    return _entry("paper-received", assembly, time, serials=sorted(serials))


def cutoff_entry(assembly: str, *, time: datetime, reason: str, decided: bool = False) -> dict[str, Any]:
    """Acceptance ended because the noticed time had come, or because two people decided so after a clock jumped."""
    return _entry("cutoff", assembly, time, cause="decided" if decided else "scheduled", reason=reason)


def close_entry(assembly: str, *, time: datetime) -> dict[str, Any]:
    return _entry("close", assembly, time)


def receipt(
    assembly: str, *, leaf: str, time: datetime, due: datetime, key: str, channel: str = "online"
) -> dict[str, Any]:
    """What the platform promises: this leaf is in every tree head published after `due`. Still without signature."""
    return {
        "assembly": assembly,
        "leaf": leaf,
        "channel": channel,
        "time": stamp(time),
        "due": stamp(due),
        "key": key,
    }


def short_code(leaf: str) -> str:
    """The beginning of a leaf as people read it out: `3F9A 07C2 B1`."""
    text = leaf[:10].upper()
    return f"{text[:4]} {text[4:8]} {text[8:]}"


class CountedBallot(NamedTuple):
    """A row of `counted.jsonl`: which ballot counted for an elector, or none."""

    elector: str
    counted: str | None
    salt: str

    @property
    def value(self) -> dict[str, Any]:
        return {"elector": self.elector, "counted": self.counted, "salt": self.salt}

    @property
    def leaf(self) -> bytes:
        return leaf(self.value)
