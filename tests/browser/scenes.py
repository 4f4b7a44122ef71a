"""What there is to see: a server with work of all kinds on it, and every page and state of the dashboard as a scene.

A scene is an address, what one does there, and what is on the page when it is whole. `shots.py` draws all of them.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser import bundles
from tests.browser.pages import ask, log, row, tile, wait_for_points
from tests.browser.training import Reachable
from tests.processes import Server, environment
from tests.server import seed
from tracker_server.db import Database
from tracker_server.migrating import migrate

PROJECT = "resnet-sweeps"

WORK = r"""
import json, math, os, random, time, tracker
from pathlib import Path
from urllib.parse import urlsplit
from tracker.records import ConsoleLine, Logged, SystemSampled

chance = random.Random(11)
folder = Path(os.environ["TRACKER_DIR"])
birds = ("heron", "otter", "finch", "crane", "plover", "swift", "lynx", "ibis", "stork", "wren")
now_ms = time.time_ns() // 1_000_000
ids = []

def readings(number):
    idle = number % 10 < 4
    values = {"system/cpu.percent": 94.0 if idle else 40 + 5 * math.sin(number / 9)}
    values |= {"system/memory.percent": 50 + number / 40}
    values |= {"system/disk.read_bytes_per_s": 1e6 * (1 + number % 7), "system/disk.written_bytes_per_s": 2e6}
    for gpu in range(4):
        load = 2.0 if idle and gpu == 3 else 80.0 + 3 * gpu + 4 * math.sin(number / 5 + gpu)
        values |= {f"system/gpu.{gpu}/utilization": load, f"system/gpu.{gpu}/power_w": 3 * load,
                   f"system/gpu.{gpu}/temperature_c": 55.0 + load / 10, f"system/gpu.{gpu}/memory_percent": 60.0 + gpu}
    return values

