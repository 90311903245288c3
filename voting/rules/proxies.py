"""What an agent may mark for a principal (rules.md R1.30): a proxy carries an opinion and does not replace it."""

from collections.abc import Mapping, Set
from enum import StrEnum
from typing import ClassVar

from hoa.kernel.errors import N_, Refusal
from voting.rules.counting import OPTION_TITLES, Option


class Instruction(StrEnum):
    """What the principal told the agent about one motion."""

    AGREE = "agree"
    OPPOSE = "oppose"
    ABSTAIN = "abstain"
    AGENT = "agent"


INSTRUCTION_TITLES = {
    **{Instruction(option.value): OPTION_TITLES[option] for option in (Option.AGREE, Option.OPPOSE, Option.ABSTAIN)},
    Instruction.AGENT: N_("由代理人决定"),
}


class NoInstruction(Refusal):
    message: ClassVar[str] = N_("请至少委托一个表决事项，并为每个委托的事项选明意见，没有保存")


class AgainstInstruction(Refusal):
    message: ClassVar[str] = N_("委托人对“%(motion)s”已写明意见，代理人只能照投，没有提交")
    status: ClassVar[int] = 409


class OutsideScope(Refusal):
    message: ClassVar[str] = N_("选票与委托的事项不一致，没有提交。请回到第一项重新选择")


def check_instructions(instructions: Mapping[str, str], motions: Set[str]) -> None:
    """At least one motion of this assembly, each with an opinion that the law knows."""
    if not instructions or set(instructions) - motions or not set(instructions.values()) <= set(Instruction):
        raise NoInstruction


def must_follow(instructions: Mapping[str, str], choices: Mapping[str, str], titles: Mapping[str, str]) -> None:
    """Refuse a ballot that says something else than its principal did (Shanghai 18; R1.30)."""
    if set(choices) != set(instructions):
        raise OutsideScope
    for code, told in instructions.items():
        if told not in (Instruction.AGENT, choices[code]):
            raise AgainstInstruction(motion=titles[code])


def in_words(instructions: Mapping[str, str]) -> str:
    """The instruction as a ballot's evidence has it: `m1=agree m2=agent`."""
    return " ".join(f"{code}={told}" for code, told in sorted(instructions.items()))
