"""Write the PyTorch references that whole networks are tested against.

Run, from the root of the repository:

    python -m venv .venv && .venv/bin/pip install torch numpy safetensors
    .venv/bin/python tests/parity/make_fixtures.py [NAME...]

One file a network, `tests/fixtures/parity/<name>.safetensors`. Parameters and images are float32;
everything that follows from them is computed in float64 on one thread and rounded once, so the
reference is exact to float32. A fixture that would test little is refused: one that float32
misses by more than `FLOAT32_BOUND`, and one where a parameter has no gradient (a bias that stands
before a BatchNorm excepted: there the gradient is zero but for rounding).

Tensors (all float32 in netc's layout, but for `labels`):

    input               N x H x W x C
    labels              N, int64
    logits              N x classes, in training mode
    loss                scalar, softmax cross-entropy averaged over the batch
    param/<i>           as initialised, before the step
    grad/<i>            of `loss`, by `param/<i>`
    running_mean/<j>    of the j-th BatchNorm after the step; 0 before it
    running_var/<j>     unbiased; 1 before it
    inference_logits    N x classes, inference mode with `param/*`, `running_mean/*`, `running_var/*`

`i` and `j` count in the order in which the layers are written. Within a layer: kernel, then bias;
the two kernels of a SeparableConv, then its bias; scale, then shift for normalisations; one slope
a channel for PRelu. Kernels are H x W x I/groups x O for convolutions (depthwise: H x W x 1 x
I*multiplier) and I x O for dense layers, where Flatten goes by H, W, C.

Metadata: `spec` (the whole `.net` text), `param_names` (a JSON list, one name a parameter),
`batch_size`, `seed`, and the versions: `torch`, `numpy`, `safetensors`, `python`.
"""

import argparse
import copy
import json
import platform
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from math import ceil, sqrt
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import load_file
from torch import Tensor, nn

OUTPUT = Path(__file__).parent.parent / "fixtures" / "parity"
FLOAT32_BOUND = 2e-5


class SameConv2d(nn.Conv2d):
    """Convolution with the Keras meaning of `same`: an odd pixel of padding goes below and right."""

    def forward(self, x: Tensor) -> Tensor:
        pads: list[int] = []
        for n, k, s, d in zip(x.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1], self.dilation[::-1]):
            total = max((ceil(n / s) - 1) * s + (k - 1) * d + 1 - n, 0)
            pads += [total // 2, total - total // 2]
        return super().forward(F.pad(x, pads))


class Flatten(nn.Module):
    """N x C x H x W to N x (H*W*C), channels innermost."""

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, 2, 3, 1).flatten(1)


class GlobalAvgPool(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))


class PixelNorm(nn.LayerNorm):
    """Normalises the channels of each pixel, as ConvNeXt does."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class GlobalMaxPool(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.amax((2, 3))


class Branches(nn.Module):
    """Feeds the same input to every branch."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def outputs(self, x: Tensor) -> list[Tensor]:
        return [branch(x) for branch in self.branches]


class Add(Branches):
    def forward(self, x: Tensor) -> Tensor:
        total, *rest = self.outputs(x)
        for y in rest:
            total = total + y
        return total


class Multiply(Branches):
    """A later branch that ends in a vector scales the channels of the first."""

    def forward(self, x: Tensor) -> Tensor:
        product, *rest = self.outputs(x)
        for y in rest:
            product = product * (y[:, :, None, None] if y.dim() == 2 else y)
        return product


class Concat(Branches):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cat(self.outputs(x), dim=1)


@dataclass(frozen=True)
class Case:
    """A network twice: as netc reads it and as PyTorch computes it."""

    seed: int
    batch_size: int
    spec: str
    build: Callable[[], nn.Module]


def origin_a() -> nn.Module:
    def block(channels: int, pool: int) -> list[nn.Module]:
        return [nn.Conv2d(channels, 32, 3), nn.ReLU(), nn.Conv2d(32, 32, 3), nn.ReLU(), nn.MaxPool2d(pool)]

    return nn.Sequential(
        *block(3, 3), *block(32, 2), *block(32, 2), Flatten(),
        nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 3),
    )  # fmt: skip


ORIGIN_A = """\
---
input: 64x64x3
classes: 3
---
[Conv(32) -> Relu -> Conv(32) -> Relu -> MaxPool([3x3, 2x2, 2x2])] * 3
  -> Flatten
  -> [Dense([128, 64]) -> Relu] * 2
  -> Dense(3) -> Softmax
"""


