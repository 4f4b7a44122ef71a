"""Train a small classifier of handwritten digits, and register it as one box that loads, answers and ships.

    python examples/serve/train.py
    python examples/serve/train.py --framework torch

The 1,797 images come with scikit-learn, so there is nothing to download. `log_model` is given an example of what the
model takes; from it come the signature, the ONNX form, and what `tracker verify` replays later.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

import tracker

Split = tuple[np.ndarray, np.ndarray]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--framework", choices=("sklearn", "torch"), default="sklearn")
    parser.add_argument("--project", default="digits")
    parser.add_argument("--model", default="digits", help="the registered model (default: %(default)s)")
    options = parser.parse_args()
    training, validation = splits()
    with tracker.init(options.project, config={"framework": options.framework}, job_type="train"):
        model = fit_torch(training) if options.framework == "torch" else fit_sklearn(training)
        accuracy = float((predicted(model, validation[0]) == validation[1]).mean())
        tracker.log({"val/accuracy": accuracy})
        version = tracker.log_model(model, "classifier", example={"X": validation[0][:3]}, register=options.model)
    print(f"{version.ref} is registered, val/accuracy {accuracy:.3f}: {version.url}")


def splits() -> tuple[Split, Split]:
    """Images as 64 numbers between 0 and 1 each, and their labels; a quarter of them is for validation."""
    digits = load_digits()
    images = (digits.data / 16).astype(np.float32)
    train_x, valid_x, train_y, valid_y = train_test_split(images, digits.target, test_size=0.25, random_state=0)
    return (train_x, train_y), (valid_x, valid_y)


def fit_sklearn(training: Split) -> Any:
    return LogisticRegression(max_iter=200).fit(*training)


def fit_torch(training: Split) -> Any:
    import torch
    from classifier import Classifier  # in a file of its own, which goes into the bundle as its code

    torch.manual_seed(0)
    model = Classifier()
    images, labels = torch.from_numpy(training[0]), torch.from_numpy(training[1])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for step in range(60):
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        tracker.log({"train/loss": loss.detach()}, step=step)
    return model.eval()


def predicted(model: Any, images: np.ndarray) -> np.ndarray:
    if hasattr(model, "predict"):
        return np.asarray(model.predict(images))
    import torch

    with torch.no_grad():
        return model(torch.from_numpy(images)).argmax(1).numpy()


if __name__ == "__main__":
    main()
