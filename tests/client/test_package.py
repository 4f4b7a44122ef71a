"""`tracker package`: what is written for Docker and cog, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from tests.client.bundled import INPUT, LOCK, OUTPUT, bundle, product
from tests.house.dockerfile import parse
from tracker import cli, manifest, packaging
from tracker.bundles.folder import BundleError, open_folder
from tracker.manifest import Example, Field, Form, Reference, Signature
from tracker.version import client_version

COG_SCHEMA = {
    "type": "object",
    "properties": {
        "build": {
            "type": "object",
            "properties": {"python_version": {"type": "string"}, "python_requirements": {"type": "string"}},
            "additionalProperties": False,
        },
        "predict": {"type": "string", "pattern": r"^[\w.]+\.py:\w+$"},
    },
    "required": ["build", "predict"],
    "additionalProperties": False,
}
"""What cog's reference says of the keys that we write."""

COG = """
class BasePredictor:
    pass

def Input(description=None, **options):
    return None
"""
"""As much of the package `cog` as a predictor needs."""

PICKLE = {"model.pkl": b"cos\nsystem\n(S'touch here'\ntR."}
PICKLE_FORM = Form("pickle", LOCK, file="model.pkl")


@pytest.fixture
def made(tmp_path):
    return bundle(tmp_path / "product")


def packed(source, out, *more):
    """The exit status of the command."""
    return cli.main(["package", str(source), "--out", str(out), *more])


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_an_image_has_the_verified_files_and_what_installs_them(made, tmp_path, capsys):
    assert packed(made, tmp_path / "out") == 0
    own = [".dockerignore", "Dockerfile", "README.md", "cog.yaml", "predict.py", "requirements.txt"]
    assert files(tmp_path / "out") == sorted(own + [f"model/{name}" for name in files(made)])
    assert open_folder(tmp_path / "out" / "model").manifest == open_folder(made).manifest
    lines = (tmp_path / "out" / "requirements.txt").read_text().splitlines()
    assert set(lines) >= {*LOCK, f"tracker-runs[serve]=={client_version()}"}
    said = capsys.readouterr()
    assert "docker build -t product:latest" in said.out
    assert "--wheel" in said.err  # it runs from a checkout, which no index has


def test_the_image_serves_without_rights_and_checks_its_health(made, tmp_path):
    packaging.package(str(made), tmp_path / "out")
    (stage,) = parse((tmp_path / "out" / "Dockerfile").read_text())
    keywords = [instruction.keyword for instruction in stage.instructions]
    assert stage.last("USER").arguments == "tracker"
    assert "RUN" not in keywords[keywords.index("USER") :]
    assert "http://127.0.0.1:8091/health-check" in stage.last("HEALTHCHECK").command()[-1]
    words = "tracker serve ./model --host 0.0.0.0 --port 8091 --form onnx --as product"
    assert stage.last("CMD").command() == words.split()
    assert (tmp_path / "out" / "Dockerfile").read_text().count("FROM python:3.11-slim") == 1


def test_cog_is_told_what_its_reference_asks_for(made, tmp_path):
    packaging.package(str(made), tmp_path / "out")
    config = yaml.safe_load((tmp_path / "out" / "cog.yaml").read_text())
    Draft7Validator(COG_SCHEMA).validate(config)
    assert config["build"]["python_version"] == "3.11"
    assert (tmp_path / "out" / config["build"]["python_requirements"]).is_file()


def predict(package: Path, **given):
    """What the predictor answers in a process of its own, as cog would call it."""
    (package / "cog.py").write_text(COG)
    program = f"import predict; it = predict.Predictor(); it.setup(); print(it.predict(**{given!r}))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=package, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_predictor_answers_as_the_model_does(made, tmp_path):
    packaging.package(str(made), tmp_path / "out")
    assert predict(tmp_path / "out", x=json.dumps(INPUT["x"])) == OUTPUT


