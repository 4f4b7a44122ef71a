"""`tracker.load`: a registered model, or the bundle in a folder, ready to answer."""

from __future__ import annotations

import os
import weakref
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tracker import arguments, settings
from tracker import manifest as manifests
from tracker.bundles import fetching, forms
from tracker.bundles.consumers import Report
from tracker.bundles.folder import open_folder
from tracker.bundles.model import Companion, Held, LoadedModel, check_example
from tracker.bundles.watching import Watcher
from tracker.live_run import Run


def load(
    ref: str | os.PathLike[str],
    *,
    watch: bool = False,
    watch_every_s: float = 2.0,
    form: str | None = None,
    allow_pickle: bool = False,
    providers: Sequence[str] | None = None,
    threads: int | None = None,
    report: bool = True,
    url: str | None = None,
    run: Run | None = None,
) -> LoadedModel:
    """The model that a reference or a folder means; see `tracker.load`. An active `run` notes that it used it."""
    start = partial(forms.run, form=form, allow_pickle=allow_pickle, providers=providers, threads=threads)
    folder = _folder(ref)
    if folder is not None:
        if watch:
            raise ValueError(f"a folder does not change; watch an alias such as digits@production, got {ref!r}")
        bundle = open_folder(folder)
        return LoadedModel(folder.name, str(ref), Held(None, bundle, start(bundle)))
    name, pointer = arguments.model_reference(ref)
    is_version = pointer[:1] in "vV" and pointer[1:].isdecimal()
    if watch and is_version:
        raise ValueError(f"{ref!r} always is the same version; watch an alias such as {name}@production")
    if watch and not arguments.seconds("watch_every_s", watch_every_s) > 0:
        raise ValueError(f"watch_every_s must be more than 0 seconds, got {watch_every_s!r}")
    chosen = settings.load(url=url)
    resolved, bundle = fetching.fetch(str(ref), chosen)
    model = LoadedModel(name, str(ref), Held(resolved.version, bundle, start(bundle)))
    if run is not None:
        run.note_use(resolved.artifact_version_id)
    reporting = Report(chosen, name, pointer) if report else None
    if reporting is not None:
        reporting.hold(resolved.version)
        _accompany(model, reporting)
    if watch:

        def bring(number: int) -> Held:
            found = fetching.fetch(f"{name}:v{number}", chosen)
            runner = start(found.bundle)
            check_example(found.bundle, runner)
            return Held(number, found.bundle, runner)

        def tell(number: int) -> None:
            if reporting is not None:
                reporting.hold(number)

        watcher = Watcher(model, pointer, chosen, bring, every_s=watch_every_s, on_change=tell)
        watcher.start()
        _accompany(model, watcher)
    return model


def _accompany(model: LoadedModel, companion: Companion) -> None:
    """Have it end with the model, also where nobody closes that."""
    model.companions.append(companion)
    weakref.finalize(model, companion.close).atexit = False


def _folder(ref: object) -> Path | None:
    """The folder that is meant: one that has a manifest, or whatever is written as a path. None for a reference."""
    if not isinstance(ref, str | os.PathLike):
        return None
    folder = Path(ref).expanduser()
    is_path = isinstance(ref, os.PathLike) or str(ref).startswith((".", "~")) or os.sep in str(ref)
    return folder if is_path or (folder / manifests.FILE_NAME).is_file() else None
