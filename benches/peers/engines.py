"""The engines that are compared: what each can measure, and the command that measures it."""

import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from images import write_data_set
from process import Finished, run
from records import Measured, Workload
from shapes import NETS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SPECS = {name: HERE / "nets" / f"{name}.net" for name in "ABCD"} | {
    "E": ROOT / "specs" / "resnet-18.net",
    "F": ROOT / "specs" / "mobilenet-v2.net",
}
REQUIREMENTS = {
    "torch": ["torch>=2.15,<3", "torchvision", "numpy", "pillow"],
    "keras": ["keras>=3.15,<4", "tensorflow-cpu>=2.21,<3"],
    "onnx": ["onnxruntime", "onnx", "onnxscript"],
    "tract": ["tract>=0.23,<0.24", "onnx", "onnxscript"],
}
"""What each peer needs, by the name to ask for it; ONNX files are exported by PyTorch."""
TRAINING_STEPS = 4
"""An epoch's, where the memory of a training is measured: two epochs are trained."""


@dataclass
class Setup:
    """What all measurements share."""

    netc: Path
    python: Path
    """The interpreter of the peers' environment."""
    scratch: Path
    """A folder for data sets, ONNX files and run folders, which is new."""
    seconds: float
    """To measure for, after a warm-up."""
    limit: float
    """Seconds that a process may take."""
    exported: dict[str, Path | str] = field(default_factory=dict)
    """The ONNX file of a network, or why there is none."""

    def onnx_file(self, net: str) -> Path | str:
        if net not in self.exported:
            path = self.scratch / f"{net}.onnx"
            done = run([self.python, HERE / "export_onnx.py", "--net", net, "--output", path], self.limit)
            self.exported[net] = f"no ONNX file: {done.error}" if done.error else path
        return self.exported[net]

    def data_set(self, work: Workload, steps: int) -> Path:
        """Images of the network's size for an epoch of so many steps."""
        shape = NETS[work.net]
        folder = self.scratch / f"{work.net}-{steps * work.batch}"
        if folder.exists():
            return folder
        return write_data_set(folder, shape.input_size, shape.classes, train=steps * work.batch, validate=shape.classes)


class Engine(Protocol):
    @property
    def setup(self) -> Setup: ...

    @property
    def engine(self) -> str:
        """Its family, one of `records.ENGINES`."""

    @property
    def label(self) -> str:
        """Its family and configuration."""

    def threads(self, work: Workload) -> int: ...

    def takes(self, work: Workload) -> bool: ...

    def measure(self, work: Workload) -> Measured: ...


@dataclass(frozen=True)
class Netc:
    setup: Setup
    one_thread: bool = False
    engine: str = "netc"

    @property
    def label(self) -> str:
        return "netc on 1 thread" if self.one_thread else "netc"

    def threads(self, work: Workload) -> int:
        return 1 if self.one_thread else work.threads

    def takes(self, work: Workload) -> bool:
        return not self.one_thread or (work.is_speed and work.threads > 1)

    def measure(self, work: Workload) -> Measured:
        if work.is_speed:
            return measured(self, work, self.profile(work))
        # The first run decodes the images, the second finds them in the cache.
        first = self.train(work)
        return measured(self, work, first if first.error else self.train(work))

    def profile(self, work: Workload) -> Finished:
        command = [self.setup.netc, "plan", "-", "--batch", str(work.batch), "--threads", str(self.threads(work))]
        command += ["--profile", "--format", "json"] + ["--infer"] * (work.mode == "infer")
        return run(command, self.setup.limit, text=with_settings(SPECS[work.net].read_text(), work))

    def train(self, work: Workload) -> Finished:
        """A whole training: an epoch of one step, or for its memory two epochs of some."""
        is_start = work.mode == "start"
        data = self.setup.data_set(work, steps=1 if is_start else TRAINING_STEPS)
        out = Path(tempfile.mkdtemp(dir=self.setup.scratch)) / "run"
        command = [self.setup.netc, "train", "-", data, "--out", out, "--cache", self.setup.scratch / "cache"]
        command += ["--epochs", "1" if is_start else "2"]
        command += ["--batch-size", str(work.batch), "--threads", str(work.threads)]
        settings = with_settings(SPECS[work.net].read_text(), work, "on_collapse: ignore")
        return run(command, self.setup.limit, text=settings)

    def version(self) -> str:
        printed = subprocess.run([self.setup.netc, "--version"], check=True, capture_output=True, text=True).stdout
        return printed.split()[-1]


@dataclass(frozen=True)
class Torch:
    setup: Setup
    layout: str
    compiled: bool
    preload: Path | None
    """The allocator's library."""
    engine: str = "torch"

    @property
    def label(self) -> str:
        return " ".join(["torch", self.layout] + self.compiled * ["compiled"] + bool(self.preload) * ["jemalloc"])

    def threads(self, work: Workload) -> int:
        return work.threads

    def takes(self, work: Workload) -> bool:
        # To compile costs minutes, which neither the time of a start nor the memory of a training has to bear.
        return work.is_speed or not self.compiled

    def measure(self, work: Workload) -> Measured:
        command = [self.setup.python, HERE / "bench_torch.py", *script_arguments(self, work), "--layout", self.layout]
        command += ["--precision", work.precision] + ["--compile"] * self.compiled
        environment = {"LD_PRELOAD": str(self.preload)} if self.preload else {}
        return measured(self, work, run(command, self.setup.limit, environment))


