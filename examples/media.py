"""Train a small network on handwritten digits and log every kind of media at every epoch, to see them in the dashboard.

The images come with scikit-learn, so there is nothing to download. With a server running (`tracker server`):

    python examples/media.py --epochs 5
"""

from __future__ import annotations

import argparse

import numpy as np
import plotly.graph_objects as go
import torch
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.nn import functional as F

import tracker

DIGITS = [str(digit) for digit in range(10)]
SHOWN = 6
SAMPLE_RATE_HZ = 8_000


def main() -> None:
    options = parse_options()
    torch.manual_seed(options.seed)
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32) / 16
    labels = torch.tensor(digits.target)
    train_part, check_part = train_test_split(
        np.arange(len(labels)), test_size=0.25, random_state=options.seed, stratify=digits.target
    )

    with tracker.init(options.project, name=options.name, config=vars(options), tags=["media"]):
        model = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3), nn.Linear(3, 10))
        optimizer = torch.optim.AdamW(model.parameters(), lr=options.lr)
        tracker.log({"about/notes": tracker.Text(__doc__ or "", format="markdown")}, step=0)
        losses: list[float] = []
        for epoch in range(options.epochs):
            losses += train(model, optimizer, images[train_part], labels[train_part])
            log_epoch(model, images[check_part], labels[check_part], losses, epoch)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Log every kind of media while a small network trains.")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--project", default="media")
    parser.add_argument("--name", help="name of the run (default: one is made up)")
    return parser.parse_args()


def train(model: nn.Module, optimizer: torch.optim.Optimizer, images: Tensor, labels: Tensor) -> list[float]:
    """One epoch; the loss of each step."""
    losses = []
    for batch in torch.randperm(len(labels)).split(64):
        loss = F.cross_entropy(model(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@torch.no_grad()
def log_epoch(model: nn.Module, images: Tensor, labels: Tensor, losses: list[float], epoch: int) -> None:
    """Log what the model makes of the images, in every way that there is."""
    logits = model(images)
    shares = logits.softmax(dim=1)
    predicted = logits.argmax(dim=1)
    step = len(losses)
    tracker.log(
        {
            "loss": losses[-1],
            "accuracy": (predicted == labels).float().mean(),
            "samples": [sample(images[i], int(labels[i]), int(predicted[i])) for i in range(SHOWN)],
            "answers": answers(images, labels, predicted, shares),
            "weights": {name: tracker.Histogram(value) for name, value in model.named_parameters()},
            "quality/precision_recall": tracker.PRCurve(labels, shares, classes=DIGITS),
            "quality/roc": tracker.ROC(labels, shares, classes=DIGITS),
            "quality/confusion": tracker.ConfusionMatrix(
                labels,
                predicted,
                labels=DIGITS,
                examples=[{"number": i, "image": tracker.Image(image)} for i, image in enumerate(images)],
            ),
            "curves/loss": loss_figure(losses),
            "curves/hidden": hidden_figure(model, images, labels),
            "curves/hidden_png": tracker.Figure(loss_plot(losses), format="png"),
            "curves/loss_svg": loss_plot(losses),
            "hidden": hidden_cloud(model, images, labels),
            "sound": tracker.Audio(
                sound_of(losses), "the losses of all steps, as the pitch of a tone", sample_rate_hz=SAMPLE_RATE_HZ
            ),
            "filters": tracker.Video(filter_frames(model), "the first layer's weights, one after the other", fps=8),
            "report": tracker.Html(report(labels, predicted, epoch)),
            "code": tracker.Text(repr(model), format="code", language="python"),
        },
        step=step,
    )
    print(f"epoch {epoch}  loss {losses[-1]:.4f}")


def sample(image: Tensor, label: int, predicted: int) -> tracker.Image:
    """A digit, eight times as large, with the box and the mask of its ink."""
    large = image.repeat_interleave(8, 0).repeat_interleave(8, 1)
    ink = large > 0.5
    rows, columns = torch.where(ink)
    box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    return tracker.Image(
        large,
        f"a {label}, taken for a {predicted}",
        boxes={"prediction": [{"box": box, "label": predicted, "score": float(large[ink].mean())}]},
        masks={"ink": ink.int() * (label + 1)},
        classes=["", *DIGITS],
    )


def answers(images: Tensor, labels: Tensor, predicted: Tensor, shares: Tensor) -> tracker.Table:
    """A row for each of the first hundred images."""
    return tracker.Table(
        {
            "number": range(100),
            "image": [tracker.Image(image) for image in images[:100]],
            "digit": labels[:100],
            "predicted": predicted[:100],
            "is_right": (labels == predicted)[:100],
            "confidence": shares.max(dim=1).values[:100],
        }
    )


def loss_figure(losses: list[float]) -> go.Figure:
    figure = go.Figure(go.Scatter(y=losses, name="loss"))
    return figure.update_layout(xaxis_title="step", yaxis_title="loss")


def loss_plot(losses: list[float]) -> Figure:
    figure = Figure(figsize=(5, 3), layout="constrained")
    axes = figure.subplots()
    axes.plot(losses)
    axes.set(xlabel="step", ylabel="loss", yscale="log")
    return figure


def hidden(model: nn.Module, images: Tensor) -> Tensor:
    """The three numbers that the network's narrowest layer makes of each image."""
    assert isinstance(model, nn.Sequential)
    return model[:4](images)


def hidden_figure(model: nn.Module, images: Tensor, labels: Tensor) -> go.Figure:
    x, y, _ = hidden(model, images).T.tolist()
    return go.Figure(go.Scatter(x=x, y=y, mode="markers", marker={"color": labels.tolist()}, text=labels.tolist()))


def hidden_cloud(model: nn.Module, images: Tensor, labels: Tensor) -> tracker.Object3D:
    return tracker.Object3D(
        hidden(model, images), "what the narrowest layer makes of each image", classes=labels, class_names=DIGITS
    )


def sound_of(losses: list[float]) -> np.ndarray:
    pitch_hz = np.repeat(200 + 400 * np.array(losses), SAMPLE_RATE_HZ // 50)
    return 0.3 * np.sin(2 * np.pi * np.cumsum(pitch_hz) / SAMPLE_RATE_HZ)


def filter_frames(model: nn.Module) -> np.ndarray:
    """The weights of each unit of the first layer, from red (below 0) to blue."""
    assert isinstance(model, nn.Sequential)
    weights = model[1].weight.detach().numpy().reshape(-1, 8, 8)[:24]
    weights = (weights / np.abs(weights).max()).repeat(12, axis=1).repeat(12, axis=2)
    red, blue = np.clip(-weights, 0, 1), np.clip(weights, 0, 1)
    return np.stack([1 - blue, 1 - red - blue, 1 - red], axis=-1)


def report(labels: Tensor, predicted: Tensor, epoch: int) -> str:
    rows = "".join(
        f"<tr><td>{digit}<td><meter value={float((predicted[labels == digit] == digit).float().mean()):.3f}></meter>"
        for digit in range(10)
    )
    return f"<!doctype html><title>Report</title><h1>Epoch {epoch}</h1><table><tr><th>digit<th>found{rows}</table>"


if __name__ == "__main__":
    main()
