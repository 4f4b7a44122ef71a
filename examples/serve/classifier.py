"""The network of `train.py --framework torch`: 64 pixels in, a number for each digit out."""

from torch import Tensor, nn


class Classifier(nn.Module):
    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10))

    def forward(self, X: Tensor) -> Tensor:
        logits: Tensor = self.layers(X)
        return logits