def residual() -> nn.Module:
    def same(channels: int) -> nn.Module:
        return SameConv2d(channels, 8, 3, bias=False)

    inner = nn.Sequential(same(8), nn.BatchNorm2d(8), nn.ReLU(), same(8), nn.BatchNorm2d(8))
    down = nn.Sequential(nn.Conv2d(8, 12, 3, stride=2, padding=1), nn.BatchNorm2d(12))
    return nn.Sequential(
        same(3), nn.BatchNorm2d(8), nn.ReLU(),
        Add(inner, nn.Identity()), nn.ReLU(),
        Add(down, nn.Conv2d(8, 12, 1, stride=2)), nn.ReLU(),
        GlobalAvgPool(), nn.Linear(12, 4),
    )  # fmt: skip


RESIDUAL = """\
---
input: 12x12x3
classes: 4
---
Conv(8, padding: same, bias: false) -> BatchNorm -> Relu
  -> Residual[
       Conv(8, padding: same, bias: false) -> BatchNorm -> Relu
         -> Conv(8, padding: same, bias: false) -> BatchNorm
     ] -> Relu
  -> Add[Conv(12, stride: 2, padding: 1) -> BatchNorm | Conv(12, kernel: 1x1, stride: 2)] -> Relu
  -> GlobalAvgPool
  -> Dense(4)
"""


def depthwise() -> nn.Module:
    def norm(conv: nn.Conv2d) -> list[nn.Module]:
        return [conv, nn.BatchNorm2d(conv.out_channels), nn.ReLU6()]

    return nn.Sequential(
        *norm(SameConv2d(3, 8, 3, stride=2)),
        *norm(SameConv2d(8, 8, 3, groups=8)),
        *norm(nn.Conv2d(8, 16, 1)),
        *norm(SameConv2d(16, 16, 3, stride=2, groups=16)),
        *norm(nn.Conv2d(16, 24, 1)),
        *norm(SameConv2d(24, 48, (5, 3), dilation=2, groups=24)),
        *norm(SameConv2d(48, 16, 3, groups=4)),
        GlobalAvgPool(), nn.Linear(16, 5),
    )  # fmt: skip


DEPTHWISE = """\
---
input: 15x17x3
classes: 5
---
Conv(8, stride: 2, padding: same) -> BatchNorm -> Relu6
  -> DepthwiseConv(padding: same) -> BatchNorm -> Relu6
  -> Conv(16, kernel: 1x1) -> BatchNorm -> Relu6
  -> DepthwiseConv(stride: 2, padding: same) -> BatchNorm -> Relu6
  -> Conv(24, kernel: 1x1) -> BatchNorm -> Relu6
  -> DepthwiseConv(multiplier: 2, kernel: 5x3, dilation: 2, padding: same) -> BatchNorm -> Relu6
  -> Conv(16, groups: 4, padding: same) -> BatchNorm -> Relu6
  -> GlobalAvgPool
  -> Dense(5) -> Softmax
"""


def activations() -> nn.Module:
    def same(inputs: int, outputs: int) -> nn.Module:
        return SameConv2d(inputs, outputs, 3)

    gate = nn.Sequential(GlobalAvgPool(), nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 8), nn.Sigmoid())
    left = nn.Sequential(same(8, 6), nn.ELU(), nn.Conv2d(6, 4, 1), nn.SELU())
    right = nn.Sequential(nn.Conv2d(8, 6, 1), nn.Softplus(), same(6, 4), nn.Tanh())
    return nn.Sequential(
        same(3, 8), nn.GELU(),
        same(8, 8), nn.SiLU(),
        same(8, 8), nn.Mish(),
        Multiply(nn.Identity(), gate),
        Concat(left, right),
        nn.AvgPool2d(2),
        same(8, 8), nn.LeakyReLU(0.01),
        same(8, 8), nn.BatchNorm2d(8), nn.Hardswish(),
        same(8, 8), nn.BatchNorm2d(8), nn.Hardsigmoid(),
        same(8, 8), nn.PReLU(8),
        nn.Conv2d(8, 8, 1), GlobalMaxPool(), nn.Linear(8, 4),
    )  # fmt: skip


ACTIVATIONS = """\
---
input: 10x10x3
classes: 4
---
Conv(8, padding: same) -> Gelu
  -> Conv(8, padding: same) -> Silu
  -> Conv(8, padding: same) -> Mish
  -> Multiply[Identity | GlobalAvgPool -> Dense(4) -> Relu -> Dense(8) -> Sigmoid]
  -> Concat[
       Conv(6, padding: same) -> Elu -> Conv(4, kernel: 1x1) -> Selu
     | Conv(6, kernel: 1x1) -> Softplus -> Conv(4, padding: same) -> Tanh
     ]
  -> AvgPool
  -> Conv(8, padding: same) -> LeakyRelu
  -> Conv(8, padding: same) -> BatchNorm -> HardSwish
  -> Conv(8, padding: same) -> BatchNorm -> HardSigmoid
  -> Conv(8, padding: same) -> PRelu
  -> Conv(8, kernel: 1x1) -> GlobalMaxPool
  -> Dense(4)
"""

