"""The candidate's signed undertaking (Shanghai 20; R2.3): the text, whoever signed it, when, and the word for the lot.

A tick and the candidate's own name under their own account sign it; whoever has a signing key may add its signature
over the same text.
"""

import hashlib
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from hoa.accounts import personal_keys
from hoa.community.service import get_community
from hoa.kernel import canonical, signing
from hoa.kernel.errors import N_, Refusal
from hoa.offices.rules import BODIES
from voting.elections.rules import life, lot
from voting.elections.rules.life import CandidateState, State
from voting.elections.service import nominating, reading
from voting.elections.tables import Candidate, Election, Undertaking

KIND = "undertaking"

_TEXT = """本人{name}自愿参加{community}“{title}”，做{body}委员候选人，并承诺：
一、本人是本小区业主，有完全民事行为能力，遵守法律法规、管理规约和议事规则。
二、本人、配偶和直系亲属不在为本小区服务的物业服务企业任职，也没有利害关系。
三、本人没有拖欠物业费和维修资金，没有违法搭建、破坏承重结构、擅自改变房屋用途或违规出租而未改正，不是失信被执行人。
四、本人或配偶、直系亲属现任职务与所选职务互相排斥的，就职以前辞去其中一方，否则不就职。
五、所填自述、照片和提供的材料真实，愿意接受资格审查和业主监督。
六、当选后依法履职，不谋私利，按规定移交，不因任何组织或职务享有比其他委员更多的表决权。
七、同意公布姓名、照片、自述、提名方式和对业主提问的回答；房号、电话和证件号码不公布。"""


class NotTicked(Refusal):
    message: ClassVar[str] = N_("请先勾选“我看过全文，自愿承诺”")


class OtherName(Refusal):
    message: ClassVar[str] = N_("签名要写您自己的姓名，与账户上的一致")


class NotSignedYet(Refusal):
    message: ClassVar[str] = N_("请先在网页上签署承诺书，再用钥匙签名")
    status: ClassVar[int] = 409


class NoSigningKey(Refusal):
    message: ClassVar[str] = N_("您还没有登记签名钥匙，请先到“我的账户”生成")
    status: ClassVar[int] = 409


class WrongSignature(Refusal):
    message: ClassVar[str] = N_("签名与承诺书对不上，没有接受，请重新签名")


def text(session: Session, row: Election, one: Candidate) -> str:
    """The words that this candidate signs."""
    here = get_community(session, row.community_id)
    return _TEXT.format(name=one.name, community=here.name, title=row.title, body=BODIES[row.body_kind])


def sign(
    session: Session,
    community_id: str,
    code: str,
    *,
    person_id: str,
    agreed: bool,
    name: str,
    lot_word: str,
    now: datetime,
) -> Undertaking:
    """Sign under one's own account, until the list is published. The word stays secret until then."""
    row, one = _mine(session, community_id, code, person_id)
    if not agreed:
        raise NotTicked
    if "".join(name.split()) != "".join(one.name.split()):
        raise OtherName
    words = text(session, row, one)
    return _keep(session, one, words, name=one.name, lot_word=lot.check_word(lot_word), now=now)


def to_sign(row: Election, one: Candidate, signed: Undertaking) -> dict[str, Any]:
    """What a personal key signs: which election, who, and the text. Not the word, which is nobody else's yet."""
    return {"election": row.code, "candidate": one.number, "name": one.name, "text": signed.text}


def add_key(
    session: Session, community_id: str, code: str, *, person_id: str, signature: bytes, now: datetime
) -> Undertaking:
    """Put the signature of one's own key under the undertaking that holds."""
    row, one = _mine(session, community_id, code, person_id)
    signed = reading.undertaking(session, one)
    if signed is None:
        raise NotSignedYet
    held = personal_keys.current(session, person_id)
    if held is None:
        raise NoSigningKey
    message = signing.message(KIND, to_sign(row, one, signed))
    if not signing.verify_p256(public=bytes.fromhex(held.public), signature=signature, message=message):
        raise WrongSignature
    return _keep(
        session,
        one,
        signed.text,
        name=signed.name,
        lot_word=signed.lot_word,
        now=now,
        key_id=held.key_id,
        public=held.public,
        signature=signature.hex(),
    )


def is_whole(row: Election, one: Candidate, signed: Undertaking) -> bool:
    """Whether text, hash and signature still belong together."""
    if signed.text_hash != digest(signed.text):
        return False
    if not signed.signature:
        return True
    return signing.verify_p256(
        public=bytes.fromhex(signed.public),
        signature=bytes.fromhex(signed.signature),
        message=signing.message(KIND, to_sign(row, one, signed)),
    )


def item(row: Election, one: Candidate, signed: Undertaking) -> str:
    """The same in the words of a file to sign."""
    return canonical.encode(to_sign(row, one, signed)).decode()


def digest(words: str) -> str:
    """SHA-256 (hex) of the text in UTF-8."""
    return hashlib.sha256(words.encode()).hexdigest()


def _mine(session: Session, community_id: str, code: str, person_id: str) -> tuple[Election, Candidate]:
    row = reading.election(session, community_id, code, lock=True)
    one = reading.mine(session, row, person_id, lock=True)
    if one is None:
        raise nominating.NotStanding
    if one.frozen:
        raise nominating.ListPublished
    life.check_step(row.step, State.NOMINATION, State.SCREENING)
    if one.step is CandidateState.WITHDRAWN:
        raise nominating.HasWithdrawn
    return row, one


def _keep(
    session: Session,
    one: Candidate,
    words: str,
    *,
    name: str,
    lot_word: str,
    now: datetime,
    key_id: str = "",
    public: str = "",
    signature: str = "",
) -> Undertaking:
    signed = Undertaking(
        community_id=one.community_id,
        candidate_id=one.id,
        no=reading.next_no(session, one, Undertaking),
        person_id=one.person_id,
        text=words,
        text_hash=digest(words),
        name=name,
        lot_word=lot_word,
        key_id=key_id,
        public=public,
        signature=signature,
        at=now,
    )
    session.add(signed)
    session.flush()
    return signed
