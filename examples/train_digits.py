"""Train a small convolutional network on handwritten digits, and follow it in the dashboard while it trains.

The 1,797 images come with scikit-learn, so there is nothing to download. With a server running (`tracker server`):

    python examples/train_digits.py --lr 0.001
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import torch
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.nn import functional as F

import tracker

DIGITS = [str(digit) for digit in range(10)]
Split = tuple[Tensor, Tensor]


def main() -> None:
    options = parse_options()
    torch.manual_seed(options.seed)
    train_set, validation_set = load_splits(options.seed)

    with tracker.init(options.project, name=options.name, config=vars(options), tags=["digits", "cnn"]):
        model = build_model(options.width)
        train(model, train_set, validation_set, options)

        _, _, predicted = evaluate(model, validation_set)
        tracker.log({"confusion_matrix": confusion_figure(validation_set[1], predicted)})
        save(model)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train a small convolutional network on handwritten digits.")
    parser.add_argument("--lr", type=float, default=1e-3, help="highest learning rate (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--width", type=int, default=80, help="channels of the first layer")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--project", default="digits")
    parser.add_argument("--name", help="name of the run (default: one is made up)")
    return parser.parse_args()


def load_splits(seed: int) -> tuple[Split, Split]:
    """The images as (n, 1, 8, 8) between 0 and 1 with their labels; a quarter of them is for validation."""
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
    labels = torch.tensor(digits.target)
    train_part, validation_part = train_test_split(
        np.arange(len(labels)), test_size=0.25, random_state=seed, stratify=digits.target
    )
    return (images[train_part], labels[train_part]), (images[validation_part], labels[validation_part])


def build_model(width: int) -> nn.Module:
    def block(channels_in: int, channels_out: int) -> nn.Sequential:
        convolution = nn.Conv2d(channels_in, channels_out, kernel_size=3, padding=1)
        return nn.Sequential(convolution, nn.BatchNorm2d(channels_out), nn.ReLU())

    return nn.Sequential(
        block(1, width),
        block(width, width),
        nn.MaxPool2d(2),
        block(width, 2 * width),
        block(2 * width, 2 * width),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(2 * width, len(DIGITS)),
    )


def train(model: nn.Module, train_set: Split, validation_set: Split, options: argparse.Namespace) -> None:
    """Log the loss and the learning rate of every step, and how well the model does after every epoch."""
    images, labels = train_set
    steps_per_epoch = -(-len(labels) // options.batch_size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=options.lr, total_steps=options.epochs * steps_per_epoch
    )
    step = 0
    for epoch in range(1, options.epochs + 1):
        model.train()
        for batch in torch.randperm(len(labels)).split(options.batch_size):
            loss = F.cross_entropy(model(shifted(images[batch])), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            tracker.log({"train/loss": loss.detach(), "train/lr": schedule.get_last_lr()[0]}, step=step)
            schedule.step()
            step += 1

        val_loss, val_accuracy, _ = evaluate(model, validation_set)
        tracker.log({"val/loss": val_loss, "val/accuracy": val_accuracy, "epoch": epoch}, step=step - 1)
        print(f"epoch {epoch:3d}  val/loss {val_loss:.4f}  val/accuracy {val_accuracy:.4f}")


def shifted(images: Tensor) -> Tensor:
    """The images moved by up to one pixel in either direction, so that 1,347 of them go further."""
    down, right = torch.randint(-1, 2, (2,)).tolist()
    return torch.roll(images, (down, right), dims=(2, 3))


@torch.no_grad()
def evaluate(model: nn.Module, split: Split) -> tuple[float, float, Tensor]:
    """Mean loss, share of right answers, and the answers."""
    images, labels = split
    model.eval()
    logits = model(images)
    predicted = logits.argmax(dim=1)
    return F.cross_entropy(logits, labels).item(), (predicted == labels).float().mean().item(), predicted


def confusion_figure(labels: Tensor, predicted: Tensor) -> go.Figure:
    counts = confusion_matrix(labels.numpy(), predicted.numpy(), labels=range(len(DIGITS)))
    figure = go.Figure(go.Heatmap(z=counts, x=DIGITS, y=DIGITS, colorscale="Blues", texttemplate="%{z}"))
    figure.update_layout(xaxis_title="predicted", yaxis_title="digit", yaxis_autorange="reversed")
    return figure


def save(model: nn.Module) -> None:
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / "model.pt"
        torch.save(model.state_dict(), checkpoint)
        tracker.log_artifact(checkpoint, name="digits-cnn", type="model")


if __name__ == "__main__":
    main()
