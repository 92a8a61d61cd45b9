"""The benchmark networks as plain numbers, for every engine to build from: imports no engine."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plain:
    """Blocks of two 3x3 convolutions, each with a ReLU, and a max pooling; then dense layers."""

    input_size: int
    blocks: tuple[tuple[int, int], ...]
    """Filters and pool size of each block."""
    dense: tuple[int, ...]
    classes: int
    batch: int
    """Images a step, where nothing else is asked for."""


@dataclass(frozen=True)
class Published:
    """A network for ImageNet, by its name in torchvision."""

    name: str
    batch: int
    input_size: int = 224
    classes: int = 1000


Shape = Plain | Published

NETS: dict[str, Shape] = {
    "A": Plain(256, blocks=((32, 3), (32, 2), (32, 2)), dense=(128, 64), classes=3, batch=32),
    "B": Plain(256, blocks=((32, 3), (32, 2)), dense=(128,), classes=3, batch=32),
    "C": Plain(256, blocks=((64, 2), (32, 2), (32, 2)), dense=(128, 64), classes=3, batch=32),
    "D": Plain(32, blocks=((32, 2), (64, 2)), dense=(128,), classes=10, batch=128),
    "E": Published("resnet18", batch=8),
    "F": Published("mobilenet_v2", batch=8),
}
