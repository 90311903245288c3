"""The base of every form: Flask-WTF with messages in the reader's language and input that is trimmed and NFC."""

import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Any

from flask import request
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import DateField, DateTimeField, Field, IntegerField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # the stubs are older than it
from wtforms.validators import DataRequired, Length, ValidationError

from hoa.kernel.clock import YEARS
from hoa.kernel.errors import N_, Refusal
from hoa.web.i18n import told


def tidy(text: str | None) -> str | None:
    """NFC without surrounding white space; None stays None."""
    return unicodedata.normalize("NFC", text).strip() if text is not None else None


def _within_reach(number: int | None) -> int | None:
    """A number that no database holds counts as not given; the field's own range then says what is allowed."""
    return number if number is None or abs(number) < 2**53 else None


def _in_our_time(_form: Any, field: Field) -> None:
    """Years that calendars, terms and time zones can reckon with."""
    if isinstance(field.data, date) and field.data.year not in YEARS:
        raise ValidationError(
            lazy_gettext("年份应在 %(first)s 与 %(last)s 之间，请核对", first=YEARS[0], last=YEARS[-1])
        )


class Form(FlaskForm):  # type: ignore[misc]
    """Text fields are tidied before they are checked; numbers and days that nothing can reckon with are refused."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Field:
            filters = unbound_field.kwargs.get("filters", [])
            if unbound_field.field_class.__name__ in ("StringField", "TextAreaField", "TelField"):
                filters = [tidy, *filters]
            if issubclass(unbound_field.field_class, IntegerField):
                filters = [_within_reach, *filters]
            if issubclass(unbound_field.field_class, DateField | DateTimeField):
                options["validators"] = [*unbound_field.kwargs.get("validators", ()), _in_our_time]
            bound: Field = unbound_field.bind(form=form, filters=filters, **options)
            return bound


class TooLong(Refusal):
    message = N_("写了 %(length)s 个字，最多 %(most)s 个字，请写短一些")
    status = 422


def written_text(field: str, *, most: int) -> str:
    """What somebody wrote into a form too small for a class of its own. Longer than `most` characters is refused, not
    cut; the page that says so shows it again (hoa/web/errors.py).
    """
    text = (tidy(request.form.get(field, "")) or "").replace("\r\n", "\n")
    if len(text) > most:
        raise TooLong(length=len(text), most=most)
    return text


def options(pairs: Iterable[tuple[str, Any]], *, group: str | None = None) -> list[Any]:
    """What a SelectField offers, from (value, label) pairs, under the heading `group` if there is one."""
    return [SelectChoice(value, label, optgroup=group) for value, label in pairs]


def required() -> DataRequired:
    return DataRequired(message=lazy_gettext("请填写这一项"))


def at_most(characters: int) -> Length:
    return Length(max=characters, message=lazy_gettext("太长了，请控制在 %(max)d 个字以内"))


class Parses:
    """A validator from a pure parser that raises a Refusal: the field shows the refusal's own words."""

    def __init__(self, parse: Any) -> None:
        self._parse = parse

    def __call__(self, _form: Any, field: Field) -> None:
        try:
            self._parse(field.data)
        except Refusal as refusal:
            raise ValidationError(told(refusal)) from refusal
