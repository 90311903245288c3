"""People and the ways they prove who they are. Phones and ID numbers are a keyed HMAC (to find) and ciphertext (to
show); tokens and codes are hashed: a copy of the database alone tells neither (trust.md 20)."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hoa.db import Base, PlatformRow
from hoa.kernel import masking


class Person(PlatformRow, Base):
    """Somebody with an account, in whatever communities."""

    __tablename__ = "person"

    name: Mapped[str]
    phone_mac: Mapped[str | None] = mapped_column(unique=True)
    phone_sealed: Mapped[bytes | None]
    identity_mac: Mapped[str | None] = mapped_column(index=True)
    identity_sealed: Mapped[bytes | None]
    password_hash: Mapped[str | None]
    locale: Mapped[str | None]
    senior: Mapped[int] = mapped_column(default=0)
    is_platform_administrator: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime]

    @property
    def masked_name(self) -> str:
        return masking.name(self.name)


class LoginSession(PlatformRow, Base):
    """A sign-in on one device, until its owner ends it. `token_hash` is the SHA-256 (hex) of what the cookie carries;
    `method` says how the person got in: code, password, passkey, letter, setup, link, demo."""

    __tablename__ = "login_session"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    device: Mapped[str]
    method: Mapped[str]
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    # When a second factor was last given in this session (`second_factor`).
    second_at: Mapped[datetime | None]


class Authenticator(PlatformRow, Base):
    """An authenticator app of a person, sealed; it counts from `confirmed_at` on. `last_step` is the latest thirty
    seconds of which a code was used: none of it or before works again."""

    __tablename__ = "authenticator"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    secret_sealed: Mapped[bytes]
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int]
    ended_at: Mapped[datetime | None]


class RecoveryCode(PlatformRow, Base):
    """One of ten codes for the day the phone is lost: a keyed digest, good once."""

    __tablename__ = "recovery_code"

    authenticator_id: Mapped[str] = mapped_column(ForeignKey("authenticator.id"), index=True)
    code_hash: Mapped[str]
    used_at: Mapped[datetime | None]


class LoginCode(PlatformRow, Base):
    """A one-time code sent to a phone. Written for unknown phones too, so that both answers take the same work; such a
    row has no hash that any code could meet."""

    __tablename__ = "login_code"

    phone_mac: Mapped[str] = mapped_column(index=True)
    phone_sealed: Mapped[bytes]
    code_hash: Mapped[str]
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Attempt(PlatformRow, Base):
    """A try at something that can be guessed, counted per purpose and subject (a keyed HMAC of account or address).

    It is committed before the guess is looked at and taken away when the guess was right, so that tries sent all at
    once cannot outrun the count.
    """

    __tablename__ = "attempt"
    __table_args__ = (Index("ix_attempt_subject", "purpose", "subject", "made_at"),)

    purpose: Mapped[str]
    subject: Mapped[str]
    made_at: Mapped[datetime]


class Passkey(PlatformRow, Base):
    """A WebAuthn credential of a person."""

    __tablename__ = "passkey"
    __table_args__ = (UniqueConstraint("credential_id"),)

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    credential_id: Mapped[bytes]
    public_key: Mapped[bytes]
    sign_count: Mapped[int]
    label: Mapped[str]
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class PasskeyChallenge(PlatformRow, Base):
    """A question put to a passkey, answered once at most. `person_id` is set when a new passkey is being added."""

    __tablename__ = "passkey_challenge"

    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    challenge: Mapped[bytes]
    expires_at: Mapped[datetime]


class AdministratorCode(PlatformRow, Base):
    """The one-time code of `hoa init` that makes the first administrator; hashed, good for 24 hours."""

    __tablename__ = "administrator_code"

    code_hash: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class PersonalKey(PlatformRow, Base):
    """The public half of a key with which a person signs records (ECDSA P-256; voting-record.md 1). The private half
    never reaches the server. `public` is the uncompressed point in hex, `key_id` as the record names it.
    """

    __tablename__ = "personal_key"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    key_id: Mapped[str] = mapped_column(unique=True)
    public: Mapped[str]
    label: Mapped[str]
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
