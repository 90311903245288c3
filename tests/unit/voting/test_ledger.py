"""The ledger reads what a log says; the record builder, written apart from it, says what was meant."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.record_builder import DURING, Person, PlatformKey, Record, leaf
from voting.rules.counting import BrokenChain
from voting.rules.ledger import DoesNotFollow, Ledger, NotOnThisRoll, OnRoll
from voting.rules.matters import MATTERS, Majority
from voting.rules.published import motion_figures
from voting.rules.tally import Question, tally

ELECTORS = {"E1": [9000], "E2": [8000, 6000], "E3": [11000], "E4": [7000]}


def a_record(**options: Any) -> Record:
    return Record(ELECTORS, **options).open()


def read(record: Record) -> Ledger:
    roll = [OnRoll(leaf(entry), entry["elector"], entry["area"]) for entry in record.roll]
    return Ledger(record.manifest, roll).read((leaf(entry), entry) for entry in record.log)


def same(record: Record) -> Ledger:
    """Every figure of the ledger is the builder's."""
    ledger, rows = read(record), record.rows()
    said, chosen = record.tally(rows), ledger.counted()
    assert {row["elector"]: row["counted"] for row in rows} == {
        elector: chosen[elector].leaf if elector in chosen else None for elector in ledger.roll
    }
    for name, total in (("opening", ledger.opening_roll), ("final", ledger.final_roll)):
        assert said["roll"][name] == {"root": total.root.hex(), "heads": total.share.heads, "area": total.share.area}
    assert said["ballots"] == ledger.ballot_counts(chosen)._asdict()
    assert said["paper"] == ledger.paper._asdict()
    for motion, figures in zip(record.manifest["motions"], said["motions"], strict=True):
        code = motion["code"]
        question = Question(code, MATTERS[motion["matter"]], Majority(motion["class"]))
        own = tally(question, roll=ledger.weights, counted=chosen, invalid=ledger.reasons(chosen, code))
        assert {**motion_figures(own), "article": ""} == {**figures, "article": ""}
    assert ledger.size == len(record.log)
    return ledger


def test_voids_rulings_and_proxies_count_as_the_page_says():
    record = a_record(matters=["M5", "M6"], officials=True)
    record.issue("E3", "S1")
    record.deliver("E3")
    proxy = record.ballot("E1", "agree", channel="proxy")
    record.ballot("E1", "oppose")
    refused = record.ballot("E2", "agree", channel="proxy", agent="agent-2")
    record.void(record.ballot("E3", "agree", channel="paper", serial="S1"))
    record.ballot("E4", "agree")
    spoiled = record.ballot("E4", {"1": "agree", "2": "blank"}, channel="meeting")
    assert read(record).undecided == [proxy, refused]
    record.rule(proxy, "proxy-accepted")
    record.rule(refused, "proxy-refused")
    record.rule(spoiled, "invalid", "multiple-choice", "2")
    record.close()
    ledger = same(record)
    assert ledger.undecided == []
    assert ledger.refused == {refused}
    assert ledger.invalid_for(refused, "1") == "no-authority"
    assert ledger.invalid_for(spoiled, "1") is None
    assert (ledger.cut_off, ledger.closed) == (record.log[-2]["time"], record.log[-1]["time"])


def test_a_roll_change_moves_ballots_sheets_and_deliveries_to_the_heirs():
    record = a_record()
    record.issue("E1", "S1")
    record.append("reissue", serial="S2", replaces="S1", elector="E1", by=record.clerks[:1])
    record.deliver("E2")
    record.ballot("E1", "agree", time="2026-03-17T09:00:00+08:00")
    record.ballot("E2", "oppose", time="2026-03-18T09:00:00+08:00")
    record.ballot("E1", "abstain", time="2026-03-19T09:00:00+08:00")
    merged = record.roll_entry("N1", [9000, 8000, 6000])
    record.change_roll(["E1", "E2"], [merged], {"N1": ["E1", "E2"]}, paper="ab" * 32)
    record.ballot("N1", "agree", time="2026-03-20T09:00:00+08:00")
    parts = [record.roll_entry("N2", [9000]), record.roll_entry("N3", [14000])]
    record.change_roll(["N1"], parts, {"N2": [], "N3": ["N1"]}, paper="ab" * 32)
    record.ballot("N2", "oppose", time="2026-03-21T09:00:00+08:00")
    record.serials, record.delivered = {"S2": "N3"}, {"N3"}
    record.close()
    ledger = same(record)
    assert ledger.live == {"S2": "N3"}
    assert len(ledger.chains()["N3"]) == 4


def test_changes_of_rules_and_keys_are_in_force_from_their_entry_on():
    record = a_record(officials=True, channels=["online"])
    fresh, person, helper = PlatformKey("log 2"), Person("工作人员丙"), Person("工作人员丁")
    key = {"id": fresh.id, "public": fresh.public.hex()}
    record.append("key-change", role="log", old=record.log_key.id, key=key, reason="轮换", by=record.clerks)
    old = record.clerks[0].id
    record.append("key-change", role="clerk", old=old, key=person.listed(), reason="换人", by=record.clerks)
    record.append("key-change", role="clerk", old=None, key=helper.listed(), reason="加人", by=record.clerks)
    record.append("extend", until="2026-03-25T09:00:00+08:00", reason="延期", by=record.clerks)
    record.append("channel-added", channel="paper", reason="方便老人", by=record.clerks)
    record.cut_off(time="2026-03-25T09:00:00+08:00")
    record.append("paper-received", serials=["S1"], by=record.clerks, time="2026-03-25T10:00:00+08:00")
    ledger = read(record)
    assert ledger.platform["log"] == [(0, record.log_key.public.hex()), (2, fresh.public.hex())]
    assert old not in ledger.people
    assert {person.id, helper.id} <= ledger.people.keys()
    assert ledger.people[person.id].role == "clerk"
    assert ledger.closes == "2026-03-25T09:00:00+08:00"
    assert ledger.channels == {"online", "paper"}
    assert ledger.received == {"S1"}


