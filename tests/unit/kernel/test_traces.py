"""A trace for the log tells where, never what somebody typed."""

import pytest
import sqlalchemy

from hoa.kernel.traces import without_messages

TYPED = "".join(("19900000258 ", "萧春怡"))  # never as one piece in the code, whose lines a trace shows


def caught(*, chained: bool) -> BaseException:
    with pytest.raises((KeyError, ValueError)) as found:
        try:
            raise KeyError(TYPED)
        except KeyError as cause:
            if chained:
                raise ValueError(TYPED) from cause
            raise
    return found.value


def test_a_trace_names_the_kinds_of_exceptions_and_the_lines_of_code_but_not_what_was_typed():
    told = without_messages(caught(chained=True), frames=3)
    assert told.index("builtins.KeyError") < told.index("builtins.ValueError")
    assert "test_traces.py" in told
    assert TYPED not in told


def test_the_line_of_ours_is_told_and_of_a_library_only_the_line_that_raised():
    with pytest.raises(sqlalchemy.exc.ArgumentError) as found:
        sqlalchemy.create_engine(TYPED)
    told = without_messages(found.value, frames=3)
    assert "test_traces.py" in told
    assert told.count("site-packages") == 1
    assert TYPED not in told


def test_exceptions_that_name_each_other_end():
    first, second = caught(chained=False), caught(chained=False)
    first.__context__, second.__context__ = second, first
    assert without_messages(first, frames=1).count("builtins.KeyError") == 2
