"""The words on screen and their catalogues.

usage: python bin/translations.py check | update | compile FILE.po...

Chinese message ids stand in the code and the templates. `update` collects them into every catalogue; `check`, a part
of `make lint`, fails on a message that is missing, untranslated, doubtful (fuzzy), no longer used, or whose parameters
differ.
"""

import re
import sys
import tomllib
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "N_": None}
PARAMETER = re.compile(r"%\((\w+)\)")
COMMENT = "Written by `make translations` from the words in the code; translate msgstr only."


LANGUAGES = ("en",)


def catalogues() -> list[Path]:
    return [ROOT / "hoa" / "translations" / language / "LC_MESSAGES" / "messages.po" for language in LANGUAGES]


def collect() -> Catalog:
    """Every message id in the code and the templates, by the mapping in pyproject.toml."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["babel"]["mappings"]
    methods = [(pattern, entry["method"]) for entry in settings for pattern in entry["pattern"]]
    options = {
        pattern: {name: str(value) for name, value in entry.items() if name not in ("method", "pattern")}
        for entry in settings
        for pattern in entry["pattern"]
    }
    found = Catalog(charset="utf-8")
    # Babel's own filter would pass over folders such as templates/_macros.
    files = extract_from_dir(
        ROOT, methods, options, KEYWORDS, directory_filter=lambda folder: not Path(folder).name.startswith(".")
    )
    for name, _line, message, comments, context in files:
        found.add(message, None, [(name, 1)], auto_comments=comments, context=context)
    return found


def update() -> None:
    """Bring every catalogue in step with the code; what is new has an empty translation."""
    template = collect()
    for path in catalogues():
        catalogue = read(path)
        catalogue.update(template, no_fuzzy_matching=True, update_header_comment=False)
        catalogue.obsolete.clear()
        catalogue.header_comment = f"# {COMMENT}"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as handle:
            write_po(handle, catalogue, width=0, sort_output=True, include_lineno=False, ignore_obsolete=True)
        missing = sum(1 for message in catalogue if message.id and not message.string)
        sys.stdout.write(f"{path.relative_to(ROOT)}: {len(catalogue)} messages, {missing} to translate\n")


def check() -> int:
    """What stands between the catalogues and a complete translation, one line each."""
    template = collect()
    faults = [fault for path in catalogues() for fault in _faults(path, template)]
    for fault in faults:
        sys.stderr.write(fault + "\n")
    return 1 if faults else 0


def _faults(path: Path, template: Catalog) -> list[str]:
    where = path.relative_to(ROOT)
    catalogue = read(path)
    faults = []
    for message in template:
        if not message.id:
            continue
        known = catalogue.get(message.id, message.context)
        source = message.locations[0][0]
        if known is None:
            faults.append(f"{where}: missing {message.id!r} of {source}; run `make translations`, then translate it")
        elif known.fuzzy or not _complete(known):
            faults.append(f"{where}: not translated: {message.id!r} of {source}")
        elif _parameters(known.id) != _parameters(known.string):
            faults.append(f"{where}: parameters differ between {message.id!r} and {known.string!r}")
    used = {(message.id, message.context) for message in template}
    faults += [
        f"{where}: no longer used: {message.id!r}; run `make translations`"
        for message in catalogue
        if message.id and (message.id, message.context) not in used
    ]
    return faults


def _complete(message: Message) -> bool:
    strings = message.string if isinstance(message.string, (list, tuple)) else [message.string]
    return all(strings)


def _parameters(text: str | list[str] | tuple[str, ...]) -> set[str]:
    return set(PARAMETER.findall(" ".join(text) if isinstance(text, (list, tuple)) else text))


def read(path: Path) -> Catalog:
    """The catalogue at this path; an empty one where there is none yet."""
    if not path.exists():
        return Catalog(locale=path.parent.parent.name, charset="utf-8")
    with path.open("rb") as handle:
        return read_po(handle, locale=path.parent.parent.name, charset="utf-8", abort_invalid=True)


def compile_catalogue(path: Path) -> None:
    """Write messages.mo beside messages.po, for the running platform."""
    with path.with_suffix(".mo").open("wb") as handle:
        write_mo(handle, read(path))


def main(arguments: list[str]) -> int:
    match arguments:
        case ["check"]:
            return check()
        case ["update"]:
            update()
        case ["compile", *files] if files:
            for file in files:
                compile_catalogue(Path(file))
        case _:
            sys.stderr.write(str(__doc__))
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
