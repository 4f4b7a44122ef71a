"""Registering what a run has made as a version of a model, and pointing aliases at versions.

What always holds: unlike logging, these wait for the server and raise where it cannot be reached or refuses; their
answer is the point of them. What is registered is what the server has: files that a run has just logged are waited for.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tracker import arguments, settings
from tracker.artifact import LoggedArtifact, Source
from tracker.errors import NoActiveRunError, RefusedError, TrackerError
from tracker.journal_files import make_private_folder
from tracker.live_run import Run, now_ms
from tracker.names import new_run_id, new_writer_id
from tracker.naming import is_artifact
from tracker.query import Api, ModelVersion, Move, NotFoundError, Proposal, StoredArtifact, StoredRun
from tracker.query.models import PRODUCTION
from tracker.records import RunStarted
from tracker.version import client_version

if TYPE_CHECKING:
    from tracker.bundles.adopting import Files
    from tracker.manifest import Manifest, Signature

Registrable = LoggedArtifact | StoredArtifact | Source | Iterable[Source]

KIND: Final = "model"
JOB_TYPE: Final = "register"
"""Of a run that was started only to register something."""

_OFTEN_ENOUGH: Final = 10


def register_model(
    name: str,
    source: Registrable,
    *,
    description: str = "",
    tags: Iterable[str] = (),
    alias: str | None = None,
    project: str | None = None,
    url: str | None = None,
    timeout_s: float = 30.0,
    run: Run | None = None,
) -> ModelVersion:
    """Make `source` the next version of the model `name`; see `tracker.register_model`. `run` is the active one."""
    arguments.model(name)
    arguments.optional_text("description", description)
    checked_tags = arguments.tags(tags)
    checked_alias = None if alias is None else arguments.model_alias(alias)
    arguments.seconds("timeout_s", timeout_s)
    api = _api(url, run)
    try:
        version_id = _artifact_version_id(api, name, source, project, run, timeout_s)
        version = api.register_model(name, version_id, description=description, tags=checked_tags)
        return version if checked_alias is None else _pointed(api, version, checked_alias)
    finally:
        api.close()


def adopt(
    name: str,
    files: Files,
    *,
    loader: str | None = None,
    by: str = "copy",
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
    run: Run | None = None,
) -> ModelVersion:
    """Make files that lie somewhere already the next version of the model `name`; see `tracker.register_model`.

    `run` is the active one, which logs them; a `project` that is not its own has a short run of its own.
    """
    from tracker.bundles import adopting

    arguments.model(name)
    arguments.optional_text("description", description)
    tags = arguments.tags(tags)
    arguments.seconds("timeout_s", timeout_s)
    if alias is not None:
        arguments.model_alias(alias)
    if run is None and project is None:
        raise NoActiveRunError("register_model(files=…) without project=…")
    chosen = settings.load(url=url) if run is None else run.settings
    with _room(chosen.models) as folder:
        made = adopting.make(
            files, folder, loader=loader, by=by, code=code, signature=signature, example=example, roles=roles,
            metadata=metadata,
        )  # fmt: skip
        with _run_of(run, project, url, name) as logging:
            logged = logging.log_artifact(folder, name=name, type=KIND)
            _check_unchanged(made, logged)
            return register_model(
                name, logged, description=description, tags=tags, alias=alias, url=url, timeout_s=timeout_s, run=logging
            )


def promote(
    version: str | ModelVersion, alias: str = PRODUCTION, *, reason: str, override: bool = False, url: str | None = None
) -> Move:
    """Have an alias point at a version; see `tracker.promote`."""
    name, pointer = _named(version)
    api = Api(url)
    try:
        return api.model(name).promote(pointer, alias, reason=reason, override=override)
    finally:
        api.close()


def propose(version: str | ModelVersion, alias: str = PRODUCTION, *, reason: str, url: str | None = None) -> Proposal:
    """Propose that an alias points at a version; see `tracker.propose`."""
    name, pointer = _named(version)
    api = Api(url)
    try:
        return api.model(name).propose(pointer, alias, reason=reason)
    finally:
        api.close()


def joined(api: Api, stored: StoredRun) -> Run:
    """A run that is there, to be given further artifacts: as one of its other processes, which do not end it anew."""
    chosen = settings.load(url=api.url, mode="online")
    started = RunStarted(
        time_ms=now_ms(), run_id=stored.id, project=stored.project, writer=new_writer_id(), label="register",
        name=stored.name, client_version=client_version(), is_resumed=True, resume="must",
    )  # fmt: skip
    return Run(chosen, started)


@contextmanager
def _room(folder: Path) -> Generator[Path]:
    """An empty folder, on the disk where models are kept, that is gone afterwards."""
    made = folder / f".{secrets.token_hex(8)}"
    make_private_folder(made)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _run_of(run: Run | None, project: str | None, url: str | None, name: str) -> Generator[Run]:
    """The active run, or a short one in another project; before that is started, the server is asked if it is there."""
    if run is not None and project in (None, run.project):
        yield run
        return
    api = _api(url, run)
    try:
        api.server()
    finally:
        api.close()
    chosen = settings.load(url=api.url, mode="online")
    started = RunStarted(
        time_ms=now_ms(), run_id=new_run_id(), project=arguments.project(project), writer=new_writer_id(),
        name=f"register {name}", job_type=JOB_TYPE, client_version=client_version(),
    )  # fmt: skip
    with Run(chosen, started) as short:
        yield short


def _check_unchanged(made: Manifest, logged: LoggedArtifact) -> None:
    """Raises TrackerError where a file that was hashed changed before it was copied."""
    for file in made.files:
        kept = next((each for each in logged.files if each.path == file.path), None)
        if kept is not None and kept.digest != file.sha256:
            raise TrackerError(f"{file.path} changed while it was registered, so nothing is; try again")


def is_reference(text: str) -> bool:
    """Whether it reads as a reference to an artifact (`name:v3`, `name@best`), and is no file or folder here."""
    if os.path.exists(text) or not set(":@") & set(text):
        return False
    _, name, pointer = arguments.artifact_reference(text)
    return is_artifact(name) and is_artifact(pointer)


def _api(url: str | None, run: Run | None) -> Api:
    """The server that is named, else that of the run."""
    if url is None and run is not None:
        return Api(run.settings.url, run.settings.api_key or "")
    return Api(url)


def _named(version: str | ModelVersion) -> tuple[str, str]:
    if isinstance(version, ModelVersion):
        return version.model, f"v{version.version}"
    return arguments.model_reference(version)


def _artifact_version_id(
    api: Api, name: str, source: Registrable, project: str | None, run: Run | None, timeout_s: float
) -> int:
    if isinstance(source, StoredArtifact):
        return source.id
    if isinstance(source, str) and is_reference(source):
        return _id_of_reference(api, source, project, run, timeout_s)
    if isinstance(source, LoggedArtifact):
        return _id_of_logged(api, source, run, timeout_s)
    paths = _paths(source)
    if run is None:
        raise NoActiveRunError("register_model() of files")
    if run.settings.url != api.url:
        raise ValueError(f"the files are logged to the run's server, {run.settings.url}, so url must not be {api.url}")
    return _id_of_logged(api, run.log_artifact(paths, name=name, type=KIND), run, timeout_s)


def _paths(source: object) -> list[Path]:
    """Files and folders that are there."""
    if isinstance(source, str | os.PathLike):
        given: list[object] = [source]
    elif isinstance(source, Iterable):
        given = list(source)
    else:
        given = [source]
    for each in given:
        if not isinstance(each, str | os.PathLike):
            raise TypeError(
                "source must be a reference such as 'model:v3', what log_artifact() returned, or paths of files and "
                f"folders, got {type(each).__name__}: {each!r:.80}"
            )
        if not os.path.exists(each):
            raise FileNotFoundError(
                f"there is no file or folder at {os.fspath(each)!r}, and it is no reference to an artifact such as "
                "'model:v3' either"
            )
    return [Path(str(each)) for each in given]


def _id_of_reference(api: Api, ref: str, project: str | None, run: Run | None, timeout_s: float) -> int:
    """A reference of the active run's project may be to what it has just logged, which is waited for."""
    inside, name, pointer = arguments.artifact_reference(ref)
    where = inside or project
    if run is not None and where in (None, run.project) and run.settings.url == api.url:
        run.wait_until_stored(timeout_s)
        where = run.project
    if where is None:
        raise ValueError(f"{ref!r} says of no project; without an active run, write project/{ref}")
    return api.artifact_id(where, f"{name}:{pointer}")


