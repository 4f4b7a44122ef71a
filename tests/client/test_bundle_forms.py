"""Each form runs what its bundle holds, and the first one that can is chosen."""

from __future__ import annotations

import builtins
import io
import pickle
import sys
import zipfile

import numpy as np
import pytest

from tests.client.boxes import DOUBLED, onnx_bytes, onnx_files, put, whole
from tracker import manifest
from tracker.bundles.folder import BundleError, open_folder
from tracker.bundles.forms import MissingLibraryError, run
from tracker.bundles.values import read_inputs
from tracker.manifest import Field, Form, Signature

CLASS = b"""
class Doubling:
    def __init__(self, offset=0.0):
        self.offset = offset
    def load(self, files):
        self.factor = float(files["factor"].read_text())
    def predict(self, x):
        import scale
        return {"y": scale.by(x, self.factor) + self.offset}
"""
SCALE = b"import numpy as np\ndef by(x, factor): return np.asarray(x) * factor\n"
LOADER = b"""
def load(files):
    factor = float(files["factor"].read_text())
    return lambda x: x * factor
"""


@pytest.fixture
def opened(tmp_path):
    """Opens a bundle of these files and forms, each in a folder of its own."""

    def make(files, *forms, **said):
        return open_folder(put(tmp_path / f"box{len(list(tmp_path.iterdir()))}", whole(files, *forms, **said)))

    return make


def answer(runner, signature=DOUBLED):
    return runner.predict(read_inputs(signature, {"x": [[1, 2], [3, 4]]}))["y"].tolist()


def python_files(factor=2.0, scale=SCALE):
    return {"code/model.py": CLASS, "code/scale.py": scale, "factor.txt": str(factor).encode()}


PYTHON = Form("python", entry="model:Doubling", arguments={"offset": 0.5})
ROLES = {"factor": ("factor.txt",)}


def test_onnx_runs_by_onnxruntime(tmp_path):
    runner = run(open_folder(put(tmp_path, onnx_files())))
    assert runner.form == "onnx"
    assert answer(runner) == [[2, 4], [6, 8]]
    assert type(runner.native).__module__.startswith("onnxruntime")


def test_an_onnxruntime_that_reads_what_lies_outside_a_bundle_is_not_used(tmp_path, monkeypatch):
    bundle = open_folder(put(tmp_path, onnx_files()))
    monkeypatch.setattr("onnxruntime.__version__", "1.23.2")
    with pytest.raises(BundleError, match=r"onnxruntime 1\.23\.2 is here, and 1\.24 or later is needed"):
        run(bundle)


def test_onnx_takes_a_provider_that_is_here_alone(tmp_path):
    bundle = open_folder(put(tmp_path, onnx_files()))
    assert run(bundle, providers=["CPUExecutionProvider"], threads=1).native.get_providers() == ["CPUExecutionProvider"]
    with pytest.raises(BundleError, match=r"no provider 'NoExecutionProvider' here; it has .*CPUExecutionProvider"):
        run(bundle, providers=["NoExecutionProvider"])


def test_a_graph_of_other_names_is_fed_in_order(opened):
    renamed = Signature((Field("features", "float32", (None, 2)),), (Field("scores", "float32", (None, 2)),))
    runner = run(opened({"m.onnx": onnx_bytes()}, Form("onnx", file="m.onnx"), signature=renamed))
    assert runner.predict({"features": np.ones((1, 2), np.float32)})["scores"].tolist() == [[2, 2]]


def test_a_class_loads_its_files_and_predicts(opened):
    runner = run(opened(python_files(), PYTHON, roles=ROLES))
    assert answer(runner) == [[2.5, 4.5], [6.5, 8.5]]


def test_bundles_whose_modules_have_the_same_names_do_not_meet(opened):
    """Not even where one imports only as it predicts."""
    before = set(sys.modules)
    first = run(opened(python_files(2.0), PYTHON, roles=ROLES))
    negating = b"import numpy as np\ndef by(x, factor): return np.asarray(x) * -factor\n"
    second = run(opened(python_files(2.0, negating), PYTHON, roles=ROLES))
    assert answer(second) == [[-1.5, -3.5], [-5.5, -7.5]]
    assert answer(first) == [[2.5, 4.5], [6.5, 8.5]]
    assert not {"model", "scale"} & (set(sys.modules) - before)


