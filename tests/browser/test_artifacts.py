"""Artifacts: their list, the files of a version, what changed in it, where it leads, and the data of compared runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import ask, log
from tests.processes import Server

CODE = """
import json, os, tracker
from pathlib import Path

folder = Path(os.environ["TRACKER_DIR"]) / "rows"
(folder / "notes").mkdir(parents=True)

def write(name, content):
    (folder / name).write_text(content)

runs = {}
with tracker.init("digits", name="prepare", system_interval_s=0):
    write("rows.csv", "id,label\\n" + "".join(f"{n},{n % 3}\\n" for n in range(40)))
    write("notes/a <b>.txt", "first")
    write("notes/old.txt", "gone soon")
    tracker.log_artifact(folder, name="rows", type="dataset")
    write("rows.csv", "id,label\\n" + "".join(f"{n},{9 if n == 7 else n % 3}\\n" for n in range(41)))
    (folder / "notes" / "old.txt").unlink()
    write("notes/new.txt", "new here")
    tracker.log_artifact(folder, name="rows", type="dataset")
for n in range(6):
    with tracker.init("digits", name=f"reader-{n}", system_interval_s=0) as run:
        tracker.use_artifact("rows:v1", type="dataset")
        runs[run.name] = run.id
with tracker.init("digits", name="train", system_interval_s=0) as run:
    tracker.use_artifact("rows:v2", type="dataset")
    tracker.log({"val/acc": 0.93})
    weights = folder / "net.bin"
    weights.write_text("weights")
    tracker.log_artifact(weights, name="net", type="model")
    runs[run.name] = run.id
print(json.dumps(runs))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("artifacts") / "server") as server:
        yield server


@pytest.fixture(scope="module")
def runs(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """rows:v1, read by six; rows:v2 → train → net:v1 → digits v1, in production."""
    found: dict[str, str] = json.loads(log(server, tmp_path_factory.mktemp("client"), CODE).splitlines()[-1])
    artifacts = ask(server, f"/runs/{found['train']}/artifacts")["artifacts"]
    (made,) = [one["id"] for one in artifacts if one["name"] == "net"]
    move = {"artifact_version_id": made, "replaces": None, "reason": "the first"}
    ask(server, "/models/digits/aliases/production", move)
    return found


def test_a_project_lists_its_artifacts_and_a_version_its_files(page: Page, runs: dict[str, str]) -> None:
    page.goto("/p/digits/artifacts")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="rows", exact=True))
    expect(row).to_contain_text("7 runs")
    page.get_by_role("combobox", name="Kind").select_option("dataset")
    expect(page.get_by_role("link", name="net", exact=True)).to_be_hidden()
    row.get_by_role("link", name="rows", exact=True).click()
    expect(page.get_by_role("heading", name="rows:v2", level=1)).to_be_visible()
    tree = page.get_by_role("region", name="Files of the version")
    tree.get_by_role("button", name="notes/").click()
    tree.get_by_role("button", name="a <b>.txt").click()
    chosen = page.get_by_role("region", name="Chosen file")
    expect(chosen.get_by_role("heading", name="notes/a <b>.txt")).to_be_visible()
    with page.expect_download() as waiting:
        chosen.get_by_role("link", name="Download").first.click()
    assert waiting.value.path().read_text() == "first"
    tree.get_by_role("searchbox", name="Find a file").fill("NEW")
    expect(tree.get_by_role("button", name="notes/new.txt")).to_be_visible()
    expect(tree.get_by_role("button", name="rows.csv")).to_be_hidden()
    page.get_by_role("link", name="Use it").click()
    expect(page.get_by_label("How to use this version", exact=True)).to_contain_text('use_artifact("rows:v2")')
    page.get_by_role("combobox", name="Version").select_option("v1")
    expect(page.get_by_role("heading", name="rows:v1", level=1)).to_be_visible()
    expect(page.get_by_role("heading", name="Used by 6 runs")).to_be_visible()