def _id_of_logged(api: Api, logged: LoggedArtifact, run: Run | None, timeout_s: float) -> int:
    if not logged.files:
        raise TrackerError(
            f"the artifact {logged.name!r} of run {logged.run} was not kept (a run that is disabled or over, or a full "
            "disk), so it cannot be registered"
        )
    if run is not None and run.id == logged.run:
        run.wait_until_stored(timeout_s)
    wanted = {(file.path, file.digest) for file in logged.files}
    try:
        stored = api.run(logged.run).artifacts()
    except NotFoundError:
        stored = []
    for artifact in stored:
        if artifact.ref.rpartition(":")[0] == logged.name and {(f.path, f.digest) for f in artifact.files} == wanted:
            return artifact.id
    raise TrackerError(
        f"{api.url} does not have the artifact {logged.name!r} of run {logged.run} yet; `tracker sync` sends what is "
        "kept on this machine, then it can be registered"
    )


def _pointed(api: Api, version: ModelVersion, alias: str) -> ModelVersion:
    """The version, with the alias at it. Where others move the alias at the same time, the last one has it."""
    model = api.model(version.model)
    for _ in range(_OFTEN_ENOUGH):
        if model.aliases.get(alias) == version.version:
            break
        try:
            model.promote(version.version, alias, reason=f"registered as {version.ref}")
        except RefusedError as error:
            if error.code != "alias_moved":
                raise RefusedError(
                    f"{version.ref} is registered, but {alias!r} does not point at it: {error}", code=error.code
                ) from None
        model.refresh()
    return model.version(version.version)
