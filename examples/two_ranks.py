"""Train on several processes that write one run together: the ranks find each other by what torchrun sets.

Each rank logs its own loss; the ones of ranks other than 0 are kept apart, under the label of the rank. The machine is
sampled once.

    torchrun --nproc_per_node 2 examples/two_ranks.py
"""

from __future__ import annotations

import argparse

import torch
import torch.distributed as distributed
from torch import nn
from torch.nn.parallel import DistributedDataParallel

import tracker


def main() -> None:
    parser = argparse.ArgumentParser(description="Train on several processes that write one run.")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--project", default="examples")
    options = parser.parse_args()

    distributed.init_process_group("gloo")
    rank = distributed.get_rank()
    with tracker.init(options.project, config={"world_size": distributed.get_world_size()}) as run:
        train(rank, options.steps)
    print(f"rank {rank} wrote run {run.id}")
    distributed.destroy_process_group()


def train(rank: int, steps: int) -> None:
    """Each rank sees examples of its own, and all share the gradients."""
    torch.manual_seed(0)
    model = DistributedDataParallel(nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    examples = torch.Generator().manual_seed(rank)
    for _ in range(steps):
        inputs = torch.randn(64, 8, generator=examples)
        loss = nn.functional.mse_loss(model(inputs), inputs.sum(dim=1, keepdim=True))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        tracker.log({"train/loss": loss.detach()})


if __name__ == "__main__":
    main()
