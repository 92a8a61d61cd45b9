"""Write one of the benchmark networks, with random weights and a softmax, as an ONNX file that takes any batch.

    python export_onnx.py --net A --output A.onnx

The networks are those of `bench_torch.py`. The export is no part of a measurement: it needs PyTorch, whose memory is
not that of the engines which run the file. Written for PyTorch 2.15.
"""

import argparse
from pathlib import Path

import torch

from bench_torch import build
from shapes import NETS


def main() -> None:
    parser = argparse.ArgumentParser(description="Write one of the benchmark networks as an ONNX file.")
    parser.add_argument("--net", choices=NETS, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()

    torch.manual_seed(0)
    shape = NETS[arguments.net]
    net = torch.nn.Sequential(build(shape), torch.nn.Softmax(1)).eval()
    # A batch of one would be taken for a constant.
    images = torch.randn(2, 3, shape.input_size, shape.input_size)
    torch.onnx.export(
        net,
        (images,),
        arguments.output,
        input_names=["images"],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        dynamo=True,
        external_data=False,
        verbose=False,
    )


if __name__ == "__main__":
    main()
