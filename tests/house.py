"""The house rules of the test run, kept by pytest itself: nothing is skipped, and nothing leaves this machine."""

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import pytest

Address = Any
_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex
_getaddrinfo = socket.getaddrinfo


class LeftTheMachine(RuntimeError):
    """A test tried to reach another machine."""


def _check(host: object) -> None:
    text = host.decode() if isinstance(host, bytes) else str(host)
    if text in ("localhost", ""):
        return
    try:
        allowed = ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        allowed = False
    if not allowed:
        raise LeftTheMachine(f"tests reach only this machine, not {text!r}")


def _guarded_connect(self: socket.socket, address: Address) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        _check(address[0])
    _connect(self, address)


def _guarded_connect_ex(self: socket.socket, address: Address) -> int:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        _check(address[0])
    return _connect_ex(self, address)


def _guarded_getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
    if host is not None:
        _check(host)
    return _getaddrinfo(host, *arguments, **options)


def pytest_configure() -> None:
    """From now on a socket of this process connects to loopback and Unix sockets only."""
    socket.socket.connect = _guarded_connect  # type: ignore[method-assign,assignment]
    socket.socket.connect_ex = _guarded_connect_ex  # type: ignore[method-assign,assignment]
    socket.getaddrinfo = _guarded_getaddrinfo  # type: ignore[assignment]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """A skipped check is a failed check (trust.md): skip and xfail count as failures."""
    report = yield
    _refuse_skip(report, item.nodeid)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """The same for a whole file that skips itself."""
    report = yield
    _refuse_skip(report, collector.nodeid)
    return report


def _refuse_skip(report: Any, nodeid: str) -> None:
    if report.outcome == "skipped":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if hasattr(report, "wasxfail"):
            reason = f"xfail: {report.wasxfail or reason}"
            del report.wasxfail
        report.outcome = "failed"
        report.longrepr = f"{nodeid} did not run to its end, and a skipped test is a failed test. It said: {reason}"
