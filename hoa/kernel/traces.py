"""Where something broke, without what anybody typed.

The message of an exception may hold a name, a phone or a choice (a database quotes the values of the statement that
failed), so a log gets the kinds of exceptions and the lines of code, never their messages (trust.md 20).
"""

import traceback

LIBRARIES = "site-packages"


def without_messages(error: BaseException, *, frames: int) -> str:
    """The chain of exceptions, the first cause first: each with its kind, the innermost `frames` lines of our own code
    and the very line that raised it.
    """
    told: list[str] = []
    seen: set[int] = set()
    here: BaseException | None = error
    while here is not None and id(here) not in seen:
        seen.add(id(here))
        told.append(_lines(here, frames) + f"{type(here).__module__}.{type(here).__qualname__}\n")
        here = here.__cause__ or here.__context__
    return "\n".join(reversed(told))


def _lines(error: BaseException, frames: int) -> str:
    passed = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in passed if LIBRARIES not in frame.filename][-frames:]
    raised = [frame for frame in passed[-1:] if frame not in ours]
    return "".join(traceback.format_list([*ours, *raised]))
