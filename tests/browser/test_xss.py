"""Nothing that is stored runs in our origin: hostile text in every field, hostile files, and every page opened.

A payload that ran would call `hacked`, which every page has; one that a policy stopped would stand in the console, and
a link that would run something is looked for on every page.
"""

from __future__ import annotations

import hashlib
import json
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, Error, Page, expect

from tests.browser.pages import ask
from tests.frames import START_MS, Journal
from tests.processes import Server
from tracker import records
from tracker.records import ArtifactFile

PAYLOADS = {
    "script": "<script>hacked(1)</script>",
    "image": "<img src=x onerror=hacked(2)>",
    "attribute": "\"' autofocus onfocus=hacked(3) onmouseover=hacked(3) x=\"",
    "breaking out": "</textarea></title></style></script>--><svg/onload=hacked(4)>",
    "address": "javascript:hacked(5)",
    "data address": "data:text/html,<script>hacked(6)</script>",
    "template": "${hacked(7)}{{constructor.constructor('hacked(7)')()}}#{hacked(7)}",
    "frame": "<iframe srcdoc='<script>parent.hacked(8)</script>'></iframe>",
    "link": "<a href=\"javascript:hacked(9)\" xlink:href='javascript:hacked(9)'>press</a>",
    "mutating": "<math><mtext><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=hacked(10)&gt;\">",
    "toggle": "<details open ontoggle=hacked(11)><summary>x</summary></details>",
    "markdown": "[press](javascript:hacked(12)) <javascript:hacked(12)> ![x](x\"onerror=\"hacked(12))",
    "reference": "[press]\n\n[press]: javascript:hacked(13) 'x'\n\n[p][Press]",
    "terminal": "\x1b]8;;javascript:hacked(14)\x1b\\press\x1b]8;;\x1b\\\x1b]0;<b>\x07<img src=x onerror=hacked(14)>",
    "button": "<form action=javascript:hacked(15)><button formaction=javascript:hacked(15)>press</button></form>",
    "base": "<base href='//evil.example/'><meta http-equiv=refresh content='0;url=//evil.example'>",
    "styles": "<style>@import '//evil.example/x.css'</style><link rel=stylesheet href=//evil.example/x.css>",
    "remote": "<img src=//evil.example/pixel> ![pixel](http://evil.example/pixel.png)",
    "prototype": "__proto__",
}  # fmt: skip
ALL = "\n\n".join(PAYLOADS.values())

RUNNABLE = """() => [...document.querySelectorAll("*")].flatMap((element) => [...element.attributes]
  .filter(({name, value}) => name.startsWith("on") || name === "srcdoc" ||
    (["href", "src", "action", "formaction", "xlink:href", "data"].includes(name) &&
      /^\\s*(javascript|data:text|vbscript)/i.test(value)))
  .map(({name, value}) => `${element.outerHTML.slice(0, 200)} has ${name}=${value}`))"""
"""What on a page would run something of an address or an attribute."""

FIGURE = json.dumps({
    "data": [
        {
            "type": "scatter", "x": ["a", PAYLOADS["image"]], "y": [1, 2], "name": PAYLOADS["link"],
            "text": [PAYLOADS["image"], ALL], "hovertemplate": ALL, "mode": "markers+text",
            "marker": {"color": "red;background:url(javascript:hacked(20))"},
            "meta": "</script><script>hacked(21)</script>",
        },
        {"type": "bar", "x": [1], "y": [1], "text": '<a href="javascript:hacked(22)" target="_top">press</a>'},
    ],
    "layout": {
        "title": {"text": '<a href="javascript:hacked(23)">title</a><img src=x onerror=hacked(23)>'},
        "xaxis": {"title": {"text": ALL}},
        "annotations": [{"text": ALL, "x": 0, "y": 1, "captureevents": True, "hovertext": PAYLOADS["script"]}],
        "updatemenus": [{"buttons": [{"label": PAYLOADS["image"], "method": "relayout", "args": [{"title": ALL}]}]}],
        "__proto__": {"hacked": 1},
    },
    "frames": [{"name": ALL, "data": []}],
    "</script><script>hacked(25)</script>": 1,
}).encode()  # fmt: skip
HTML = b"<!doctype html><script>hacked(30); parent.hacked && parent.hacked(30); alert(30)</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='hacked(31)'><script>hacked(31);alert(31)</script></svg>"
FILES = {"index.html": HTML, "picture.svg": SVG, "x.xhtml": HTML, "x.js": b"hacked(32)", PAYLOADS["image"]: b"text"}


