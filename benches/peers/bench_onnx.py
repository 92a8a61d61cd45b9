"""Time ONNX Runtime on one of the benchmark networks: inference, float32, all graph optimisations.

    python bench_onnx.py --net A --mode infer --batch 1 --model A.onnx

Prints a JSON line: the median run on one batch that stays in memory. The model is one of `export_onnx.py`; its batch
is made a constant before it is optimised. Written for ONNX Runtime 1.32.
"""

from pathlib import Path

import numpy as np
import onnxruntime

from shapes import NETS
from timing import measure, parser, report


def main() -> None:
    arguments_parser = parser("Time ONNX Runtime on one of the benchmark networks.", NETS, ["infer"])
    arguments_parser.add_argument("--model", type=Path, required=True, help="the network's ONNX file")
    arguments = arguments_parser.parse_args()

    size = NETS[arguments.net].input_size
    images = np.random.default_rng(0).standard_normal((arguments.batch, 3, size, size), dtype=np.float32)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    options.inter_op_num_threads = 1
    options.add_free_dimension_override_by_name("batch", arguments.batch)
    session = onnxruntime.InferenceSession(arguments.model, options, providers=["CPUExecutionProvider"])
    timing = measure(lambda: session.run(None, {"images": images}), arguments)
    report(onnxruntime.__version__, arguments.batch, timing)


if __name__ == "__main__":
    main()
