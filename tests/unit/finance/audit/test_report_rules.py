"""What a reporter may choose, and what the committee may answer (rules.md 6.2)."""

import pytest

from finance.audit.rules.report import (
    OPINION_LENGTH,
    OPINION_MEANINGS,
    OPINION_NAMES,
    REPLY_LENGTH,
    Choice,
    Opinion,
    OpinionTooLong,
    ReasonsNeeded,
    ReplyEmpty,
    ReplyTooLong,
    check,
    check_reply,
    other_language,
)


@pytest.mark.parametrize("opinion", list(Opinion))
def test_every_opinion_that_is_not_clean_needs_its_reasons(opinion: Opinion) -> None:
    assert opinion in OPINION_NAMES
    assert opinion in OPINION_MEANINGS
    check(Choice(opinion=opinion, text="第 1 项没有整改"))
    if opinion in (Opinion.UNQUALIFIED, Opinion.NONE):
        check(Choice(opinion=opinion))
        return
    for nothing in ("", " \n　"):
        with pytest.raises(ReasonsNeeded):
            check(Choice(opinion=opinion, text=nothing))


def test_lengths_are_allowed_to_the_last_character() -> None:
    check(Choice(opinion=Opinion.QUALIFIED, text="字" * OPINION_LENGTH))
    with pytest.raises(OpinionTooLong):
        check(Choice(opinion=Opinion.QUALIFIED, text="字" * (OPINION_LENGTH + 1)))
    assert check_reply(f" {'字' * REPLY_LENGTH} ") == "字" * REPLY_LENGTH
    with pytest.raises(ReplyTooLong):
        check_reply("字" * (REPLY_LENGTH + 1))
    for nothing in ("", " \n"):
        with pytest.raises(ReplyEmpty):
            check_reply(nothing)


def test_there_are_two_languages_and_each_has_the_other() -> None:
    assert [other_language(language) for language in ("zh-CN", "en")] == ["en", "zh-CN"]
    with pytest.raises(ValueError, match="fr"):
        check(Choice(language="fr"))
