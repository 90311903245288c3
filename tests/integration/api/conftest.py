"""The community WTY with a register, a desk and handlers; calls without limits."""

import pytest
from flask import Flask

from hoa.app import create_app
from hoa.platform import Platform
from hoa.web.security import limiter
from tests.integration.affairs.scene import Scene, open_scene
from tests.integration.community.scene import SMALL, do_import, workbook


@pytest.fixture
def scene(platform: Platform) -> Scene:
    """The community WTY with a register, a desk and handlers."""
    opened = open_scene(platform)
    do_import(platform, opened.community, workbook(SMALL))
    return opened


@pytest.fixture
def app(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Flask:
    application = create_app(platform)
    application.testing = True
    monkeypatch.setattr(limiter, "enabled", False)
    return application
