"""Announcing: only what the public verifier confirms is published, and only what passed becomes a resolution
(R1.39); an election becomes one, whoever stood in it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from hoa.bulletin import service as bulletin
from hoa.kernel import canonical
from hoa.kernel.clock import today
from hoa.ports.files import Files
from hoa.ports.keys import Keys
from hoa.resolutions import service as resolutions
from voting.rules.life import State
from voting.rules.package import Form
from voting.rules.thresholds import Outcome
from voting.service import countersigning, drafts, packages, steps, tallying
from voting.service import motions as attachments
from voting.tables import Assembly, Motion

PACKAGE_KINDS = {Form.PUBLIC: "package-public", Form.FULL: "package-full"}


class Confirmed(NamedTuple):
    """Both packages of a counted assembly, after the verifier has confirmed them."""

    public: bytes
    full: bytes
    source: str


def confirm(session: Session, keys: Keys, assembly: Assembly) -> Confirmed:
    """Build both packages and let the verifier look at them; it objects by a Refusal. Only reads.

    Who counted and who watched have signed before: nobody's result is announced by the platform alone (R1.38).
    """
    countersigning.demand(session, assembly)
    full = packages.build(session, keys, assembly, Form.FULL)
    public = packages.build(session, keys, assembly, Form.PUBLIC)
    packages.must_verify(full, assembly)
    packages.must_verify(public, assembly)
    return Confirmed(public, full, packages.package_source(session, assembly))


def announce(
    session: Session,
    files: Files,
    community_id: str,
    assembly_id: str,
    *,
    confirmed: Confirmed,
    url: str,
    by: str,
    now: datetime,
) -> Assembly:
    """Take the last step, publish the result, and enter what passed as resolutions of the assembly."""
    assembly = steps.locked(session, community_id, assembly_id)
    steps.take(session, assembly, State.ANNOUNCED, by=by, now=now)
    countersigning.demand(session, assembly)
    for form, data in ((Form.PUBLIC, confirmed.public), (Form.FULL, confirmed.full)):
        kind = PACKAGE_KINDS[form]
        packages.keep(session, files, assembly, kind=kind, source=confirmed.source, data=data, now=now)
    tally = canonical.decode(tallying.tally_of(session, assembly).public)
    motions = drafts.motions(session, assembly)
    elected = tallying.elected(session, assembly)
    _publish(session, assembly, motions, tally, elected, url=url, by=by, now=now)
    _enter(session, assembly, motions, tally, url=url, by=by, now=now)
    _enter_elected(session, assembly, motions, elected, url=url, by=by, now=now)
    return assembly


def _publish(
    session: Session,
    assembly: Assembly,
    motions: Sequence[Motion],
    tally: Any,
    elected: Sequence[tallying.ElectionResult],
    *,
    url: str,
    by: str,
    now: datetime,
) -> None:
    outcomes = {motion["motion"]: motion["outcome"] for motion in tally["motions"]}
    bulletin.publish(
        session,
        assembly.community_id,
        kind="assembly-result",
        title=assembly.title,
        content={
            "assembly": assembly.manifest_hash,
            "tally": tallying.tally_of(session, assembly).digest,
            "title": assembly.title,
            "motions": [
                {"code": motion.code, "title": motion.title, "outcome": outcomes[motion.code]} for motion in motions
            ],
            **({"elections": [_published(one) for one in elected]} if elected else {}),
        },
        reference=assembly.id,
        url=url,
        by=by,
        now=now,
    )


def _enter(
    session: Session, assembly: Assembly, motions: Sequence[Motion], tally: Any, *, url: str, by: str, now: datetime
) -> None:
    """What passed, one resolution a motion; candidates' motions are not decisions of their own."""
    passed = {motion["motion"] for motion in tally["motions"] if motion["outcome"] == Outcome.PASSED}
    passed -= drafts.candidates(assembly)
    for motion in motions:
        if motion.code in passed:
            resolution = resolutions.enter(
                session,
                assembly.community_id,
                source="assembly",
                title=motion.title,
                text=motion.body,
                decided_on=today(now),
                matter=motion.matter,
                evidence=assembly.manifest_hash,
                url=url,
                by=by,
                now=now,
            )
            attachments.take_effect(session, motion, resolution, by=by, now=now)


def _published(one: tallying.ElectionResult) -> dict[str, Any]:
    return {
        "code": one.contest.code,
        "title": one.contest.title,
        "outcome": one.outcome.value,
        "elected": [row.name for row in one.elected],
        "alternates": [row.name for row in one.alternates],
    }


def _enter_elected(
    session: Session,
    assembly: Assembly,
    motions: Sequence[Motion],
    elected: Sequence[tallying.ElectionResult],
    *,
    url: str,
    by: str,
    now: datetime,
) -> None:
    """One resolution for each election that gave the community a committee (R2.6); what fell short or needs legal
    review decides nothing yet."""
    matter_of = {motion.code: motion.matter for motion in motions}
    for one in elected:
        if one.stands:
            resolutions.enter(
                session,
                assembly.community_id,
                source="assembly",
                title=one.contest.title,
                text=_in_words(one),
                decided_on=today(now),
                matter=matter_of[one.contest.motions[0]],
                evidence=assembly.manifest_hash,
                url=url,
                by=by,
                now=now,
            )


def _in_words(one: tallying.ElectionResult) -> str:
    """The resolution's text: who is elected and who is an alternate, in rank. Heads are public, areas need not be."""
    lines = [f"选出委员 {len(one.elected)} 名（应选 {one.contest.seats} 名），按得票排序："]
    lines += [f"{row.place}. {row.name}（同意 {row.agreed.heads} 人）" for row in one.elected]
    if one.alternates:
        lines.append(f"候补委员 {len(one.alternates)} 名，依次递补：")
        lines += [f"{row.place}. {row.name}（同意 {row.agreed.heads} 人）" for row in one.alternates]
    if one.vacant:
        lines.append(f"尚缺 {one.vacant} 名，另行补选。")
    return "\n".join(lines)
