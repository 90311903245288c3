"""docs/api/open311.json and docs/open311.md say what the interface is: no call, field or argument more or less."""

import json
import re
from pathlib import Path

import pytest
from flask import Flask

from tests.integration.api import specification as spec

DOCS = Path(__file__).resolve().parents[3] / "docs"


@pytest.mark.sqlite_only
def test_the_description_has_exactly_the_calls_and_fields_there_are(app: Flask):
    described = json.loads((DOCS / "api" / "open311.json").read_text("utf-8"))
    calls = {
        ("/open311" + re.sub(r"\{(\w+)\}", r"<\1>", path), method.upper())
        for path, methods in described["paths"].items()
        for method in methods
    }
    routes = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("open311.")]
    assert calls == {(rule.rule, method) for rule in routes for method in {"GET", "POST"} & (rule.methods or set())}
    schemas = {name: tuple(schema["properties"]) for name, schema in described["components"]["schemas"].items()}
    assert schemas == {
        "Discovery": spec.DISCOVERY,
        "Endpoint": spec.ENDPOINT,
        "Service": spec.SERVICE,
        "Definition": spec.DEFINITION,
        "Attribute": spec.ATTRIBUTE,
        "Value": spec.VALUE,
        "Request": spec.REQUEST,
        "Created": spec.CREATED,
        "Error": spec.ERROR,
    }
    form = described["paths"]["/v2/requests.{ending}"]["post"]["requestBody"]["content"]
    arguments = set(form["application/x-www-form-urlencoded"]["schema"]["properties"])
    assert arguments == {"api_key", "address_id", "attribute[floor]", *spec.EXAMPLE_POST}
    page = (DOCS / "open311.md").read_text("utf-8")
    assert [name for name in arguments if f"`{name}`" not in page] == []
    assert [field for field in spec.REQUEST if field not in page] == []
