"""The record as bytes: roll entries, manifest, log entries, receipts, counted rows (docs/audit-package.md 1–7 and
10)."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from hoa.kernel import canonical, merkle
from hoa.kernel.clock import stamp
from hoa.kernel.ids import random_bytes
from voting.rules.counting import NO_PREVIOUS
from voting.rules.matters import Majority, Matter
from voting.rules.packs import RulePack
from voting.rules.thresholds import MAJORITIES, QUORUM, Share, Threshold

FORMAT = "hoa-assembly/1"
NONCE_BYTES = 16


def key_id(public: bytes) -> str:
    """How the record names an Ed25519 key."""
    return "ed25519:" + hashlib.sha256(public).hexdigest()[:16]


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

    @property
    def value(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "title": self.title,
            "text": self.text,
            "matter": self.matter.code,
            "class": self.majority.value,
            "article": self.matter.article,
            "documents": [],
        }


class Keys(NamedTuple):
    """The platform's public keys, one per purpose."""

    log: bytes
    receipt: bytes
    record: bytes


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
            "channels": ["online"],
            "counting": notice.counting,
            "silent_rule": pack.text("silent_rule"),
            "proxy_cap": pack.number("proxy_cap"),
            "times": {
                "noticed": stamp(notice.noticed),
                "opens": stamp(notice.opens),
                "closes": stamp(notice.closes),
            },
            "extension": None,
            "clauses": [],
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
            "roll_root": notice.roll_root.hex(),
            "totals": {"heads": notice.totals.heads, "area": notice.totals.area},
            "keys": {
                "platform": [
                    {"id": key_id(public), "purpose": purpose, "public": public.hex()}
                    for purpose, public in notice.keys._asdict().items()
                ],
                "witnesses": [],
                "counters": [],
                "scrutineers": [],
                "clerks": [],
            },
        }
    )


def identity(manifest_bytes: bytes) -> str:
    """The assembly's identity: what the printed notice shows."""
    return hashlib.sha256(manifest_bytes).hexdigest()


def _entry(kind: str, assembly: str, time: datetime, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "assembly": assembly, "nonce": fresh(), "time": stamp(time), "by": [], **fields}


def notice_entry(assembly: str, *, time: datetime) -> dict[str, Any]:
    return _entry("notice", assembly, time)


def ballot_entry(
    assembly: str, *, elector: str, previous: str | None, choices: Mapping[str, str], time: datetime
) -> dict[str, Any]:
    """An online ballot; `previous` is the leaf of this elector's ballot before it."""
    return _entry(
        "ballot",
        assembly,
        time,
        elector=elector,
        previous=previous or NO_PREVIOUS,
        channel="online",
        choices=dict(choices),
        evidence={},
    )


def cutoff_entry(assembly: str, *, time: datetime, reason: str) -> dict[str, Any]:
    """Acceptance ended because the noticed time had come."""
    return _entry("cutoff", assembly, time, cause="scheduled", reason=reason)


def close_entry(assembly: str, *, time: datetime) -> dict[str, Any]:
    return _entry("close", assembly, time)


def receipt(assembly: str, *, leaf: str, time: datetime, due: datetime, key: str) -> dict[str, Any]:
    """What the platform promises: this leaf is in every tree head published after `due`. Still without signature."""
    return {
        "assembly": assembly,
        "leaf": leaf,
        "channel": "online",
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
