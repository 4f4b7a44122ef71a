"""What `watch()` costs training: its processor time, as a share of a step of a model of ten million parameters.

Two equal transformers take turns, one watched and one not, in one process on one thread of the CPU. A measured pass is
compared on whole steps, and on passes of four tokens, where it stands out: what it costs does not depend on the
batch. A pass that is not measured costs so little that such passes alone show it.

    python -m benchmarks.watching <steps> <passes>
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.figures import Ceiling, Figure
from benchmarks.processes import LONGEST_S, ROOT
from tracker.live_run import Run
from tracker.records import RunStarted
from tracker.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor, nn

WIDTH, LAYERS, WORDS = 256, 12, 2048
SENTENCES, LENGTH = 8, 32
GOALS = {1: None, 100: 1.0, 1000: None}
"""Of a step, by `log_freq`, in per cent; 100 is the default."""

RARELY = 1_000_000


def figures(*, repetitions: int, steps: int, passes: int) -> list[Figure]:
    """The share of a step at several `log_freq`, of gradients and of all; and two of what it is reckoned from."""
    taken = [_in_a_process(steps, passes) for _ in range(repetitions)]
    made = []
    for log in ("gradients", "all"):
        made += [
            Figure(f'watch(log="{log}", log_freq={often}), share of a step', "%",
                   [_share(one, log, often) for one in taken], goal,
                   ceiling=Ceiling("torch.histc and its like, alone", [_bare_share(one, log, often) for one in taken]))
            for often, goal in GOALS.items()
        ]  # fmt: skip
    step_ms = statistics.median(one["step_ms"] for one in taken)
    return [
        *made,
        Figure('watch(log="gradients", log_freq=1), whole steps side by side', "%",
               [100 * one["added_ms"] / one["step_ms"] for one in taken],
               note=f"a step of {SENTENCES} × {LENGTH} tokens takes {step_ms:.0f} ms of processor time"),
        Figure("what a backward pass that is not measured takes longer", "µs CPU",
               [1000 * one["unmeasured_ms"] for one in taken],
               note=f"{taken[0]['tensors']:.0f} parameters with {taken[0]['values'] / 1e6:.1f} million values"),
    ]  # fmt: skip


def _share(one: dict[str, float], log: str, often: int) -> float:
    """In per cent, of one measured pass among so many."""
    return 100 * (one[f"{log}_ms"] + (often - 1) * max(0.0, one["unmeasured_ms"])) / often / one["step_ms"]


def _bare_share(one: dict[str, float], log: str, often: int) -> float:
    return 100 * one["bare_ms"] * (2 if log == "all" else 1) / often / one["step_ms"]


def _in_a_process(steps: int, passes: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.watching", str(steps), str(passes)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=LONGEST_S, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the training process could not be measured:\n{done.stderr.decode()}")
    printed: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return printed


def measured(steps: int, passes: int) -> dict[str, float]:
    """Milliseconds of processor time: of a step, and of what watching adds to one and to passes of four tokens."""
    import torch

    torch.set_num_threads(1)
    plain, watched = _model(), _model()
    tokens = torch.randint(WORDS, (SENTENCES, LENGTH))
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as folder:
        settings = Settings(url="http://127.0.0.1:9", api_key=None, directory=Path(folder), mode="offline")
        run = Run(settings, RunStarted(time.time_ns() // 1_000_000, "bench", "bench", "w1"))
        pairs = _Pairs(run, plain, watched)
        found: dict[str, float] = {}
        for log in ("gradients", "all"):
            run.watch(watched, log, log_freq=1)
            found[f"{log}_ms"] = pairs.added_ms(passes, _pass_of(tokens[:1, :4]))
        run.watch(watched, "gradients", log_freq=RARELY)
        found["unmeasured_ms"] = pairs.added_ms(8 * passes, _pass_of(tokens[:1, :4]))
        run.watch(watched, "gradients", log_freq=1)
        found["added_ms"] = pairs.added_ms(steps, _step_of(tokens, plain, watched))
        found["step_ms"] = statistics.median(pairs.plain_ms)
        run.finish()
    weights = list(plain.parameters())
    bare = _bare([weight.detach() for weight in weights])
    return found | {"bare_ms": bare, "tensors": len(weights), "values": sum(weight.numel() for weight in weights)}


class _Pairs:
    """The same work on both models in turns, and what it takes until the records of it are written."""

    def __init__(self, run: Run, plain: nn.Module, watched: nn.Module) -> None:
        self._run = run
        self._models = plain, watched
        self.plain_ms: list[float] = []

    def added_ms(self, count: int, work: Callable[[nn.Module], None]) -> float:
        """The median difference of so many pairs, after one that is not counted; who is first changes."""
        costs: dict[nn.Module, list[float]] = {model: [] for model in self._models}
        for number in range(count + 1):
            for model in self._models if number % 2 else reversed(self._models):
                costs[model].append(self._cost_ms(model, work))
        self.plain_ms, watched_ms = (costs[model][1:] for model in self._models)
        return statistics.median(b - a for a, b in zip(self.plain_ms, watched_ms, strict=True))

    def _cost_ms(self, model: nn.Module, work: Callable[[nn.Module], None]) -> float:
        begun = time.process_time()
        work(model)
        self._run.log({"loss": 1.0})
        is_written = threading.Event()
        self._run.resolve(_Nothing(), lambda _: is_written.set())  # after what the log has handed over
        is_written.wait()
        return 1000 * (time.process_time() - begun)


class _Nothing:
    """What is there at once."""

    def wait(self) -> None:
        pass

    def numbers(self) -> None:
        pass


def _model() -> nn.Module:
    """A transformer that says the next of 2,048 words: ten million parameters in 148 tensors."""
    import torch
    from torch import nn

    torch.manual_seed(7)
    layer = nn.TransformerEncoderLayer(WIDTH, 4, 4 * WIDTH, dropout=0.0, batch_first=True)
    return nn.Sequential(nn.Embedding(WORDS, WIDTH), nn.TransformerEncoder(layer, LAYERS), nn.Linear(WIDTH, WORDS))


def _pass_of(tokens: Tensor) -> Callable[[nn.Module], None]:
    def work(model: nn.Module) -> None:
        model.zero_grad(set_to_none=False)  # so that the gradients lie where they did
        model(tokens).square().mean().backward()

    return work


def _step_of(tokens: Tensor, *models: nn.Module) -> Callable[[nn.Module], None]:
    import torch

    optimizers = {model: torch.optim.AdamW(model.parameters(), lr=1e-4) for model in models}

    def work(model: nn.Module) -> None:
        optimizers[model].zero_grad()
        logits = model(tokens[:, :-1])
        torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten()).backward()
        optimizers[model].step()

    return work


def _bare(tensors: list[Any]) -> float:
    """Milliseconds of torch's own extremes, norm and histogram of each tensor."""
    import torch

    costs = []
    for _ in range(4):
        begun = time.process_time()
        for tensor in tensors:
            least, greatest = torch.aminmax(tensor)
            torch.linalg.vector_norm(tensor)
            torch.histc(tensor, 64, float(least), float(greatest))
        costs.append(1000 * (time.process_time() - begun))
    return statistics.median(costs[1:])


if __name__ == "__main__":
    print(json.dumps(measured(*map(int, sys.argv[1:]))))
