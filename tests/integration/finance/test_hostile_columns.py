"""Columns pointed out by somebody who wrote the form by hand."""

import pytest
from flask import Flask

from hoa.platform import Platform
from tests.integration.community.scene import post
from tests.integration.finance.test_pages import BOOKS, ODD, hidden, opened, people, upload

__all__ = ["people"]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("header", ["9" * 5000, "9" * 30, "99999", "-1", "²"])
def test_a_column_that_no_file_has_is_refused_and_nothing_is_imported(
    app: Flask,
    platform: Platform,
    people: dict[str, str],
    header: str,
):
    treasurer = opened(app, platform, people)
    data = {"ticket": hidden(upload(treasurer, ODD).text, "ticket"), "name": "a.csv", "chosen-header": header}
    data |= {"chosen-day": "0", "chosen-balance": "3"}
    answer = post(treasurer, f"{BOOKS}/bank/confirm", data, page=f"{BOOKS}/bank/import")
    assert answer.status_code == 422
