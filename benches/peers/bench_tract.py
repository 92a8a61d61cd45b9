"""Time tract on one of the benchmark networks: inference, float32, optimised for a constant batch.

    python bench_tract.py --net A --mode infer --batch 32 --threads 2 --model A.onnx

tract computes on the thread that calls it, and its Python bindings have no call to give it more. With several threads
the batch is therefore shared out among them, each running the same optimised model on a part of equal size: the
bindings do not hold Python's lock while they compute. Prints a JSON line: the median run on one batch that stays in
memory. The model is one of `export_onnx.py`. Written for tract 0.23.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import tract

from shapes import NETS
from timing import measure, parser, report


def prepare(model: Path, batch: int) -> tract.Runnable:
    """The model, optimised for batches of this size."""
    loaded = tract.onnx().load(str(model)).into_model()
    loaded.transform(tract.SetSymbols({"batch": batch}))
    return loaded.into_runnable()


def share_step(runnable: tract.Runnable, images: np.ndarray) -> Callable[[], object]:
    """A run of the model on a part of the batch, with the numbers copied out as every engine gives them."""
    state, tensor = runnable.spawn_state(), tract.Tensor.from_numpy(images)
    return lambda: state.run([tensor])[0].to_numpy()


def main() -> None:
    arguments_parser = parser("Time tract on one of the benchmark networks.", NETS, ["infer"])
    arguments_parser.add_argument("--model", type=Path, required=True, help="the network's ONNX file")
    arguments = arguments_parser.parse_args()
    if arguments.batch % arguments.threads:
        arguments_parser.error(f"{arguments.batch} images are no equal parts for {arguments.threads} threads")

    size, share = NETS[arguments.net].input_size, arguments.batch // arguments.threads
    images = np.random.default_rng(0).standard_normal((arguments.batch, 3, size, size), dtype=np.float32)
    runnable = prepare(arguments.model, share)
    shares = [share_step(runnable, part) for part in np.split(images, arguments.threads)]
    if len(shares) == 1:
        timing = measure(shares[0], arguments)
    else:
        with ThreadPoolExecutor(len(shares)) as pool:
            timing = measure(lambda: list(pool.map(lambda step: step(), shares)), arguments)
    report(tract.version(), arguments.batch, timing)


if __name__ == "__main__":
    main()
