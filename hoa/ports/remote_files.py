"""The files port over a store that speaks S3: one bucket for many hosts, each file once under its SHA-256.

Write-once is the store's own word: a file is put with `If-None-Match: *`, so that no host, however slow or late,
overwrites another's. What is read is compared with its digest, whoever the bucket belongs to.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from hoa.config import LOOPBACK, BadSetting, Settings
from hoa.kernel.errors import N_, Refusal
from hoa.ports.files import HEX, FileDamaged, FileMissing

if TYPE_CHECKING:
    from obstore.store import ClientConfig

ADDRESS = "s3://BUCKET/PREFIX?endpoint=https://…&region=…"
KEY_ID, KEY = "HOA_SECRET_FILES_KEY_ID", "HOA_SECRET_FILES_KEY"
# A page waits for it: better a refusal that can be tried again than a minute of silence.
CONNECT, WAIT, RETRIES = "5s", "60s", 2


class StoreUnavailable(Refusal):
    message = N_("文件库暂时连不上，文件没有保存也没有丢失，请稍后再试")
    status = 503


class Bucket(NamedTuple):
    """Where `HOA_FILES` points."""

    name: str
    prefix: str
    endpoint: str | None
    region: str


def parse(address: str) -> Bucket:
    """`s3://BUCKET/PREFIX?endpoint=…&region=…`; plain http only to this machine, because the files are people's."""
    parts = urlsplit(address)
    said = parse_qs(parts.query)
    endpoint = said.get("endpoint", [""])[0] or None
    sound = parts.scheme == "s3" and bool(parts.netloc) and set(said) <= {"endpoint", "region"}
    if endpoint is not None:
        host = urlsplit(endpoint)
        sound = sound and bool(host.hostname)
        sound = sound and (host.scheme == "https" or (host.scheme == "http" and host.hostname in LOOPBACK))
    if not sound:
        raise BadSetting(name="HOA_FILES", value=address, cure=ADDRESS)
    return Bucket(parts.netloc, parts.path.strip("/"), endpoint, said.get("region", ["us-east-1"])[0])


def open_remote(settings: Settings) -> RemoteFiles:
    """The store that `HOA_FILES` names, with the key pair from the secrets."""
    bucket = parse(settings.files)
    for name in (KEY_ID, KEY):
        if not settings.secrets.get(name):
            raise BadSetting(name=name, value="", cure="HOA_FILES=s3://…")
    options: ClientConfig = {
        "allow_http": bucket.endpoint is not None and bucket.endpoint.startswith("http://"),
        "connect_timeout": CONNECT,
        "timeout": WAIT,
    }
    store = S3Store(
        bucket.name,
        prefix=bucket.prefix or None,
        endpoint=bucket.endpoint,
        region=bucket.region,
        access_key_id=settings.secrets[KEY_ID],
        secret_access_key=settings.secrets[KEY],
        virtual_hosted_style_request=bucket.endpoint is None,
        client_options=options,
        retry_config={"max_retries": RETRIES},
    )
    return RemoteFiles(store)


class RemoteFiles:
    """A bucket: ``ab/cd/abcd…`` under the prefix."""

    def __init__(self, store: S3Store) -> None:
        self.store = store

    def put(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        path = _path(digest)
        with _reached():
            try:
                obstore.put(self.store, path, data, mode="create")
            except AlreadyExistsError:
                if bytes(obstore.get(self.store, path).bytes()) != data:
                    # Only bytes that belong under this name ever replace what is there: a damaged copy is mended.
                    obstore.put(self.store, path, data)
        return digest

    def get(self, digest: str) -> bytes:
        path = _path(digest)
        with _reached():
            try:
                data = bytes(obstore.get(self.store, path).bytes())
            except FileNotFoundError:
                raise FileMissing(digest=digest) from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise FileDamaged(digest=digest)
        return data

    def has(self, digest: str) -> bool:
        path = _path(digest)
        with _reached():
            try:
                obstore.head(self.store, path)
            except FileNotFoundError:
                return False
        return True

    def each(self) -> Iterator[tuple[str, bytes]]:
        with _reached():
            for chunk in obstore.list(self.store):
                for found in chunk:
                    digest = found["path"].rpartition("/")[2]
                    if HEX.match(digest):
                        yield digest, bytes(obstore.get(self.store, found["path"]).bytes())


@contextlib.contextmanager
def _reached() -> Iterator[None]:
    """A store that does not answer, lacks its bucket or does not let us in, is a 503 the caller may retry."""
    try:
        yield
    except (BaseError, FileNotFoundError) as error:
        raise StoreUnavailable from error


def _path(digest: str) -> str:
    if not HEX.match(digest):
        raise FileMissing(digest=ascii(digest)[:80])
    return f"{digest[:2]}/{digest[2:4]}/{digest}"
