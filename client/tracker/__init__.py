"""Log what a training run does: its config, metrics, system use, files and console.

    import tracker

    with tracker.init("digits", config={"lr": 0.001}) as run:
        for batch in batches:
            run.log({"train/loss": loss})

The functions here act on the run that `init` started last. Importing this package loads nothing heavy; the threads that
need requests, psutil or NVML import them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tracker import arguments as _arguments
from tracker import start as _start
from tracker.artifact import Artifact, LoggedArtifact, Source
from tracker.errors import NoActiveRunError, RefusedError, TrackerError, TransportError
from tracker.evaluation import Table as _Scores
from tracker.live_run import Run
from tracker.notices import notice as _notice
from tracker.start import fork, init

if TYPE_CHECKING:
    from tracker.bundles.adopting import Files
    from tracker.bundles.folder import BundleError as BundleError
    from tracker.bundles.model import LoadedModel
    from tracker.bundles.values import InputError as InputError
    from tracker.manifest import Signature
    from tracker.mappings import Config, Summary
    from tracker.media import ROC as ROC
    from tracker.media import Audio as Audio
    from tracker.media import ConfusionMatrix as ConfusionMatrix
    from tracker.media import Figure as Figure
    from tracker.media import Histogram as Histogram
    from tracker.media import Html as Html
    from tracker.media import Image as Image
    from tracker.media import Object3D as Object3D
    from tracker.media import PRCurve as PRCurve
    from tracker.media import Table as Table
    from tracker.media import Text as Text
    from tracker.media import Video as Video
    from tracker.query import Api as Api
    from tracker.query import ModelVersion, Move, Proposal
    from tracker.registry import Registrable
    from tracker.version_cache import UsedArtifact as UsedArtifact

    run: Run | None
    config: Config
    summary: Summary

__all__ = [
    "ROC",
    "Api",
    "Artifact",
    "Audio",
    "BundleError",
    "ConfusionMatrix",
    "Figure",
    "Histogram",
    "Html",
    "Image",
    "NoActiveRunError",
    "Object3D",
    "PRCurve",
    "RefusedError",
    "Run",
    "Table",
    "Text",
    "TrackerError",
    "TransportError",
    "Video",
    "alert",
    "config",
    "define_metric",
    "finish",
    "fork",
    "init",
    "load",
    "log",
    "log_artifact",
    "log_evaluation",
    "log_model",
    "promote",
    "propose",
    "register_model",
    "run",
    "summary",
    "unwatch",
    "use_artifact",
    "use_model",
    "watch",
]


def log(metrics: Mapping[str, Any], step: int | None = None) -> None:
    """Record the values of some metrics, and media; see `Run.log`."""
    _start.required("log").log(metrics, step)


def log_artifact(
    path: Artifact | Source | Iterable[Source],
    name: str | None = None,
    type: str = "file",
    *,
    aliases: Iterable[str] = (),
    metadata: Mapping[str, Any] | None = None,
) -> LoggedArtifact:
    """Keep a file, a folder, several of them or an `Artifact` as a version; see `Run.log_artifact`."""
    return _start.required("log_artifact").log_artifact(path, name, type, aliases=aliases, metadata=metadata)


def log_evaluation(
    name: str, scores: _Scores, *, slices: _Scores | None = None, data: str | None = None
) -> LoggedArtifact:
    """Keep results by example, for rules that compare by them; see `Run.log_evaluation`."""
    return _start.required("log_evaluation").log_evaluation(name, scores, slices=slices, data=data)


def log_model(
    model: Any,
    name: str = "model",
    *,
    example: Any = None,
    files: Mapping[str, Source | Iterable[Source]] | None = None,
    roles: Iterable[str] = (),
    init: Mapping[str, Any] | None = None,
    axes: Mapping[str, Mapping[int, str]] | None = None,
    absolute: float = 1e-5,
    relative: float = 1e-4,
    aliases: Iterable[str] = (),
    metadata: Mapping[str, Any] | None = None,
    register: str | None = None,
    description: str = "",
    tags: Iterable[str] = (),
) -> LoggedArtifact | ModelVersion:
    """Keep a model as a bundle: one folder with all that it takes to load, serve and ship it, and `tracker.yaml`.

    `model` is a `torch.nn.Module`, an estimator of scikit-learn or anything else that pickles and has `predict`, the
    path of an .onnx file or an `onnx.ModelProto`, or a class (or an object of it) with `load(files)` and
    `predict(**inputs)`.
    `example` is what it takes: one input, a tuple of them, or a mapping by name. It is run; the signature, the ONNX and
    torch.export forms, and what others later replay come from it. `files` by role go along (`{"vocabulary": "v.txt"}`);
    `roles` have to be there before a version can be promoted. `init` are the arguments of the class' `__init__`. `axes`
    are those of a torch module's inputs that are free beside the first: `{"tokens": {1: "length"}}`. A form whose
    outputs on the example differ from the model's by more than `absolute + relative * |output|` is left out.

    Returns what was logged; with `register` it is made the next version of that model too, as `register_model` does,
    which waits for the server, and raises where it cannot be reached: the model is kept then. The model itself, its
    mode and device and all random numbers stay as they are. Raises NoActiveRunError, MakingError (a ValueError;
    ExampleError for an example that the model cannot run), TypeError, ValueError and FileNotFoundError; then nothing
    is logged.
    """
    from tracker.bundles import making  # needs numpy and more, which importing tracker does not

    run = _start.current()
    if run is None:
        raise NoActiveRunError("log_model()")
    if register is not None:
        _arguments.model(register)
        tags = _arguments.tags(tags)
        _arguments.optional_text("description", description)
    logged = making.log_model(
        run, model, name, example=example, files=files, roles=roles, init=init, axes=axes, absolute=absolute,
        relative=relative, aliases=aliases, metadata=metadata,
    )  # fmt: skip
    if register is None:
        return logged
    if not logged.files:
        _notice(f"the model {name!r} was not kept, so it is no version of {register!r} either")
        return logged
    if run.mode != "online":
        raise TrackerError(
            f"the model {name!r} is kept with run {run.id}, which is {run.mode}, so it cannot be registered now: "
            f"`tracker sync`, then `tracker register {register} {run.project}/{name}:latest`"
        )
    return register_model(register, logged, description=description, tags=tags)


def define_metric(
    name: str, *, step_metric: str | None = None, summary: str | None = None, goal: str | None = None
) -> None:
    """Say how a metric, or all metrics below a prefix, are to be read; see `Run.define_metric`."""
    _start.required("define_metric").define_metric(name, step_metric=step_metric, summary=summary, goal=goal)


def watch(
    model: Any,
    log: Literal["gradients", "parameters", "all"] | None = "gradients",
    *,
    log_freq: int = 100,
    bins: int = 64,
    norms: Literal["total", "each"] | None = "total",
    prefix: str = "",
    scaler: Any = None,
) -> None:
    """Log histograms and norms of a torch module's gradients and parameters; see `Run.watch`."""
    _start.required("watch").watch(
        model, log, log_freq=log_freq, bins=bins, norms=norms, prefix=prefix, scaler=scaler
    )  # fmt: skip