def test_changes_between_versions_name_files_bytes_and_rows(page: Page, runs: dict[str, str]) -> None:
    page.goto("/p/digits/artifacts/rows/latest")
    page.get_by_role("link", name="Changes since v1").click()
    expect(page.get_by_text("1 added (8 B) · 1 removed (9 B) · 1 changed (")).to_be_visible()
    changed = page.get_by_role("region", name="Changed files")
    for path, change in (("notes/new.txt", "added"), ("notes/old.txt", "removed"), ("rows.csv", "changed")):
        row = changed.get_by_role("row").filter(has=page.get_by_role("rowheader", name=path, exact=True))
        expect(row).to_contain_text(change)
    changed.get_by_role("button", name="Show rows of rows.csv").click()
    rows = page.get_by_role("region", name="Rows of rows.csv that differ")
    known_by = rows.get_by_role("combobox", name="A row is known by")
    expect(known_by).to_have_value("id")
    expect(rows).to_contain_text("Rows are matched by id")
    expect(rows).to_contain_text("1 rows added, 0 removed, 1 changed")
    known_by.select_option("all its values")
    expect(rows).to_contain_text("2 rows added, 1 removed, 0 changed")
    page.goto("/p/digits/artifacts/rows/v1?tab=changes&since=2")
    expect(page.get_by_text("1 added (9 B) · 1 removed (8 B)")).to_be_visible()


def test_lineage_leads_from_data_to_production_and_back(page: Page, runs: dict[str, str]) -> None:
    page.goto("/p/digits/artifacts/rows/v2?tab=lineage")
    graph = page.get_by_role("region", name="Graph of the lineage, from left to right")
    for name in ("run · finished prepare", "artifact · dataset rows:v2 (this one)", "run · finished train",
                 "artifact · model net:v1", "alias production"):  # fmt: skip
        expect(graph.get_by_role("link", name=name)).to_be_visible()
    graph.get_by_role("link", name=re.compile("version digits v1")).click()
    expect(page.get_by_role("heading", name="digits v1", level=1)).to_be_visible()
    graph.get_by_role("link", name="artifact · dataset rows:v2").click()
    expect(page.get_by_role("heading", name="rows:v2", level=1)).to_be_visible()
    page.goto("/p/digits/artifacts/rows/v1?tab=lineage")
    expect(graph.get_by_role("link", name=re.compile("reader-"))).to_have_count(0)
    graph.get_by_role("button", name="6 runs").click()
    expect(graph.get_by_role("link", name=re.compile("reader-"))).to_have_count(6)


def test_runs_on_two_data_versions_name_the_files_and_rows_that_changed(page: Page, runs: dict[str, str]) -> None:
    page.goto(f"/p/digits/compare?runs={runs['reader-0']},{runs['train']}")
    data = page.get_by_role("region", name="Data", exact=True)
    expect(data.get_by_role("link", name="rows:v1")).to_be_visible()
    expect(data.get_by_role("link", name="rows:v2")).to_be_visible()
    expect(data).to_contain_text("To what train read: 1 added (8 B) · 1 removed (9 B) · 1 changed")
    for path in ("notes/new.txt", "notes/old.txt", "rows.csv"):
        expect(data.get_by_role("rowheader", name=path, exact=True)).to_be_visible()
    rows = data.get_by_role("region", name="Rows of rows.csv that differ")
    expect(rows.get_by_role("row", name=re.compile("changed"))).to_contain_text("7")
    page.set_viewport_size({"width": 1440, "height": 500})
    seen = page.get_by_role("region", name="Comparison", exact=True).bounding_box()
    assert seen is not None
    assert seen["height"] > 200, "the data leaves the table of differences its room"
    data.get_by_role("link", name="rows:v2").click()
    expect(page.get_by_role("heading", name="rows:v2", level=1)).to_be_visible()


