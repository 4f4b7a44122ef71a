"""Tables that runs logged: any number of rows, and two of them joined."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.test_media_frames import send
from tests.frames import START_MS, Journal
from tests.processes import Server
from tracker.records import MediaLogged

ROWS = 100_000


def table(losses: list[float | str]) -> bytes:
    """As many rows as there are losses; every third is of a cat."""
    columns = [{"name": "id", "type": "number"}, {"name": "loss", "type": "number"}, {"name": "label", "type": "text"}]
    labels = ["cat" if row % 3 == 0 else "dog" for row in range(len(losses))]
    return json.dumps({"columns": columns, "values": [list(range(len(losses))), losses, labels]}).encode()


def log_table(server: Server, run: str, name: str, data: bytes) -> None:
    digest = hashlib.sha256(data).hexdigest()
    send(server, "PUT", f"/blobs/{digest}", data)
    media: Any = MediaLogged(1, START_MS, name, "table", digest, len(data))
    journal = Journal(run, "tables").started(name=f"{run}-name").add(media)
    send(server, "POST", f"/runs/{run}/journal?writer=w0", journal.body())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("tables") / "server") as server:
        log_table(server, "long", "predictions", table([row / ROWS for row in range(ROWS)]))
        log_table(server, "before", "evaluation", table([0.5, 0.5, 0.5, 0.5]))
        log_table(server, "after", "evaluation", table([0.25, 0.75, 0.5, "NaN"]))
        yield server


def test_a_table_of_a_hundred_thousand_rows_is_sorted_filtered_and_scrolled(context: BrowserContext) -> None:
    page = context.new_page()  # not watched: the browser itself complains about the answer 422
    page.goto("/p/tables/runs/long/media")
    grid = page.get_by_role("grid", name="predictions", exact=True)
    expect(grid).to_have_attribute("aria-rowcount", str(ROWS + 1))
    grid.get_by_role("row").nth(1).get_by_role("gridcell").first.focus()
    page.keyboard.press("Control+End")
    expect(grid.get_by_role("gridcell", name="99999", exact=True).or_(grid.get_by_text("99,999"))).to_be_visible()
    grid.get_by_role("button", name="loss", exact=True).click()
    grid.get_by_role("button", name=re.compile("^loss")).click()
    expect(grid.get_by_role("columnheader", name=re.compile("^loss"))).to_have_attribute("aria-sort", "descending")
    expect(grid.get_by_role("row").nth(1)).to_contain_text("99,999")
    field = page.get_by_role("textbox", name="Filter rows")
    field.fill("loss < 0.5 and lable == 'cat'")
    expect(page.get_by_role("alert")).to_contain_text("at character 16, 'lable': there is no column 'lable'")
    field.fill("loss < 0.5 and label == 'cat'")
    expect(page.get_by_text("16,667 of 100,000 rows")).to_be_visible()
    expect(grid).to_have_attribute("aria-rowcount", "16668")
    field.fill("")
    page.get_by_role("combobox", name="Group by").select_option("label")
    expect(page.get_by_text("2 groups", exact=True)).to_be_visible()
    expect(grid.get_by_role("row", name=re.compile("cat 33,334"))).to_be_visible()


def test_two_tables_are_joined_and_name_the_rows_that_got_worse(page: Page) -> None:
    page.goto("/p/tables/compare?runs=before,after&tab=media")
    page.get_by_role("checkbox", name="Join the rows").check()
    expect(page.get_by_text("4 rows in both, 3 of them differ; by loss, 2 got worse and 1 better.")).to_be_visible()
    page.get_by_role("checkbox", name="Only what got worse").check()
    grid = page.get_by_role("grid", name=re.compile("^evaluation"))
    expect(grid).to_have_attribute("aria-rowcount", "3")
    expect(grid.get_by_role("row").nth(1)).to_contain_text("NaN")  # the worst first
    expect(grid.get_by_role("row").nth(2)).to_contain_text("+0.25")
    page.get_by_role("combobox", name="Better is").select_option("max")
    expect(grid).to_have_attribute("aria-rowcount", "3")
    expect(grid.get_by_role("row").nth(2)).to_contain_text("−0.25")
