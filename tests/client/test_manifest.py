"""What `tracker.yaml` says is read as it was written, or refused in words that name the place."""

from __future__ import annotations

import datetime
import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tracker import manifest
from tracker.manifest import (
    BundleFile,
    Example,
    Field,
    Form,
    Manifest,
    ManifestError,
    Reference,
    Signature,
    Stored,
)

DIGEST = "0123456789abcdef" * 4
OTHER = "f" * 64


def whole(**changes: object) -> Manifest:
    """A manifest with something in every field."""
    fields: dict[str, object] = {
        "format": 1,
        "kind": "torch",
        "python": "3.11.7",
        "forms": (
            Form("onnx", ("numpy==2.4.6",), file="model.onnx", max_difference=1e-7),
            Form("torch", ("torch==2.13.0",), file="w.safetensors", entry="net:Net", arguments={"width": 3}),
        ),
        "signature": Signature(
            (Field("x", "float32", ("batch", 4, None), "pixels"),), (Field("y", "int64", ("batch",)),), True
        ),
        "example": Example("example/input.json", "example/output.json", 1e-6, 0.0),
        "roles": {"weights": ("model.onnx", "w.safetensors"), "vocabulary": ("words.txt",)},
        "files": tuple(
            BundleFile(path, DIGEST, 3)
            for path in ("model.onnx", "w.safetensors", "code/net.py", "example/input.json", "example/output.json")
        ),
        "references": (Reference("words.txt", "s3://bucket/words.txt", 12, '"etag"', OTHER),),
        "metadata": {"opset": 20, "left out": {"torch_export": "no"}},
    }
    return Manifest(**(fields | changes))  # type: ignore[arg-type]


def stored(of: Manifest) -> dict[str, Stored]:
    return {file.path: Stored(file.sha256, file.size_bytes) for file in of.files}


def text(**fields: object) -> bytes:
    """A small manifest with these fields."""
    said = {"format": 1, "kind": "files", "python": "3.11", **fields}
    return yaml.safe_dump(said).encode()


def test_what_was_written_is_read() -> None:
    assert manifest.read(manifest.write(whole())) == whole()


def test_equal_manifests_are_equal_bytes() -> None:
    assert manifest.write(whole()) == manifest.write(manifest.read(manifest.write(whole())))


_plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=20), _plain, max_size=4))
def test_whatever_stands_in_metadata_comes_back(metadata: dict[str, object]) -> None:
    assert manifest.read(manifest.write(whole(metadata=metadata))).metadata == metadata


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        found = manifest.read(data)
    except ManifestError:
        return
    assert manifest.read(manifest.write(found)) == found


def test_lists_the_roles_that_have_no_file() -> None:
    assert whole(roles={"weights": ("model.onnx",), "tokenizer": ()}).missing_roles == ["tokenizer"]


def test_the_first_form_is_preferred_and_another_can_be_named() -> None:
    assert (whole().form().kind, whole().form("torch").entry) == ("onnx", "net:Net")
    with pytest.raises(ManifestError, match="no form 'pickle'; it has onnx, torch"):
        whole().form("pickle")
    with pytest.raises(ManifestError, match="none: it has files alone"):
        whole(forms=()).form()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a: &x 1\nb: *x", r"tracker.yaml, line 1: anchors"),
        (b"format: 1\nkind: !!python/name:os.system x", "line 2: tags such as 'tag:yaml.org,2002:python/name:os.sys"),
        (b"[" * 40 + b"]" * 40, "nested deeper than 30"),
        (b"\xff", "not UTF-8: invalid start byte at byte 0"),
        (b"a: [1", "not YAML: "),
        (b"[]", "no mapping"),
        (b"kind: torch", "has to say `format: 1`, got None"),
        (b"format: true", "has to say `format: 1`, got True"),
        (b"format: 2", "is of format 2; this version of tracker reads 1: upgrade it"),
        (text(kind="keras"), r"Invalid enum value 'keras' - at `\$.kind`"),
        (text(python="2.7"), r"\$.python"),
        (text(python="3.12\n"), r"\$.python"),
        (text(files=[{"path": "a", "sha256": DIGEST + "\n", "size_bytes": 1}]), r"\$.files\[0\].sha256"),
        (text(forms=[{"kind": "loader", "entry": "net:load\n"}]), r"\$.forms\[0\].entry"),
        (text(files=[{"path": "a", "sha256": "x", "size_bytes": 1}]), r"\$.files\[0\].sha256"),
        (text(files=[{"path": "a", "sha256": DIGEST, "size_bytes": -1}]), r"\$.files\[0\].size_bytes"),
        (
            text(metadata={"when": datetime.date(2026, 1, 1)}),
            r"metadata\.when is a date, which is no value of JSON; quote",
        ),
        (text(metadata={1: 2}), "metadata has the name 1, which is no text; quote it"),
        (text(metadata={"x": float("nan")}), r"metadata\.x is nan, where a finite number is needed"),
        (text(metadata={"x": [2**63]}), r"metadata\.x\[0\] is a whole number of more than 64 bits"),
        (b'format: 1\nmetadata: {x: "\\uD800"}', "half of a pair|invalid Unicode"),
        (b"x" * (manifest.MAX_BYTES + 1), f"{manifest.MAX_BYTES + 1} bytes; at most {manifest.MAX_BYTES}"),
    ],
)
def test_refuses_what_is_no_manifest(data: bytes, message: str) -> None:
    with pytest.raises(ManifestError, match=message):
        manifest.read(data)


