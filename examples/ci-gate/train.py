"""Train a small classifier with several seeds, a run for each: what a CI job has to judge.

    python examples/ci-gate/train.py --project ci-gate --seeds 4 --out /tmp/candidate

The data are points in and out of a ring; the model is a logistic regression on polynomials of their coordinates, in
plain Python. All seeds have one config but for `seed`, so the server knows them for seeds of one recipe. The model of
the first seed is the candidate: choosing the best one would make it look better than the recipe is. Its file and the id
of its run are written to `--out`.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from pathlib import Path

import tracker

Example = tuple[list[float], int]


def features(x: float, y: float, degree: int) -> list[float]:
    """Every product of powers of the coordinates up to `degree`."""
    return [x**i * y**j for i in range(degree + 1) for j in range(degree + 1 - i)]


def examples(count: int, degree: int, seed: int) -> list[Example]:
    """Points of a square, and whether each lies within the circle around its middle."""
    chance = random.Random(seed)
    points = [(chance.uniform(-1, 1), chance.uniform(-1, 1)) for _ in range(count)]
    return [(features(x, y, degree), int(x * x + y * y < 0.6)) for x, y in points]


def probability(weights: list[float], inputs: list[float]) -> float:
    return 1 / (1 + math.exp(-sum(weight * value for weight, value in zip(weights, inputs, strict=True))))


def epoch(weights: list[float], data: list[Example], lr: float, chance: random.Random) -> float:
    """One pass in random order; the mean loss on the way."""
    loss = 0.0
    for inputs, label in chance.sample(data, len(data)):
        found = probability(weights, inputs)
        loss -= math.log(max(1e-12, found if label else 1 - found))
        for place, value in enumerate(inputs):
            weights[place] += lr * (label - found) * value
    return loss / len(data)


def accuracy(weights: list[float], data: list[Example]) -> float:
    return sum((probability(weights, inputs) > 0.5) == bool(label) for inputs, label in data) / len(data)


def train(seed: int, options: argparse.Namespace) -> tuple[str, Path]:
    """One run; its id, and the file with its model."""
    chance = random.Random(seed)
    training = examples(600, options.degree, seed=1_000 + seed)
    validation = examples(1_000, options.degree, seed=0)
    config = {"degree": options.degree, "epochs": options.epochs, "lr": options.lr, "seed": seed}
    with tracker.init(options.project, config=config, group="ci", job_type="train", tags=["ci"]) as run:
        run.define_metric("val/acc", goal="max")
        weights = [chance.gauss(0, 0.1) for _ in features(0, 0, options.degree)]
        for step in range(options.epochs):
            loss = epoch(weights, training, options.lr, chance)
            run.log({"train/loss": loss, "val/acc": accuracy(weights, validation)}, step=step)
        path = options.out / f"seed-{seed}" / "model.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"degree": options.degree, "weights": weights}))
    return run.id, path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--project", default="ci-gate")
    parser.add_argument("--seeds", type=int, default=4, help="how many")
    parser.add_argument("--degree", type=int, default=2, help="of the polynomials; 1 knows no circle")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--lr", type=float, default=0.3)
    parser.add_argument("--out", type=Path, required=True, help="the folder for the candidate")
    options = parser.parse_args()
    trained = [train(seed, options) for seed in range(1, options.seeds + 1)]
    run_id, model = trained[0]
    (options.out / "model.json").write_text(model.read_text())
    (options.out / "run").write_text(run_id)


if __name__ == "__main__":
    main()
