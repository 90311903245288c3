"""The files port over a store that speaks S3, against a server of its kind on this machine."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.request import Request, urlopen

import boto3
import pytest
from moto.server import ThreadedMotoServer

from hoa import backup
from hoa.config import BadSetting, Settings, from_environment
from hoa.platform import Platform, open_platform
from hoa.ports.files import FileDamaged, FileMissing, LocalFiles
from hoa.ports.remote_files import KEY, KEY_ID, RemoteFiles, StoreUnavailable, open_remote, parse

BUCKET = "hoa-files"


class Server:
    """A running server with one bucket, and the hand of somebody who reaches past our adapter."""

    def __init__(self) -> None:
        self.moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.moto.start()
        host, port = self.moto.get_host_and_port()
        self.endpoint = f"http://{host}:{port}"
        self.hand = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id="key",
            aws_secret_access_key="secret",
            region_name="us-east-1",
        )
        self._forget()
        self.hand.create_bucket(Bucket=BUCKET)

    def _forget(self) -> None:
        """Buckets belong to the process and not to the server: the test before must not be seen."""
        asking = Request(f"{self.endpoint}/moto-api/reset", method="POST")  # noqa: S310  (our own address)
        with urlopen(asking):  # noqa: S310
            pass

    def settings(self, data: Path) -> Settings:
        return Settings(
            data=data,
            database_url=f"sqlite:///{data / 'hoa.db'}",
            files=f"s3://{BUCKET}/wty?endpoint={self.endpoint}",
            secrets={KEY_ID: "key", KEY: "secret"},
        )

    def keys(self) -> list[str]:
        return [item["Key"] for item in self.hand.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.moto.stop()


def test_files_in_a_bucket_are_written_once_and_checked_when_read(server: Server, tmp_path: Path) -> None:
    files = open_remote(server.settings(tmp_path))
    digest = files.put(b"invoice")
    key = f"wty/{digest[:2]}/{digest[2:4]}/{digest}"
    assert (digest, server.keys()) == (hashlib.sha256(b"invoice").hexdigest(), [key])
    assert (files.get(digest), files.has(digest), files.has("0" * 64)) == (b"invoice", True, False)

    written = server.hand.head_object(Bucket=BUCKET, Key=key)["LastModified"]
    assert files.put(b"invoice") == digest
    assert server.hand.head_object(Bucket=BUCKET, Key=key)["LastModified"] == written

    server.hand.put_object(Bucket=BUCKET, Key=key, Body=b"forgery")
    with pytest.raises(FileDamaged, match=digest):
        files.get(digest)
    assert files.put(b"invoice") == digest, "the good bytes mend a damaged copy"
    assert files.get(digest) == b"invoice"
    for nothing in ("0" * 64, "../wty", "", digest.upper()):
        with pytest.raises(FileMissing):
            files.get(nothing)


def test_a_second_host_never_overwrites_what_the_first_is_writing(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The condition travels with the put: it is not a look before a write."""
    sent: list[object] = []

    def put(_store: object, path: str, data: bytes, **options: object) -> None:
        sent.append(options.get("mode"))
        real(_store, path, data, **options)

    from hoa.ports import remote_files

    real = remote_files.obstore.put
    monkeypatch.setattr(remote_files.obstore, "put", put)
    first, second = (open_remote(server.settings(tmp_path)) for _ in range(2))
    assert first.put(b"scan") == second.put(b"scan")
    assert sent == ["create", "create"]


def test_a_store_that_is_gone_or_refuses_us_is_a_503_that_loses_nothing(server: Server, tmp_path: Path) -> None:
    files = open_remote(replace(server.settings(tmp_path), files=f"s3://no-such-bucket?endpoint={server.endpoint}"))
    with pytest.raises(StoreUnavailable) as refused:
        files.put(b"x")
    assert refused.value.status == 503
    gone = open_remote(server.settings(tmp_path))
    server.moto.stop()
    with pytest.raises(StoreUnavailable):
        gone.get("0" * 64)


@pytest.mark.sqlite_only
def test_a_backup_carries_the_files_of_a_bucket_into_a_folder_and_back(
    server: Server, platform: Platform, tmp_path: Path
) -> None:
    remote = open_remote(server.settings(tmp_path))
    digests = sorted(remote.put(data) for data in (b"one", b"two"))
    sealed = tmp_path / "all.hoa"
    assert backup.back_up(replace(platform, files=remote), sealed, passphrase="sixteen letters!") == 2
    fresh = open_platform(Settings(data=tmp_path / "fresh", database_url=f"sqlite:///{tmp_path / 'fresh' / 'hoa.db'}"))
    assert backup.restore(fresh, sealed, passphrase="sixteen letters!") == 2
    assert isinstance(fresh.files, LocalFiles)
    assert [(digest, fresh.files.get(digest)) for digest, _ in fresh.files.each()] == [
        (digest, remote.get(digest)) for digest in digests
    ]
    server.hand.delete_object(Bucket=BUCKET, Key=server.keys()[0])
    again = open_platform(server.settings(tmp_path / "again"))
    assert backup.restore(again, sealed, passphrase="sixteen letters!") == 2
    assert isinstance(again.files, RemoteFiles)
    assert sorted(digest for digest, _ in again.files.each()) == digests


@pytest.mark.parametrize(
    "address",
    [
        "s3://",
        "https://bucket",
        "s3://bucket?endpoint=http://store.example.cn",
        "s3://bucket?endpoint=store.example.cn",
        "s3://bucket?key=abc",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_with_its_form(address: str) -> None:
    with pytest.raises(BadSetting, match="HOA_FILES"):
        parse(address)


def test_a_bucket_without_its_key_pair_is_refused_by_the_variables_name(tmp_path: Path) -> None:
    settings = from_environment({"HOA_DATA": str(tmp_path), "HOA_FILES": "s3://bucket"})
    with pytest.raises(BadSetting, match=KEY_ID):
        open_platform(settings)