for number in range(20):
    lr, depth, optimiser = 10 ** -chance.uniform(1.5, 4), chance.choice((18, 34, 50)), ("adamw", "sgd")[number % 2]
    best = 0.82 - 0.03 * abs(math.log10(lr) + 3) + 0.01 * (depth == 50) - 0.02 * (optimiser == "sgd")
    config = {"optim": {"lr": lr, "name": optimiser, "weight_decay": 0.01}, "seed": number, "epochs": 90}
    config |= {"model": {"depth": depth, "width": 64, "is_wide": depth == 50}}
    config |= {"data": {"name": "imagenet", "version": "v4", "batch_size": 256}}
    name = f"{chance.choice(('calm', 'late', 'bold', 'glad'))}-{birds[number % 10]}-{195 + number}"
    tags = (["baseline"] if number == 3 else []) + (["sweep", "candidate"] if number % 5 == 0 else ["sweep"])
    notes = "Warm restart from **198**, lr halved.\n\n- augmentations as before\n- `ema` off" if number == 18 else ""
    more = {"config": config, "tags": tags, "notes": notes, "group": f"depth-{depth}"}
    run = tracker.init("resnet-sweeps", name=name, system_interval_s=0, **more)
    run.define_metric("val/acc", goal="max", summary="max")
    run.define_metric("train/loss", goal="min")
    run.define_metric("val/loss", goal="min")
    ids.append(run.id)
    start_ms = now_ms - (20 - number) * 3_600_000
    steps = 400 if number != 17 else 130
    for step in range(steps):
        share, noise = step / 400, chance.gauss(0, 1)
        lost, learnt = 3 * math.exp(-4 * share) + 1 - best / 2, best * (1 - math.exp(-5 * share))
        values = {"train/loss": lost + 0.05 * noise, "train/acc": learnt + 0.01 * noise, "epoch": step // 5}
        values |= {"train/lr": lr * 0.5 * (1 + math.cos(math.pi * share)), "train/grad_norm": abs(1 + 0.4 * noise)}
        values |= {"optim/momentum": 0.9, "optim/weight_norm": 20 + 4 * share + lr * 100}
        if step % 10 == 0:
            values |= {"val/loss": lost + 0.02 * noise, "val/acc": learnt + 0.004 * noise, "val/top5": learnt + 0.15}
        if number == 17 and step > 120:
            values["train/loss"] = float("nan")
        run.record(Logged(step, start_ms + 15_000 * step, values))
    if number in (16, 17, 18):
        for reading in range(120):
            run.record_sample(SystemSampled(reading, start_ms + 20_000 * reading, readings(reading)))
        for line in range(400):
            text = f"epoch {line // 5:>3} step {line:>4} loss {3 / (1 + line / 40):.4f}"
            if line % 50 == 49:
                text = f"\x1b[32mval/acc {best * (line / 400):.3f}\x1b[0m \x1b[2m(best so far)\x1b[0m"
            run.record(ConsoleLine(start_ms + 15_000 * line, "stderr" if line % 97 == 5 else "stdout", text))
    if number in (16, 18):
        weights = folder / "resnet.pt"
        weights.write_bytes(name.encode() * 20_000)
        (folder / "labels.json").write_text("[]")
        run.log_artifact(weights, name="resnet", type="model")
    if number == 18:
        run.alert("accuracy is above 0.78", level="info")
    if number == 17:
        run.alert("loss is NaN", text="train/loss was not a number for 10 steps in a row", level="error")
        trace = ["Traceback (most recent call last):", '  File "train.py", line 214, in <module>', "    fit(model)"]
        trace += ["RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 79.15 GiB total)"]
        run.finish("failed", exit_code=1, error="\n".join(trace))
    elif number == 12:
        run.finish("stopped")
    else:
        run.finish()
print(json.dumps(ids))
"""

GOES_ON = """
import math, sys, tracker
run = tracker.init("resnet-sweeps", name="glad-otter-215", tags=["sweep"], system_interval_s=0,
                   config={"optim": {"lr": 3e-4, "name": "adamw"}, "model": {"depth": 50}, "max_steps": 400})
for step in range(150):
    learnt = 0.7 * (1 - math.exp(-step / 80))
    run.log({"train/loss": 0.6 + 2.5 * math.exp(-step / 90), "train/acc": learnt, "val/acc": learnt})
print(run.id, flush=True)
sys.stdin.readline()
"""

QUIET = (
    "import tracker; run = tracker.init('notebooks', name='scratch', system_interval_s=0); run.finish(); print(run.id)"
)


PICTURES = r"""
import json, os, tracker
from pathlib import Path
import numpy as np

chance = np.random.default_rng(3)
folder = Path(os.environ["TRACKER_DIR"]) / "rows"
folder.mkdir(parents=True)
ids = []
for number in range(2):
    lines = "".join(f"{n},{number if n == 3 else n % 3}\n" for n in range(60))
    (folder / "rows.csv").write_text("id,label\n" + lines)
    config = {"classes": ["cat", "dog", "owl"], "sizes": list(range(20)), "seed": number, "split": "train"}
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    (folder / "notes.md").write_text("# Rows\n\nOf *animals*.")
    with tracker.init("pictures", name=f"gather-{number}", system_interval_s=0) as run:
        rows = tracker.Artifact("rows", "dataset", metadata={"of": "animals"})
        rows.add_dir(folder)
        run.log_artifact(rows)
        gathered = run.id
    with tracker.init("pictures", name=f"look-{number}", config={"seed": number}, system_interval_s=0) as run:
        run.use_artifact(f"rows:v{number + 1}")
        ids.append(run.id)
        labels = chance.integers(0, 3, 90)
        scores = chance.random((90, 3)) + np.eye(3)[labels]
        scores /= scores.sum(axis=1, keepdims=True)
        for step in range(3):
            pixels = chance.integers(0, 255, (4, 24, 32, 3), dtype="uint8")
            boxes = {"prediction": [{"box": (2, 2, 20, 16), "label": "cat", "score": 0.8}]}
            run.log({
                "val/samples": [tracker.Image(one, caption=f"image {n}", boxes=boxes) for n, one in enumerate(pixels)],
                "val/weights": tracker.Histogram(chance.normal(step, 1, 500)),
            }, step=step)
        answers = tracker.Table(columns=["number", "image", "label", "score"])
        for n in range(40):
            answers.add(n, tracker.Image(pixels[n % 4]), ["cat", "dog", "owl"][labels[n]], float(scores[n].max()))
        run.log({
            "answers": answers,
            "loop": tracker.Video(pixels, fps=4, format="gif"),
            "notes": tracker.Text("# Findings\n\nIt **learns**.", format="markdown"),
            "page": tracker.Html("<h1>A report</h1>"),
            "quality/confusion": tracker.ConfusionMatrix(labels, scores.argmax(1), labels=["cat", "dog", "owl"]),
            "quality/precision": tracker.PRCurve(labels, scores, classes=["cat", "dog", "owl"]),
            "sound": tracker.Audio(np.sin(np.arange(8000) * 0.05), sample_rate_hz=8000),
        }, step=2)
print(json.dumps([*ids, gathered]))
"""
"""Two runs with media of most kinds, each of which read its own version of a dataset, and one that made the second."""

RULES = """\
protected:
  staging: {approvals: 0}
rules:
  - metric: val/acc
    at_least: 0.77
  - metric: val/acc
    goal: max
    better_by: 0.001
  - metric: val/loss
    goal: min
    not_worse_by: 1 %
    evidence: {seeds: 3}
  - size: {at_most: 100 MB}
"""
"""Of the model: one passes, one fails, and for one there is not enough evidence."""


@dataclass(frozen=True)
class Material:
    """A server with work, another one with none, and the ids of what is on the first."""

    server: Server
    empty: Server
    runs: list[str]
    running: str
    quiet: str
    pictures: list[str]


@contextmanager
def material(folder: Path) -> Iterator[Material]:
    """Twenty runs and one that is alive, ten thousand more, two versions of a model, and a server without anything."""
    fill_big(folder / "server")
    with Server(folder / "server") as server, Server(folder / "empty") as empty:
        runs: list[str] = json.loads(log(server, folder / "client", WORK).splitlines()[-1])
        quiet = log(server, folder / "client", QUIET).strip()
        pictures: list[str] = json.loads(log(server, folder / "pictures", PICTURES).splitlines()[-1])
        for position, reason in ((16, "the first that holds"), (18, "half a point better, same cost")):
            artifact = ask(server, f"/runs/{runs[position]}/artifacts")["artifacts"][0]["id"]
            held = ask(server, "/models/resnet")["aliases"] if position == 18 else []
            move = {"artifact_version_id": artifact, "replaces": held[0]["version"] if held else None, "reason": reason}
            ask(server, "/models/resnet/aliases/production", move)
        ask(server, "/models/resnet/rules", {"text": RULES, "revision": 0}, method="PUT")
        proposal = {"version": 1, "reason": "It forgets less of the long tail."}
        ask(server, "/models/resnet/proposals", proposal)
        ask(server, "/models/resnet/proposals/1/comments", {"text": "Which *long tail*?"})
        ask(server, f"/projects/{PROJECT}/runs/change", {"action": "archive", "runs": [runs[0]]})
        hook = {"name": "deploy-bot", "url": "https://hooks.invalid/services/T0", "events": ["alias.removed"]}
        ask(server, f"/projects/{PROJECT}/webhooks", hook)  # nothing here removes an alias, so nothing is sent
        make_bundles(server, folder)
        age(folder / "server", runs)
        with alive(server, folder / "alive") as running:
            wait_for_points(server, running, "val/acc", 150)
            yield Material(server, empty, runs, running, quiet, pictures)


def make_bundles(server: Server, folder: Path) -> None:
    """A model with a version that was verified, one that was altered and lacks a role, and processes that hold both."""
    run = log(server, folder / "bundles", bundles.LOG).splitlines()[-1]
    bundles.register(server, run, "digits")
    bundles.verify(server, "digits", 1, bundles.VERIFIED)
    bundles.verify(server, "digits", 2, bundles.ALTERED)
    hold_bundles(server)


def hold_bundles(server: Reachable) -> None:
    """Two processes say which version they hold; when they have not said it for a while they count no more."""
    bundles.hold(server, "digits", "gpu-1", 1, "production", kind="serve", address="http://gpu-1.invalid:8091")
    bundles.hold(server, "digits", "gpu-2", 2, "production")


def fill_big(folder: Path) -> None:
    folder.mkdir(parents=True)
    database = Database(f"sqlite:///{folder / 'tracker.db'}")
    migrate(database, lock_folder=folder)
    with database.writing() as session:
        now_ms = time.time_ns() // 1_000_000
        seed.fill(session, "language-models", run_count=10_000, now_ms=now_ms, config_keys=12, metric_names=6)
        session.commit()
    database.close()


def age(folder: Path, runs: list[str]) -> None:
    """Spread the runs over the last days, as if each had trained for its time."""
    hour_ms = 3_600_000
    with sqlite3.connect(folder / "tracker.db") as connection:
        for number, run in enumerate(reversed(runs), 1):
            earlier = number * 5 * hour_ms
            connection.execute(
                "UPDATE runs SET created_ms = created_ms - ?, started_ms = started_ms - ?,"
                " finished_ms = finished_ms - ? + ?, heartbeat_ms = heartbeat_ms - ? WHERE id = ?",
                (earlier, earlier, earlier, 2 * hour_ms + number * 700_000, earlier, run),
            )


@contextmanager
def alive(server: Server, folder: Path) -> Iterator[str]:
    """A run that goes on until the end of the `with`; its id."""
    with subprocess.Popen(
        [sys.executable, "-c", GOES_ON],
        env=environment(server.url, folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as training:
        assert training.stdout is not None
        yield training.stdout.readline().strip()
        training.kill()


@dataclass(frozen=True)
class Address:
    """A server of which one knows where it is."""

    url: str


@dataclass(frozen=True)
class Scene:
    """`path` may name `{best}`, `{failed}`, `{archived}`, `{running}`, `{quiet}`, `{three}`, `{media}`, `{both}` and
    `{gather}` of the material.

    `act` leads to the state; `whole` is there when it is reached. A scene with `is_empty` is on the other server.
    """

    path: str
    whole: Callable[[Page], Locator]
    act: Callable[[Page], object] | None = None
    is_empty: bool = False
    is_main: bool = False


def text(words: str) -> Callable[[Page], Locator]:
    return lambda page: page.get_by_role("main").get_by_text(words).first


def drawn(page: Page) -> Locator:
    """A chart that one sees; on a phone others are further down, and not drawn."""
    return page.get_by_role("figure").locator("canvas").first


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def menu(page: Page) -> Locator:
    return page.get_by_role("menu")


def press(name: str) -> Callable[[Page], object]:
    """Click a button by its name, once the charts behind it are drawn."""
    return lambda page: page.get_by_role("button", name=name, exact=True).first.click()


def in_menu(button: str, entry: str) -> Callable[[Page], object]:
    def act(page: Page) -> None:
        page.get_by_role("button", name=button, exact=True).first.click()
        page.get_by_role("menuitem", name=entry).click()

    return act


def hover_chart(page: Page) -> None:
    page.get_by_role("img", name="train/loss").first.hover()


def select_runs(page: Page) -> None:
    for one in page.get_by_role("checkbox", name="Select ").all()[1:4]:
        one.check()


def open_palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search projects, runs").fill("loss")


def complete_filter(page: Page) -> None:
    page.get_by_role("combobox", name="Filter runs").press_sequentially("config.opt")


def wrong_filter(page: Page) -> None:
    page.get_by_role("combobox", name="Filter runs").fill("config.optim.lr >> 3")


def write_clause(page: Page) -> None:
    page.get_by_role("button", name="Build a filter").click()
    page.get_by_role("combobox", name="Key").fill("metrics.val/acc.max")
    page.get_by_role("combobox", name="Operator").select_option(">=")
    page.get_by_role("textbox", name="Value").or_(page.get_by_role("combobox", name="Value")).fill("0.8")


def open_group(page: Page) -> None:
    page.get_by_role("treegrid").get_by_role("button", name="Open ").first.click()


def show_card(page: Page) -> None:
    row(page, "glad-otter-215").get_by_role("link").click()


def break_tile(page: Page) -> None:
    def damage(route: Route) -> None:
        answer = route.fetch()
        body = msgspec.msgpack.decode(answer.body())
        for one in body["series"]:
            if one["metric"] == "train/acc":
                one["marks"] = None
        route.fulfill(response=answer, body=msgspec.msgpack.encode(body))

    page.route("**/api/v1/series", damage)
    page.reload()


def refuse_series(page: Page) -> None:
    refusal = {"error": {"code": "busy", "message": "the database is busy; try again"}}
    page.route("**/api/v1/series", lambda route: route.fulfill(status=503, json=refusal))
    page.reload()


def lose_connection(page: Page) -> None:
    page.route("**/api/v1/**", lambda route: route.abort())


def hear_again(page: Page) -> None:
    parts = urlsplit(page.url)
    hold_bundles(Address(f"{parts.scheme}://{parts.netloc}"))
    page.reload()


def ask_wrongly(page: Page) -> None:
    page.get_by_role("textbox", name="pixels").fill("[[1, 2]]")
    page.get_by_role("button", name="Send").click()


def alert(page: Page) -> Locator:
    return page.get_by_role("alert").filter(visible=True).first


def figure(name: str, role: Literal["row", "img"]) -> Callable[[Page], Locator]:
    """What is first of a role in a figure."""
    return lambda page: page.get_by_role("figure", name=name, exact=True).get_by_role(role).first


def enlarge(name: str) -> Callable[[Page], object]:
    return press(f"Enlarge {name}")


def filter_table(page: Page) -> None:
    page.get_by_role("textbox", name="Filter rows").fill("number < 14")


def join_tables(page: Page) -> None:
    page.get_by_role("checkbox", name="Join the rows").check()


WORKSPACE = f"/p/{PROJECT}"
PICTURES_RUN = "/p/pictures/runs/{media}"
PICTURES_COMPARED = "/p/pictures/compare?runs={both}"
ROWS = "/p/pictures/artifacts/rows"
RUN = f"{WORKSPACE}/runs/{{best}}"
WEBHOOKS = f"/settings/webhooks?project={PROJECT}"
COMPARE = f"{WORKSPACE}/compare?runs={{three}}"

SCENES = {
    "projects": Scene("/", text("Now running"), is_main=True),
    "projects-empty": Scene("/", text("No projects yet"), is_empty=True),
    "project-unknown": Scene("/p/nothing", text("There is no project"), is_empty=True),
    "workspace": Scene(WORKSPACE, drawn, is_main=True),
    "workspace-tooltip": Scene(WORKSPACE, lambda page: page.get_by_role("tooltip"), hover_chart),
    "workspace-smoothed": Scene(f"{WORKSPACE}?smooth=0.8&band=always", drawn),
    "workspace-log-zoomed": Scene(f"{WORKSPACE}?log=1&zoom=100..200", drawn),
    "workspace-pinned": Scene(
        f"{WORKSPACE}?pins=val/acc,val/loss",
        lambda page: page.get_by_role("region", name="Pinned").locator("canvas").first,
    ),
    "workspace-selected": Scene(WORKSPACE, lambda page: page.get_by_role("toolbar", name="Selected runs"), select_runs),
    "workspace-card": Scene(WORKSPACE, lambda page: page.get_by_role("complementary"), show_card),
    "workspace-archived": Scene(f"{WORKSPACE}?archived=with", drawn),
    "workspace-many-runs": Scene("/p/language-models", text("10,000 runs")),
    "workspace-nothing-matches": Scene(f"{WORKSPACE}?q=no+such+run", text("0 of 2")),
    "workspace-no-visible-run": Scene(f"{WORKSPACE}?show=none", text("No run is shown")),
    "workspace-no-chart-found": Scene(f"{WORKSPACE}?find=nothing", text("Show all")),
    "workspace-broken-tile": Scene(WORKSPACE, text("The chart of train/acc broke."), break_tile),
    "workspace-series-refused": Scene(WORKSPACE, alert, refuse_series),
    "workspace-connection-lost": Scene(WORKSPACE, lambda page: page.get_by_text("Connection lost"), lose_connection),
    "workspace-filter-completed": Scene(WORKSPACE, lambda page: page.get_by_role("option").first, complete_filter),
    "workspace-filter-wrong": Scene(
        WORKSPACE, lambda page: page.locator("input[aria-label='Filter runs'][aria-invalid=true]"), wrong_filter
    ),
    "workspace-filter-built": Scene(WORKSPACE, dialog, write_clause),
    "workspace-groups": Scene(f"{WORKSPACE}?group=config.model.depth", drawn, open_group, is_main=True),
    "workspace-group-dialog": Scene(WORKSPACE, dialog, press("Group")),
    "workspace-chart-menu": Scene(WORKSPACE, menu, press("More chart settings")),
    "workspace-tile-menu": Scene(WORKSPACE, menu, press("More for train/loss")),
    "workspace-axes-dialog": Scene(WORKSPACE, dialog, in_menu("More for train/loss", "Axes and ranges…")),
    "workspace-views-menu": Scene(WORKSPACE, menu, press("View: Default")),
    "workspace-save-dialog": Scene(f"{WORKSPACE}?log=1", dialog, press("Save as")),
    "workspace-trash": Scene(WORKSPACE, dialog, in_menu("More for this list", "Trash…")),
    "workspace-corrections": Scene(WORKSPACE, dialog, in_menu("More for this list", "Corrections")),
    "workspace-as-table": Scene(WORKSPACE, dialog, press("Show train/loss as table")),
    "workspace-rename-metric": Scene(WORKSPACE, dialog, in_menu("More for train/loss", "Rename metric…")),
    "palette": Scene(WORKSPACE, lambda page: page.get_by_role("option").first, open_palette),
    "keys": Scene(WORKSPACE, dialog, lambda page: page.keyboard.press("?")),
    "enlarged": Scene(
        WORKSPACE, lambda page: dialog(page).locator(".main-svg").first, press("Enlarge train/loss"), is_main=True
    ),
    "table": Scene(f"{WORKSPACE}?view=table", lambda page: row(page, "glad-otter-215"), is_main=True),
    "table-rich": Scene(
        f"{WORKSPACE}?view=table&columns=curve.train/loss,metrics.val/acc.best,config.optim.lr,config.model.depth,tags&heat=metrics.val/acc.best&pin=metrics.val/acc.best",
        lambda page: row(page, "glad-otter-215"),
    ),
    "table-many-runs": Scene("/p/language-models?view=table", text("10,000 runs")),
    "table-columns": Scene(f"{WORKSPACE}?view=table", dialog, press("Columns")),
    "table-column-menu": Scene(f"{WORKSPACE}?view=table", menu, press("Column val/acc")),
    "scatter": Scene(
        f"{WORKSPACE}?view=scatter&scatter=x=config.optim.lr;y=metrics.val/acc.max;log=x;colour=config.optim.name;front=min:max",
        lambda page: page.locator(".point").first,
        is_main=True,
    ),
    "parallel": Scene(
        f"{WORKSPACE}?view=parallel&parallel=axis-log=config.optim.lr;axis=config.model.depth;axis=config.optim.name;axis=metrics.val/acc",
        lambda page: page.get_by_role("group", name="Parallel coordinates of"),
    ),
    "panels": Scene(
        f"{WORKSPACE}?panels=bar;value=metrics.val/acc,histogram,importance;metric=val/acc,text;text=%23+Sweep%0A%0AOnly+the+**learning+rate**+matters",
        text("out of bag"),
    ),
    "panels-more": Scene(f"{WORKSPACE}?panels=scatter,parallel", lambda page: page.locator(".point").first),
    "run": Scene(RUN, text("Warm restart"), is_main=True),
    "run-failed": Scene(f"{WORKSPACE}/runs/{{failed}}", text("CUDA out of memory"), is_main=True),
    "run-running": Scene(f"{WORKSPACE}/runs/{{running}}", text("glad-otter-215")),
    "run-archived": Scene(f"{WORKSPACE}/runs/{{archived}}", text("archived")),
    "run-without-metrics": Scene("/p/notebooks/runs/{quiet}", text("scratch")),
    "run-unknown": Scene(f"{WORKSPACE}/runs/nosuchrun", text("There is no such run")),
    "run-charts": Scene(f"{RUN}/charts", drawn),
    "run-system": Scene(f"{RUN}/system", lambda page: page.get_by_role("figure").locator("canvas").nth(2)),
    "run-console": Scene(f"{RUN}/console?find=best", lambda page: page.get_by_role("log").get_by_role("link").first),
    "run-media": Scene(
        f"{RUN}/media", lambda page: page.get_by_role("region", name="Media").or_(page.get_by_text("No media")).first
    ),
    "artifacts": Scene(f"{WORKSPACE}/artifacts", text("resnet")),
    "artifact": Scene(f"{WORKSPACE}/artifacts/resnet/v1?file=resnet.pt", text("Download"), is_main=True),
    "artifact-changes": Scene(f"{WORKSPACE}/artifacts/resnet/v2?tab=changes", text("changed")),
    "artifact-lineage": Scene(f"{WORKSPACE}/artifacts/resnet/v1?tab=lineage", text("resnet:v1")),
    "artifact-use": Scene(f"{WORKSPACE}/artifacts/resnet/v1?tab=use", text("These lines fetch")),
    "media": Scene(f"{PICTURES_RUN}/media", figure("answers at step 2", "row"), is_main=True),
    "media-large": Scene(f"{PICTURES_RUN}/media?media=samples", dialog, enlarge("val/samples"), is_main=True),
    "media-table": Scene(f"{PICTURES_RUN}/media?media=answers", text("14 of 40 rows"), filter_table),
    "media-compared": Scene(f"{PICTURES_COMPARED}&tab=media&media=samples", figure("val/samples", "img"), is_main=True),
    "media-joined": Scene(f"{PICTURES_COMPARED}&tab=media&media=answers", text("rows"), join_tables),
    "compare-data": Scene(PICTURES_COMPARED, text("2 changed"), is_main=True),
    "dataset-file": Scene(f"{ROWS}/v2?file=rows.csv", text("60 rows"), is_main=True),
    "dataset-json": Scene(f"{ROWS}/v2?file=config.json", text("classes")),
    "dataset-notes": Scene(f"{ROWS}/v2?file=notes.md", text("animals")),
    "dataset-changes": Scene(f"{ROWS}/v2?tab=changes", text("1 changed"), press("Show rows of rows.csv")),
    "dataset-lines": Scene(f"{ROWS}/v2?tab=changes", text("that are the same"), press("Show lines of config.json")),
    "dataset-lineage": Scene(f"{ROWS}/v1?tab=lineage", text("look-0")),
    "dataset-metadata": Scene(f"{ROWS}/v1?tab=metadata", text("digest of its files")),
    "dataset-use": Scene(f"{ROWS}/v1?tab=use", text("look-0")),
    "artifacts-none": Scene("/p/notebooks/artifacts", text("No artifacts yet")),
    "preview": Scene("/p/pictures/runs/{gather}/artifacts", dialog, press("rows.csv")),
    "run-artifacts": Scene(f"{RUN}/artifacts", text("resnet.pt")),
    "run-code": Scene(f"{RUN}/code", lambda page: page.get_by_role("main").get_by_role("heading").first),
    "run-delete": Scene(RUN, dialog, in_menu("More for this run", "Delete run…")),
    "run-continue": Scene(RUN, dialog, in_menu("More for this run", "Continue this run…")),
    "run-stop": Scene(f"{WORKSPACE}/runs/{{running}}", dialog, press("Stop")),
    "compare": Scene(COMPARE, text("only what differs"), is_main=True),
    "compare-rows": Scene(f"{COMPARE}&as=rows", text("only what differs")),
    "compare-one": Scene(f"{WORKSPACE}/compare?runs={{best}}", text("epochs")),
    "compare-nothing": Scene(f"{WORKSPACE}/compare", text("Nothing to compare")),
    "compare-charts": Scene(f"{COMPARE}&tab=charts&difference=1", drawn),
    "compare-parallel": Scene(
        f"{COMPARE}&tab=parallel", lambda page: page.get_by_role("group", name="Parallel coordinates of")
    ),
    "compare-scatter": Scene(f"{COMPARE}&tab=scatter", lambda page: page.locator(".point").first),
    "compare-importance": Scene(f"{COMPARE}&tab=importance", lambda page: page.get_by_role("note").first),
    "compare-console": Scene(f"{COMPARE}&tab=console", lambda page: page.get_by_role("log").first),
    "compare-add": Scene(COMPARE, dialog, press("Add run")),
    "compare-align": Scene(f"{COMPARE}&tab=charts", dialog, press("Align…")),
    "models": Scene("/models", text("resnet"), is_main=True),
    "models-empty": Scene("/models", lambda page: page.get_by_role("main").get_by_role("heading").first, is_empty=True),
    "model": Scene("/models/resnet", text("Versions")),
    "model-rules": Scene("/models/resnet/rules", text("Understood as"), is_main=True),
    "proposal": Scene("/models/resnet/proposals/1", text("Enough would be"), is_main=True),
    "promote-gates": Scene("/models/resnet/1", dialog, press("Promote…")),
    "version": Scene("/models/resnet/2", text("resnet.pt"), is_main=True),
    "bundle": Scene("/models/digits/1", text("embeddings-v4.bin")),
    "bundle-tried": Scene("/models/digits/1", lambda page: page.get_by_role("button", name="Send"), ask_wrongly),
    "bundle-changed": Scene("/models/digits/2", text("no file: it cannot be promoted")),
    "bundle-barred": Scene("/models/digits/2", dialog, press("Promote…")),
    "bundle-model": Scene("/models/digits", text("another version than it points at"), hear_again),
    "promote": Scene(f"{RUN}/artifacts", dialog, press("Promote…")),
    "roll-back": Scene("/models/resnet", dialog, press("Roll production back to v1")),
    "audit": Scene("/audit", text("the first that holds")),
    "settings": Scene("/settings", text("Appearance"), is_main=True),
    "settings-account": Scene("/settings/account", text("asks nobody to sign in")),
    "settings-keys": Scene("/settings/keys", text("asks nobody to sign in")),
    "settings-people": Scene("/settings/people", text("asks nobody to sign in")),
    "settings-access": Scene("/settings/access", text("asks nobody to sign in")),
    "settings-audit": Scene("/settings/audit", lambda page: page.get_by_role("table")),
    "settings-webhooks": Scene(WEBHOOKS, text("Nothing sent yet"), is_main=True),
    "settings-webhooks-none": Scene("/settings/webhooks", text("No project yet"), is_empty=True),
    "settings-webhook-new": Scene(WEBHOOKS, dialog, press("New webhook")),
    "settings-webhook-edit": Scene(WEBHOOKS, dialog, press("Edit: deploy-bot")),
    "settings-webhook-deliveries": Scene(WEBHOOKS, dialog, press("Deliveries: deploy-bot")),
    "settings-webhook-delete": Scene(WEBHOOKS, dialog, press("Delete: deploy-bot")),
    "not-found": Scene("/no/such/page", text("There is no such page")),
}


def show(page: Page, scene: Scene, material: Material) -> None:
    """Lead a page to a scene, until it is whole and nothing moves."""
    runs = material.runs
    server = material.empty if scene.is_empty else material.server
    path = (
        scene.path.replace("{best}", runs[18])
        .replace("{failed}", runs[17])
        .replace("{archived}", runs[0])
        .replace("{running}", material.running)
        .replace("{quiet}", material.quiet)
        .replace("{media}", material.pictures[0])
        .replace("{both}", ",".join(material.pictures[:2]))
        .replace("{gather}", material.pictures[2])
        .replace("{three}", ",".join((runs[18], runs[16], runs[17])))
    )
    page.goto(server.url + path)
    if scene.act is not None:
        if path.startswith(WORKSPACE) and "/runs" not in path and "/compare" not in path and "view=" not in path:
            expect(tile(page, "train/loss")).to_be_attached()
        scene.act(page)
    expect(scene.whole(page)).to_be_attached(timeout=30_000)
    expect(page.get_by_role("status", name="Loading")).to_have_count(0)
    page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
