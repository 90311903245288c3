"""How a rule says no: one class per refusal, with a message id and parameters that templates, forms and commands
speak.
"""

from typing import ClassVar


def N_(message: str) -> str:
    """Mark a message id for translation where it is defined; whoever shows it translates it."""
    return message


class Refusal(Exception):
    """A request that the rules refuse; nothing was changed.

    `message` is a translatable template in simplified Chinese with named parameters (`%(unit)s`), `params` fill it,
    `status` is the HTTP status the web shell answers with.
    """

    message: ClassVar[str] = N_("这一步现在不能做")
    status: ClassVar[int] = 422

    def __init__(self, **params: object) -> None:
        super().__init__(params)
        self.params = params

    def __str__(self) -> str:
        return self.message % self.params


class NotFound(Refusal):
    """Nothing by that id in this community; also said for what belongs to another one."""

    message = N_("没有找到这一项，它可能已被移走，或者不属于本小区")
    status = 404


class NotAllowed(Refusal):
    """The person has no power for this, today, in this community."""

    message = N_("您现在的身份不能做这一步")
    status = 403


class Busy(Refusal):
    """The database could not give its lock or did not answer in time; nothing was changed and a retry is safe."""

    message = N_("系统正忙，刚才的操作没有生效，请稍后再试")
    status = 503
    retry_seconds: ClassVar[int] = 5
