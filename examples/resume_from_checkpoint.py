"""Train in pieces: each start goes on from the last checkpoint, in the same run, and its curves stay one line.

The run's id lies in the checkpoint. What an interrupted start had logged after its last checkpoint is superseded when
the next one resumes: the dashboard draws it faint, and it can be restored.

    python examples/resume_from_checkpoint.py --steps 300 --stop-at 120     as if the machine had gone away
    python examples/resume_from_checkpoint.py --steps 300                   goes on from step 100
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

import torch
from torch import nn

import tracker

CHECKPOINT_EVERY = 100


def main() -> None:
    options = parse_options()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=options.lr, momentum=0.9)
    run, step = start(options, model, optimizer)
    inputs = torch.randn(512, 8)
    targets = inputs.square().mean(dim=1, keepdim=True)

    with run:
        run.define_metric("train/*", goal="min")
        while step < options.steps and not run.should_stop:
            step += 1
            loss = nn.functional.mse_loss(model(inputs), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log({"train/loss": loss.detach()}, step=step)
            if step % CHECKPOINT_EVERY == 0:
                save(options.checkpoint, run.id, step, model, optimizer)
            if step == options.stop_at:
                os._exit(9)  # no farewell: what was logged is in the journal all the same
    print(f"run {run.id} is at step {step}")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train, and go on from the last checkpoint.")
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoint.pt"))
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--stop-at", type=int, help="end without a farewell after this step")
    parser.add_argument("--lr", type=float, default=0.05)
    parser.add_argument("--project", default="examples")
    return parser.parse_args()


def start(options: argparse.Namespace, model: nn.Module, optimizer: torch.optim.Optimizer) -> tuple[tracker.Run, int]:
    """The run to write and the last step it has: a new one, or the checkpoint's."""
    if not options.checkpoint.exists():
        return tracker.init(options.project, config={"lr": options.lr}), 0
    saved: dict[str, Any] = torch.load(options.checkpoint, weights_only=True)
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    step = saved["step"]
    return tracker.init(options.project, id=saved["run_id"], resume="must", resume_from_step=step), step


def save(path: Path, run_id: str, step: int, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Write beside it and rename, so that a checkpoint is always whole."""
    state = {"run_id": run_id, "step": step, "model": model.state_dict(), "optimizer": optimizer.state_dict()}
    unfinished = path.with_suffix(".part")
    torch.save(state, unfinished)
    unfinished.replace(path)


if __name__ == "__main__":
    main()