def normalised() -> nn.Module:
    def separable(inputs: int, outputs: int, kernel: int, stride: int = 1, multiplier: int = 1) -> list[nn.Module]:
        between = inputs * multiplier
        slide = SameConv2d(inputs, between, kernel, stride=stride, groups=inputs, bias=False)
        return [slide, nn.Conv2d(between, outputs, 1)]

    return nn.Sequential(
        *separable(3, 12, 3), PixelNorm(12, eps=1e-6), nn.GELU(),
        *separable(12, 16, 5, stride=2), nn.GroupNorm(4, 16, eps=1e-6), nn.SiLU(),
        *separable(16, 8, 3, multiplier=2), nn.GroupNorm(2, 8, eps=1e-3), nn.ReLU(),
        nn.AdaptiveAvgPool2d((3, 2)), PixelNorm(8, eps=1e-6),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10), nn.LayerNorm(10, eps=1e-6), nn.Tanh(),
        nn.Linear(10, 5),
    )  # fmt: skip


NORMALISED = """\
---
input: 14x15x3
classes: 5
---
SeparableConv(12, padding: same) -> LayerNorm -> Gelu
  -> SeparableConv(16, kernel: 5x5, stride: 2, padding: same) -> GroupNorm(4) -> Silu
  -> SeparableConv(8, multiplier: 2, padding: same) -> GroupNorm(2, epsilon: 1e-3) -> Relu
  -> AdaptiveAvgPool(3x2) -> LayerNorm
  -> AdaptiveAvgPool -> Flatten -> Dense(10) -> LayerNorm -> Tanh
  -> Dense(5)
"""

CASES = {
    "activations": Case(seed=5, batch_size=3, spec=ACTIVATIONS, build=activations),
    "depthwise": Case(seed=3, batch_size=3, spec=DEPTHWISE, build=depthwise),
    "normalised": Case(seed=6, batch_size=3, spec=NORMALISED, build=normalised),
    "origin-a": Case(seed=1, batch_size=2, spec=ORIGIN_A, build=origin_a),
    "residual": Case(seed=2, batch_size=4, spec=RESIDUAL, build=residual),
}


def front_matter(spec: str) -> tuple[tuple[int, int, int], int]:
    """The input size, H x W x C, and the class count."""
    keys = dict(line.split(": ") for line in spec.split("---\n")[1].splitlines())
    height, width, channels = map(int, keys["input"].split("x"))
    return (height, width, channels), int(keys["classes"])


def initialise(net: nn.Module, generator: torch.Generator) -> None:
    """He-normal weights and small random values for everything else, so that no gradient is trivial."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            fan_in = module.weight[0].numel()
            nn.init.normal_(module.weight, std=sqrt(2 / fan_in), generator=generator)
            if module.bias is not None:
                nn.init.normal_(module.bias, std=0.1, generator=generator)
        elif isinstance(module, nn.BatchNorm2d | nn.LayerNorm | nn.GroupNorm):
            # Wide enough that the activations behind it meet both of their bends.
            nn.init.uniform_(module.weight, 0.5, 4.0, generator=generator)
            nn.init.normal_(module.bias, std=0.3, generator=generator)
        elif isinstance(module, nn.PReLU):
            nn.init.uniform_(module.weight, 0.1, 0.4, generator=generator)


def in_netc_layout(owner: nn.Module, tensor: Tensor) -> Tensor:
    """A parameter of `owner`, or its gradient, with its axes in netc's order."""
    if isinstance(owner, nn.Conv2d) and tensor.dim() == 4:
        return tensor.permute(2, 3, 1, 0)
    if isinstance(owner, nn.Linear) and tensor.dim() == 2:
        return tensor.T
    return tensor


def parameters(net: nn.Module) -> Iterator[tuple[str, nn.Module, nn.Parameter]]:
    """Name, owner and value of every parameter, in the order in which the layers are written."""
    counts: Counter[str] = Counter()
    for owner in net.modules():
        own = dict(owner.named_parameters(recurse=False))
        if not own:
            continue
        match owner:
            case nn.Conv2d():
                depthwise_layer = owner.groups == owner.in_channels
                kind, roles = "depthwise_conv" if depthwise_layer else "conv", ("kernel", "bias")
            case nn.Linear():
                kind, roles = "dense", ("kernel", "bias")
            case nn.BatchNorm2d():
                kind, roles = "batch_norm", ("scale", "shift")
            case nn.LayerNorm():
                kind, roles = "layer_norm", ("scale", "shift")
            case nn.GroupNorm():
                kind, roles = "group_norm", ("scale", "shift")
            case nn.PReLU():
                kind, roles = "prelu", ("slope",)
            case _:
                raise TypeError(f"{type(owner).__name__} has parameters without a layout")
        counts[kind] += 1
        for role, parameter in zip(roles, own.values(), strict=False):
            yield f"{kind}_{counts[kind]}/{role}", owner, parameter


