"""The context of a container image that serves a version, which `cog` can build as well."""

from __future__ import annotations

import re
from typing import Final

from tracker import manifest as manifests
from tracker.packaging import cog, requirements
from tracker.packaging.layout import Layout
from tracker.packaging.shipment import PICKLE, Shipment

MODEL: Final = "model"
"""The folder of the package that has the bundle, as it was registered."""

PORT: Final = 8091


def layout(shipment: Shipment) -> Layout:
    """The bundle whole, and beside it how an image is made of it."""
    made = Layout(notices=requirements.notices(shipment, "serve"))
    made.add("Dockerfile", _dockerfile(shipment))
    made.add(".dockerignore", "README.md\n.git\n.cog\n")
    made.add(requirements.FILE_NAME, requirements.text(shipment, "serve"))
    made.add("cog.yaml", cog.config(shipment))
    made.add("predict.py", cog.predictor(shipment, MODEL))
    made.add("README.md", _readme(shipment))
    if shipment.wheel is not None:
        made.add(shipment.wheel.name, shipment.wheel)
    made.add(f"{MODEL}/{manifests.FILE_NAME}", shipment.bundle.path(manifests.FILE_NAME).read_bytes())
    for file in shipment.manifest.files:
        made.add(f"{MODEL}/{file.path}", file)
    made.steps = [f"docker build -t {_tag(shipment)} {{out}}", f"docker run -p {PORT}:{PORT} {_tag(shipment)}"]
    return made


def _dockerfile(shipment: Shipment) -> str:
    wheel = "" if shipment.wheel is None else f" {shipment.wheel.name}"
    words = ["tracker", "serve", f"./{MODEL}", "--host", "0.0.0.0", "--port", str(PORT)]  # noqa: S104 (of the container)
    words += ["--form", shipment.running().kind, "--as", shipment.ref]
    words += ["--allow-pickle"] if shipment.running().kind == PICKLE else []
    check = f"import urllib.request; urllib.request.urlopen('http://127.0.0.1:{PORT}/health-check', timeout=4)"
    command = ", ".join(f'"{word}"' for word in words)
    return f"""\
# {shipment.ref}, served on port {PORT}. README.md says how it is built and run.

FROM python:{shipment.python}-slim
RUN useradd --system --uid 10001 --create-home tracker
WORKDIR /bundle
COPY {requirements.FILE_NAME}{wheel} ./
ARG PIP_ARGS=""
RUN pip install --no-cache-dir $PIP_ARGS -r {requirements.FILE_NAME}
COPY {MODEL} ./{MODEL}
USER tracker
EXPOSE {PORT}
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \\
    CMD ["python", "-c", "{check}"]
CMD [{command}]
"""


def _readme(shipment: Shipment) -> str:
    tag, form = _tag(shipment), shipment.running()
    wheel = (
        ""
        if shipment.wheel is None
        else f"\n`cog` installs before it copies files, so it needs {requirements.DISTRIBUTION} on an index: put\n"
        f"`{requirements.DISTRIBUTION}[serve]` in place of the wheel in `{requirements.FILE_NAME}` first.\n"
    )
    return f"""\
# {shipment.ref}

A container image that answers for this model: the files in `{MODEL}/`, verified when they were packaged and again when
the image starts, run as `{form.kind}` with the packages in `{requirements.FILE_NAME}`.

| | |
| --- | --- |
| digest | `{shipment.digest}` (sha256 of `{MODEL}/{manifests.FILE_NAME}`, which names every other file) |
| Python | {shipment.manifest.python} |

## With Docker

    docker build -t {tag} .
    docker run -p {PORT}:{PORT} {tag}
    curl http://127.0.0.1:{PORT}/health-check
{_curl(shipment)}
Where packages come from another index than pip's own (PyTorch's builds for CPUs, say), name it:
`docker build --build-arg PIP_ARGS="--extra-index-url <index>" -t {tag} .`

It runs as a user without rights, writes nothing but to its home and `/tmp`, and asks no tracking server anything.

## With cog

    cog build -t {tag}
    cog predict

`predict.py` has the inputs of the model's signature; arrays are given and answered as JSON.
{wheel}
## Without a container

    pip install -r {requirements.FILE_NAME}
    tracker serve ./{MODEL}
"""


def _curl(shipment: Shipment) -> str:
    """How the stored example is asked for: a line for a shell, so only where no sign of its path means more there."""
    example = shipment.manifest.example
    if example is None or re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/-]*", example.input) is None:
        return ""
    path = f"{MODEL}/{example.input}"
    return (
        f"    echo '{{\"input\": '\"$(cat {path})\"'}}' |\n"
        f"        curl http://127.0.0.1:{PORT}/predictions -H 'Content-Type: application/json' -d @-\n"
    )


def _tag(shipment: Shipment) -> str:
    """A name for the image: lower case, as those of images are."""
    name = shipment.name.lower().replace("..", ".").strip("._-")
    return f"{name}:{'latest' if shipment.version is None else f'v{shipment.version}'}"