@dataclass(frozen=True)
class Hostile:
    """The ids of what was stored."""

    runs: dict[str, str]
    all_run: str
    version: int
    digests: list[str]
    view: str


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("xss") / "server") as server:
        yield server


def send(server: Server, path: str, data: bytes, method: str) -> None:
    headers = {"X-Tracker-Client": "test", "Content-Type": "application/octet-stream"}
    request = urllib.request.Request(f"{server.url}/api/v1{path}", data, headers, method=method)
    urllib.request.urlopen(request, timeout=10).close()


@pytest.fixture(scope="module")
def hostile(server: Server) -> Hostile:
    digests = [hashlib.sha256(data).hexdigest() for data in (FIGURE, *FILES.values())]
    for digest, data in zip(digests, (FIGURE, *FILES.values()), strict=True):
        send(server, f"/blobs/{digest}", data, "PUT")
    ask(server, "/projects", {"name": "hostile", "description": ALL})
    runs = {said: f"run-{number}" for number, said in enumerate(PAYLOADS)}
    for said, run in runs.items():
        _store(server, run, PAYLOADS[said], digests)
    _store(server, "run-all", ALL, digests)
    version: int = ask(server, "/runs/run-all/artifacts")["artifacts"][0]["id"]
    move = {"reason": ALL, "replaces": None, "artifact_version_id": version}
    ask(server, "/models/digits/aliases/production", move)
    ask(server, "/models/digits/versions", {"artifact_version_id": version, "description": ALL})
    _say_of_models(server)
    _say_in_settings(server)
    parameters = {"panels": f"text;text={ALL}", "filter": f"name == {PAYLOADS['image']!r}", PAYLOADS["image"]: ALL}
    view = ask(
        server, "/projects/hostile/views", {"name": PAYLOADS["image"], "parameters": parameters, "is_shared": True}
    )
    correction = {"action": "rename", "metric": PAYLOADS["script"], "shown_as": PAYLOADS["image"], "reason": ALL}
    ask(server, "/projects/hostile/corrections", correction)
    return Hostile(runs, "run-all", version, digests, view["id"])


def _say_of_models(server: Server) -> None:
    """The text wherever people write of a model: its page, card, rules, and a proposal that is discussed."""
    short = PAYLOADS["image"]
    ask(server, "/models/digits", {"description": ALL, "tags": [short], "main_metric": short}, "PATCH")
    ask(server, "/models/digits/versions/1", {"description": ALL, "tags": [short]}, "PATCH")
    ask(server, "/models/digits/versions/1/state", {"state": "deprecated", "reason": ALL}, "PUT")
    written = dict.fromkeys(("intended_use", "limitations", "bias_and_risks", "authors", "citation"), ALL)
    ask(server, "/models/digits/versions/1/card", {**written, "license": short, "language": short}, "PATCH")
    rule = json.dumps({"name": short, "metric": short, "at_least": 0.5})
    ask(server, "/models/digits/rules", {"text": f"# {short}\nrules:\n  - {rule}\n", "revision": 0}, "PUT")
    proposal = ask(server, "/models/digits/proposals", {"reason": ALL, "alias": "staging", "version": 1})
    ask(server, f"/models/digits/proposals/{proposal['number']}/comments", {"text": ALL})


def _say_in_settings(server: Server) -> None:
    """What a webhook and a link are called. The webhook is told of nothing that happens here."""
    hook = {"name": PAYLOADS["image"], "url": "https://hooks.invalid/?hacked(40)", "events": ["version.deleted"]}
    ask(server, "/projects/hostile/webhooks", hook)
    ask(server, "/projects/hostile/links", {"days": 1, "note": PAYLOADS["image"]})


