"""Time PyTorch on one of the benchmark networks: training steps (Adam) or inference.

    python bench_torch.py --net A --mode train --batch 32 --layout channels_last --compile

With `--precision bf16` training runs under autocast, weights and Adam in float32, and inference on a bf16 copy of the
network. Compiled inference freezes the weights into the program. Prints a JSON line: the median step on one batch
that stays in memory. A to D are those of `nets/*.net`, E and F torchvision's ResNet-18 and MobileNetV2. The allocator
is not chosen here: preload jemalloc to measure with it. Written for PyTorch 2.15 and torchvision 0.29.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from shapes import NETS, Plain, Shape
from timing import measure, parser, report

LAYOUTS = {"nchw": torch.contiguous_format, "channels_last": torch.channels_last}


def build(shape: Shape) -> nn.Module:
    """The network, up to the logits."""
    if isinstance(shape, Plain):
        return build_plain(shape)
    import torchvision

    return getattr(torchvision.models, shape.name)()


def build_plain(shape: Plain) -> nn.Sequential:
    layers: list[nn.Module] = []
    channels, size = 3, shape.input_size
    for filters, pool in shape.blocks:
        layers += [nn.Conv2d(channels, filters, 3), nn.ReLU(), nn.Conv2d(filters, filters, 3), nn.ReLU()]
        layers.append(nn.MaxPool2d(pool))
        channels, size = filters, (size - 4) // pool
    layers.append(nn.Flatten())
    features = channels * size * size
    for units in shape.dense:
        layers += [nn.Linear(features, units), nn.ReLU()]
        features = units
    layers.append(nn.Linear(features, shape.classes))
    return nn.Sequential(*layers)


def training_step(net: nn.Module, images: torch.Tensor, labels: torch.Tensor, precision: str) -> Callable[[], None]:
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-4)

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            loss = F.cross_entropy(net(images), labels)
        loss.backward()
        optimizer.step()

    return step


def inference_step(net: nn.Module, images: torch.Tensor, precision: str, compiled: bool) -> Callable[[], None]:
    net.eval()
    if precision == "bf16":
        net, images = net.bfloat16(), images.bfloat16()
    if compiled:
        net = torch.compile(net, options={"freezing": True})
    # Compiled weights are frozen under `no_grad` alone; the other mode has less to do a call.
    without_gradients = torch.no_grad if compiled else torch.inference_mode

    @without_gradients()
    def step() -> None:
        net(images).softmax(1)

    return step


def main() -> None:
    arguments_parser = parser("Time PyTorch on one of the benchmark networks.", NETS)
    arguments_parser.add_argument("--layout", choices=LAYOUTS, default="channels_last")
    arguments_parser.add_argument("--precision", choices=["f32", "bf16"], default="f32")
    arguments_parser.add_argument("--compile", action="store_true", help="by torch.compile, which needs a C++ compiler")
    arguments = arguments_parser.parse_args()

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    shape, layout = NETS[arguments.net], LAYOUTS[arguments.layout]
    images = torch.randn(arguments.batch, 3, shape.input_size, shape.input_size).contiguous(memory_format=layout)
    labels = torch.randint(shape.classes, (arguments.batch,))
    net = build(shape).to(memory_format=layout)
    if arguments.mode == "infer":
        step = inference_step(net, images, arguments.precision, arguments.compile)
    else:
        step = training_step(torch.compile(net) if arguments.compile else net, images, labels, arguments.precision)
    report(torch.__version__, arguments.batch, measure(step, arguments))


if __name__ == "__main__":
    main()