@dataclass(frozen=True)
class Keras:
    setup: Setup
    engine: str = "keras"
    label: str = "keras on tensorflow"

    def threads(self, work: Workload) -> int:
        return work.threads

    def takes(self, work: Workload) -> bool:
        return work.net != "E" and work.precision == "f32"

    def measure(self, work: Workload) -> Measured:
        command = [self.setup.python, HERE / "bench_keras.py", *script_arguments(self, work)]
        return measured(self, work, run(command, self.setup.limit))


@dataclass(frozen=True)
class Onnx:
    setup: Setup
    engine: str = "onnx"
    label: str = "onnx runtime"

    def threads(self, work: Workload) -> int:
        return work.threads

    def takes(self, work: Workload) -> bool:
        return work.mode == "infer" and work.precision == "f32"

    def measure(self, work: Workload) -> Measured:
        return measure_onnx_file(self, "bench_onnx.py", self.setup, work)


@dataclass(frozen=True)
class Tract:
    setup: Setup
    one_thread: bool
    engine: str = "tract"

    @property
    def label(self) -> str:
        return "tract on 1 thread" if self.one_thread else "tract, batch shared out"

    def threads(self, work: Workload) -> int:
        return 1 if self.one_thread else work.threads

    def takes(self, work: Workload) -> bool:
        if work.mode != "infer" or work.precision != "f32":
            return False
        return self.one_thread or (work.threads > 1 and work.batch % work.threads == 0)

    def measure(self, work: Workload) -> Measured:
        return measure_onnx_file(self, "bench_tract.py", self.setup, work)


def measure_onnx_file(engine: Onnx | Tract, script: str, setup: Setup, work: Workload) -> Measured:
    model = setup.onnx_file(work.net)
    if isinstance(model, str):
        return Measured(engine.engine, engine.label, engine.threads(work), error=model)
    command = [setup.python, HERE / script, *script_arguments(engine, work), "--model", model]
    return measured(engine, work, run(command, setup.limit))


def script_arguments(engine: Engine, work: Workload) -> list[str]:
    """What every script of a peer is told."""
    mode = work.mode if work.is_speed else "train"
    words = ["--net", work.net, "--mode", mode, "--batch", str(work.batch), "--threads", str(engine.threads(work))]
    words += ["--seconds", str(engine.setup.seconds if work.is_speed else 0)]
    return words + ["--first-step"] * (work.mode == "start")


def measured(engine: Engine, work: Workload, done: Finished) -> Measured:
    """What a process printed, its last line or all of it, is JSON with the speed; netc's trainings print text."""
    result: dict[str, object] = {}
    error = done.error
    if error is None and (work.is_speed or engine.engine != "netc"):
        try:
            result = json.loads(done.printed if engine.engine == "netc" else done.printed.splitlines()[-1])
        except (json.JSONDecodeError, IndexError):
            error = "it printed no result"
    return Measured(
        engine.engine,
        engine.label,
        engine.threads(work),
        version=engine.version() if isinstance(engine, Netc) else str(result.get("version", "")),
        images_per_second=result.get("images_per_second"),
        step_ms=result.get("step_ms"),
        steps=result.get("steps") if engine.engine != "netc" else None,
        seconds=round(done.seconds, 3),
        cpu_seconds=round(done.cpu_seconds, 3),
        peak_mb=round(done.peak_mb, 1),
        error=error,
    )


def with_settings(spec: str, work: Workload, *train: str) -> str:
    """A spec without settings of training, with the workload's precision and others."""
    settings = ", ".join([*([] if work.precision == "f32" else [f"precision: {work.precision}"]), *train])
    if not settings:
        return spec
    front = spec.split("---\n")[1]
    if "train:" in front:
        raise SystemExit(f"the spec of {work.net} has settings of its own: `{settings}` cannot be added")
    return spec.replace(front, f"{front}train: {{ {settings} }}\n", 1)


def environment_python(folder: Path, peers: Iterable[str]) -> Path:
    """The environment's interpreter, with what the peers need; makes and fills the environment where it has to."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    packages = list(dict.fromkeys(package for peer in ["torch", *peers] for package in REQUIREMENTS[peer]))
    print(f"making sure of {', '.join(packages)} in {folder}", file=sys.stderr)
    subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return python


def find_jemalloc() -> Path | None:
    return next(iter(sorted(Path("/usr").glob("lib*/**/libjemalloc.so.2"))), None)


def torch_configurations(setup: Setup, compiled: bool) -> list[Torch]:
    """Both layouts with every allocator there is; compiled in the faster layout, with the faster allocator."""
    jemalloc = find_jemalloc()
    if not jemalloc:
        print("jemalloc is not installed: PyTorch is measured with the default allocator only", file=sys.stderr)
    allocators = [None, jemalloc] if jemalloc else [None]
    eager = [Torch(setup, layout, False, preload) for preload in allocators for layout in ("nchw", "channels_last")]
    return eager + [Torch(setup, "channels_last", True, jemalloc)] * compiled


def engines(setup: Setup, peers: Sequence[str], compiled: bool, scaling: bool) -> list[Engine]:
    """netc, on one thread too where its scaling is asked for, and the peers with their configurations."""
    found: list[Engine] = [Netc(setup)] + [Netc(setup, one_thread=True)] * scaling
    if "torch" in peers:
        found += torch_configurations(setup, compiled)
    if "keras" in peers:
        found.append(Keras(setup))
    if "onnx" in peers:
        found.append(Onnx(setup))
    if "tract" in peers:
        found += [Tract(setup, one_thread=True), Tract(setup, one_thread=False)]
    return found
