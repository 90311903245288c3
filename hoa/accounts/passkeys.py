"""Passkeys (WebAuthn): the phone's own lock opens the account; nothing to type and nothing to steal from us."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from hoa.accounts import rules
from hoa.accounts.service import person
from hoa.accounts.tables import Passkey, PasskeyChallenge
from hoa.kernel.errors import NotFound
from hoa.kernel.ids import random_bytes

LABEL_MOST = 40


def passkeys_of(session: Session, *, person_id: str) -> Sequence[Passkey]:
    query = select(Passkey).where(Passkey.person_id == person_id).order_by(Passkey.made_at, Passkey.id)
    return session.scalars(query).all()


def ask_to_register(session: Session, *, person_id: str, base_url: str, now: datetime) -> tuple[str, dict[str, Any]]:
    """A challenge's id and the options for `navigator.credentials.create`."""
    host = _demand_host(base_url)
    holder = person(session, person_id)
    row = _challenge(session, person_id=person_id, now=now)
    options = webauthn.generate_registration_options(
        rp_id=host,
        rp_name=host,
        user_id=holder.id.encode(),
        user_name=holder.masked_name,
        user_display_name=holder.masked_name,
        challenge=row.challenge,
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=known.credential_id) for known in passkeys_of(session, person_id=person_id)
        ],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )
    return row.id, json.loads(webauthn.options_to_json(options))


def register(
    session: Session,
    *,
    person_id: str,
    challenge_id: str,
    credential: dict[str, Any],
    label: str,
    base_url: str,
    now: datetime,
) -> Passkey:
    """Keep the new passkey when it answers the challenge that this person was given."""
    challenge = _answered(session, challenge_id=challenge_id, person_id=person_id, now=now)
    try:
        verified = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_demand_host(base_url),
            expected_origin=base_url,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise rules.PasskeyRefused from error
    if session.scalars(select(Passkey.id).where(Passkey.credential_id == verified.credential_id)).first():
        raise rules.PasskeyKnownAlready
    row = Passkey(
        person_id=person_id,
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        label=label.strip()[:LABEL_MOST],
        made_at=now,
    )
    session.add(row)
    session.flush()
    return row


def ask_to_sign_in(session: Session, *, base_url: str, now: datetime) -> tuple[str, dict[str, Any]]:
    """A challenge's id and the options for `navigator.credentials.get`; the passkey itself says whose it is."""
    host = _demand_host(base_url)
    row = _challenge(session, person_id=None, now=now)
    options = webauthn.generate_authentication_options(
        rp_id=host, challenge=row.challenge, user_verification=UserVerificationRequirement.REQUIRED
    )
    return row.id, json.loads(webauthn.options_to_json(options))


def sign_in(session: Session, *, challenge_id: str, credential: dict[str, Any], base_url: str, now: datetime) -> str:
    """The id of the person whose passkey answered. A counter that runs backwards betrays a copy and is refused."""
    challenge = _answered(session, challenge_id=challenge_id, person_id=None, now=now)
    try:
        wanted = base64url_to_bytes(str(credential["rawId"]))
        query = select(Passkey).where(Passkey.credential_id == wanted).with_for_update()
        row = session.scalars(query).one_or_none()
        if row is None:
            raise rules.PasskeyRefused
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_demand_host(base_url),
            expected_origin=base_url,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise rules.PasskeyRefused from error
    row.sign_count = verified.new_sign_count
    row.used_at = now
    session.flush()
    return row.person_id


def rename(session: Session, *, person_id: str, passkey_id: str, label: str) -> None:
    _own(session, person_id, passkey_id).label = label.strip()[:LABEL_MOST]
    session.flush()


def remove(session: Session, *, person_id: str, passkey_id: str) -> None:
    session.delete(_own(session, person_id, passkey_id))
    session.flush()


def _own(session: Session, person_id: str, passkey_id: str) -> Passkey:
    row = session.get(Passkey, passkey_id)
    if row is None or row.person_id != person_id:
        raise NotFound
    return row


def _demand_host(base_url: str) -> str:
    if not rules.can_use_passkeys(base_url):
        raise rules.PasskeysImpossible
    return urlsplit(base_url).hostname or ""


def _challenge(session: Session, *, person_id: str | None, now: datetime) -> PasskeyChallenge:
    row = PasskeyChallenge(person_id=person_id, challenge=random_bytes(32), expires_at=now + rules.CHALLENGE_LIFE)
    session.add(row)
    session.flush()
    return row


def _answered(session: Session, *, challenge_id: str, person_id: str | None, now: datetime) -> bytes:
    """The challenge, gone from now on: an answer overheard cannot be given twice."""
    gone = delete(PasskeyChallenge).where(PasskeyChallenge.id == challenge_id).returning(PasskeyChallenge)
    row = session.scalars(gone).one_or_none()
    if row is None or row.person_id != person_id or now >= row.expires_at:
        raise rules.PasskeyRefused
    return row.challenge
