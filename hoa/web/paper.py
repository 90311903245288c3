"""Templates of paper documents, rendered where there is no request: in the worker, in a command, in the demo."""

from functools import cache
from gettext import NullTranslations
from pathlib import Path

from babel.support import Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined

import hoa
from hoa.kernel import masking
from hoa.web import i18n
from hoa.web.qr import qr_svg

_HERE = Path(hoa.__file__).parent
_FILTERS = {
    "money": i18n.money,
    "yuan": i18n.yuan,
    "area": i18n.area,
    "count": i18n.count,
    "day": i18n.day,
    "last_day": i18n.last_day,
    "moment": i18n.moment,
    "mask_name": masking.name,
}


@cache
def _catalogue(language: str) -> NullTranslations:
    return NullTranslations() if language == "zh-CN" else Translations.load(_HERE / "translations", [language])


@cache
def _environment(language: str) -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE.parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found = _catalogue(language)
    made.install_gettext_callables(found.gettext, found.ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.filters.update(_FILTERS)
    made.globals["qr"] = qr_svg
    return made


def render_paper(template: str, *, language: str = "zh-CN", **values: object) -> str:
    """The HTML of a paper document for `hoa.web.pdf`. A value that the template needs and nobody gave is an error."""
    with i18n.speaking(language):
        return _environment(language).get_template(template).render(lang_code=language, **values)


def translated(message: str, *, language: str, **params: object) -> str:
    """One message in a paper's language, for its title or a label that is no part of a template."""
    found = _catalogue(language).gettext(message)
    return found % params
