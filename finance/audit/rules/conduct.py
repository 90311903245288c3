"""Checks of how the bodies work beside the books: seals, minutes, earlier findings, ballots (F22, F23, F27, F29)."""

from collections.abc import Mapping, Sequence

from finance.audit.rules.data import BallotFacts, MeetingFacts, PeriodData
from finance.audit.rules.findings import Evidence, EvidenceKind, Finding, Parameters, Severity, days_between
from hoa.kernel.errors import N_

# One thing of a meeting or an assembly that is wrong has a key of its own.
_UNSIGNED, _BELOW = 1, 2
_PROXIES, _HELPED, _DEVICE, _BURST = 1, 2, 3, 4


def seals_without_decision(data: PeriodData, _parameters: Parameters) -> Sequence[Finding]:
    """F22: a seal was set in the period and no decision stands behind it, at once or named later (R2.19)."""
    return [
        Finding(
            code="F22",
            check="seals_without_decision",
            severity=Severity.MEDIUM,
            sentence=N_("%(applied_day)s 在“%(document)s”上用印，没有依据的决定"),
            params={"applied_day": use.applied_on.isoformat(), "document": use.document},
            evidence=(Evidence(kind=EvidenceKind.SEAL_USE, id=use.id, label=use.label),),
        )
        for use in data.seal_uses
        if data.holds(use.applied_on) and not use.decided
    ]


def minutes(data: PeriodData, _parameters: Parameters) -> Sequence[Finding]:
    """F23: a committee's meeting without minutes or without enough signatures past the day for posting, and decisions
    taken with half of the members or fewer (R2.9, R2.10)."""
    findings = []
    for meeting in data.meetings:
        if not data.holds(meeting.held_on):
            continue
        if meeting.settled_on is None and meeting.post_by is not None and data.as_of > meeting.post_by:
            sentence = (
                N_("业主委员会 %(held_day)s 的会议记录没有足够的委员签字，应在 %(by_day)s 前公布")
                if meeting.has_minutes
                else N_("业主委员会 %(held_day)s 开会，没有会议记录，应在 %(by_day)s 前公布")
            )
            params = {"held_day": meeting.held_on.isoformat(), "by_day": meeting.post_by.isoformat()}
            findings.append(_of_meeting(meeting, sentence, params, _UNSIGNED))
        for place, (title, present) in enumerate(meeting.decided):
            if 2 * present <= meeting.planned:
                sentence = N_(
                    "业主委员会 %(held_day)s 作出决定“%(title)s”，到会 %(present)s 人，不超过应到 %(planned)s 人的一半"
                )
                told: dict[str, str | int] = {
                    "held_day": meeting.held_on.isoformat(),
                    "title": title,
                    "present": present,
                    "planned": meeting.planned,
                }
                findings.append(_of_meeting(meeting, sentence, told, _BELOW + place))
    return findings


def overdue_cases(data: PeriodData, _parameters: Parameters) -> Sequence[Finding]:
    """F27: an earlier finding or question is past its last day and not settled."""
    return [
        Finding(
            code="F27",
            check="overdue_cases",
            severity=Severity.MEDIUM,
            sentence=N_("%(raised_day)s 提出的“%(title)s”应在 %(due_day)s 前答复整改，至今没有办结，已过 %(days)s 天"),
            params={
                "raised_day": case.raised_on.isoformat(),
                "title": case.title,
                "due_day": case.due_on.isoformat(),
                "days": days_between(case.due_on, data.as_of),
            },
            amount_fen=case.amount_fen,
            evidence=(Evidence(kind=EvidenceKind.CASE, id=case.id, label=case.label),),
        )
        for case in data.cases
        if case.closed_on is None and data.as_of > case.due_on and case.raised_on <= data.end
    ]


def ballots(data: PeriodData, parameters: Parameters) -> Sequence[Finding]:
    """F29: signs in an assembly's ballots that somebody should look at. They prove nothing: a helper with a tablet in
    the yard, or a reminder on the last evening, look the same."""
    findings = []
    for assembly in data.ballots:
        if not data.holds(assembly.closed_on):
            continue
        for agent, count in assembly.proxies:
            if count > assembly.proxy_cap:
                told: dict[str, str | int] = {"agent": agent, "count": count, "cap": assembly.proxy_cap}
                sentence = N_("%(assembly)s：代理人%(agent)s代 %(count)s 位业主投票，超过 %(cap)s 位的上限")
                findings.append(_of_assembly(assembly, sentence, told, _PROXIES, agent))
        for helper, count in assembly.helped:
            if count >= parameters.device_units:
                sentence = N_("%(assembly)s：%(helper)s协助 %(count)s 套房屋投票，达到 %(limit)s 套，请核对")
                told = {"helper": helper, "count": count, "limit": parameters.device_units}
                findings.append(_of_assembly(assembly, sentence, told, _HELPED, helper))
        for device, count in assembly.devices:
            if count >= parameters.device_units:
                sentence = N_("%(assembly)s：同一台设备投出 %(count)s 套房屋的票，达到 %(limit)s 套，请核对")
                told = {"count": count, "limit": parameters.device_units}
                findings.append(_of_assembly(assembly, sentence, told, _DEVICE, device))
        findings += _bursts(assembly, parameters)
    return findings


def _bursts(assembly: BallotFacts, parameters: Parameters) -> list[Finding]:
    late = sum(count for minute, count in assembly.before_close if minute < parameters.burst_minutes)
    few = assembly.count < parameters.burst_minimum
    if few or 100 * late < parameters.burst_percent * assembly.count:
        return []
    sentence = N_("%(assembly)s：截止前 %(minutes)s 分钟内收到 %(late)s 张票，占全部 %(count)s 张的百分之 %(percent)s")
    told: dict[str, str | int] = {
        "minutes": parameters.burst_minutes,
        "late": late,
        "count": assembly.count,
        "percent": 100 * late // assembly.count,
    }
    return [_of_assembly(assembly, sentence, told, _BURST, "")]


def _of_meeting(meeting: MeetingFacts, sentence: str, params: Mapping[str, str | int], part: int) -> Finding:
    title = str(params.get("title", ""))
    return Finding(
        code="F23",
        check="minutes",
        severity=Severity.MEDIUM,
        sentence=sentence,
        params=params,
        evidence=(
            Evidence(kind=EvidenceKind.MEETING, id=meeting.id, label=f"{meeting.label} {title}".strip(), part=part),
        ),
    )


def _of_assembly(
    assembly: BallotFacts, sentence: str, params: Mapping[str, str | int], part: int, thing: str
) -> Finding:
    """`thing` (an agent, a helper, a device) tells findings of one assembly apart; it is a digest or a masked name."""
    return Finding(
        code="F29",
        check="ballots",
        severity=Severity.MEDIUM,
        sentence=sentence,
        params={"assembly": assembly.title, **params},
        evidence=(
            Evidence(kind=EvidenceKind.ASSEMBLY, id=assembly.code, label=assembly.title, part=part),
            *((Evidence(kind=EvidenceKind.PERIOD, id=thing, label=thing),) if thing else ()),
        ),
    )
