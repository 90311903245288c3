"""One answer, two notations: JSON is the XML without its item names (the Spark convention of GeoReport v2).

Values are strings, integers, booleans, None, dicts and lists; an empty element and null say the same.
"""

import json
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeAlias
from xml.etree import ElementTree

Value: TypeAlias = "str | int | bool | Mapping[str, Value] | Sequence[Value] | None"

# What the elements of a list are called, by the list's own name.
_ITEM: Mapping[str, str] = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
}
# XML 1.0 can hold these in no way, not even escaped.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Format(StrEnum):
    """The ending of an address."""

    XML = "xml"
    JSON = "json"

    @property
    def content_type(self) -> str:
        return {Format.XML: "text/xml", Format.JSON: "application/json"}[self]


def write(form: Format, name: str, value: Value) -> bytes:
    """The answer as UTF-8; `name` is XML's outermost element, JSON has none."""
    if form is Format.JSON:
        # A lone surrogate is no character: JSON could escape it, but nobody could read it back.
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    root = ElementTree.Element(name)
    _fill(root, value)
    ElementTree.indent(root)
    written: str = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{written}\n'.encode()


def _fill(element: ElementTree.Element, value: Value) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _fill(ElementTree.SubElement(element, key), inner)
    elif isinstance(value, str):
        element.text = _NOT_XML.sub("", value)
    elif isinstance(value, bool):
        element.text = "true" if value else "false"
    elif isinstance(value, int):
        element.text = str(value)
    elif value is not None:
        for inner in value:
            _fill(ElementTree.SubElement(element, _ITEM[element.tag]), inner)
