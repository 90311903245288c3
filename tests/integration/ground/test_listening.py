"""What the server itself refuses, before the application is asked."""

import dataclasses
import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from flask import Flask

from hoa.platform import Platform
from hoa.serving import listening

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def port(app: Flask, platform: Platform) -> Iterator[int]:
    server = listening(app, dataclasses.replace(platform.settings, port=0))
    ended = threading.Event()

    def run() -> None:
        while not ended.is_set():
            server.asyncore.loop(timeout=0.1, map=server._map, count=1)

    thread = threading.Thread(target=run)
    thread.start()
    yield int(server.effective_port)
    ended.set()
    thread.join()
    server.task_dispatcher.shutdown()
    server.asyncore.close_all(server._map)


def answer(port: int, request: bytes) -> bytes:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection:
        connection.sendall(request)
        return connection.recv(200)


def sending(declared: int) -> bytes:
    kind = b"Content-Type: multipart/form-data; boundary=x\r\n"
    return b"POST /verify HTTP/1.1\r\nHost: localhost\r\n" + kind + b"Content-Length: %d\r\n\r\n--x\r\n" % declared


def test_a_body_declared_as_two_hundred_megabytes_is_refused_before_it_is_sent(port: int):
    assert answer(port, sending(200 * 1024 * 1024)).startswith(b"HTTP/1.1 413 ")


def test_whoever_sends_two_hundred_megabytes_reads_a_page_of_ours(port: int):
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection:
        connection.sendall(sending(200 * 1024 * 1024))
        page = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    assert "Content-Type: text/html" in page
    assert "文件太大了，请压缩后再上传" in page


def test_an_ordinary_body_is_answered_by_the_page(port: int):
    assert answer(port, sending(5)).startswith(b"HTTP/1.1 400 ")