def test_importing_leaves_the_folder_as_it_was(opened):
    bundle = opened(python_files(), PYTHON, roles=ROLES)
    answer(run(bundle))
    assert open_folder(bundle.folder).manifest == bundle.manifest


def test_packages_of_a_bundle_import_each_other_as_they_are_used_to(opened):
    files = {
        "code/nets/__init__.py": b"from .parts import FACTOR\n",
        "code/nets/parts.py": b"FACTOR = 3\n",
        "code/nets/deep/net.py": b"import nets.parts\nimport nets.parts as parts\nfrom nets import FACTOR\n"
        b"def load(files): return lambda x: x * (nets.parts.FACTOR + parts.FACTOR + FACTOR)\n",
    }
    assert answer(run(opened(files, Form("loader", entry="nets.deep.net:load")))) == [[9, 18], [27, 36]]


def test_a_loader_makes_the_model_of_the_files(opened):
    files = {"code/mine.py": LOADER, "factor.txt": b"3"}
    assert answer(run(opened(files, Form("loader", entry="mine:load"), roles=ROLES))) == [[3, 6], [9, 12]]


def test_a_loader_may_be_of_what_is_installed(opened):
    runner = run(opened({}, Form("loader", entry="collections:Counter"), roles={}))
    assert runner.native == {}
    with pytest.raises(BundleError, match=r"collections:Counter gave a Counter, which has no predict"):
        runner.predict({"x": 1})


def test_a_pickle_finds_the_classes_of_its_bundle(opened, tmp_path, monkeypatch):
    source = b"class Times:\n    def predict(self, X): return X * self.factor\n"
    home = put(tmp_path / "home", {"times_of_a_test.py": source})
    monkeypatch.syspath_prepend(str(home))
    import times_of_a_test

    model = times_of_a_test.Times()
    model.factor = 4
    data = pickle.dumps(model)
    monkeypatch.delitem(sys.modules, "times_of_a_test")
    sys.path.remove(str(home))
    files = {"model.pkl": data, "code/times_of_a_test.py": source}
    runner = run(opened(files, Form("pickle", file="model.pkl")), allow_pickle=True)
    assert answer(runner) == [[4, 8], [12, 16]]


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch")


NET = b"""
import torch
class Net(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.linear = torch.nn.Linear(width, width, bias=False)
        self.dropout = torch.nn.Dropout(0.5)
    def forward(self, x):
        return self.dropout(self.linear(x))
"""


def test_a_class_of_torch_takes_its_weights_from_safetensors(opened, torch):
    from safetensors.torch import save

    files = {"code/net.py": NET, "w.safetensors": save({"linear.weight": torch.eye(2) * 2})}
    form = Form("torch", file="w.safetensors", entry="net:Net", arguments={"width": 2})
    runner = run(opened(files, form))
    assert answer(runner) == [[2, 4], [6, 8]]
    assert isinstance(runner.native, torch.nn.Module)
    with pytest.raises(BundleError, match=r"'w.safetensors' does not have the weights of net:Net"):
        run(opened(files, Form("torch", file="w.safetensors", entry="net:Net", arguments={"width": 3})))


@pytest.fixture(scope="module", params=["by place", "by name"])
def exported(torch, request):
    """A program of torch.export that doubles, as bytes."""

    class Times(torch.nn.Module):
        def forward(self, x):
            return x * 2

    batch = {"x": {0: torch.export.Dim.DYNAMIC}}
    inputs = ((torch.ones(3, 2),), {}) if request.param == "by place" else ((), {"x": torch.ones(3, 2)})
    program = torch.export.export(Times(), *inputs, dynamic_shapes=batch)
    data = io.BytesIO()
    torch.export.save(program, data)
    return data.getvalue()


EXPORTED = Form("torch_export", file="model.pt2")


