"""What is in a file of an artifact version, told without loading, unpacking or running it; and files that lie."""

from __future__ import annotations

import base64
import io
import json
import struct
import tarfile
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.hostile_names import HOSTILE_NAMES
from tests.server.logged import digest_of, log_artifact, log_run, writing
from tests.server.people import Somebody, person
from tracker_server.previews import service

SCRIPT = b"<script>document.title = 'ran'</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'


def version_of(client: FlaskClient, app: Flask, files: dict[str, bytes]) -> int:
    """The id of a version with these files, whose bytes are stored."""
    for data in files.values():
        assert client.put(f"/api/v1/blobs/{digest_of(data)}", data=data).status_code in (200, 201)
    with writing(app) as session:
        return log_artifact(session, log_run(session), files).id


def asked(client: FlaskClient, version: int, what: str, path: str, **options: Any) -> TestResponse:
    address = f"/api/v1/artifact-versions/{version}/{what}"
    return client.get(address, query_string={"path": path}, buffered=True, **options)


@pytest.fixture
def preview(tmp_path: Path) -> Callable[..., Any]:
    """What is told of bytes under a name."""

    def told(data: bytes, name: str) -> Any:
        file = tmp_path / "file"
        file.write_bytes(data)
        return service.of_file(file, name)

    return told