def test_what_does_not_follow_stops_the_reading_and_is_named():
    def refused(kind: str, **fields: Any) -> None:
        record = a_record()
        record.issue("E1", "S1")
        own = record.ballot("E1", "agree")
        record.void(own)
        record.append(kind, **{name: own if value == "void" else value for name, value in fields.items()})
        with pytest.raises(DoesNotFollow) as found:
            read(record)
        assert found.value.params["seq"] == len(record.log) - 1

    refused("issue", serial="S1", elector="E1")
    refused("issue", serial="S2", elector="E9")
    refused("reissue", serial="S2", replaces="S1", elector="E2")
    refused("delivery", elector="E9", serial=None, method="post", delivered=DURING)
    refused("void", leaf="0" * 64, reason="keying-error")
    refused("void", leaf="void", reason="keying-error")
    refused("ruling", leaf="void", motion="*", ruling="invalid", reason="late")
    refused("key-change", role="clerk", old="p256:0", key=Person("甲").listed(), reason="换人")
    refused("roll-change", before=["0" * 64], after=[], heirs=[], reason="更正", paper=None)


def test_a_roll_change_that_loses_doubles_or_reorders_ballots_is_refused():
    record = a_record()
    first, second = record.ballot("E1", "agree"), record.ballot("E1", "oppose")
    gone = leaf(next(entry for entry in record.roll if entry["elector"] == "E1"))
    after = [record.roll_entry("N1", [9000])]

    def refused(heirs: list[dict[str, Any]], entries: list[Any] = after) -> None:
        before = len(record.log)
        record.append("roll-change", before=[gone], after=entries, heirs=heirs, reason="更正", paper=None)
        with pytest.raises(DoesNotFollow):
            read(record)
        del record.log[before:]

    refused([{"elector": "N1", "from": ["E1"], "ballots": [first]}])
    refused([{"elector": "N1", "from": ["E1"], "ballots": [second, first]}])
    refused([{"elector": "N1", "from": [], "ballots": []}])
    refused([{"elector": "N1", "from": ["E1"], "ballots": [first, second]}], [record.roll_entry("E2", [9000])])
    refused([{"elector": "E2", "from": ["E1"], "ballots": [first, second]}], [record.roll_entry("E2", [9000])])


def test_a_ballot_of_nobody_and_a_broken_chain_are_refused():
    record = a_record()
    record.ballot("E9", "agree")
    with pytest.raises(NotOnThisRoll):
        read(record)
    record = a_record()
    record.ballot("E1", "agree", previous="1" * 64)
    with pytest.raises(BrokenChain):
        read(record).counted()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["online", "meeting", "proxy", "void", "invalid", "motion", "accept", "refuse"]),
        st.sampled_from(sorted(ELECTORS)),
        st.sampled_from(["agree", "oppose", "abstain", "blank"]),
    ),
    max_size=25,
)


@given(STEPS, st.sampled_from(["first", "last"]))
def test_whatever_is_cast_voided_and_ruled_the_ledger_counts_what_was_meant(steps, counting):
    record = a_record(matters=["M5", "M8"], counting=counting)
    for kind, elector, mark in steps:
        standing = [own for own in record.chains.get(elector, []) if own not in record.voided]
        if kind in ("online", "meeting", "proxy"):
            record.ballot(elector, mark, channel=kind)
        elif standing and kind == "void":
            record.void(standing[-1])
        elif standing and kind in ("invalid", "motion"):
            motion = "*" if kind == "invalid" else "2"
            reason = "forged" if mark == "blank" else "unsigned"
            if not {(standing[-1], "*"), (standing[-1], motion)} & record.invalid.keys():
                record.rule(standing[-1], "invalid", reason, motion)
        elif standing and record.ballots[standing[0]]["channel"] == "proxy":
            record.refused.discard(standing[0])
            record.rule(standing[0], "proxy-accepted" if kind == "accept" else "proxy-refused")
    same(record.close())


def test_a_ballot_for_too_many_is_invalid_for_its_election_and_for_nothing_else():
    election = {"code": "e1", "title": "选举", "body": "owners_committee", "seats": 1, "minimum": 1, "alternates": 1}
    election |= {"approve_at_most": 1, "rank": "heads-area-lot", "motions": ["1", "2"]}
    record = a_record(matters=["M3", "M3", "M5"], elections=[election], officials=True)
    over = record.ballot("E1", "agree")
    record.ballot("E2", {"1": "agree", "2": "oppose", "3": "agree"})
    ruled = record.ballot("E3", "agree")
    record.rule(ruled, "invalid", "altered", motion="1")
    refused = record.ballot("E4", "agree", channel="proxy")
    record.rule(refused, "proxy-refused")
    ledger = same(record)
    assert [ledger.invalid_for(over, code) for code in "123"] == ["multiple-choice", "multiple-choice", None]
    assert [ledger.invalid_for(ruled, code) for code in "123"] == ["altered", "multiple-choice", None]
    assert [ledger.invalid_for(refused, code) for code in "123"] == ["no-authority"] * 3
