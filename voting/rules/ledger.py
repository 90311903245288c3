"""What a log says, read from its first entry to its last: who is on the roll, which ballots stand and whose they are,
who may sign (docs/audit-package.md 5).

`verify.py` is the second implementation of the same section, on purpose. Whatever does not follow from what came
before stops the reading, since nothing may be guessed here; that each entry was allowed is asked where it enters
(`voting.service.entries`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from hoa.kernel import canonical, merkle
from hoa.kernel.errors import N_, Refusal
from voting.rules.counting import CastBallot, Counting, chain, counted
from voting.rules.election import OVER_VOTE, contest, over_voted
from voting.rules.published import BallotCounts, Paper, RollTotal
from voting.rules.thresholds import Share

Entry = Mapping[str, Any]
NO_AUTHORITY = "no-authority"


class NotOnThisRoll(Refusal):
    message: ClassVar[str] = N_("业主 %(elector)s 的票在日志里，名册上却没有这位业主，不能计票：请先核验数据库")
    status: ClassVar[int] = 409


class DoesNotFollow(Refusal):
    """An entry speaks of something that the log before it does not have."""

    message: ClassVar[str] = N_("日志第 %(seq)s 条（%(kind)s）与它前面的记录接不上，不能计票：请先核验数据库")
    status: ClassVar[int] = 409


class OnRoll(NamedTuple):
    """One elector of the roll, without its units and salt. `area` in 0.01 m²."""

    leaf: str
    elector: str
    area: int


class Holder(NamedTuple):
    """Whose a personal key is. `public` in hex."""

    role: str
    person: str
    public: str


class Ledger:
    """The state of an assembly after the entries read so far."""

    def __init__(self, manifest: Mapping[str, Any], roll: Iterable[OnRoll]) -> None:
        self._manifest = manifest
        self.size = 0
        self.roll = {one.elector: one for one in roll}
        self._elector_of = {one.leaf: one.elector for one in self.roll.values()}
        self.closes: str = manifest["times"]["closes"]
        self.channels = set(manifest["channels"])
        self.ballots: dict[str, CastBallot] = {}
        self.inherited: dict[str, Sequence[CastBallot]] = {}
        self.void: dict[str, str] = {}
        self.invalid: dict[str, dict[str, str]] = {}
        self.contests = tuple(contest(value) for value in manifest.get("elections", ()))
        # Ballots that agree to more candidates than they may, with the motions for which that makes them invalid.
        self.over: dict[str, frozenset[str]] = {}
        self.accepted: dict[str, bool] = {}
        self.live: dict[str, str] = {}
        self.delivered: set[str] = set()
        self.received: frozenset[str] | None = None
        self.cut_off: str | None = None
        self.closed: str | None = None
        keys = manifest["keys"]
        # From which size of the log on which public key (hex) signs.
        self.platform: dict[str, list[tuple[int, str]]] = {
            key["purpose"]: [(0, key["public"])] for key in keys["platform"]
        }
        self.people = {
            key["id"]: Holder(role, key["person"], key["public"])
            for role in ("counter", "scrutineer", "clerk")
            for key in keys[f"{role}s"]
        }
        self._own: defaultdict[str, list[CastBallot]] = defaultdict(list)

    def read(self, entries: Iterable[tuple[str, Entry]]) -> "Ledger":
        """Read on: leaves with their entries, in log order."""
        for leaf, entry in entries:
            kind = entry["type"]
            if kind == "ballot":
                self._ballot(leaf, entry)
            elif kind in _READERS:
                _READERS[kind](self, entry)
            self.size += 1
        return self

    # ------------------------------------------------------------------------------------------------ the outcome

    def chains(self) -> dict[str, Sequence[CastBallot]]:
        """The ballots of everyone who is on the roll now and has any, in chain order."""
        return {
            elector: chain(elector, self._own.get(elector, ()), self.inherited.get(elector, ()))
            for elector in self.roll
            if elector in self._own or elector in self.inherited
        }

    def counted(self) -> dict[str, CastBallot]:
        """The ballot that speaks for each elector of the roll who has one (docs/audit-package.md 5.2)."""
        bad = {leaf for leaf, ruled in self.invalid.items() if "*" in ruled} | self.refused
        return counted(self.chains(), Counting(self._manifest["counting"]), void=self.void, bad=bad)

    @property
    def refused(self) -> set[str]:
        """Proxies' ballots that were refused: nobody may speak for the elector without authority (R1.30)."""
        return {leaf for leaf, accepted in self.accepted.items() if not accepted}

    @property
    def undecided(self) -> list[str]:
        """Proxies' ballots that stand and are neither accepted nor refused."""
        return [
            leaf
            for leaf, ballot in self.ballots.items()
            if ballot.channel == "proxy" and leaf not in self.void and leaf not in self.accepted
        ]

    def invalid_for(self, leaf: str, motion: str) -> str | None:
        """Why a ballot is invalid for a motion; None when it is valid."""
        ruled = self.invalid.get(leaf, {})
        refused = None if self.accepted.get(leaf, True) else NO_AUTHORITY
        over = OVER_VOTE if motion in self.over.get(leaf, ()) else None
        return ruled.get(motion) or ruled.get("*") or refused or over

    def reasons(self, chosen: Mapping[str, CastBallot], motion: str) -> dict[str, str]:
        """The electors whose counted ballot is invalid for a motion, with the reason."""
        ruled = self.invalid.keys() | self.refused | self.over.keys()
        found = {elector: ballot.leaf for elector, ballot in chosen.items() if ballot.leaf in ruled}
        why = {elector: self.invalid_for(leaf, motion) for elector, leaf in found.items()}
        return {elector: reason for elector, reason in why.items() if reason is not None}

    def ballot_counts(self, chosen: Mapping[str, CastBallot]) -> BallotCounts:
        logged, voided = len(self.ballots), len(self.void)
        return BallotCounts(logged, len(chosen), logged - len(chosen) - voided, voided)

    @property
    def weights(self) -> dict[str, Share]:
        """Heads and area (0.01 m²) of everyone on the roll now: what their ballot weighs."""
        return {one.elector: Share(1, one.area) for one in self.roll.values()}

    @property
    def final_roll(self) -> RollTotal:
        """Root and totals of the roll as it is now; after the cut-off it is the final one."""
        root = merkle.root(sorted(bytes.fromhex(one.leaf) for one in self.roll.values()))
        return RollTotal(root, Share(len(self.roll), sum(one.area for one in self.roll.values())))

    @property
    def opening_roll(self) -> RollTotal:
        totals = self._manifest["totals"]
        return RollTotal(bytes.fromhex(self._manifest["roll_root"]), Share(totals["heads"], totals["area"]))

    @property
    def paper(self) -> Paper:
        """How many electors have a live sheet, and to how many the ballot was delivered."""
        return Paper(issued=len(set(self.live.values())), delivered=len(self.delivered))

    # ------------------------------------------------------------------------------------------------ the entries

    def _need(self, holds: bool, entry: Entry) -> None:
        if not holds:
            raise DoesNotFollow(seq=self.size, kind=entry["type"])

    def _ballot(self, leaf: str, entry: Entry) -> None:
        ballot = CastBallot(leaf, entry["elector"], entry["previous"], entry["choices"], entry["channel"])
        if ballot.elector not in self.roll:
            raise NotOnThisRoll(elector=ballot.elector)
        self.ballots[leaf] = ballot
        if self.contests and (over := over_voted(self.contests, ballot.choices)):
            self.over[leaf] = over
        self._own[ballot.elector].append(ballot)

    def _issue(self, entry: Entry) -> None:
        self._need(entry["elector"] in self.roll and entry["serial"] not in self.live, entry)
        self.live[entry["serial"]] = entry["elector"]

    def _reissue(self, entry: Entry) -> None:
        self._need(self.live.pop(entry["replaces"], None) == entry["elector"], entry)
        self._issue(entry)

    def _delivery(self, entry: Entry) -> None:
        self._need(entry["elector"] in self.roll, entry)
        self.delivered.add(entry["elector"])

    def _void(self, entry: Entry) -> None:
        self._need(self._stands(entry["leaf"]), entry)
        self.void[entry["leaf"]] = entry["reason"]

    def _ruling(self, entry: Entry) -> None:
        self._need(self._stands(entry["leaf"]), entry)
        if entry["ruling"] == "invalid":
            self.invalid.setdefault(entry["leaf"], {})[entry["motion"]] = entry["reason"]
        else:
            self.accepted[entry["leaf"]] = entry["ruling"] == "proxy-accepted"

    def _stands(self, leaf: str) -> bool:
        return leaf in self.ballots and leaf not in self.void

    def _extend(self, entry: Entry) -> None:
        self.closes = entry["until"]

    def _channel_added(self, entry: Entry) -> None:
        self.channels.add(entry["channel"])

    def _paper_received(self, entry: Entry) -> None:
        self.received = frozenset(entry["serials"])

    def _cutoff(self, entry: Entry) -> None:
        self.cut_off = entry["time"]

    def _close(self, entry: Entry) -> None:
        self.closed = entry["time"]

    def _key_change(self, entry: Entry) -> None:
        role, key = entry["role"], entry["key"]
        if role in self.platform:
            self.platform[role].append((self.size + 1, key["public"]))
            return
        if entry["old"] is not None:
            self._need(self.people.pop(entry["old"], None) is not None, entry)
        self.people[key["id"]] = Holder(role, key["person"], key["public"])

    def _roll_change(self, entry: Entry) -> None:
        """Electors go, others come, and ballots, sheets and deliveries go to whom the entry names (5.3)."""
        self._need(self._elector_of.keys() >= set(entry["before"]), entry)
        gone = [self._elector_of.pop(leaf) for leaf in entry["before"]]
        heirs = {source: heir["elector"] for heir in entry["heirs"] for source in heir["from"]}
        self._need(sorted(heirs) == sorted(gone), entry)
        taken = {heir["elector"]: self._joined(heir, entry) for heir in entry["heirs"]}
        for elector in gone:
            del self.roll[elector]
            self._own.pop(elector, None)
            self.inherited.pop(elector, None)
        for row in entry["after"]:
            self._need(row["elector"] in taken and row["elector"] not in self.roll, entry)
            leaf = merkle.leaf_hash(canonical.encode(row)).hex()
            self._elector_of[leaf] = row["elector"]
            self.roll[row["elector"]] = OnRoll(leaf, row["elector"], row["area"])
        self.inherited.update({elector: ballots for elector, ballots in taken.items() if ballots})
        self.live = {serial: heirs.get(elector, elector) for serial, elector in self.live.items()}
        self.delivered = {heirs.get(elector, elector) for elector in self.delivered}

    def _joined(self, heir: Mapping[str, Any], entry: Entry) -> Sequence[CastBallot]:
        """The new elector's chain: every ballot of its predecessors once, each chain's own order kept."""
        named: list[str] = heir["ballots"]
        before = [
            [ballot.leaf for ballot in chain(one, self._own.get(one, ()), self.inherited.get(one, ()))]
            for one in heir["from"]
        ]
        whole = sorted(leaf for leaves in before for leaf in leaves) == sorted(named)
        kept = all([leaf for leaf in named if leaf in set(leaves)] == leaves for leaves in before)
        self._need(whole and kept, entry)
        return [self.ballots[leaf] for leaf in named]


_READERS: Mapping[str, Callable[[Ledger, Entry], None]] = {
    "issue": Ledger._issue,
    "reissue": Ledger._reissue,
    "delivery": Ledger._delivery,
    "void": Ledger._void,
    "ruling": Ledger._ruling,
    "extend": Ledger._extend,
    "channel-added": Ledger._channel_added,
    "paper-received": Ledger._paper_received,
    "cutoff": Ledger._cutoff,
    "close": Ledger._close,
    "key-change": Ledger._key_change,
    "roll-change": Ledger._roll_change,
}