def unwatch(model: Any = None) -> None:
    """Stop watching a model, or all of them; see `Run.unwatch`. Without a run there is nothing to stop."""
    active = _start.current()
    if active is not None:
        active.unwatch(model)


def alert(title: str, text: str = "", level: str = "info") -> None:
    """Tell the people who watch the run something; see `Run.alert`."""
    _start.required("alert").alert(title, text, level)


def finish(status: str = "finished", *, exit_code: int | None = None, error: str | None = None) -> None:
    """End the current run; see `Run.finish`. Without a run there is nothing to do."""
    active = _start.current()
    if active is not None:
        active.finish(status, exit_code=exit_code, error=error)


def register_model(
    name: str,
    source: Registrable | None = None,
    *,
    files: Files | None = None,
    loader: str | None = None,
    by: Literal["copy", "reference"] = "copy",
    code: Source | Iterable[Source] = (),
    signature: Signature | None = None,
    example: Mapping[str, Any] | None = None,
    roles: Iterable[str] = (),
    metadata: Mapping[str, Any] | None = None,
    description: str = "",
    tags: Iterable[str] = (),
    alias: str | None = None,
    project: str | None = None,
    url: str | None = None,
    timeout_s: float = 30.0,
) -> ModelVersion:
    """Make `source` the next version of the registered model `name`, which is made where it is new.

    `source` is what `log_artifact` returned; a reference to an artifact, "checkpoint:v3" or "checkpoint:latest", of the
    active run's project or of `project`; or the paths of files and folders, which the active run logs as an artifact of
    that name. A text that names a file here is a path. Equal files are one version, however often they are registered.
    `alias` then points at the version.

    `files`, in place of a source, makes a bundle of files that lie somewhere already: by role, paths and addresses
    (file, http, https, s3, gs), `{"weights": "s3://bucket/a.pt", "vocabulary": "vocab.txt"}`. `by` copy they are kept
    by the server; by reference the version names them, with ETag, size and (of files here) sha256, and `tracker verify`
    says when one has changed. `loader` is the function, "package.module:load", that makes the model of
    `{role: path}`; its code is taken along, or that in `code`. `roles` are those that the model is to have: one without
    files keeps the version from being promoted. `example` is inputs by name, which the loader's model is run with now
    and `tracker verify` later; they also show its `signature`. Without an active run, `project` says where it belongs.

    Unlike logging, this waits until the server has the files, and raises: TransportError where it cannot be reached for
    `timeout_s`, RefusedError where it refuses, TrackerError in a run that is offline or disabled; for wrong arguments
    TypeError, ValueError, FileNotFoundError, and NoActiveRunError for files without a run.
    """
    from tracker import registry  # talks to the server, which importing tracker does not need

    said: dict[str, Any] = {
        "description": description, "tags": tags, "alias": alias, "project": project, "url": url,
        "timeout_s": timeout_s, "run": _start.current(),
    }  # fmt: skip
    if (source is None) == (files is None):
        raise TypeError("register_model() takes either a source or files={role: place}")
    if source is not None:
        if (loader, by, code, signature, example, roles, metadata) != (None, "copy", (), None, None, (), None):
            raise TypeError(
                "register_model() takes loader, by, code, signature, example, roles and metadata with files=…"
            )
        return registry.register_model(name, source, **said)
    assert files is not None  # as was checked
    return registry.adopt(
        name, files, loader=loader, by=by, code=code, signature=signature, example=example, roles=roles,
        metadata=metadata, **said,
    )  # fmt: skip


