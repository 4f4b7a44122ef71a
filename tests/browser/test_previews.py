"""What is in a run's files, seen in the page; and files that would do something there, which do nothing."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.test_media_frames import send
from tests.frames import START_MS, Journal
from tests.processes import Server
from tests.server.test_previews import field as part
from tests.server.test_previews import onnx, safetensors, zipped
from tracker.records import ArtifactFile, ArtifactLogged


def logged(server: Server, files: Mapping[str, bytes]) -> None:
    """A run that made an artifact of these files."""
    listed = []
    for path, data in files.items():
        digest = hashlib.sha256(data).hexdigest()
        send(server, "PUT", f"/blobs/{digest}", data)
        listed.append(ArtifactFile(path, digest, len(data)))
    made = ArtifactLogged(START_MS, "work", "results", tuple(listed))
    send(server, "POST", "/runs/run1/journal?writer=w0", Journal().started().add(made).body())


@contextmanager
def previewed(page: Page, path: str) -> Iterator[Locator]:
    """The preview of a file, opened from its run's list and closed again."""
    page.get_by_role("region", name="Files").get_by_role("button", name=path, exact=True).click()
    yield page.get_by_role("region", name=f"Preview of {path}", exact=True)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def png(width: int, height: int) -> bytes:
    """A grey image that fades."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + bytes((x + y) * 4 % 256 for x in range(width)) for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def parquet() -> bytes:
    import polars

    file = io.BytesIO()
    polars.DataFrame({"epoch": [1, 2], "name": ["first", "second"]}).write_parquet(file)
    return file.getvalue()


def notebook(html: str) -> bytes:
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": "loss 0.5\n"},
        {"output_type": "display_data", "data": {"image/png": base64.b64encode(png(40, 30)).decode()}},
        {"output_type": "execute_result", "data": {"text/html": html, "text/plain": "a frame"}},
    ]
    cells = [
        {"cell_type": "markdown", "source": f"# Results\n\n{html}"},
        {"cell_type": "code", "source": "import math\nprint(f'loss {0.5}')", "execution_count": 7, "outputs": outputs},
    ]
    about = {"language_info": {"name": "python"}}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": about, "cells": cells}).encode()


TENSORS = {
    "__metadata__": {"format": "pt"},
    "encoder.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
    "encoder.bias": {"dtype": "F16", "shape": [3], "data_offsets": [24, 30]},
}
GRAPH = part(1, part(4, b"Gemm")) + part(1, part(4, b"Relu")) + part(11, part(1, b"pixels"))

FILES = {
    "pictures/fade.png": png(120, 80),
    "rows.csv": b"epoch,name\n1,first\n2,second\n",
    "rows.parquet": parquet(),
    "config.json": json.dumps({"optimiser": {"lr": 0.001, "betas": [0.9, 0.99]}, "seed": 3}).encode(),
    "model.safetensors": safetensors(TENSORS, b"\0" * 30),
    "model.onnx": onnx(GRAPH),
    "train.py": b"import math\n\n\ndef loss(x: float) -> float:\n    # of one example\n    return math.exp(-x)\n",
    "README.md": b"# Weights\n\nOf the **third** sweep.\n",
    "bundle.zip": zipped({"a/b.txt": b"words" * 100, "c.txt": b"c"}),
    "notes.ipynb": notebook("<b>bold</b>"),
    "paper.pdf": b"%PDF-1.7\n",
    "weights.pkl": b"\x80\x04cos\nsystem\n.",
    "page.html": b"<h1>Report</h1><p>All is well.</p>",
}


def test_files_of_every_kind_are_seen(page: Page, server: Server) -> None:
    logged(server, FILES)
    page.goto("/p/digits/runs/run1/artifacts")
    with previewed(page, "pictures/fade.png") as seen:
        picture = seen.get_by_role("img", name="pictures/fade.png")
        expect(picture).to_have_js_property("naturalWidth", 120)
        seen.get_by_role("button", name="400 %").click()
        expect(picture).to_have_js_property("width", 480)
    for path in ("rows.csv", "rows.parquet"):
        with previewed(page, path) as seen:
            expect(seen.get_by_text("second", exact=True)).to_be_visible()
    with previewed(page, "config.json") as seen:
        expect(seen.get_by_text("0.99")).to_be_visible()
        seen.get_by_role("searchbox", name="Find in the file").fill("lr")
        expect(seen.get_by_role("listitem")).to_have_text(["optimiser.lr: 0.001"])
        seen.get_by_role("button", name="Text").click()
        expect(seen.get_by_role("region", name="Text")).to_contain_text('"seed": 3')
    with previewed(page, "model.safetensors") as seen:
        expect(seen.get_by_text("2 tensors, 9 numbers, 30 B")).to_be_visible()
        expect(seen.get_by_role("row", name="encoder.weight F32 2 × 3 24 B")).to_be_visible()
    with previewed(page, "model.onnx") as seen:
        expect(seen.get_by_role("row", name="Gemm 1")).to_be_visible()
        expect(seen.get_by_role("row", name="pixels")).to_be_visible()
    with previewed(page, "train.py") as seen:
        expect(seen.locator("span", has_text="return")).to_have_css("color", "rgb(29, 95, 209)")
    with previewed(page, "README.md") as seen:
        expect(seen.get_by_role("heading", name="Weights")).to_be_visible()
    with previewed(page, "bundle.zip") as seen:
        expect(seen.get_by_role("rowheader", name="a/b.txt")).to_be_visible()
    with previewed(page, "notes.ipynb") as seen:
        expect(seen.get_by_role("heading", name="Results")).to_be_visible()
        expect(seen.get_by_label("Output", exact=True)).to_have_text("loss 0.5")
        expect(seen.get_by_role("img", name="Output of the cell")).to_have_js_property("naturalWidth", 40)
        expect(seen.frame_locator("iframe").get_by_text("bold")).to_be_visible()
    with previewed(page, "weights.pkl") as seen:
        expect(seen.get_by_text("Reading one runs what is in it")).to_be_visible()
    with previewed(page, "paper.pdf") as seen:
        expect(seen.get_by_text("A PDF is not drawn here")).to_be_visible()
    with previewed(page, "page.html") as seen:
        seen.get_by_role("button", name="Page", exact=True).click()
        expect(seen.frame_locator("iframe").get_by_role("heading", name="Report")).to_be_visible()


RUN = "top.ran = true; parent.postMessage('ran', '*'); fetch('/api/v1/server')"
EVIL = (
    f'<p>words</p><script>{RUN}</script><img src="x" onerror="{RUN}"><img src="/api/v1/server?asked">'
    f'<iframe src="javascript:{RUN}"></iframe><meta http-equiv="refresh" content="0;url=/?left">'
    '<form action="/api/v1/projects" method="post"><button autofocus>go</button></form>'
)
EVIL_SVG = (
    f'<svg xmlns="http://www.w3.org/2000/svg" onload="{RUN}"><script>{RUN}</script><text y="20">words</text>'
    f'<foreignObject><img xmlns="http://www.w3.org/1999/xhtml" src="x" onerror="{RUN}"/></foreignObject></svg>'
)
EVIL_NAME = "<img src=x onerror=top.ran=true>.txt"


def test_files_that_would_run_do_nothing(context: BrowserContext, server: Server) -> None:
    logged(
        server,
        {
            "evil.html": EVIL.encode(),
            "evil.svg": EVIL_SVG.encode(),
            "evil.md": f"{EVIL}\n\n[click](javascript:top.ran=true) words".encode(),
            "evil.ipynb": notebook(EVIL),
            "evil.pdf": b"%PDF-1.7\n1 0 obj <</OpenAction <</S /JavaScript /JS (app.alert(1))>>>>",
            "evil.png": EVIL_SVG.encode(),
            EVIL_NAME: b"words",
        },
    )
    page = context.new_page()  # a browser complains of what it has kept from running, as it should
    page.add_init_script("window.heard = []; addEventListener('message', event => heard.push(event.data))")
    asked: list[str] = []
    page.on("requestfinished", lambda request: asked.append(request.url))  # what a policy forbids does not get so far
    page.goto("/p/digits/runs/run1/artifacts")
    for path in ("evil.html", "evil.svg"):
        with previewed(page, path) as seen:
            expect(seen.get_by_role("region", name="Text")).to_contain_text("<script>")
            seen.get_by_role("button", name="Page", exact=True).click()
            expect(seen.frame_locator("iframe").get_by_text("words")).to_be_visible()
    with previewed(page, "evil.md") as seen:
        expect(seen.get_by_text("click words")).to_be_visible()
        expect(seen.get_by_role("link", name="click")).to_have_count(0)
    with previewed(page, "evil.ipynb") as seen:
        expect(seen.frame_locator("iframe").get_by_text("words")).to_be_visible()
    with previewed(page, "evil.pdf") as seen:
        expect(seen.get_by_text("A PDF is not drawn here")).to_be_visible()
        expect(seen.locator("iframe, embed, object")).to_have_count(0)
    with previewed(page, "evil.png") as seen:
        expect(seen.get_by_role("region", name="Text")).to_contain_text("<script>")
    with previewed(page, EVIL_NAME) as seen:
        expect(seen.get_by_role("region", name="Text")).to_contain_text("words")
    assert page.evaluate("() => [window.heard, window.ran ?? false]") == [[], False]
    assert not [address for address in asked if "asked" in address or "left" in address or address.endswith("/server?")]
    version = send(server, "GET", "/runs/run1/artifacts")["artifacts"][0]["id"]
    for what in ("frame", "content"):  # opened by themselves, as by a link that somebody sends
        page.goto(f"/api/v1/artifact-versions/{version}/{what}?path=evil.html")
        expect(page.get_by_text("words")).to_be_visible()
        assert page.evaluate("() => [origin, window.ran ?? false]") == ["null", False]