def test_an_exported_program_runs_without_its_class(opened, exported):
    assert answer(run(opened({"model.pt2": exported}, EXPORTED))) == [[2, 4], [6, 8]]


def with_record(data: bytes, ending: str, content: bytes) -> bytes:
    """The archive with other bytes in place of one record's."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(written, "w") as target:
        for name in source.namelist():
            target.writestr(name, content if name.endswith(ending) else source.read(name))
    return written.getvalue()


class Malicious:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return (builtins.open, (str(self.target), "w"))


CONFIG = b'{"config": {"w": {"path_name": "weight_0", "is_param": false, "use_pickle": true, "tensor_meta": null}}}'
OPAQUE = CONFIG.replace(b"true", b"false").replace(b"weight_0", b"opaque_obj_0")


@pytest.mark.parametrize(
    "record", ["sample_inputs/model.pt", "weights_config.json", "constants_config.json", "all of it"]
)
def test_a_pickle_in_an_exported_program_is_not_opened(opened, exported, torch, tmp_path, record):
    target = tmp_path / "written"
    evil = io.BytesIO()
    torch.save(Malicious(target), evil)
    content = {"weights_config.json": CONFIG, "constants_config.json": OPAQUE}.get(record, evil.getvalue())
    data = evil.getvalue() if record == "all of it" else with_record(exported, record, content)
    with pytest.raises(BundleError, match=r"'model.pt2' of the form 'torch_export' is refused: it "):
        run(opened({"model.pt2": data}, EXPORTED))
    assert not target.exists()


NEEDS = {"code/needy.py": b"import no_such_library\ndef load(files): return None\n"}


def test_the_first_form_whose_libraries_are_here_is_chosen(opened):
    files = {**NEEDS, "model.onnx": onnx_bytes(), "model.pkl": b"never opened"}
    forms = Form("loader", entry="needy:load"), Form("pickle", file="model.pkl"), Form("onnx", file="model.onnx")
    assert run(opened(files, *forms)).form == "onnx"


def test_a_missing_library_is_named_with_its_version_and_the_other_forms(opened):
    files = {**NEEDS, "model.onnx": onnx_bytes()}
    needy = Form("loader", ("no-such-library==1.2",), entry="needy:load")
    bundle = opened(files, needy, Form("onnx", file="model.onnx"))
    told = (
        r"'loader' needs no_such_library, which is not installed: pip install \"no-such-library==1.2\"; the bundle "
        r"has onnx too"
    )
    with pytest.raises(MissingLibraryError, match=told):
        run(bundle, form="loader")


def test_where_no_form_can_run_each_is_told_with_its_reason(opened):
    files = {**NEEDS, "model.pkl": b"never opened"}
    bundle = opened(files, Form("loader", entry="needy:load"), Form("pickle", file="model.pkl"))
    with pytest.raises(BundleError, match=r"none of the bundle's forms can run here: .*no_such_library.*allow_pickle"):
        run(bundle)


def test_a_form_that_is_not_there_is_told_with_those_that_are(tmp_path):
    with pytest.raises(BundleError, match=r"no form 'torch'; it has onnx"):
        run(open_folder(put(tmp_path, onnx_files())), form="torch")


def test_files_without_a_form_cannot_run(opened):
    with pytest.raises(BundleError, match=r"the bundle has files alone"):
        run(opened({"a.txt": b"a"}, kind="files"))


def test_code_that_breaks_is_told_as_what_it_is(opened):
    broken = {"code/broken.py": b"def load(files): raise RuntimeError('no weights')\n"}
    with pytest.raises(
        BundleError, match=r"broken:load\(files\) for the form 'loader' raised RuntimeError: no weights"
    ):
        run(opened(broken, Form("loader", entry="broken:load")))
    with pytest.raises(BundleError, match=r"the entry point 'broken:nothing' of the form 'loader' is not there"):
        run(opened(broken, Form("loader", entry="broken:nothing")))


def test_what_may_carry_out_code_is_said_by_the_manifest():
    assert {"torch_export", "torch", "pickle", "python", "loader"} == manifest.RUNS_CODE
