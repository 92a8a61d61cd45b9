"""Train a plain network in PyTorch on a data set of class folders: the accuracy netc has to reach.

    python train_accuracy.py DATA --net 32,32,pool,64,64,pool,128 --learning-rates 1e-3 3e-4 --seeds 1 2 3

DATA is a folder, or a tar of one, with `train/` and `val/` of class folders, all images of one size.
Everything is as netc does it by default: channels standardised with the training images' mean and
deviation, He-normal weights before a ReLU and Glorot-uniform ones before the softmax, zero biases,
softmax cross-entropy, Adam, a new order of the images each epoch, the last short batch kept.

Prints a JSON line an epoch and, after the seeds of one learning rate, one with their means.
Written for PyTorch 2.15.
"""

import argparse
import io
import json
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from statistics import mean

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

EXTENSIONS = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp"}


@dataclass(frozen=True)
class Split:
    images: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Data:
    classes: list[str]
    train: Split
    val: Split


def files(data: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Path and content of every file of a folder or of a tar."""
    if data.is_dir():
        for path in data.rglob("*"):
            if path.is_file():
                yield PurePosixPath(path.relative_to(data).as_posix()), path.read_bytes()
        return
    with tarfile.open(data) as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is not None:
                yield PurePosixPath(member.name), content.read()


def load(data: Path) -> Data:
    """Reads, decodes and standardises both splits; the images are N x C x H x W."""
    found: dict[str, list[tuple[PurePosixPath, np.ndarray]]] = {"train": [], "val": []}
    for path, content in files(data):
        if path.suffix.lower() in EXTENSIONS:
            pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
            found[path.parent.parent.name].append((path, pixels))
    classes = sorted({path.parent.name for path, _ in found["train"]})

    def stacked(split: str) -> tuple[np.ndarray, Tensor]:
        items = sorted(found[split], key=lambda item: item[0])
        labels = [classes.index(path.parent.name) for path, _ in items]
        return np.stack([pixels for _, pixels in items]).astype(np.float32), torch.tensor(labels)

    train, train_labels = stacked("train")
    val, val_labels = stacked("val")
    centre = train.mean((0, 1, 2), dtype=np.float64)
    deviation = train.std((0, 1, 2), dtype=np.float64)

    def standardised(images: np.ndarray) -> Tensor:
        scaled = ((images - centre) / deviation).astype(np.float32)
        # Channels stay innermost in memory, which is the faster layout here.
        return torch.from_numpy(scaled).permute(0, 3, 1, 2)

    return Data(
        classes=classes,
        train=Split(standardised(train), train_labels),
        val=Split(standardised(val), val_labels),
    )


def build(net: str, size: tuple[int, int, int], classes: int) -> nn.Sequential:
    """`32,pool,128` is Conv 3x3 valid, ReLU, MaxPool 2x2, Flatten, Dense 128, ReLU, Dense.

    All widths after the last pool are dense layers.
    """
    channels, height, width = size
    words = net.split(",")
    head = len(words) - words[::-1].index("pool") if "pool" in words else 0
    layers: list[nn.Module] = []
    for word in words[:head]:
        if word == "pool":
            layers.append(nn.MaxPool2d(2))
            height, width = height // 2, width // 2
        else:
            layers += [nn.Conv2d(channels, int(word), 3), nn.ReLU()]
            channels, height, width = int(word), height - 2, width - 2
    layers.append(nn.Flatten())
    features = channels * height * width
    for word in words[head:]:
        layers += [nn.Linear(features, int(word)), nn.ReLU()]
        features = int(word)
    layers.append(nn.Linear(features, classes))
    return nn.Sequential(*layers)


def initialise(net: nn.Sequential) -> None:
    weighted = [layer for layer in net if isinstance(layer, nn.Conv2d | nn.Linear)]
    for layer in weighted:
        nn.init.zeros_(layer.bias)
        if layer is weighted[-1]:
            nn.init.xavier_uniform_(layer.weight)
        else:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")


@torch.no_grad()
def evaluate(net: nn.Module, split: Split) -> tuple[float, float]:
    """Mean loss and accuracy."""
    logits = torch.cat([net(batch) for batch in split.images.split(256)])
    loss = F.cross_entropy(logits, split.labels).item()
    return loss, (logits.argmax(1) == split.labels).double().mean().item()


def train(data: Data, net_words: str, learning_rate: float, seed: int, epochs: int, batch_size: int) -> list[float]:
    """Prints a line an epoch and returns the validation accuracies."""
    torch.manual_seed(seed)
    net = build(net_words, tuple(data.train.images.shape[1:]), len(data.classes))
    initialise(net)
    net = net.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(net.parameters(), lr=learning_rate)
    count = len(data.train.labels)
    accuracies = []
    for epoch in range(1, epochs + 1):
        start = time.perf_counter()
        total_loss = 0.0
        for batch in torch.randperm(count).split(batch_size):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(data.train.images[batch]), data.train.labels[batch])
            loss.backward()
            optimizer.step()
            total_loss += loss.item() * len(batch)
        seconds = time.perf_counter() - start
        val_loss, val_accuracy = evaluate(net, data.val)
        accuracies.append(val_accuracy)
        line = {
            "learning_rate": learning_rate,
            "seed": seed,
            "epoch": epoch,
            "train_loss": round(total_loss / count, 4),
            "val_loss": round(val_loss, 4),
            "val_accuracy": round(val_accuracy, 4),
            "seconds": round(seconds, 2),
        }
        print(json.dumps(line), flush=True)
    return accuracies


def main() -> None:
    parser = argparse.ArgumentParser(description="Accuracy of a PyTorch training, as the mark for netc's.")
    parser.add_argument("data", type=Path, help="folder or tar with train/ and val/ of class folders")
    parser.add_argument("--net", default="32,32,pool,64,64,pool,128", help="widths and pools (default: %(default)s)")
    parser.add_argument("--learning-rates", type=float, nargs="+", default=[1e-3])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    data = load(arguments.data)
    for learning_rate in arguments.learning_rates:
        runs = [
            train(data, arguments.net, learning_rate, seed, arguments.epochs, arguments.batch_size)
            for seed in arguments.seeds
        ]
        summary = {
            "learning_rate": learning_rate,
            "seeds": arguments.seeds,
            "epochs": arguments.epochs,
            "mean_final_accuracy": round(mean(run[-1] for run in runs), 4),
            "mean_best_accuracy": round(mean(max(run) for run in runs), 4),
            "mean_accuracy_by_epoch": [round(mean(epoch), 4) for epoch in zip(*runs)],
            "torch": torch.__version__,
        }
        print(json.dumps(summary), flush=True)


if __name__ == "__main__":
    main()