def test_the_predictor_has_numbers_and_texts_by_their_types(tmp_path):
    fields = (Field("scale", "float32"), Field("steps", "int64"), Field("deep", "bool"), Field("words", "string"))
    made = bundle(tmp_path / "b", signature=Signature(inputs=(*fields, Field("x", "float32", ("n", 4))), outputs=()))
    packaging.package(str(made), tmp_path / "out")
    text = (tmp_path / "out" / "predict.py").read_text()
    for expected in ("scale: float = Input", "steps: int = Input", "deep: bool = Input", "words: str = Input"):
        assert expected in text


def test_an_input_may_be_called_as_what_the_predictor_uses(tmp_path):
    names = ("json", "read_inputs", "to_json", "given", "inputs", "x")
    signature = Signature(inputs=tuple(Field(name, "float32", ("n", 4)) for name in names), outputs=())
    made = bundle(tmp_path / "b", signature=signature)
    packaging.package(str(made), tmp_path / "out")
    text = (tmp_path / "out" / "predict.py").read_text()
    assert "'json': json.loads(input_1)" in text
    assert "'read_inputs': json.loads(input_2)" in text
    assert "'to_json': json.loads(input_3)" in text


def test_no_name_or_description_becomes_code_of_the_predictor(tmp_path):
    names = ["class", "self", "a b", "x'); import os #", '"""', "input_1", "__import__", "\u00e9"]
    inputs = tuple(Field(name, "float32", (), "'''\"\"\"\n'); raise SystemExit(3) #") for name in names)
    made = bundle(tmp_path / "b", signature=Signature(inputs=inputs, outputs=()))
    packaging.package(str(made), tmp_path / "out")
    (tmp_path / "out" / "cog.py").write_text(COG)
    program = "import inspect, predict; print(len(inspect.signature(predict.Predictor.predict).parameters))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path / "out", capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == 1 + len(names)


def test_no_path_of_a_bundle_becomes_part_of_a_line_for_a_shell(tmp_path):
    example = Example("example/$(touch here).json", "example/output.json")
    made = bundle(tmp_path / "b", {example.input: b"{}"}, example=example)
    packaging.package(str(made), tmp_path / "out")
    assert "touch" not in (tmp_path / "out" / "README.md").read_text()


def test_a_wheel_travels_with_the_package(made, tmp_path, capsys):
    wheel = tmp_path / "tracker_runs-0.1.0-py3-none-any.whl"
    wheel.write_bytes(b"PK")
    assert packed(made, tmp_path / "out", "--wheel", str(wheel)) == 0
    assert f"./{wheel.name}[serve]" in (tmp_path / "out" / "requirements.txt").read_text()
    assert f"COPY requirements.txt {wheel.name} ./" in (tmp_path / "out" / "Dockerfile").read_text()
    assert (tmp_path / "out" / wheel.name).read_bytes() == b"PK"
    assert capsys.readouterr().err == ""


def test_a_format_that_has_no_use_for_a_wheel_says_so(made, tmp_path, capsys):
    assert packed(made, tmp_path / "out", "--format", "onnx", "--wheel", "tracker_runs-0.1.0-py3-none-any.whl") == 2
    assert "a wheel goes with" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "reason"),
    [("missing.whl", "there is no wheel at"), ("numpy-2.0-py3-none-any.whl", "no wheel of tracker-runs")],
)
def test_a_wheel_that_is_none_is_refused(made, tmp_path, capsys, name, reason):
    if name != "missing.whl":
        (tmp_path / name).write_bytes(b"PK")
    assert packed(made, tmp_path / "out", "--wheel", str(tmp_path / name)) == 1
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_empty_folder_is_taken_and_a_full_one_is_not(made, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert packed(made, tmp_path / "empty") == 0
    assert packed(made, tmp_path / "empty") == 1
    assert "is not empty" in capsys.readouterr().err


def test_a_file_in_the_place_of_the_folder_is_named(made, tmp_path, capsys):
    (tmp_path / "out").write_text("mine")
    assert packed(made, tmp_path / "out") == 1
    assert "is no folder" in capsys.readouterr().err
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("format", packaging.FORMATS)
def test_a_lying_bundle_is_refused_and_nothing_is_written(made, tmp_path, format):
    (made / "model.onnx").write_bytes(b"another")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BundleError, match=r"'model\.onnx' is not the file"):
        packaging.package(str(made), tmp_path / "out", format=format)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_link_in_a_bundle_is_not_followed(made, tmp_path, capsys):
    (tmp_path / "secret").write_text("mine")
    (made / "code").symlink_to(tmp_path / "secret")
    assert packed(made, tmp_path / "out") == 1
    assert "is a link" in capsys.readouterr().err


