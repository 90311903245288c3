"""How software calls: reads in both notations at once, reports with a key."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from flask.testing import FlaskClient

from hoa.affairs.tables import Suggestion
from hoa.api.service import keys as api_keys
from hoa.platform import Platform
from tests.integration.affairs.scene import Scene
from tests.integration.api import specification as spec

V2 = "/open311/v2"


def a_key(scene: Scene, name: str = "街道热线平台", community: str | None = None) -> str:
    with scene.platform.database.writing() as session:
        _, secret = api_keys.make(
            session,
            community or scene.community,
            name=name,
            contact="穆热线 023-0000 1234",
            by=scene.desk,
            now=scene.now(),
        )
        return secret


def get(client: FlaskClient, path: str, *, answered: int = 200, **arguments: str) -> Any:
    """The JSON answer, after its XML twin has been found to say the same."""
    words = {"jurisdiction_id": "WTY", **arguments}
    asked, twin = (client.get(f"{path}.{ending}?{urlencode(words)}") for ending in ("json", "xml"))
    assert asked.status_code == twin.status_code == answered, asked.text
    return _same(asked, twin)


def _same(asked: Any, twin: Any) -> Any:
    assert asked.headers["Content-Type"] == "application/json; charset=utf-8"
    assert twin.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert twin.data.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
    assert "Set-Cookie" not in asked.headers
    value = json.loads(asked.data)
    assert spec.spark(spec.xml(twin.data)) == spec.as_words(value)
    return value


def send(client: FlaskClient, form: Mapping[str, str], *, status: int = 201, ending: str = "json") -> Any:
    answer = client.post(f"{V2}/requests.{ending}", data=form)
    assert answer.status_code == status, answer.text
    return json.loads(answer.data) if ending == "json" else spec.xml(answer.data)


def send_once(app: Flask, form: Mapping[str, str]) -> tuple[int, str]:
    """Status and number, from a client of its own."""
    answer = app.test_client().post(f"{V2}/requests.json", data=form)
    return answer.status_code, json.loads(answer.data)[0]["service_request_id"]


def report(secret: str, **changes: str) -> dict[str, str]:
    usual = {"api_key": secret, "jurisdiction_id": "WTY", "service_code": "lift", "address_string": "1栋大堂"}
    return {name: value for name, value in (usual | changes).items() if value}


def errors(client: FlaskClient, form: Mapping[str, str], *, status: int = 400) -> list[str]:
    """What the answer finds wrong; every entry has the specification's two fields."""
    found = send(client, form, status=status)
    assert all(tuple(one) == spec.ERROR for one in found)
    assert {one["code"] for one in found} == {status}
    return [one["description"] for one in found]


def number_of(platform: Platform, model: type = Suggestion) -> int:
    with platform.database.reading() as session:
        return session.query(model).count()
