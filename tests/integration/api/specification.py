"""GeoReport v2 as its pages show it (wiki.open311.org/GeoReport_v2, /Service_Discovery), with our own values: the
fields of every answer in their order, and how XML and JSON say the same (the Spark convention).
"""

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

SERVICE = ("service_code", "service_name", "description", "metadata", "type", "keywords", "group")
DEFINITION = ("service_code", "attributes")
ATTRIBUTE = ("variable", "code", "datatype", "required", "datatype_description", "order", "description", "values")
VALUE = ("key", "name")
CREATED = ("service_request_id", "service_notice", "account_id")
REQUEST = (
    "service_request_id",
    "status",
    "status_notes",
    "service_name",
    "service_code",
    "description",
    "agency_responsible",
    "service_notice",
    "requested_datetime",
    "updated_datetime",
    "expected_datetime",
    "address",
    "address_id",
    "zipcode",
    "lat",
    "long",
    "media_url",
)
ERROR = ("code", "description")
DISCOVERY = ("changeset", "contact", "key_service", "endpoints")
ENDPOINT = ("specification", "url", "changeset", "type", "formats")

# The example of POST Service Request, all its arguments in their order; codes and places are ours, as they are every
# jurisdiction's own, and the attributes are those of our service definition.
EXAMPLE_POST: Mapping[str, str] = {
    "jurisdiction_id": "WTY",
    "service_code": "repairs",
    "lat": "37.76524078",
    "long": "-122.4212043",
    "address_string": "1234 5th street",
    "email": "smit333@sfgov.edu",
    "device_id": "tt222111",
    "account_id": "123456",
    "first_name": "john",
    "last_name": "smith",
    "phone": "111111111",
    "description": "A large sinkhole is destroying the street",
    "media_url": "http://farm3.static.flickr.com/2002/2212426634_5ed477a060.jpg",
    "attribute[building]": "1栋",
    "attribute[entrance]": "1单元",
}

LISTS = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
}


def xml(answer: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(answer)  # noqa: S314 - our own answer, which holds no entities


def spark(element: ElementTree.Element) -> Any:
    """An XML answer as the specification's JSON, but for numbers and booleans: XML has only words."""
    if element.tag in LISTS:
        assert {inner.tag for inner in element} <= {LISTS[element.tag]}
        return [spark(inner) for inner in element]
    if len(element):
        return {inner.tag: spark(inner) for inner in element}
    return element.text


def as_words(value: Any) -> Any:
    """A JSON answer with every number and boolean as XML writes it."""
    if isinstance(value, dict):
        return {key: as_words(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_words(inner) for inner in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value in (None, "") else str(value)