def train_step(net: nn.Module, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Everything that follows from the parameters, the images (N x H x W x C) and the labels."""
    x = images.permute(0, 3, 1, 2)
    logits = net.train()(x)
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    with torch.no_grad():
        inference_logits = net.eval()(x)
    results = {"logits": logits, "loss": loss, "inference_logits": inference_logits}
    for i, (_, owner, parameter) in enumerate(parameters(net)):
        assert parameter.grad is not None
        results[f"grad/{i}"] = in_netc_layout(owner, parameter.grad)
    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    for j, norm in enumerate(norms):
        results[f"running_mean/{j}"] = norm.running_mean
        results[f"running_var/{j}"] = norm.running_var
    return {name: tensor.detach() for name, tensor in results.items()}


def trivial_gradients(exact: dict[str, Tensor], names: list[str]) -> set[int]:
    """The parameters whose gradient is zero but for rounding."""
    sizes = [exact[f"grad/{i}"].abs().max().item() for i in range(len(names))]
    return {i for i, size in enumerate(sizes) if size < 1e-9 * max(sizes)}


def check_every_gradient_tests(case: str, trivial: set[int], names: list[str]) -> None:
    for i in sorted(trivial):
        if not (names[i].endswith("/bias") and names[i + 1].startswith("batch_norm")):
            raise SystemExit(f"{case}: {names[i]} has no gradient; choose another seed")


def check_float32_agrees(case: str, exact: dict[str, Tensor], single: dict[str, Tensor], trivial: set[int]) -> float:
    """The largest difference, relative to the largest value of its tensor."""
    worst = 0.0
    for key in exact.keys() - {f"grad/{i}" for i in trivial}:
        difference = (exact[key] - single[key]).abs().max() / exact[key].abs().max()
        worst = max(worst, difference.item())
    if worst > FLOAT32_BOUND:
        raise SystemExit(f"{case}: float32 strays from float64 by {worst:.1e}; choose another seed")
    return worst


def write_safetensors(path: Path, tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    """The safetensors format, with the header's keys in a fixed order: same input, same bytes."""
    header: dict[str, object] = {"__metadata__": metadata}
    offset = 0
    for name, array in tensors.items():
        dtype = {np.dtype("<f4"): "F32", np.dtype("<i8"): "I64"}[array.dtype]
        header[name] = {"dtype": dtype, "shape": array.shape, "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    body = b"".join(array.tobytes() for array in tensors.values())
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def make(name: str, case: Case) -> None:
    generator = torch.Generator().manual_seed(case.seed)
    (height, width, channels), classes = front_matter(case.spec)
    images = torch.randn(case.batch_size, height, width, channels, generator=generator)
    labels = torch.randint(classes, (case.batch_size,), generator=generator)
    net = case.build()
    initialise(net, generator)

    named = list(parameters(net))
    param_names = [param_name for param_name, _, _ in named]
    exact = train_step(copy.deepcopy(net).double(), images.double(), labels)
    single = train_step(copy.deepcopy(net), images, labels)
    trivial = trivial_gradients(exact, param_names)
    check_every_gradient_tests(name, trivial, param_names)
    worst = check_float32_agrees(name, exact, single, trivial)

    tensors = {"labels": labels, "input": images}
    tensors |= {f"param/{i}": in_netc_layout(owner, p).detach() for i, (_, owner, p) in enumerate(named)}
    tensors |= {key: tensor.float() for key, tensor in exact.items()}
    arrays = {key: tensor.contiguous().numpy() for key, tensor in tensors.items()}
    metadata = {
        "spec": case.spec,
        "param_names": json.dumps(param_names),
        "batch_size": str(case.batch_size),
        "seed": str(case.seed),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "safetensors": version("safetensors"),
        "python": platform.python_version(),
    }
    path = OUTPUT / f"{name}.safetensors"
    write_safetensors(path, arrays, metadata)
    read_back = load_file(path)
    assert read_back.keys() == arrays.keys() and all(np.array_equal(read_back[k], arrays[k]) for k in arrays)
    print(f"{path.name}: {path.stat().st_size:,} bytes, {len(named)} parameters, float32 within {worst:.1e}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the PyTorch references of tests/fixtures/parity.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all of them by default: {', '.join(CASES)}")
    names = parser.parse_args().names or list(CASES)
    if unknown := set(names) - CASES.keys():
        parser.error(f"no such network: {', '.join(sorted(unknown))}")
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for name in names:
        make(name, CASES[name])


if __name__ == "__main__":
    main()
