"""Time ONNX Runtime on the benchmark networks: inference, float32, all graph optimisations.

    python bench_onnx.py --net A --batch 1

Prints a JSON line: the median of `--steps` runs after `--warmup` unmeasured ones, on one batch that
stays in memory. The networks are those of `bench_torch.py`, exported by PyTorch with random weights.
Written for ONNX Runtime 1.32 and PyTorch 2.15.
"""

import argparse
import tempfile
from pathlib import Path

import onnxruntime
import torch

from bench_torch import NETS, median_seconds, report


def main() -> None:
    parser = argparse.ArgumentParser(description="Time ONNX Runtime on one of the benchmark networks.")
    parser.add_argument("--net", choices=NETS, required=True)
    parser.add_argument("--batch", type=int, help="images a step")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--steps", type=int, default=10)
    arguments = parser.parse_args()

    torch.manual_seed(0)
    shape = NETS[arguments.net]
    batch = arguments.batch or shape.batch_size
    images = torch.randn(batch, 3, shape.input_size, shape.input_size)
    net = torch.nn.Sequential(shape.build(), torch.nn.Softmax(1)).eval()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    options.inter_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        torch.onnx.export(net, (images,), path, input_names=["images"], dynamo=True, verbose=False)
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feed = {"images": images.numpy()}
    seconds = median_seconds(lambda: session.run(None, feed), arguments.warmup, arguments.steps)
    report("onnxruntime", onnxruntime.__version__, arguments.net, "infer", batch, arguments.threads, seconds)


if __name__ == "__main__":
    main()