TEXTS = """
import json, os, tracker
from pathlib import Path

folder = Path(os.environ["TRACKER_DIR"]) / "recipe"
folder.mkdir(parents=True)
ids = []
for rate in (1, 2):
    lines = [f"option_{n}: {n}" for n in range(40)]
    lines[20] = f"rate: 0.0{rate}"
    (folder / "train.yaml").write_text("\\n".join(lines) + "\\n")
    (folder / "words").write_bytes(b"\\0" * rate)
    with tracker.init("texts", name=f"rate-{rate}", system_interval_s=0) as run:
        run.log_artifact(folder, name="recipe", type="config")
    with tracker.init("texts", name=f"read-{rate}", system_interval_s=0) as run:
        run.use_artifact(f"recipe:v{rate}")
        ids.append(run.id)
print(json.dumps(ids))
"""


def test_a_changed_text_shows_its_lines_below_or_beside_each_other(page: Page, server: Server, tmp_path: Path) -> None:
    ids = json.loads(log(server, tmp_path, TEXTS).splitlines()[-1])
    page.goto("/p/texts/artifacts/recipe/v2?tab=changes")
    page.get_by_role("button", name="Show lines of train.yaml").click()
    lines = page.get_by_role("region", name="Changes of train.yaml", exact=True)
    expect(lines.get_by_role("deletion")).to_have_text("rate: 0.01")
    expect(lines.get_by_role("insertion")).to_have_text("rate: 0.02")
    expect(lines.get_by_text("option_2: 2", exact=True)).to_have_count(0)
    lines.get_by_role("button", name="Show 17 lines that are the same").click()
    expect(lines.get_by_role("cell", name="option_2: 2", exact=True)).to_be_visible()
    page.get_by_role("button", name="Side by side", exact=True).click()
    expect(lines.get_by_role("row").filter(has=page.get_by_role("deletion"))).to_have_text(re.compile("0.01.*0.02"))
    page.goto(f"/p/texts/compare?runs={','.join(ids)}")
    data = page.get_by_role("region", name="Data", exact=True)
    data.get_by_role("button", name="Show lines of train.yaml").click()
    expect(data.get_by_role("insertion")).to_have_text("rate: 0.02")
    refused = page.context.new_page()  # whose console tells of what the server refuses
    refused.goto("/p/texts/artifacts/recipe/v2?tab=changes")
    refused.get_by_role("button", name="Show lines of words").click()
    expect(refused.get_by_role("alert")).to_contain_text("'words' as it was is no text by its bytes")


UNSIZED = """
import tracker

with tracker.init("elsewhere", name="list", system_interval_s=0) as run:
    data = tracker.Artifact("listed", type="dataset")
    data.add_reference("https://example.com/train.bin", check=False)
    run.log_artifact(data)
"""


def test_a_size_that_nobody_knows_is_not_nothing(page: Page, server: Server, tmp_path: Path) -> None:
    log(server, tmp_path, UNSIZED)
    page.goto("/p/elsewhere/artifacts/listed/v1")
    expect(page.get_by_text("without the 1 file whose size nobody knows")).to_be_visible()
    file = page.get_by_role("region", name="Tree").get_by_role("button", name="train.bin")
    expect(file).to_contain_text("unknown")
    expect(file).not_to_contain_text("0 B")
    file.click()
    expect(page.get_by_role("region", name="Chosen file")).to_contain_text("unknown")


def test_an_alias_is_pointed_at_a_version_and_taken_off(page: Page, runs: dict[str, str]) -> None:
    page.goto("/p/digits/artifacts/rows/v1")
    page.get_by_role("button", name="Alias", exact=True).click()
    dialog = page.get_by_role("dialog", name="Alias for rows:v1")
    expect(dialog.get_by_role("textbox", name="Alias")).to_be_focused()
    page.keyboard.type("golden")
    dialog.get_by_role("button", name="Point it here").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Take golden off").click()
    expect(page.get_by_role("button", name="Take golden off")).to_be_hidden()
