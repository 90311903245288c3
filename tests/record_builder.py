"""A small producer of `hoa-assembly/1` records for the verifier's tests, written from docs/audit-package.md alone.

It shares code neither with the platform nor with `voting/verify.py` (signatures come from `cryptography`), so that a
mistake in one of the three is not repeated in the others. It writes what it is told, also what no platform should.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import io
import itertools
import json
import zipfile
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Json = dict[str, Any]
ZERO = "0" * 64
NOTICED, OPENS, CLOSES = (f"2026-03-{day}T09:00:00+08:00" for day in ("01", "16", "23"))
DURING, AFTER = "2026-03-18T20:15:00+08:00", "2026-03-23T12:00:00+08:00"
CUT_OFF, CLOSED, COUNTED = (f"2026-03-23T{hour}:00:00+08:00" for hour in ("09", "18", "19"))
VERIFIER = Path(__file__).parent.parent / "voting" / "verify.py"
NATIONAL = {
    "pack": "cn-national",
    "version": "2021-01-01",
    "source": "民法典第二百七十八条",
    "verified": True,
    "quorum": {"numerator": 2, "denominator": 3, "strict": False},
    "ordinary": {"numerator": 1, "denominator": 2, "strict": True},
    "special": {"numerator": 3, "denominator": 4, "strict": False},
}


def canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def leaf(value: Any) -> str:
    return digest(b"\0" + canonical(value))


def root(leaves: list[str]) -> str:
    """RFC 9162, 2.1.1, as it is written there: recursively."""
    if not leaves:
        return digest(b"")
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return digest(b"\1" + bytes.fromhex(root(leaves[:split])) + bytes.fromhex(root(leaves[split:])))


class PlatformKey:
    def __init__(self, name: str) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
        self.public = self.private.public_key().public_bytes_raw()
        self.id = "ed25519:" + digest(self.public)[:16]

    def sign(self, kind: str, value: Any) -> str:
        return self.private.sign(f"hoa-assembly/1/{kind}\n".encode() + canonical(value)).hex()


class Person:
    def __init__(self, name: str) -> None:
        self.name = name
        secret = int.from_bytes(hashlib.sha256(name.encode()).digest(), "big") >> 1
        self.private = ec.derive_private_key(secret, ec.SECP256R1())
        self.public = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.id = "p256:" + digest(self.public)[:16]

    def sign(self, kind: str, value: Any) -> str:
        message = f"hoa-assembly/1/{kind}\n".encode() + canonical(value)
        signature = self.private.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        r, s = decode_dss_signature(signature)
        return (r << 256 | s).to_bytes(64, "big").hex()

    def listed(self) -> Json:
        return {"id": self.id, "person": self.name, "public": self.public.hex()}


class Witness:
    def __init__(self, name: str) -> None:
        self.name, self.key = name, PlatformKey(name)
        self.keyid = hashlib.sha256(name.encode() + b"\n\x04" + self.key.public).digest()[:4]
        self.vkey = f"{name}+{self.keyid.hex()}+{base64.b64encode(bytes([4]) + self.key.public).decode()}"

    def cosign(self, body: str, moment: str) -> str:
        stamp = int(datetime.fromisoformat(moment).timestamp())
        signature = self.key.private.sign(f"cosignature/v1\ntime {stamp}\n{body}".encode())
        return f"— {self.name} " + base64.b64encode(self.keyid + stamp.to_bytes(8, "big") + signature).decode() + "\n"


def fraction(pair: tuple[int, int]) -> dict[str, int]:
    return {"heads": pair[0], "area": pair[1]}


def metres(area: int) -> str:
    return f"{Fraction(area, 100).__floor__()}.{area % 100:02d}"


class Record:
    """One assembly being written down. `electors` maps an id to the areas (0.01 m²) of its units."""

    def __init__(self, electors: dict[str, list[int]], **options: Any) -> None:
        self._count = 0
        self.log_key, self.receipt_key, self.record_key = (PlatformKey(name) for name in ("log", "receipt", "record"))
        officials = options.pop("officials", False)
        self.counters = [Person("计票人甲"), Person("计票人乙")] if officials else []
        self.scrutineers = [Person("监票人")] if officials else []
        self.clerks = [Person("工作人员甲"), Person("工作人员乙")]
        self.witnesses = [Witness(name) for name in options.pop("witnesses", ())]
        self.roll = [self.roll_entry(name, areas) for name, areas in electors.items()]
        self.roll.sort(key=leaf)
        self.final = list(self.roll)
        matters = options.pop("matters", ["M5"])
        self.manifest: Json = self._manifest(matters) | options
        self.assembly = digest(canonical(self.manifest))
        self.log: list[Any] = []
        self.heads: list[Json] = []
        self.chains: dict[str, list[str]] = {}
        self.ballots: dict[str, Json] = {}
        self.voided: dict[str, str] = {}
        self.invalid: dict[tuple[str, str], str] = {}
        self.refused: set[str] = set()
        self.serials: dict[str, str] = {}
        self.delivered: set[str] = set()
        self.append("notice", time=NOTICED)
        self.head("notice", NOTICED)

    def _manifest(self, matters: list[str]) -> Json:
        purposes = {"log": self.log_key, "receipt": self.receipt_key, "record": self.record_key}
        return {
            "format": "hoa-assembly/1",
            "host": "hoa.example",
            "community": {"code": "WTY", "name": "梧桐苑"},
            "code": "2026-01",
            "title": "2026 年第一次业主大会会议",
            "convener": "业主委员会",
            "channels": ["meeting", "online", "paper", "proxy"],
            "counting": "last",
            "silent_rule": "none",
            "proxy_cap": 3,
            "times": {"noticed": NOTICED, "opens": OPENS, "closes": CLOSES},
            "extension": None,
            "clauses": [{"clause": "第十二条", "document": digest(b"rules of procedure")}],
            "rules": NATIONAL,
            "body": "choices",
            "motions": [
                {
                    "code": str(number),
                    "title": f"表决事项{number}",
                    "text": "是否同意？",
                    "matter": matter,
                    "class": "special" if matter in ("M6", "M7", "M8") else "ordinary",
                    "article": "民法典第二百七十八条",
                    "documents": [],
                }
                for number, matter in enumerate(matters, 1)
            ],
            "roll_root": root([leaf(entry) for entry in self.roll]),
            "totals": {"heads": len(self.roll), "area": sum(entry["area"] for entry in self.roll)},
            "keys": {
                "platform": [
                    {"id": key.id, "purpose": purpose, "public": key.public.hex()} for purpose, key in purposes.items()
                ],
                "witnesses": [witness.vkey for witness in self.witnesses],
                "counters": [person.listed() for person in self.counters],
                "scrutineers": [person.listed() for person in self.scrutineers],
                "clerks": [person.listed() for person in self.clerks],
            },
        }

    def random(self) -> str:
        self._count += 1
        return digest(b"invented randomness %d" % self._count)[:32]

    def roll_entry(self, elector: str, areas: list[int]) -> Json:
        units = [{"unit": f"{elector}-{number}", "area": area} for number, area in enumerate(areas, 1)]
        return {"elector": elector, "heads": 1, "area": sum(areas), "units": units, "salt": self.random()}

    # -- the log

    def append(self, kind: str, *, time: str = DURING, by: list[Person] | None = None, **fields: Any) -> Json:
        entry = {"type": kind, "assembly": self.assembly, "nonce": self.random(), "time": time, **fields}
        people = sorted(by or [], key=lambda person: person.id)
        signatures = [{"person": one.name, "key": one.id, "signature": one.sign("entry", entry)} for one in people]
        entry["by"] = signatures
        self.log.append(entry)
        return entry

    def ballot(self, elector: str, choices: Json | str, *, channel: str = "online", **fields: Any) -> str:
        if isinstance(choices, str):
            choices = {motion["code"]: choices for motion in self.manifest["motions"]}
        chain = self.chains.setdefault(elector, [])
        evidence = {
            "online": {"helper": fields.pop("helper")} if "helper" in fields else {},
            "meeting": {"desk": "一号桌"},
            "paper": {"serial": fields.pop("serial", ""), "scan": digest(b"scan")},
            "proxy": {"authority": digest(b"letter"), "agent": fields.pop("agent", "agent-1"), "instruction": "同意"},
        }[channel]
        by = self.clerks if channel in ("meeting", "paper") else []
        values: Json = {"previous": chain[-1] if chain else ZERO, "evidence": evidence, "by": by} | fields
        entry = self.append("ballot", elector=elector, channel=channel, choices=choices, **values)
        own = leaf(entry)
        chain.append(own)
        self.ballots[own] = entry
        return own

    def issue(self, elector: str, serial: str) -> None:
        self.append("issue", elector=elector, serial=serial, by=self.clerks[:1])
        self.serials[serial] = elector

    def deliver(self, elector: str, method: str = "in-person") -> None:
        self.append("delivery", elector=elector, serial=None, method=method, delivered=DURING, by=self.clerks[:1])
        self.delivered.add(elector)

    def void(self, target: str, *, by: list[Person] | None = None) -> None:
        self.append("void", leaf=target, reason="keying-error", by=self.clerks if by is None else by)
        self.voided[target] = "keying-error"

    def rule(self, target: str, ruling: str, reason: str = "", motion: str = "*") -> None:
        self.append("ruling", leaf=target, motion=motion, ruling=ruling, reason=reason, by=self.clerks)
        if ruling == "invalid":
            self.invalid[target, motion] = reason
        elif ruling == "proxy-refused":
            self.refused.add(target)

    def change_roll(self, before: list[str], after: list[Json], heirs: dict[str, list[str]], **fields: Any) -> None:
        """`heirs` maps each new elector to the old ones whose ballots and serials it takes."""
        gone = [entry for entry in self.final if entry["elector"] in before]
        order = {own: number for number, own in enumerate(self.ballots)}
        joined = {
            new: sorted((one for old in olds for one in self.chains.pop(old, [])), key=order.__getitem__)
            for new, olds in heirs.items()
        }
        self.append(
            "roll-change",
            before=sorted(leaf(entry) for entry in gone),
            after=sorted(after, key=leaf),
            heirs=[{"elector": new, "from": sorted(heirs[new]), "ballots": list(joined[new])} for new in sorted(heirs)],
            **{"reason": "名册更正", "paper": None, "by": self.clerks} | fields,
        )
        self.chains.update(joined)
        self.final = [entry for entry in self.final if entry not in gone] + after

    # -- tree heads

    def head(self, purpose: str, time: str, *, size: int | None = None, cosigned: str | None = None) -> str:
        size = len(self.log) if size is None else size
        top = bytes.fromhex(root([leaf(entry) for entry in self.log[:size]]))
        origin = f"hoa.example/WTY/{self.assembly}"
        body = f"{origin}\n{size}\n{base64.b64encode(top).decode()}\n"
        keyid = hashlib.sha256(origin.encode() + b"\n\x01" + self.log_key.public).digest()[:4]
        signature = self.log_key.private.sign(body.encode())
        note = f"{body}\n— {origin} {base64.b64encode(keyid + signature).decode()}\n"
        note += "".join(witness.cosign(body, cosigned or time) for witness in self.witnesses)
        self.heads.append({"purpose": purpose, "time": time, "note": note})
        return note

    def open(self) -> Record:
        self.head("opening", OPENS)
        return self

    def cut_off(self, *, time: str = CUT_OFF) -> Record:
        self.append("cutoff", time=time, cause="scheduled", reason="")
        self.head("cutoff", time)
        return self

    def close(self) -> Record:
        if not any(entry["type"] == "cutoff" for entry in self.log):
            self.cut_off()
        self.append("close", time=CLOSED)
        self.head("close", CLOSED)
        return self

    def receipt(self, own: str, *, due: str = AFTER) -> Json:
        entry = self.ballots[own]
        receipt = {"assembly": self.assembly, "leaf": own, "due": due, "key": self.receipt_key.id}
        receipt |= {"channel": entry["channel"], "time": entry["time"]}
        return receipt | {"signature": self.receipt_key.sign("receipt", receipt)}

    # -- counting: what the builder was told, added up with Fraction

    def reason(self, own: str, motion: str) -> str | None:
        refused = "no-authority" if own in self.refused else None
        ruled = self.invalid.get((own, motion)) or self.invalid.get((own, "*")) or refused
        return ruled or ("multiple-choice" if self._too_many(own, motion) else None)

    def _too_many(self, own: str, motion: str) -> bool:
        """Section 5.2: more candidates agreed to than the election that this motion belongs to allows."""
        choices = self.ballots[own]["choices"]
        return any(
            motion in election["motions"]
            and [choices[code] for code in election["motions"]].count("agree") > election["approve_at_most"]
            for election in self.manifest.get("elections", [])
        )

    def counts_for(self, elector: str) -> str | None:
        chain = [own for own in self.chains.get(elector, []) if own not in self.voided]
        good = [own for own in chain if (own, "*") not in self.invalid and own not in self.refused]
        chain = good or chain
        chain = [own for own in chain if self.ballots[own]["channel"] != "proxy"] or chain
        if self.manifest["counting"] == "last":
            chain.reverse()
        return next(iter(chain), None)

    def rows(self) -> list[Json]:
        rows = []
        for entry in self.final:
            name = entry["elector"]
            salt = digest(f"row {name}".encode())[:32]
            rows.append({"elector": name, "counted": self.counts_for(name), "salt": salt})
        return sorted(rows, key=leaf)

    def tally(self, rows: list[Json]) -> Json:
        counted = sum(row["counted"] is not None for row in rows)
        motions = [self._motion(motion, rows) for motion in self.manifest["motions"]]
        told = [self._election(one, {motion["motion"]: motion for motion in motions}) for one in self.elections]
        return {
            **({"elections": told} if told else {}),
            "format": "hoa-assembly/1",
            "form": "full",
            "assembly": self.assembly,
            "time": COUNTED,
            "log": {"size": len(self.log), "root": root([leaf(entry) for entry in self.log])},
            "roll": {"opening": self._total(self.roll), "final": self._total(self.final)},
            "counted": {"root": root([leaf(row) for row in rows]), "rows": len(rows)},
            "paper": {"issued": len(set(self.serials.values())), "delivered": len(self.delivered)},
            "ballots": {
                "logged": len(self.ballots),
                "counted": counted,
                "voided": len(self.voided),
                "superseded": len(self.ballots) - counted - len(self.voided),
            },
            "sample": None,
            "motions": motions,
        }

    @property
    def elections(self) -> list[Json]:
        found: list[Json] = self.manifest.get("elections", [])
        return found

    def seed(self) -> str:
        """Section 8.1: from the last head and the first line under it that the platform does not write itself."""
        body, signatures = self.heads[-1]["note"].split("\n\n")
        line = signatures.splitlines(keepends=True)[1 if self.witnesses else 0]
        return digest(f"{body}\n{line}".encode())

    def _election(self, election: Json, motions: dict[str, Json]) -> Json:
        """Section 8.5; whether a review matters is found by trying every way in which it could end."""
        units = ("heads", "area") if election["rank"] == "heads-area-lot" else ("area", "heads")
        seed = self.seed()

        def lot(code: str) -> str:
            return digest(bytes.fromhex(seed) + code.encode())

        ranking = sorted(election["motions"], key=lot)
        for unit in reversed(units):  # a stable sort by each key, the weightiest last
            ranking.sort(key=lambda code, unit=unit: -motions[code]["options"]["agree"][unit])  # type: ignore[misc]
        sure = [code for code in ranking if motions[code]["outcome"] == "passed"]
        open_ = [code for code in ranking if motions[code]["outcome"] == "review"]
        ends = itertools.chain.from_iterable(itertools.combinations(open_, many) for many in range(len(open_) + 1))
        seats = election["seats"]
        ways = {frozenset([code for code in ranking if code in {*sure, *more}][:seats]) for more in ends}
        elected, alternates = sure[:seats], sure[seats:][: election["alternates"]]
        lawful = len(elected) >= election["minimum"] and Fraction(len(elected), seats) > Fraction(1, 2)
        plain = "complete" if len(elected) == seats else "valid" if lawful else "shortfall"
        return {
            "election": election["code"],
            "seed": seed,
            "ranking": [{"motion": code, **motions[code]["options"]["agree"]} for code in sure],
            "elected": elected,
            "alternates": alternates,
            "vacant": seats - len(elected),
            "outcome": "review" if len(ways) > 1 else plain,
        }

    @staticmethod
    def _total(roll: list[Json]) -> Json:
        leaves = sorted(leaf(entry) for entry in roll)
        return {"root": root(leaves), "heads": len(roll), "area": sum(entry["area"] for entry in roll)}

    def _motion(self, motion: Json, rows: list[Json]) -> Json:
        code, areas = motion["code"], {entry["elector"]: entry["area"] for entry in self.final}
        cast = [(row["counted"], areas[row["elector"]]) for row in rows if row["counted"]]

        def figure(wanted: Callable[[str], bool]) -> dict[str, int]:
            chosen = [area for own, area in cast if wanted(own)]
            return fraction((len(chosen), sum(chosen)))

        def option(*names: str) -> dict[str, int]:
            return figure(lambda own: not self.reason(own, code) and self.ballots[own]["choices"][code] in names)

        options = {name: option(name) for name in ("agree", "oppose", "abstain", "blank")}
        options["not_agreed"] = option("oppose", "abstain", "blank")
        found = sorted({self.reason(own, code) or "" for own, _ in cast} - {""})
        outside = ("forged", "not-on-roll")
        invalid: Json = figure(lambda own: bool(self.reason(own, code)))
        invalid["excluded"] = figure(lambda own: self.reason(own, code) in outside)
        invalid["reasons"] = {}
        for name in found:
            invalid["reasons"][name] = figure(functools.partial(self._is_reason, code, name))
        bases = [
            figure(lambda own: not self.reason(own, code)),
            figure(lambda own: self.reason(own, code) not in outside),
        ]
        both = [self.evaluate(motion["class"], options["agree"], base) for base in bases]
        passed = [one["passed"] for one in both]
        outcome = "passed" if all(passed) else "review" if any(passed) else "failed"
        third: Json = {}
        if self.manifest["silent_rule"] == "follow-majority":
            third["with_silent"] = self._with_silent(motion, options, bases[0], rows)
            if outcome == "failed" and third["with_silent"] and third["with_silent"]["passed"]:
                outcome = "review"
        return {
            **third,
            "motion": code,
            **{name: motion[name] for name in ("matter", "class", "article")},
            "options": options,
            "invalid": invalid,
            "without_invalid": both[0],
            "with_invalid": both[1],
            "outcome": outcome,
        }

    def _with_silent(self, motion: Json, options: Json, base: Json, rows: list[Json]) -> Json | None:
        """Section 8.2: the delivered who did not vote join the largest option, if heads and area name the same."""
        if motion["matter"] in ("M3", "M6", "M7", "M8"):
            return None
        areas = {entry["elector"]: entry["area"] for entry in self.final}
        quiet = [row["elector"] for row in rows if row["counted"] is None and row["elector"] in self.delivered]
        silent = fraction((len(quiet), sum(areas[name] for name in quiet)))
        ranked = [
            sorted(("agree", "oppose", "abstain"), key=lambda name, unit=unit: -options[name][unit])  # type: ignore[misc]
            for unit in ("heads", "area")
        ]
        clear = all(
            options[order[0]][unit] > options[order[1]][unit] for order, unit in zip(ranked, silent, strict=True)
        )
        follows = ranked[0][0] if clear and ranked[0][0] == ranked[1][0] else None

        def added(figure: Json, yes: bool) -> Json:
            return {unit: figure[unit] + (silent[unit] if yes else 0) for unit in figure}

        agree, joined = added(options["agree"], follows == "agree"), added(base, follows is not None)
        return {"silent": silent, "follows": follows, **self.evaluate(motion["class"], agree, joined)}

    def evaluate(self, kind: str, agree: Json, base: Json, met: bool | None = None) -> Json:
        total = self._total(self.final)
        tests = []
        for name, own, part, of in (("quorum", "quorum", base, total), ("agree", kind, agree, base)):
            rule = self.manifest["rules"][own]
            share, sign = Fraction(rule["numerator"], rule["denominator"]), ">" if rule["strict"] else "≥"
            for unit, shown in (("heads", str), ("area", metres)):
                left, right = part[unit], of[unit]
                holds = met if left is None else left > share * right or (sign == "≥" and left == share * right)
                tests.append(
                    {
                        "test": f"{name}-{unit}",
                        "left_factor": rule["denominator"],
                        "left": left,
                        "sign": sign.replace("≥", ">="),
                        "right_factor": rule["numerator"],
                        "right": right,
                        "met": holds,
                        "line": f"{rule['denominator']} × {'*' if left is None else shown(left)} {sign} "
                        f"{rule['numerator']} × {shown(right)}",
                    }
                )
        met_all = [test["met"] for test in tests]
        return {"participated": base, "inequalities": tests, "quorum": all(met_all[:2]), "passed": all(met_all)}

    def _is_reason(self, code: str, name: str, own: str) -> bool:
        return self.reason(own, code) == name

    def public(self, tally: Json) -> Json:
        motions = [self._public_motion(motion) for motion in tally["motions"]]
        public = {**tally, "form": "public", "motions": motions}
        if "elections" in tally:
            agreed = {motion["motion"]: motion["options"]["agree"] for motion in motions}
            public["elections"] = [
                {**one, "ranking": [{"motion": item["motion"], **agreed[item["motion"]]} for item in one["ranking"]]}
                for one in tally["elections"]
            ]
        return public

    def _public_motion(self, motion: Json) -> Json:
        options = {name: dict(figure) for name, figure in motion["options"].items()}
        small = [name for name in ("blank", "abstain", "oppose") if 0 < options[name]["heads"] < 5]
        rest = [name for name in ("blank", "abstain", "oppose") if options[name]["heads"] >= 5]
        if 0 < options["agree"]["heads"] < 5:
            small, rest = [name for name in options if options[name]["heads"] or name == "not_agreed"], []
        rest.sort(key=lambda name: options[name]["heads"])
        while "agree" not in small and 0 < sum(options[name]["heads"] for name in small) < 5 and rest:
            small.append(rest.pop(0))
        for name in small:
            options[name]["area"] = None
        public = {**motion, "options": options, "invalid": {"heads": motion["invalid"]["heads"]}}
        for name in ("without_invalid", "with_invalid"):
            old = motion[name]
            met = old["inequalities"][3]["met"]
            public[name] = self.evaluate(motion["class"], options["agree"], old["participated"], met)
        if old := motion.get("with_silent"):
            hidden = options["agree"]["area"] is None
            tests = [dict(test) for test in old["inequalities"]]
            if hidden:
                tests[3]["line"] = tests[3]["line"].replace(metres(tests[3]["left"]), "*", 1)
                tests[3]["left"] = None
            public["with_silent"] = old | {"inequalities": tests}
        return public

    # -- the package

    def package(self, kind: str = "full", tamper: Callable[[dict[str, Any]], None] | None = None) -> bytes:
        """The zip; `tamper` may change the parts (values, not bytes) before the platform signs what comes out."""
        rows = self.rows()
        parts: dict[str, Any] = {
            "manifest": self.manifest,
            "roll": self.roll,
            "log": list(self.log),
            "heads": self.heads,
            "counted": rows,
            "tally": self.tally(rows),
            "signers": [*self.counters, *self.scrutineers],
            "verify.py": VERIFIER.read_bytes(),
        }
        if tamper is not None:
            tamper(parts)
        return zipped(self._members(parts, kind))

    def _members(self, parts: dict[str, Any], kind: str) -> dict[str, bytes]:
        tally = parts["tally"]
        public = self.public(tally)
        tally = public if kind == "public" else tally | {"public": digest(canonical(public))}
        opened = ("notice", "extend", "channel-added", "key-change", "cutoff", "close")
        if kind == "public":
            log = [entry if entry["type"] in opened else leaf(entry) for entry in parts["log"]]
            roll, counted = ([leaf(entry) for entry in parts[name]] for name in ("roll", "counted"))
        else:
            log, roll, counted = parts["log"], parts["roll"], parts["counted"]
        members = {
            "manifest.json": canonical(parts["manifest"]),
            "tally.json": canonical(tally),
            "roll.jsonl": lines(roll),
            "log.jsonl": lines(log),
            "tree-heads.jsonl": lines(parts["heads"]),
            "counted.jsonl": lines(counted),
            "signatures.jsonl": lines(self._signatures(parts["signers"], tally)),
            "verify.py": parts["verify.py"],
        }
        return members | {"package.json": self.sign_package(members, kind)}

    def _signatures(self, signers: list[Person], tally: Json) -> list[Json]:
        found: list[Json] = [{"role": "platform", "person": "", "key": self.record_key.id}]
        found[0]["signature"] = self.record_key.sign("tally", tally)
        for one in signers:
            role = "scrutineer" if one in self.scrutineers else "counter"
            found.append({"role": role, "person": one.name, "key": one.id, "signature": one.sign("tally", tally)})
        return sorted(found, key=lambda line: (line["role"], line["key"]))

    def sign_package(self, members: dict[str, bytes], kind: str) -> bytes:
        listed = [
            {"name": name, "sha256": digest(members[name]), "size": len(members[name])} for name in sorted(members)
        ]
        package: Json = {"format": "hoa-assembly/1", "kind": kind, "assembly": digest(members["manifest.json"])}
        package |= {"members": listed, "key": self.record_key.id}
        return canonical(package | {"signature": self.record_key.sign("package", package)})


def lines(values: list[Any]) -> bytes:
    return b"".join(canonical(value) + b"\n" for value in values)


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o100644 << 16
            archive.writestr(info, members[name])
    return buffer.getvalue()


def small_record(**options: Any) -> Record:
    """Three electors, one motion, two of them in favour: the worked example of docs/audit-package.md."""
    record = Record({"E1": [9000], "E2": [8000, 6000], "E3": [11000]}, channels=["online"], **options).open()
    record.ballot("E1", "agree")
    record.ballot("E2", "oppose", time="2026-03-19T08:00:00+08:00")
    record.ballot("E2", "agree", time="2026-03-19T08:05:00+08:00")
    return record.close()
