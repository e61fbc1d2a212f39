"""Draws each board into docs/, after a hundred questions, for people to look at.

Grafana can't be had everywhere; drawn.py says what is drawn as Grafana would.
"""

import time

import pytest
from conftest import ROOT
from drawn import page
from test_browser import browser  # noqa: F401, a fixture

BOARDS = ("predictions", "pipeline", "machine")
COUNTED = 90
"""Seconds until the questions are counted, and a few measurements have been taken."""


@pytest.mark.usefixtures("questions")
def test_each_board_is_drawn(visitor, browser):  # noqa: F811, the fixture
    time.sleep(COUNTED)
    for uid in BOARDS:
        tab = browser.new_page(viewport={"width": 1520, "height": 1000})
        tab.set_content(page(visitor, uid))
        tab.screenshot(path=ROOT / "docs" / f"board-{uid}.png", full_page=True)