@pytest.mark.parametrize("path", ["../a", "/etc/passwd", "a/../../b", "a\\b", "C:x", "", "nul", "a\nb", "tracker.yaml"])
def test_refuses_a_file_outside_the_bundle(path: str) -> None:
    with pytest.raises(ManifestError):
        manifest.read(text(files=[{"path": path, "sha256": DIGEST, "size_bytes": 1}]))
    with pytest.raises(ManifestError):
        manifest.read(text(references=[{"path": path, "uri": "s3://b/k"}]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"files": (*whole().files, BundleFile("Model.onnx", OTHER, 1))}, "'model.onnx' stands in the bundle twice"),
        ({"roles": {"weights": ("gone.bin",)}}, "the role 'weights' names 'gone.bin', which is not among the files"),
        ({"forms": (Form("onnx", file="gone.onnx"),)}, "the form 'onnx' names 'gone.onnx'"),
        ({"forms": (Form("onnx"),)}, "the form 'onnx' has to name a file"),
        ({"forms": (Form("python"),)}, "the form 'python' has to name an entry point"),
        ({"forms": (Form("python", file="model.onnx", entry="a:B"),)}, "the form 'python' has no file"),
        ({"example": Example("gone.json", "example/output.json")}, "the example names 'gone.json'"),
        ({"forms": (Form("onnx", ("numpy>=1",), file="model.onnx"),)}, "the lock has 'numpy>=1'"),
        ({"forms": (Form("onnx", ("-r /etc/x",), file="model.onnx"),)}, "each of its lines is name==version"),
        ({"signature": Signature((Field("x", "bool"), Field("x", "bool")), ())}, "the signature has 'x' twice"),
        (
            {"files": tuple(BundleFile(f"{n}", DIGEST, 1) for n in range(manifest.MAX_FILES + 1))},
            "at most 5000 files, got 5002",
        ),
    ],
)
def test_neither_reads_nor_writes_what_contradicts_itself(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ManifestError, match=message):
        manifest.write(whole(**changes))


@pytest.mark.parametrize("entry", ["net", "net:", ":Net", "net:Net()", "os;x:y", "../net:Net", "1net:Net"])
def test_refuses_an_entry_point_that_is_none(entry: str) -> None:
    form = {"kind": "loader", "entry": entry}
    with pytest.raises(ManifestError, match="entry"):
        manifest.read(text(forms=[form]))


def test_the_files_are_those_that_it_says() -> None:
    manifest.check_files(whole(), stored(whole()))
    manifest.check_files(whole(), {**stored(whole()), manifest.FILE_NAME: Stored(OTHER, 9)})


def test_a_manifest_that_lies_of_its_files_is_refused() -> None:
    there = stored(whole())
    with pytest.raises(ManifestError, match=r"names 'model\.onnx', which is not among the files"):
        manifest.check_files(whole(), {path: it for path, it in there.items() if path != "model.onnx"})
    with pytest.raises(ManifestError, match=rf"'model\.onnx' is not the file .* has sha256 {OTHER} and 3 bytes"):
        manifest.check_files(whole(), {**there, "model.onnx": Stored(OTHER, 3)})
    with pytest.raises(ManifestError, match=r"does not name 'more\.bin'"):
        manifest.check_files(whole(), {**there, "more.bin": Stored(OTHER, 3)})


def test_the_longest_text_takes_a_bounded_time() -> None:
    """Seconds, where a text that refers to itself would take for ever."""
    began = time.monotonic()
    with pytest.raises(ManifestError):
        manifest.read(b"- [" * (manifest.MAX_BYTES // 3))
    with pytest.raises(ManifestError):
        manifest.read(b"a: 1\n" * (manifest.MAX_BYTES // 5))
    assert time.monotonic() - began < 60
