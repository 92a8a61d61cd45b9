"""Time PyTorch on the benchmark networks: training steps (Adam) and inference.

    python bench_torch.py --nets A D --modes train --layouts channels_last --compile

With `--precision bf16` training runs under autocast, weights and Adam in float32, and inference on a bf16 copy of the
network. Prints a JSON line a configuration: the median of `--steps` steps after `--warmup` unmeasured ones, on
one batch that stays in memory. A to D are those of `nets/*.net`, E and F torchvision's ResNet-18 and
MobileNetV2. The allocator is not chosen here: preload jemalloc to measure with it. Written for PyTorch
2.15 and torchvision 0.29.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Net:
    """Blocks of two 3x3 convolutions, each with a ReLU, and a max pooling; then dense layers."""

    input_size: int
    blocks: tuple[tuple[int, int], ...]
    """Filters and pool size of each block."""
    dense: tuple[int, ...]
    classes: int
    batch_size: int

    def build(self) -> nn.Sequential:
        layers: list[nn.Module] = []
        channels, size = 3, self.input_size
        for filters, pool in self.blocks:
            layers += [nn.Conv2d(channels, filters, 3), nn.ReLU(), nn.Conv2d(filters, filters, 3), nn.ReLU()]
            layers.append(nn.MaxPool2d(pool))
            channels, size = filters, (size - 4) // pool
        layers.append(nn.Flatten())
        features = channels * size * size
        for units in self.dense:
            layers += [nn.Linear(features, units), nn.ReLU()]
            features = units
        layers.append(nn.Linear(features, self.classes))
        return nn.Sequential(*layers)


NETS = {
    "A": Net(256, blocks=((32, 3), (32, 2), (32, 2)), dense=(128, 64), classes=3, batch_size=32),
    "B": Net(256, blocks=((32, 3), (32, 2)), dense=(128,), classes=3, batch_size=32),
    "C": Net(256, blocks=((64, 2), (32, 2), (32, 2)), dense=(128, 64), classes=3, batch_size=32),
    "D": Net(32, blocks=((32, 2), (64, 2)), dense=(128,), classes=10, batch_size=128),
}


@dataclass(frozen=True)
class Published:
    """A network of torchvision, for ImageNet."""

    constructor: str
    batch_size: int
    input_size: int = 224
    classes: int = 1000

    def build(self) -> nn.Module:
        import torchvision

        return getattr(torchvision.models, self.constructor)()


NETS |= {"E": Published("resnet18", batch_size=8), "F": Published("mobilenet_v2", batch_size=8)}
LAYOUTS = {"nchw": torch.contiguous_format, "channels_last": torch.channels_last}


def training_step(net: nn.Module, images: torch.Tensor, labels: torch.Tensor, precision: str) -> Callable[[], None]:
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-4)

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            loss = F.cross_entropy(net(images), labels)
        loss.backward()
        optimizer.step()

    return step


def inference_step(net: nn.Module, images: torch.Tensor, precision: str) -> Callable[[], None]:
    net.eval()
    if precision == "bf16":
        net, images = net.bfloat16(), images.bfloat16()

    @torch.inference_mode()
    def step() -> None:
        net(images).softmax(1)

    return step


def median_seconds(step: Callable[[], None], warmup: int, steps: int) -> float:
    for _ in range(warmup):
        step()
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return median(times)


def report(
    engine: str, version: str, net: str, mode: str, batch: int, threads: int, seconds: float, **how: str | bool
) -> None:
    """Prints a measurement as a line of JSON."""
    line = {"engine": engine, "version": version, "net": net, "mode": mode, **how, "batch": batch, "threads": threads}
    line |= {"step_ms": round(1e3 * seconds, 3), "images_per_second": round(batch / seconds, 2)}
    print(json.dumps(line), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Time PyTorch on the benchmark networks.")
    parser.add_argument("--nets", nargs="+", choices=NETS, default=list(NETS))
    parser.add_argument("--modes", nargs="+", choices=["train", "infer"], default=["train", "infer"])
    parser.add_argument("--layouts", nargs="+", choices=LAYOUTS, default=list(LAYOUTS))
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--batch", type=int, help="images a step (default: 32, for D 128, for E and F 8)")
    parser.add_argument("--compile", action="store_true", help="by torch.compile, which needs a C++ compiler")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--steps", type=int, default=10)
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    allocator = "jemalloc" if "jemalloc" in os.environ.get("LD_PRELOAD", "") else "default"
    for name in arguments.nets:
        shape = NETS[name]
        batch = arguments.batch or shape.batch_size
        images = torch.randn(batch, 3, shape.input_size, shape.input_size)
        labels = torch.randint(shape.classes, (batch,))
        for layout in arguments.layouts:
            x = images.contiguous(memory_format=LAYOUTS[layout])
            for mode in arguments.modes:
                net = shape.build().to(memory_format=LAYOUTS[layout])
                if arguments.compile:
                    net = torch.compile(net)
                if mode == "train":
                    step = training_step(net, x, labels, arguments.precision)
                else:
                    step = inference_step(net, x, arguments.precision)
                seconds = median_seconds(step, arguments.warmup, arguments.steps)
                how = {"layout": layout, "compiled": arguments.compile, "allocator": allocator}
                how["precision"] = arguments.precision
                report("torch", torch.__version__, name, mode, batch, arguments.threads, seconds, **how)


if __name__ == "__main__":
    main()