def test_a_path_out_of_the_bundle_is_refused(made, tmp_path, capsys):
    text = (made / manifest.FILE_NAME).read_text()
    (made / manifest.FILE_NAME).write_text(text.replace("path: model.onnx", "path: ../model.onnx"))
    assert packed(made, tmp_path / "out") == 1
    assert "outside" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_package_that_cannot_be_finished_leaves_nothing(tmp_path, capsys):
    made = bundle(tmp_path / "b", {"onnx": b"a file where the hub has a folder"})
    before = sorted(tmp_path.rglob("*"))
    assert packed(made, tmp_path / "out", "--format", "huggingface") == 1
    assert "cannot be written" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_pickle_is_shipped_only_where_it_is_allowed(tmp_path, capsys):
    made = bundle(tmp_path / "b", PICKLE, kind="sklearn", forms=(PICKLE_FORM,))
    assert packed(made, tmp_path / "out") == 1
    assert "--allow-pickle" in capsys.readouterr().err
    assert packed(made, tmp_path / "out", "--allow-pickle") == 0
    (stage,) = parse((tmp_path / "out" / "Dockerfile").read_text())
    assert stage.last("CMD").command()[-3:] == ["--as", "b", "--allow-pickle"]


def test_a_form_that_is_not_there_is_named(made, tmp_path, capsys):
    assert packed(made, tmp_path / "out", "--form", "torch") == 1
    assert "no form 'torch'; it has onnx" in capsys.readouterr().err


def test_files_alone_cannot_be_run(tmp_path, capsys):
    made = bundle(tmp_path / "b", kind="files", forms=())
    assert packed(made, tmp_path / "out") == 1
    assert "files alone" in capsys.readouterr().err
    assert packed(made, tmp_path / "hub", "--format", "huggingface") == 0


def test_files_that_lie_elsewhere_and_were_not_fetched_are_named(tmp_path, capsys):
    made = bundle(tmp_path / "b", references=(Reference("weights.pt", "s3://bucket/weights.pt"),))
    assert packed(made, tmp_path / "out") == 1
    assert "s3://bucket/weights.pt" in capsys.readouterr().err


@pytest.mark.parametrize(("format", "place"), [("docker", "model/"), ("huggingface", "")])
def test_files_that_were_fetched_from_elsewhere_are_shipped(tmp_path, format, place):
    made = bundle(tmp_path / "b", references=(Reference("weights.pt", "s3://bucket/weights.pt", 4),))
    (made / "weights.pt").write_bytes(b"1234")
    packaging.package(str(made), tmp_path / "out", format=format)
    assert (tmp_path / "out" / f"{place}weights.pt").read_bytes() == b"1234"
    assert open_folder(tmp_path / "out" / place)


def test_a_folder_without_a_manifest_is_told_from_a_bundle(tmp_path, capsys):
    (tmp_path / "loose").mkdir()
    assert packed(tmp_path / "loose", tmp_path / "out") == 1
    assert "tracker.yaml" in capsys.readouterr().err


def test_a_build_of_another_index_is_told(tmp_path, capsys):
    made = bundle(tmp_path / "b", forms=(Form("onnx", ("torch==2.13.0+cpu",), file="model.onnx"),))
    assert packed(made, tmp_path / "out") == 0
    assert "torch==2.13.0+cpu" in capsys.readouterr().err


def test_the_answer_as_json_says_where_and_what(made, tmp_path, capsys):
    assert packed(made, tmp_path / "out", "--format", "onnx", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["ref"], said["format"], said["form"], said["files"]) == ("product", "onnx", "onnx", 2)
    assert said["folder"] == str(tmp_path / "out")
    assert said["size_bytes"] > len(product())