def promote(
    version: str | ModelVersion,
    alias: str = "production",
    *,
    reason: str,
    override: bool = False,
    url: str | None = None,
) -> Move:
    """Have an alias point at "digits:v3", or at what `register_model` returned, in place of what it points at now.

    Raises RefusedError where a rule of the model does not pass (with `override` an admin of the project may go on),
    where somebody else has to approve (`propose` it), and where somebody has moved the alias meanwhile.
    """
    from tracker import registry  # talks to the server, which importing tracker does not need

    return registry.promote(version, alias, reason=reason, override=override, url=url)


def propose(version: str | ModelVersion, alias: str = "production", *, reason: str, url: str | None = None) -> Proposal:
    """Propose that an alias points at "digits:v3"; its page, `url`, is where others approve or reject it."""
    from tracker import registry  # talks to the server, which importing tracker does not need

    return registry.propose(version, alias, reason=reason, url=url)


def use_model(ref: str, *, url: str | None = None) -> Path:
    """The folder with the verified files of a registered model's version, such as "digits@production"."""
    from tracker.version_cache import use_model as fetch  # talks to the server, which importing tracker does not need

    return fetch(ref, url=url, run=_start.current())


def load(
    ref: str | PathLike[str],
    *,
    watch: bool = False,
    watch_every_s: float = 2.0,
    form: str | None = None,
    allow_pickle: bool = False,
    providers: Sequence[str] | None = None,
    threads: int | None = None,
    report: bool = True,
    url: str | None = None,
) -> LoadedModel:
    """A registered model such as "digits@production" or "digits:v3", or the bundle in a folder, ready to answer.

        model = tracker.load("digits@production")
        model.predict(pixels=[[0.0] * 64])["probabilities"]

    Its files are fetched once, verified every time, and kept, so that it loads without the server afterwards. With
    `watch` it follows the alias: asked for every `watch_every_s` seconds, another version takes its place once it has
    answered its own example, and where it does not, the one before stays. It runs in the first form that can run here
    (ONNX needs onnxruntime alone), or in `form`; a pickle carries out whatever it says and is loaded only with
    `allow_pickle`. `providers` and `threads` are of onnxruntime.

    The server is told in the background which version this process holds, unless `report` is false.

    Raises ValueError for a reference of another form, RefusedError where the server knows no such model, version or
    alias, TransportError where the server is away and the version is not here, and `tracker.BundleError` for a version
    that is no bundle, is not what its manifest says, or cannot run here, with what to install.
    """
    from tracker.bundles import loading  # numpy, which importing tracker does not need

    return loading.load(
        ref, watch=watch, watch_every_s=watch_every_s, form=form, allow_pickle=allow_pickle, providers=providers,
        threads=threads, report=report, url=url, run=_start.current(),
    )  # fmt: skip


def use_artifact(
    ref: str, *, type: str | None = None, project: str | None = None, url: str | None = None
) -> UsedArtifact:
    """The folder with the verified files of an artifact's version, such as "mnist:v3", "mnist@clean" or
    "project/mnist:latest"; of `project`, or else of the active run's. One of another `type` raises ValueError.

    It is a Path that has `files`, `metadata`, `artifact`, `version` and `type` as well.
    """
    from tracker.version_cache import use_artifact as fetch  # as above

    return fetch(ref, type=type, project=project, url=url, run=_start.current())


_MEDIA = (
    *("Audio", "ConfusionMatrix", "Figure", "Histogram", "Html", "Image"),
    *("Object3D", "PRCurve", "ROC", "Table", "Text", "Video"),
)


def __getattr__(name: str) -> Any:
    if name in _MEDIA:
        from tracker import media  # which most runs do without

        return getattr(media, name)
    if name == "Api":
        from tracker.query import Api  # talks to the server, which importing tracker does not need

        return Api
    if name == "BundleError":
        from tracker.bundles.folder import BundleError  # as above

        return BundleError
    if name == "InputError":
        from tracker.bundles.values import InputError  # as above

        return InputError
    if name == "run":
        return _start.current()
    if name in ("config", "summary"):
        return getattr(_start.required(name), name)
    raise AttributeError(f"module 'tracker' has no attribute {name!r}")
