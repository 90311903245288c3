"""`hoa sign …`: personal keys and signatures as files, for those who trust no browser with their key. Pure files in and
out: no server, no database, no network.
"""

import os
from pathlib import Path

import click
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from hoa.accounts import personal_keys
from hoa.kernel import sign_files, signing

ONLY_ITS_OWNER = 0o600
HALF = signing.P256_SIGNATURE_BYTES // 2


class _Files(click.Group):
    """`hoa sign to-sign.json …`: what is no verb is a file to sign."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["file", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Files)
def sign() -> None:
    """Sign an assembly's record with your own key: `hoa sign to-sign.json --key KEY.pem -o signed.json`."""


class PersonalKey:
    """A private P-256 key from its file."""

    def __init__(self, path: Path) -> None:
        try:
            private = load_pem_private_key(path.read_bytes(), password=None)
        except OSError as error:
            raise click.ClickException(f"{path} cannot be read: {error.strerror}") from error
        except TypeError as error:
            raise click.ClickException(
                f"{path} is encrypted; sign with the file that `hoa sign new-key` made"
            ) from error
        except (ValueError, UnsupportedAlgorithm) as error:
            raise click.ClickException(f"{path} is not a private key in PEM; `hoa sign new-key` makes one") from error
        if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
            raise click.ClickException(f"{path} holds a key of another kind; records are signed with P-256")
        self._private = private
        self.public = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.id = personal_keys.key_id(self.public)

    def sign(self, message: bytes) -> bytes:
        """`r ‖ s`, as a browser gives it."""
        r, s = decode_dss_signature(self._private.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(HALF) + s.to_bytes(HALF)


_file = click.Path(dir_okay=False, path_type=Path)
_key = click.option("--key", "key_file", required=True, metavar="KEY.pem", type=_file, help="Your private key.")


@sign.command("new-key")
@click.argument("file", metavar="KEY.pem", type=_file)
def new_key(file: Path) -> None:
    """Make a key that only you can read. Keep a copy in a safe place: nobody else has it."""
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, ONLY_ITS_OWNER)
    except FileExistsError as error:
        raise click.ClickException(f"{file} exists already; a key is never overwritten") from error
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as written:
        written.write(pem)
    click.echo(f"{file}  {PersonalKey(file).id}")


@sign.command("public")
@click.argument("file", metavar="KEY.pem", type=_file)
def public(file: Path) -> None:
    """Print a key's id and its public half."""
    key = PersonalKey(file)
    click.echo(f"key: {key.id}\npublic: {key.public.hex()}")


@sign.command("claim")
@click.option("--person", required=True, metavar="ID", help="Your id, as the page 我的签名钥匙 shows it.")
@_key
def claim(person: str, key_file: Path) -> None:
    """Prove that you hold a key; the page 我的签名钥匙 takes both lines."""
    key = PersonalKey(key_file)
    signature = key.sign(signing.message("key", personal_keys.claim(person, key.public)))
    click.echo(f"public: {key.public.hex()}\nsignature: {signature.hex()}")


@sign.command("file")
@click.argument("file", metavar="to-sign.json", type=_file)
@_key
@click.option("-o", "output", required=True, metavar="signed.json", type=_file, help="Where the signatures go.")
def sign_file(file: Path, key_file: Path, output: Path) -> None:
    """Sign everything in a file that the sign page gave; upload the answer there."""
    key = PersonalKey(key_file)
    try:
        waiting = sign_files.read_to_sign(file.read_bytes())
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}") from error
    except sign_files.NotAToSignFile as error:
        raise click.ClickException(f"{file} is not a to-sign.json from the sign page; nothing was signed") from error
    if waiting.key != key.id:
        raise click.ClickException(
            f"{file} waits for the key {waiting.key}, {key_file} is {key.id}; nothing was signed"
        )
    if not waiting.items:
        raise click.ClickException(f"{file} holds nothing to sign")
    signed = {item.id: key.sign(item.message) for item in waiting.items}
    try:
        output.write_bytes(sign_files.write_signed(key.id, signed))
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from error
    click.echo(f"{output}  {len(signed)} signatures by {key.id}")