def _store(server: Server, run: str, text: str, digests: list[str]) -> None:
    """A run with the text wherever text can be."""
    short = text[:500].replace("\0", "")
    word = re.sub(r"[/:@\\\x00-\x1f]", "_", text)[:128]  # as artifacts may be called
    journal = Journal(run_id=run, project="hostile").started(
        name=short, group=short, job_type=short, tags=(short, short[:50]), notes=text
    )
    facts = {"command": text, "host": text, "python": text, "user": text, "packages": {short: text}, "argv": [text],
             "git": {"commit": text, "branch": text, "remote": text, "is_dirty": True, "patch": text},
             "env": {short: text}, "gpus": [{"name": text}], short: text}  # fmt: skip
    metrics = [short, f"{short[:200]}/{short[:200]}"]
    journal.add(
        records.EnvironmentCaptured(START_MS, facts),
        records.ConfigChanged(START_MS, {short: text, "nested": {short: [text, {short: text}]}, "note": text}),
        records.SummaryChanged(START_MS, {short: text}),
        *(records.Logged(step, START_MS + step, dict.fromkeys(metrics, float(step))) for step in range(5)),
        *(records.ConsoleLine(START_MS, stream, line) for stream in ("stdout", "stderr") for line in text.split("\n")),
        records.AlertRaised(START_MS, short, text, "error"),
        records.MetricDefined(START_MS, short, metrics[1], "best", "max"),
        records.MediaLogged(1, START_MS, short, "plotly", digests[0], len(FIGURE), text),
        records.ArtifactLogged(
            START_MS, word, word,
            tuple(ArtifactFile(path, digest, len(data))
                  for (path, data), digest in zip(FILES.items(), digests[1:], strict=True) if path != "/"),
            {short: text}, (word[:100],),
        ),
        records.RunFinished(START_MS, "failed", 1, text),
    )  # fmt: skip
    send(server, f"/runs/{run}/journal?writer=w0", journal.body(), "POST")


@pytest.fixture(autouse=True)
def ran(context: BrowserContext) -> Iterator[list[object]]:
    """What called `hacked`, in any frame, and which dialogs came: nothing and none."""
    ran: list[object] = []
    context.expose_binding("hacked", lambda source, what=None: ran.append((source["frame"].url, what)))
    context.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    yield ran
    assert ran == []


def _visit(page: Page, place: str) -> None:
    page.goto(place)
    expect(page.get_by_role("heading").first).to_be_attached()
    page.wait_for_load_state("networkidle")
    assert page.evaluate(RUNNABLE) == [], place
    assert page.evaluate("({}).hacked") is None, place


def test_no_page_of_a_hostile_project_runs_anything(page: Page, hostile: Hostile) -> None:
    some = ",".join([hostile.all_run, *list(hostile.runs.values())[:6]])
    places = ["/", "/p/hostile", "/p/hostile?view=table", "/p/hostile?group=tag", "/p/hostile?view=scatter"]
    places += ["/p/hostile?panels=bar,histogram,importance", "/models", "/models/digits", "/models/digits/1", "/audit"]
    places += ["/models/digits/rules", "/models/digits/proposals/1", "/settings/webhooks?project=hostile"]
    places += ["/settings/access?project=hostile", "/settings/audit", "/settings/people", "/settings/keys"]
    places += ["/settings", f"/v/{hostile.view}", f"/r/{hostile.all_run}"]
    places += [f"/p/hostile/compare?runs={some}{part}" for part in ("", "&as=rows", "&tab=charts", "&tab=console")]
    for place in places:
        _visit(page, place)


@pytest.mark.parametrize("tab", ["", "/charts", "/system", "/console", "/media", "/artifacts", "/code", "/config"])
def test_no_tab_of_a_hostile_run_runs_anything(page: Page, hostile: Hostile, tab: str) -> None:
    _visit(page, f"/p/hostile/runs/{hostile.all_run}{tab}")


@pytest.mark.parametrize("said", PAYLOADS)
def test_no_payload_runs_in_the_overview_or_the_console(page: Page, hostile: Hostile, said: str) -> None:
    for tab in ("", "/console"):
        _visit(page, f"/p/hostile/runs/{hostile.runs[said]}{tab}")