def npy(array: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npz(**arrays: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def safetensors(header: object, data: bytes = b"", *, header_bytes: int | None = None) -> bytes:
    written = json.dumps(header).encode()
    return struct.pack("<Q", len(written) if header_bytes is None else header_bytes) + written + data


def zipped(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def tarred(names: list[str], mode: Any) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 700
            archive.addfile(member, io.BytesIO(b"x" * 700))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "../../etc/passwd"
        archive.addfile(link)
    return file.getvalue()


def field(number: int, value: bytes | int) -> bytes:
    """A field of Protocol Buffers, of a number or of a piece below 128 bytes."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    return bytes([number << 3 | 2, len(value)]) + value


def onnx(graph: bytes) -> bytes:
    return field(1, 9) + field(2, b"test") + field(8, field(2, 21)) + field(7, graph)


@pytest.mark.parametrize(
    ("name", "data", "kind", "language"),
    [
        ("notes.txt", b"hello\n", "text", ""),
        ("train.py", b"print(1)\n", "code", "python"),
        ("Dockerfile", b"FROM x\n", "code", "dockerfile"),
        ("config.json", b'{"a": [1]}', "json", "json"),
        ("dvc.yaml", b"a: 1\n", "yaml", "yaml"),
        ("README.md", b"# hello", "markdown", "markdown"),
        ("rows.csv", b"a,b\n1,2\n", "table", None),
        ("rows.jsonl", b'{"a": 1}\n', "table", None),
        ("page.html", SCRIPT, "code", "xml"),
        ("empty", b"", "text", ""),
        ("rows.parquet", b"PAR1....PAR1", "table", None),
        ("rows.bin", b"PAR1....PAR1", "binary", None),
        ("no.parquet", b"hello", "text", ""),
        ("paper.pdf", b"%PDF-1.7\n", "pdf", None),
        ("sound.wav", b"RIFF....WAVEfmt ", "audio", None),
        ("film.mp4", b"\0\0\0\x18ftypisom", "video", None),
        ("weights", bytes(range(256)), "binary", None),
        ("no.png", b"hello", "text", ""),
    ],
)
def test_a_file_is_what_its_bytes_say_and_then_its_name(
    preview: Callable[..., Any], name: str, data: bytes, kind: str, language: str | None
) -> None:
    found = preview(data, name)
    assert (found.kind, found.text and found.text.language) == (kind, language)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [("häß", "utf-8"), ("häß", "utf-8-sig"), ("häß", "utf-16"), ("häß", "cp1252")],
    ids=lambda value: str(value),
)
def test_text_is_read_in_what_it_is_encoded_in(preview: Callable[..., Any], data: str, encoding: str) -> None:
    assert preview(data.encode(encoding), "a.txt").text.text == data


def test_long_text_is_shown_up_to_a_bound(preview: Callable[..., Any]) -> None:
    words = preview("ä".encode() * 600_000, "a.txt")
    assert (words.text.is_cut, set(words.text.text)) == (True, {"ä"})


def test_a_gigabyte_of_lines_costs_no_more_than_its_beginning(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    with file.open("wb") as opened:
        opened.write(b"\n" * 2_000_000)
        opened.truncate(1 << 30)
    tracemalloc.start()
    try:
        found = service.of_file(file, "lines.txt")
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (found.kind, found.size_bytes, len(found.text.text)) == ("text", 1 << 30, 20_000)  # type: ignore[union-attr]
    assert peak_bytes < 8 << 20


def test_tensors_are_told_from_the_header_alone(preview: Callable[..., Any]) -> None:
    header = {
        "__metadata__": {"format": "pt"},
        "layer.weight": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [0, 12]},
        "layer.bias": {"dtype": "I64", "shape": [], "data_offsets": [12, 20]},
    }
    found = preview(safetensors(header, b"\0" * 20), "model.safetensors").tensors
    told = [(one.name, one.dtype, one.shape, one.size_bytes) for one in found.tensors]
    assert told == [("layer.weight", "BF16", [2, 3], 12), ("layer.bias", "I64", [], 8)]
    assert (found.tensor_count, found.number_count, found.size_bytes) == (2, 7, 20)
    assert found.metadata == {"format": "pt"}


def test_arrays_of_numpy_are_told(preview: Callable[..., Any]) -> None:
    (one,) = preview(npy(np.zeros((3, 4), np.float32)), "x.npy").tensors.tensors
    assert (one.dtype, one.shape, one.size_bytes) == ("<f4", [3, 4], 48)
    both = preview(npz(x=np.zeros(30_000), names=np.array(["a", "bc"])), "x.npz").tensors
    told = [(one.name, one.dtype, one.shape, one.size_bytes) for one in both.tensors]
    assert told == [("x", "<f8", [30_000], 240_000), ("names", "<U2", [2], 16)]


def test_tensors_of_gguf_are_told(preview: Callable[..., Any]) -> None:
    def text(words: bytes) -> bytes:
        return struct.pack("<Q", len(words)) + words

    data = b"GGUF" + struct.pack("<IQQ", 3, 1, 2)
    data += text(b"general.name") + struct.pack("<I", 8) + text(b"tiny")
    data += text(b"tokens") + struct.pack("<IIQ", 9, 8, 2) + text(b"a") + text(b"b")
    data += text(b"w") + struct.pack("<IQQIQ", 2, 64, 2, 8, 0) + b"\0" * 136
    found = preview(data, "tiny.gguf").tensors
    assert [(one.name, one.dtype, one.shape, one.size_bytes) for one in found.tensors] == [("w", "Q8_0", [2, 64], 136)]
    assert found.metadata == {"general.name": "tiny", "tokens": "a list of 2"}


def test_the_outline_of_a_graph_is_told(preview: Callable[..., Any]) -> None:
    shape = field(1, field(2, b"batch")) + field(1, field(1, 4))
    value = field(1, b"x") + field(2, field(1, field(1, 1) + field(2, shape)))
    node = field(1, b"x") + field(4, b"Relu")
    weight = field(1, 2) + field(1, 3) + field(2, 1) + field(8, b"w") + field(9, b"\0" * 24)
    found = preview(onnx(field(1, node) + field(1, node) + field(5, weight) + field(11, value)), "m.onnx").onnx
    assert (found.ir_version, found.producer, [(one.domain, one.version) for one in found.opsets]) == (
        9, "test", [("ai.onnx", 21)],
    )  # fmt: skip
    assert [(one.name, one.type, one.shape) for one in found.inputs] == [("x", "float32", ["batch", 4])]
    assert [(one.name, one.count) for one in found.operators] == [("Relu", 2)]
    assert (found.node_count, found.weight_count, found.number_count) == (2, 1, 6)


def test_what_the_onnx_package_writes_is_told(preview: Callable[..., Any]) -> None:
    onnx = pytest.importorskip("onnx")
    helper, float32 = onnx.helper, onnx.TensorProto.FLOAT
    weight = onnx.numpy_helper.from_array(np.zeros((4, 2), np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], "g",
        [helper.make_tensor_value_info("x", float32, [None, 4])],
        [helper.make_tensor_value_info("y", float32, ["n", 2])], [weight],
    )  # fmt: skip
    found = preview(helper.make_model(graph).SerializeToString(), "m.onnx").onnx
    assert [(one.name, one.shape) for one in (*found.inputs, *found.outputs)] == [("x", [None, 4]), ("y", ["n", 2])]
    assert (found.node_count, found.weight_count, found.number_count) == (1, 1, 8)


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_tar_is_listed(preview: Callable[..., Any], mode: str) -> None:
    names = ["a.txt", "deep/" + "n" * 150, "ü"]
    found = preview(tarred(names, mode), "x.tar").archive
    assert [(one.path, one.kind, one.size_bytes) for one in found.entries[:3]] == [
        (name, "file", 700) for name in names
    ]
    assert (found.entries[3].kind, found.entries[3].link) == ("link", "../../etc/passwd")


def test_a_list_that_goes_on_behind_the_bound_says_so(preview: Callable[..., Any]) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as archive:
        large = tarfile.TarInfo("large")
        large.size = 65 << 20
        archive.addfile(large, io.BytesIO(bytes(large.size)))
        archive.addfile(tarfile.TarInfo("after"))
    found = preview(file.getvalue(), "x.tgz").archive
    assert ([one.path for one in found.entries], found.is_cut) == (["large"], True)
    assert not preview(tarred(["a"], "w:gz"), "x.tgz").archive.is_cut


def test_a_zip_is_listed(preview: Callable[..., Any]) -> None:
    found = preview(zipped({"a/b.txt": b"x" * 10_000, "../../escape": b"y"}), "x.zip").archive
    assert [(one.path, one.size_bytes) for one in found.entries] == [("a/b.txt", 10_000), ("../../escape", 1)]
    assert found.entries[0].packed_bytes < 100


def test_a_checkpoint_of_pytorch_is_listed_and_never_unpickled(preview: Callable[..., Any]) -> None:
    found = preview(zipped({"model/data.pkl": b"cos\nsystem\n.", "model/data/0": b"\0" * 12}), "model.pt")
    assert [one.path for one in found.archive.entries] == ["model/data.pkl", "model/data/0"]
    assert "runs what is in it" in found.note


def test_a_directory_of_64_bits_is_read(preview: Callable[..., Any]) -> None:
    """As PyTorch writes it, whatever the size."""
    data = zipped({"a": b"b"})
    ending = data.rindex(b"PK\x05\x06")
    size, start = struct.unpack("<II", data[ending + 12 : ending + 20])
    wide = struct.pack("<4sQ4xII", b"PK\x06\x06", 44, 0, 0) + struct.pack("<4Q", 1, 1, size, start)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, ending, 1)
    (one,) = preview(data[:ending] + wide + locator + data[ending:], "x.zip").archive.entries
    assert (one.path, one.size_bytes) == ("a", 1)


def test_a_pickle_is_never_read(preview: Callable[..., Any]) -> None:
    found = preview(b"\x80\x04cos\nsystem\n(S'reboot'\ntR.", "x.pkl")
    assert (found.kind, found.head_hex[:4]) == ("binary", "8004")
    assert "Reading one runs" in found.note


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
@pytest.mark.parametrize("file_format", ["png", "jpeg", "gif", "webp"])
def test_the_size_of_an_image_is_in_its_header(preview: Callable[..., Any], file_format: str, mode: str) -> None:
    images = pytest.importorskip("PIL.Image")
    if (file_format, mode) in {("jpeg", "RGBA"), ("jpeg", "P")}:
        pytest.skip("there is no such file")
    file = io.BytesIO()
    images.new(mode, (31, 17)).save(file, file_format)
    found = preview(file.getvalue(), "x")
    assert (found.kind, found.image.width, found.image.height) == ("image", 31, 17)


def test_cells_of_a_notebook_are_data(preview: Callable[..., Any]) -> None:
    picture = base64.b64encode(b"\x89PNG").decode()
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": ["hi\n", "ho"]},
        {"output_type": "display_data", "data": {"text/html": ["<b>", SCRIPT.decode()], "text/plain": "b"}},
        {"output_type": "display_data", "data": {"image/png": f"{picture}\n", "text/plain": "b"}},
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["one", "two"]},
        {"output_type": "display_data", "data": {"image/png": '" onerror="alert(1)'}},
    ]
    cells = [
        {"cell_type": "markdown", "source": "# T"},
        {"cell_type": "code", "source": ["a = 1\n", "a"], "execution_count": 3, "outputs": outputs},
    ]
    found = preview(json.dumps({"nbformat": 4, "cells": cells}).encode(), "n.ipynb").notebook
    assert [(cell.kind, cell.text, cell.count) for cell in found.cells] == [
        ("markdown", "# T", None),
        ("code", "a = 1\na", 3),
    ]
    told = [(one.kind, one.text) for one in found.cells[1].outputs]
    assert told == [
        ("text", "hi\nho"), ("html", f"<b>{SCRIPT.decode()}"), ("image", picture), ("error", "one\ntwo"), ("other", ""),
    ]  # fmt: skip


DEEP = b"[" * 100_000
BOMB = zlib.compress(b"\0" * 50_000_000, 9, 31)


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("x.safetensors", safetensors({}, header_bytes=10**18), "is said to have 1,000,000,000,000,000,000 bytes"),
        ("x.safetensors", safetensors({}, header_bytes=1), "cannot be read"),
        ("x.safetensors", struct.pack("<Q", len(DEEP)) + DEEP, "cannot be read"),
        ("x.safetensors", safetensors({"a": {"dtype": "F32", "shape": [9], "data_offsets": [0, 10**12]}}), "to lie at"),
        (
            "x.safetensors",
            safetensors({"a": {"dtype": "F32", "shape": [9], "data_offsets": [0, 4]}}, b"abcd"),
            "not its",
        ),
        (
            "x.safetensors",
            safetensors({"a": {"dtype": "?", "shape": [2**52] * 9, "data_offsets": [0, 0]}}),
            "no tensor",
        ),
        ("x.safetensors", b"\1", "points at"),
        ("x.npy", npy(np.zeros(3))[:90], "no more"),
        ("x.npy", npy(np.zeros(3)).replace(b"(3,)", b"(9,)"), "72 bytes of numbers"),
        ("x.npy", npy(np.zeros(3)).replace(b"{'descr'", b"__import__"), "not that of a NumPy array"),
        ("x.npy", npy(np.array([{}], object)), "is a pickle"),
        ("x.npz", zipped({"a.npy": b"no"}), "no header"),
        ("x.gguf", b"GGUF" + struct.pack("<IQQ", 3, 2**60, 0), "is said to have"),
        ("x.gguf", b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 2**62), "points at"),
        ("x.onnx", b"\xff" * 2000, "not an ONNX file"),
        ("x.onnx", b"hello", "not an ONNX file"),
        ("x.onnx", onnx(b"\x0a\x70"), "not an ONNX file"),
        ("x.zip", b"PK\x03\x04" + b"\0" * 100, "not a whole zip"),
        ("x.zip", zipped({"a": b"b"})[:-6] + b"\xff" * 6, "directory"),
        ("x.tar.gz", BOMB, "no tar"),
        ("x.tar.gz", BOMB[:30_000], "no tar"),
        ("x.tar.gz", b"\x1f\x8b" + b"\xff" * 100, "damaged"),
        ("x.tar", tarred(["a"], "w").replace(b"0000644", b"0000777", 1), "checksum"),
        ("x.png", b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBB", 13, b"IHDR", 2**31, 2**31, 8, 2), "not drawn"),
        ("x.jpeg", b"\xff\xd8\xff\xe0" + b"\0" * 40, "does not say how large"),
        ("x.ipynb", DEEP, "deeper"),
        ("x.ipynb", b'{"cells": 3}', "not a notebook"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_a_file_that_lies_is_shown_as_it_is_with_the_reason(
    preview: Callable[..., Any], name: str, data: bytes, sentence: str
) -> None:
    tracemalloc.start()
    started_s = time.monotonic()
    try:
        found = preview(data, name)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.kind in ("binary", "text", "code")
    assert sentence in found.note
    assert peak_bytes < 32 << 20
    assert time.monotonic() - started_s < 20


def test_a_graph_without_end_is_not_read_to_its_end(preview: Callable[..., Any]) -> None:
    assert "more than the 200,000 parts" in preview(field(1, 9) + b"\x10\x00" * 200_000, "x.onnx").note


def test_a_zip_that_lies_of_its_sizes_is_said_to_be_a_bomb(preview: Callable[..., Any]) -> None:
    data = bytearray(zipped({"a": b"\0" * 1000}))
    place = data.rindex(b"PK\x01\x02") + 24
    data[place : place + 4] = b"\xfe\xff\xff\xff"
    found = preview(bytes(data), "x.zip")
    assert found.archive.entries[0].size_bytes == 0xFFFFFFFE
    assert "made to fill a disk" in found.note


@pytest.mark.parametrize("seed", range(2))
def test_no_damaged_file_makes_a_preview_fail(preview: Callable[..., Any], seed: int) -> None:
    chance = np.random.default_rng(seed)
    header = {"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}
    whole = {
        "a.safetensors": safetensors(header, b"abcd"), "a.npy": npy(np.zeros(3)), "a.npz": npz(x=np.zeros(3)),
        "a.zip": zipped({"a": b"b"}), "a.tar": tarred(["a"], "w"), "a.tgz": tarred(["a"], "w:gz"),
        "a.onnx": onnx(field(1, field(4, b"Relu")) + field(11, field(1, b"x"))), "a.json": b'{"a": 1}',
        "a.ipynb": json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": "1"}]}).encode(),
    }  # fmt: skip
    for name, data in whole.items():
        for _ in range(50):
            damaged = np.frombuffer(data, np.uint8).copy()
            places = chance.integers(0, len(damaged), 3)
            damaged[places] = chance.integers(0, 256, 3)
            assert preview(damaged.tobytes()[: chance.integers(1, len(damaged) + 1)], name).kind


def test_previews_are_asked_for_by_path(client: FlaskClient, app: Flask) -> None:
    version = version_of(client, app, {"src/train.py": b"print(1)\n", "page.html": SCRIPT, "x.bin": b"\0\1"})
    told = asked(client, version, "preview", "src/train.py").json
    assert told["content_url"] == f"/api/v1/artifact-versions/{version}/content?path=src%2Ftrain.py"
    assert (told["kind"], told["frame_url"]) == ("code", None)
    page = asked(client, version, "preview", "page.html").json
    assert page["frame_url"] == f"/api/v1/artifact-versions/{version}/frame?path=page.html"
    assert asked(client, version, "preview", "x.bin").json["content_url"] is None
    for missing in ("nothing", "src"):
        assert asked(client, version, "preview", missing).json["error"]["code"] == "unknown_file"
    assert asked(client, 10**30, "preview", "x").json["error"]["code"] == "unknown_artifact_version"


@pytest.mark.parametrize("name", [name for name, kinds in HOSTILE_NAMES.values() if "path" in kinds])
def test_a_file_of_any_name_has_a_preview(client: FlaskClient, app: Flask, name: str) -> None:
    version = version_of(client, app, {name: b"words"})
    told = asked(client, version, "preview", name).json
    assert (told["path"], told["text"]["text"]) == (name, "words")
    assert client.get(told["content_url"], buffered=True).data == b"words"


@pytest.mark.parametrize(
    ("name", "data", "shown_as"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("a.svg", SVG, "text/plain; charset=utf-8"),
        ("a.html", SCRIPT, "text/plain; charset=utf-8"),
        ("a.png", SCRIPT, "text/plain; charset=utf-8"),
        ("a.js", b"alert(1)", "text/plain; charset=utf-8"),
        ("a.pdf", b"%PDF-1.7 /JS (app.alert(1))", None),
        ("a.zip", b"PK\x03\x04", None),
        ("a.txt", b"\0\1\2", None),
    ],
)
def test_bytes_are_shown_as_what_can_do_nothing(
    client: FlaskClient, app: Flask, name: str, data: bytes, shown_as: str | None
) -> None:
    answer = asked(client, version_of(client, app, {name: data}), "content", name)
    assert (answer.status_code, answer.data) == (200, data)
    assert answer.headers["Content-Type"] == (shown_as or "application/octet-stream")
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    is_saved = answer.headers.get("Content-Disposition", "").startswith("attachment")
    assert is_saved == (shown_as is None)


def test_parts_of_a_file_can_be_asked_for(client: FlaskClient, app: Flask) -> None:
    version = version_of(client, app, {"a.wav": b"RIFF....WAVE0123456789"})
    answer = asked(client, version, "content", "a.wav", headers={"Range": "bytes=12-15"})
    assert (answer.status_code, answer.data) == (206, b"0123")


@pytest.mark.parametrize(("name", "data", "kind"), [("a.html", SCRIPT, "text/html"), ("a.svg", SVG, "image/svg+xml")])
def test_a_stored_page_is_framed_where_nothing_runs(
    client: FlaskClient, app: Flask, name: str, data: bytes, kind: str
) -> None:
    answer = asked(client, version_of(client, app, {name: data}), "frame", name)
    assert (answer.mimetype, answer.data) == (kind, data)
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert policy[:2] == ["sandbox", "default-src 'none'"]
    assert not [
        part for part in policy if part.startswith("script-src") or ("'self'" in part and "ancestors" not in part)
    ]


def test_html_of_a_notebook_is_framed_alike(client: FlaskClient, app: Flask) -> None:
    outputs = [{"output_type": "display_data", "data": {"text/html": SCRIPT.decode()}}]
    cells = [{"cell_type": "raw", "source": ""}, {"cell_type": "code", "source": "", "outputs": outputs}]
    version = version_of(client, app, {"n.ipynb": json.dumps({"nbformat": 4, "cells": cells}).encode()})
    address = f"/api/v1/artifact-versions/{version}/frame?path=n.ipynb"
    answer = client.get(f"{address}&cell=1&output=0")
    assert (answer.mimetype, answer.data) == ("text/html", SCRIPT)
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'; ")
    for elsewhere in ("&cell=0&output=0", "&cell=1&output=1", "&cell=9", ""):
        assert client.get(address + elsewhere).json["error"]["code"] == "no_frame"


def test_nothing_else_is_framed(client: FlaskClient, app: Flask) -> None:
    version = version_of(client, app, {"a.txt": SCRIPT})
    assert asked(client, version, "frame", "a.txt").json["error"]["code"] == "no_frame"


@pytest.mark.parametrize("what", ["preview", "content", "frame"])
def test_a_file_of_a_project_that_one_does_not_see_is_not_there(guarded: Flask, ada: Somebody, what: str) -> None:
    eve = person(guarded, ada, "eve")
    with writing(guarded) as session:
        version = log_artifact(session, log_run(session), {"a.html": SCRIPT}).id
    answer = eve.client.get(f"/api/v1/artifact-versions/{version}/{what}", query_string={"path": "a.html"})
    assert answer.status_code == 404


def changes_of(client: FlaskClient, app: Flask, name: str, before: bytes, after: bytes) -> TestResponse:
    """The two texts of a file from one version to another."""
    old, new = (version_of(client, app, {name: data}) for data in (before, after))
    return asked_since(client, new, old, name)


def asked_since(client: FlaskClient, version: int, since: int, path: str) -> TestResponse:
    address = f"/api/v1/artifact-versions/{version}/text/changes"
    return client.get(address, query_string={"path": path, "since": since})


def test_a_text_is_told_as_it_was_and_as_it_is(client: FlaskClient, app: Flask) -> None:
    found = changes_of(client, app, "a/lr.yaml", b"lr: 1\nname: \xc3\xa4\n", b"lr: 2\nname: \xc3\xa4").json
    assert (found["before"], found["after"], found["notes"]) == ("lr: 1\nname: ä\n", "lr: 2\nname: ä", [])


def test_lines_are_the_same_whatever_they_end_in(client: FlaskClient, app: Flask) -> None:
    found = changes_of(client, app, "a.txt", "ä\r\nb\r\n".encode("utf-16"), "ä\nb\n".encode("utf-8-sig")).json
    assert found["before"] == found["after"] == "ä\nb\n"
    assert found["notes"] == [
        "The file was UTF-16, with CR LF at the end of lines, and is UTF-8 with a byte order mark."
    ]


def notebook(*cells: dict[str, Any]) -> bytes:
    return json.dumps({"nbformat": 4, "cells": cells}).encode()


def test_of_a_notebook_what_was_typed_is_compared(client: FlaskClient, app: Flask) -> None:
    printed = {"output_type": "stream", "text": "a secret"}
    before = notebook({"cell_type": "code", "source": ["lr = 1\n", "lr"], "outputs": [printed]})
    words = {"cell_type": "markdown", "source": "# New"}
    found = changes_of(client, app, "a.ipynb", before, notebook({"cell_type": "code", "source": "lr = 2"}, words)).json
    assert found["before"] == "# %%\nlr = 1\nlr\n"
    assert found["after"] == "# %%\nlr = 2\n\n# %% [markdown]\n# New\n"
    assert found["notes"] == ["Only what was typed into the cells is compared: no outputs, no counts."]


def test_what_only_calls_itself_a_notebook_is_compared_as_text(client: FlaskClient, app: Flask) -> None:
    found = changes_of(client, app, "a.ipynb", notebook({"cell_type": "code", "source": "1"}), b"{").json
    assert (found["before"][:12], found["after"]) == ('{"nbformat":', "{")
    assert "cannot be read as a notebook" in found["notes"][0]


@pytest.mark.parametrize(
    ("before", "after", "code", "reason"),
    [
        (b"a\n", b"\x89PNG\r\n\x1a\n\0\0", "no_text", "'a.txt' as it is now is no text"),
        (b"a" * 5000 + b"\0", b"a\n", "no_text", "'a.txt' as it was is no text"),
        (b"a" * (1024 * 1024 + 1), b"a", "too_large_to_compare", "'a.txt' as it was has 1,048,577 bytes"),
        (b"a", b"\n" * 20_001, "too_large_to_compare", "'a.txt' as it is now has 20,001 lines"),
    ],
    ids=["binary", "binary-later", "bytes", "lines"],
)
def test_what_has_no_lines_or_too_many_is_refused_with_the_reason(
    client: FlaskClient, app: Flask, before: bytes, after: bytes, code: str, reason: str
) -> None:
    answer = changes_of(client, app, "a.txt", before, after)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, code)
    assert reason in answer.json["error"]["message"]


def test_a_text_is_compared_only_where_both_versions_have_it(client: FlaskClient, app: Flask) -> None:
    old, new = version_of(client, app, {"old.txt": b"a"}), version_of(client, app, {"new.txt": b"a"})
    for path, since in (("new.txt", old), ("old.txt", old), ("new.txt", 999)):
        assert asked_since(client, new, since, path).status_code == 404


def test_a_text_of_a_project_that_one_does_not_see_is_not_compared(guarded: Flask, ada: Somebody) -> None:
    eve = person(guarded, ada, "eve")
    with writing(guarded) as session:
        hidden = log_artifact(session, log_run(session), {"a.txt": b"secret"}).id
    assert asked_since(eve.client, hidden, hidden, "a.txt").status_code == 404
