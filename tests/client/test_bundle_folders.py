"""A folder is opened as a bundle only when every file in it is the one that its manifest names."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys

import pytest

from tests.client.boxes import describe, onnx_files, put, whole
from tracker import manifest
from tracker.bundles.folder import BundleError, open_folder
from tracker.bundles.forms import PickleNotAllowedError, run
from tracker.manifest import BundleFile, Form, Reference


def test_roles_give_paths(tmp_path):
    files = {"a.txt": b"a", "b.txt": b"b", "c.txt": b"c"}
    roles = {"one": ("a.txt",), "two": ("b.txt", "c.txt"), "none": ()}
    bundle = open_folder(put(tmp_path, whole(files, roles=roles)))
    assert bundle.files() == {"one": tmp_path / "a.txt", "two": [tmp_path / "b.txt", tmp_path / "c.txt"], "none": []}


def test_a_folder_without_a_manifest_is_none(tmp_path):
    with pytest.raises(BundleError, match=r"has no tracker.yaml, so it is no bundle; tracker.log_model makes one"):
        open_folder(tmp_path)


def test_a_changed_file_is_refused_by_name(tmp_path):
    put(tmp_path, onnx_files())
    (tmp_path / "model.onnx").write_bytes(b"something else")
    with pytest.raises(BundleError, match=r"'model.onnx' is not the file that tracker.yaml names: it has sha256"):
        open_folder(tmp_path)


def test_a_missing_file_is_refused_by_name(tmp_path):
    put(tmp_path, onnx_files())
    (tmp_path / "model.onnx").unlink()
    with pytest.raises(BundleError, match=r"names 'model.onnx', which is not among the files"):
        open_folder(tmp_path)


def test_a_file_that_the_manifest_does_not_name_is_refused(tmp_path):
    put(tmp_path, onnx_files() | {"code/extra.py": b""})
    with pytest.raises(BundleError, match=r"does not name 'code/extra.py'"):
        open_folder(tmp_path)


def test_a_link_is_refused_wherever_it_leads(tmp_path):
    folder = put(tmp_path / "box", onnx_files())
    (tmp_path / "model.onnx").write_bytes((folder / "model.onnx").read_bytes())
    (folder / "model.onnx").unlink()
    (folder / "model.onnx").symlink_to(tmp_path / "model.onnx")
    with pytest.raises(BundleError, match=r"'model.onnx' in .* is a link"):
        open_folder(folder)


def test_a_folder_that_is_a_link_is_refused(tmp_path):
    folder = put(tmp_path / "box", onnx_files())
    (tmp_path / "elsewhere").mkdir()
    (folder / "code").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BundleError, match=r"'code' in .* is a link"):
        open_folder(folder)


def test_what_is_no_file_is_not_waited_for(tmp_path):
    folder = put(tmp_path / "box", onnx_files())
    os.mkfifo(folder / "pipe")
    with pytest.raises(BundleError, match=r"'pipe' in .* is no file"):
        open_folder(folder)


@pytest.mark.parametrize("path", ["../x.py", "/etc/passwd", "code/../../x", "C:x", "a\\b", "NUL"], ids=repr)
def test_a_path_that_leads_outside_is_refused(tmp_path, path):
    listed = (BundleFile("inside", "0" * 64, 1),)
    lies = manifest.write(manifest.Manifest(format=1, kind="files", python="3.12", files=listed))
    (tmp_path / "inside").write_bytes(b"x")
    (tmp_path / "tracker.yaml").write_bytes(lies.replace(b"path: inside", b"path: '" + path.encode() + b"'"))
    with pytest.raises(BundleError, match=r"would lie outside the bundle"):
        open_folder(tmp_path)


def test_a_file_that_lies_elsewhere_has_to_be_the_one_that_was_adopted(tmp_path):
    reference = Reference("big.bin", "https://models.test/big.bin", size_bytes=3)
    put(tmp_path, {"tracker.yaml": describe({}, references=(reference,), roles={"weights": ("big.bin",)})})
    with pytest.raises(BundleError, match=r"'big.bin' was not fetched from https://models.test/big.bin"):
        open_folder(tmp_path)
    assert open_folder(tmp_path, has_references=False).manifest.references == (reference,)
    (tmp_path / "big.bin").write_bytes(b"four")
    with pytest.raises(BundleError, match=r"'big.bin' is not the file that was adopted"):
        open_folder(tmp_path)
    (tmp_path / "big.bin").write_bytes(b"new")
    assert open_folder(tmp_path).files() == {"weights": tmp_path / "big.bin"}


class Malicious:
    """Writes a file when it is unpickled."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return (open, (str(self.target), "w"))


def test_a_pickle_is_not_opened_unless_that_is_allowed(tmp_path):
    target = tmp_path / "written"
    files = {"model.pkl": pickle.dumps(Malicious(target))}
    bundle = open_folder(put(tmp_path / "box", whole(files, Form("pickle", file="model.pkl"))))
    for form in (None, "pickle"):
        with pytest.raises(
            PickleNotAllowedError, match=r"allow_pickle=True \(--allow-pickle\); the bundle has no other"
        ):
            run(bundle, form=form)
    assert not target.exists()


def test_a_pickle_that_calls_itself_another_form_is_not_opened(tmp_path):
    target = tmp_path / "written"
    data = pickle.dumps(Malicious(target))
    pytest.importorskip("onnxruntime")
    bundle = open_folder(put(tmp_path / "box", whole({"model.onnx": data}, Form("onnx", file="model.onnx"))))
    with pytest.raises(BundleError, match=r"onnxruntime cannot load 'model.onnx'"):
        run(bundle)
    assert not target.exists()


def test_what_replays_a_bundle_needs_nothing_but_msgspec_yaml_and_numpy():
    """As in the environment that `tracker verify` makes of a lock, where the form's own libraries are besides."""
    script = """
import sys, importlib.abc
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in {"requests", "psutil", "platformdirs", "pynvml", "urllib3", "flask", "torch"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Refuse())
import tracker.manifest, tracker.naming, tracker.errors
import tracker.bundles.values, tracker.bundles.folder
from tracker.bundles.forms import running, importing, calling, python, loader, pickle
from tracker.bundles import forms, model
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