def test_an_address_with_payloads_runs_nothing(context: BrowserContext, hostile: Hostile) -> None:
    """On a page that is not watched, since the server refuses such filters."""
    page = context.new_page()
    for payload in PAYLOADS.values():
        quoted = urllib.request.quote(payload, safe="")
        for place in (f"/p/{quoted}", f"/p/hostile?filter={quoted}&q={quoted}&sort={quoted}&panels={quoted}"):
            page.goto(place)
            expect(page.get_by_role("heading").first).to_be_attached()
            assert page.evaluate(RUNNABLE) == [], place


def test_markdown_keeps_text_and_links_to_the_web_alone(page: Page, server: Server, hostile: Hostile) -> None:
    notes = f"{ALL}\n\n[good](https://example.com/x) **bold**\n\n- one"
    run = hostile.runs["markdown"]
    request = urllib.request.Request(
        f"{server.url}/api/v1/runs/{run}", json.dumps({"notes": notes}).encode(),
        {"Content-Type": "application/json", "X-Tracker-Client": "test"}, method="PATCH",
    )  # fmt: skip
    urllib.request.urlopen(request, timeout=10).close()
    _visit(page, f"/p/hostile/runs/{run}")
    good = page.get_by_role("link", name="good", exact=True)
    expect(good).to_have_attribute("rel", "noopener noreferrer")
    box = good.locator("xpath=ancestor::div[1]")
    assert box.evaluate("box => [...box.querySelectorAll('a')].every(a => !a.href || /^(https?|mailto):/.test(a.href))")
    assert (
        box.locator("img, svg, iframe, form, button, style, script, link, base, meta, input, math, video").count() == 0
    )
    expect(box.get_by_text("bold", exact=True)).to_have_js_property("tagName", "STRONG")


def test_a_hostile_figure_is_drawn_where_it_reaches_nothing(page: Page, hostile: Hostile) -> None:
    page.goto(f"/p/hostile/runs/{hostile.all_run}/media")
    frame = page.locator("iframe").first
    expect(frame).to_have_attribute("sandbox", "allow-scripts")
    inside = frame.content_frame
    expect(inside.locator(".main-svg").first).to_be_attached()
    assert inside.locator("a[*|href^='javascript'], [onerror], [onload], iframe, form").count() == 0
    body = inside.locator("body")
    assert body.evaluate("() => window.origin") == "null"
    for forbidden in ("document.cookie", "localStorage.length", "parent.document.title"):
        tried = f"() => {{ try {{ return {forbidden} }} catch (error) {{ return error.name }} }}"
        assert body.evaluate(tried) == "SecurityError", forbidden


def test_media_that_is_no_figure_is_told_as_text(context: BrowserContext, server: Server, hostile: Hostile) -> None:
    """On a page that is not watched, and on its own, where no frame of ours holds it."""
    html = (hostile.digests[1], len(HTML))
    kinds = [
        records.MediaLogged(1, START_MS, PAYLOADS["script"], kind, *html) for kind in ("plotly", "html", HTML.decode())
    ]
    send(server, "/runs/run-odd/journal?writer=w0", Journal("run-odd", "odd").started().add(*kinds).body(), "POST")
    page = context.new_page()
    for media in ask(server, "/runs/run-odd/media")["media"]:
        answer = page.goto(f"/api/v1/media/{media['id']}/frame")
        assert answer is not None
        assert answer.status == 422
        assert "sandbox allow-scripts;" in answer.headers["content-security-policy"]
        expect(page.get_by_role("alert")).to_be_visible()
        assert page.evaluate("window.origin") == "null"


def test_no_stored_file_is_shown_in_our_origin(page: Page, hostile: Hostile) -> None:
    addresses = [f"/api/v1/blobs/{digest}" for digest in hostile.digests]
    addresses += [
        f"/api/v1/artifact-versions/{hostile.version}/files/{urllib.request.quote(path, safe='')}" for path in FILES
    ]
    for address in addresses:
        with page.expect_download() as download, pytest.raises(Error, match=r"Download is starting|ERR_ABORTED"):
            page.goto(address)
        assert download.value.failure() is None, address
