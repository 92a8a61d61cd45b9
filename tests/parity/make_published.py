"""Write what the published nets of `specs/` give in torchvision and Keras, for weights that are computed, not stored.

Run, from the root of the repository:

    python -m venv .venv && .venv/bin/pip install torch torchvision keras numpy
    .venv/bin/python tests/parity/make_published.py

The file, `tests/fixtures/published/logits.json`, holds for each net the size of its one image and every
`STEP`-th logit in inference mode, from float64 (Keras: float32). Weights and image are `noise`, a function of the
number of the parameter (in the order in which the layers are written, kernel before bias and scale before shift)
and of the place in it (in netc's layout): see `values`. Running means are 0 and running variances 1.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import torch
import torchvision
from torch import Tensor, nn
from torchvision.models.convnext import CNBlock

OUTPUT = Path(__file__).parent.parent / "fixtures" / "published" / "logits.json"
STEP = 25
IMAGE = 100_000
"""The number of the image among the parameters."""

TORCHVISION = {
    "alexnet": ("alexnet", 64),
    "convnext-tiny": ("convnext_tiny", 64),
    "densenet-121": ("densenet121", 64),
    "efficientnet-b0": ("efficientnet_b0", 64),
    "googlenet": ("googlenet", 64),
    "inception-v3": ("inception_v3", 75),
    "mobilenet-v2": ("mobilenet_v2", 64),
    "mobilenet-v3-large": ("mobilenet_v3_large", 64),
    "resnet-18": ("resnet18", 64),
    "resnet-50": ("resnet50", 64),
    "resnext-50": ("resnext50_32x4d", 64),
    "squeezenet-1.0": ("squeezenet1_0", 65),
}


def noise(number: int, length: int) -> np.ndarray:
    """Numbers in [-1, 1): a 32-bit hash (Wellons, "lowbias32") of place and parameter."""
    with np.errstate(over="ignore"):
        x = np.arange(length, dtype=np.uint32) + np.uint32(number) * np.uint32(0x9E3779B9)
        x = (x ^ (x >> 16)) * np.uint32(0x7FEB352D)
        x = (x ^ (x >> 15)) * np.uint32(0x846CA68B)
        x = x ^ (x >> 16)
    # The upper 24 bits, so that a float32 holds the number exactly.
    return (x >> 8).astype(np.float64) / 2**23 - 1.0


def values(role: str, number: int, dims: tuple[int, ...]) -> np.ndarray:
    u = noise(number, int(np.prod(dims))).reshape(dims)
    match role:
        case "kernel":
            fan_in = int(np.prod(dims[:-1]))
            return (u * np.sqrt(np.float32(6.0 / fan_in))).astype(np.float32)
        case "scale":
            return (1.0 + 0.2 * u).astype(np.float32)
        case "shift":
            return (0.1 * u).astype(np.float32)
    raise ValueError(role)


def owners(module: nn.Module) -> Iterator[tuple[nn.Module, str, nn.Parameter]]:
    """Parameters in the order in which a spec writes their layers."""
    own = [(module, name, parameter) for name, parameter in module.named_parameters(recurse=False)]
    children = [found for child in module.children() for found in owners(child)]
    yield from children + own if isinstance(module, CNBlock) else own + children


def fill(number: int, owner: nn.Module, name: str, parameter: nn.Parameter, flattened: int) -> None:
    """`flattened`: the side of the map whose flattening a dense layer reads, 1 for a vector."""
    is_kernel = isinstance(owner, nn.Conv2d | nn.Linear) and name == "weight"
    role = "kernel" if is_kernel else "shift" if name == "bias" else "scale"
    if is_kernel and isinstance(owner, nn.Conv2d):
        o, i, h, w = parameter.shape
        new = values(role, number, (h, w, i, o)).transpose(3, 2, 0, 1)
    elif is_kernel:
        o, i = parameter.shape
        by_place = values(role, number, (i, o)).reshape(flattened, flattened, -1, o)
        new = by_place.transpose(3, 2, 0, 1).reshape(o, i)
    else:
        new = values(role, number, tuple(parameter.shape))
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(new)))


def image(side: int, channels: int) -> np.ndarray:
    return noise(IMAGE, side * side * channels).reshape(1, side, side, channels).astype(np.float32)


def from_torchvision(name: str, side: int) -> Tensor:
    extra = {"aux_logits": False, "init_weights": False} if name in ("googlenet", "inception_v3") else {}
    net = getattr(torchvision.models, name)(weights=None, **extra).eval()
    reads_map = next((module for module in net.modules() if isinstance(module, nn.Linear)), None)
    for number, (owner, parameter_name, parameter) in enumerate(owners(net)):
        flattened = 6 if name == "alexnet" and owner is reads_map else 1
        fill(number, owner, parameter_name, parameter, flattened)
    with torch.no_grad():
        return net.double()(torch.from_numpy(image(side, 3)).double().permute(0, 3, 1, 2))[0]


def as_written(net: keras.Model) -> list[keras.Layer]:
    """Layers with a path past others behind them, up to the sum that joins both, as a spec writes branches."""
    ordered: list[keras.Layer] = []
    past: list[keras.Layer] = []
    for layer in net.layers:
        # Xception's layers on such a path are the ones without a name of their own.
        if layer.name.startswith(("conv2d", "batch_normalization")) and net.name == "xception":
            past.append(layer)
        else:
            ordered += past if layer.name.startswith("add") else []
            past = [] if layer.name.startswith("add") else past
            ordered.append(layer)
    return ordered


def from_keras(net: keras.Model, side: int, channels: int) -> np.ndarray:
    number = 0
    for layer in as_written(net):
        new = []
        for weight in layer.weights:
            kind = weight.name
            if kind.startswith("moving"):
                new.append(weight.numpy())
                continue
            role = "kernel" if kind.endswith("kernel") else "scale" if kind == "gamma" else "shift"
            dims = tuple(weight.shape)
            # A depthwise kernel is H x W x C x 1 in Keras, H x W x 1 x C in netc.
            is_depthwise = isinstance(layer, keras.layers.DepthwiseConv2D) or kind == "depthwise_kernel"
            in_netc = (*dims[:2], 1, dims[2]) if is_depthwise else dims
            new.append(values(role, number, in_netc).reshape(dims))
            number += 1
        layer.set_weights(new)
    return net.predict(image(side, channels), verbose=0)[0]


def keras_mnist() -> keras.Model:
    layers = keras.layers
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, (3, 3), activation="relu"),
        layers.MaxPooling2D((2, 2)),
        layers.Conv2D(64, (3, 3), activation="relu"),
        layers.MaxPooling2D((2, 2)),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(10),
    ])  # fmt: skip


def keras_cifar_10() -> keras.Model:
    layers = keras.layers
    return keras.Sequential([
        keras.Input((32, 32, 3)),
        layers.Conv2D(32, (3, 3), padding="same", activation="relu"),
        layers.Conv2D(32, (3, 3), activation="relu"),
        layers.MaxPooling2D((2, 2)),
        layers.Dropout(0.25),
        layers.Conv2D(64, (3, 3), padding="same", activation="relu"),
        layers.Conv2D(64, (3, 3), activation="relu"),
        layers.MaxPooling2D((2, 2)),
        layers.Dropout(0.25),
        layers.Flatten(),
        layers.Dense(512, activation="relu"),
        layers.Dropout(0.5),
        layers.Dense(10),
    ])  # fmt: skip


def main() -> None:
    mobilenet = keras.applications.MobileNet(weights=None, input_shape=(64, 64, 3), classifier_activation=None)
    xception = keras.applications.Xception(weights=None, input_shape=(71, 71, 3), classifier_activation=None)
    from_keras_nets = {
        "keras-cifar-10": (keras_cifar_10(), 32, 3),
        "keras-mnist": (keras_mnist(), 28, 1),
        "mobilenet-v1": (mobilenet, 64, 3),
        "xception": (xception, 71, 3),
    }
    written = {}
    for name, (model, side) in TORCHVISION.items():
        written[name] = ([side, side, 3], from_torchvision(model, side).numpy())
    for name, (model, side, channels) in from_keras_nets.items():
        written[name] = ([side, side, channels], from_keras(model, side, channels))
    nets = {
        name: {"input": size, "logits": [float(np.float32(logit)) for logit in logits[:: STEP if len(logits) > STEP else 1]]}
        for name, (size, logits) in sorted(written.items())
    }
    versions = {"torchvision": torchvision.__version__, "keras": keras.__version__}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(net)}" for name, net in nets.items())
    OUTPUT.write_text(f'{{"versions": {json.dumps(versions)}, "nets": {{\n{lines}\n}}}}\n')
    for name, net in nets.items():
        print(f"{name}: {len(net['logits'])} logits up to {max(map(abs, net['logits'])):.3g}")


if __name__ == "__main__":
    main()
