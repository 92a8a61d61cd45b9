"""Measure netc beside PyTorch, Keras and ONNX Runtime on the same machine in the same run, and print how they compare.

    cargo build --release && python benches/peers/run.py --nets A D

Needs nothing but Python itself: the peers go into a virtual environment that is made on first use.
Every measurement is a process of its own, and the engines take turns, round after round, so that a
change of the machine's speed meets all of them. jemalloc is measured where it is installed
(Debian: libjemalloc2).
"""

import argparse
import json
import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Protocol

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
REQUIREMENTS = {
    "torch": ["torch>=2.15,<3", "torchvision", "numpy", "pillow"],
    "keras": ["keras>=3.15,<4", "tensorflow-cpu>=2.21,<3"],
    "onnx": ["onnxruntime", "onnx", "onnxscript"],
}
"""What each engine needs, by the name to ask for it; ONNX files are exported by PyTorch."""
SPECS = {name: HERE / "nets" / f"{name}.net" for name in "ABCD"} | {
    "E": ROOT / "specs" / "resnet-18.net",
    "F": ROOT / "specs" / "mobilenet-v2.net",
}
DEFAULT_BATCH = {"A": 32, "B": 32, "C": 32, "D": 128, "E": 8, "F": 8}


@dataclass(frozen=True)
class Workload:
    net: str
    mode: str
    batch: int
    threads: int
    precision: str


@dataclass(frozen=True)
class Measured:
    images_per_second: float
    peak_mb: float
    """Of the whole process, in 10^6 bytes."""


class Engine(Protocol):
    @property
    def label(self) -> str: ...

    def takes(self, work: Workload) -> bool: ...

    def measure(self, work: Workload) -> Measured: ...


@dataclass(frozen=True)
class Netc:
    binary: Path
    label: str = "netc"

    def takes(self, work: Workload) -> bool:
        return True

    def measure(self, work: Workload) -> Measured:
        command = [self.binary, "plan", "-", "--batch", str(work.batch), "--threads", str(work.threads)]
        command += ["--profile", "--format", "json"]
        if work.mode == "infer":
            command.append("--infer")
        return run(command, text=spec_of(work))


@dataclass(frozen=True)
class Torch:
    python: Path
    layout: str
    compiled: bool
    preload: Path | None

    @property
    def label(self) -> str:
        return " ".join(["torch", self.layout] + self.compiled * ["compiled"] + bool(self.preload) * ["jemalloc"])

    def takes(self, work: Workload) -> bool:
        return True

    def measure(self, work: Workload) -> Measured:
        command = [self.python, HERE / "bench_torch.py", "--nets", work.net, "--modes", work.mode]
        command += ["--layouts", self.layout, "--batch", str(work.batch), "--threads", str(work.threads)]
        command += ["--precision", work.precision]
        if self.compiled:
            command.append("--compile")
        return run(command, {"LD_PRELOAD": str(self.preload)} if self.preload else {})


@dataclass(frozen=True)
class Keras:
    python: Path
    label: str = "keras on tensorflow"

    def takes(self, work: Workload) -> bool:
        return work.net != "E" and work.precision == "f32"

    def measure(self, work: Workload) -> Measured:
        command = [self.python, HERE / "bench_keras.py", "--net", work.net, "--mode", work.mode]
        return run([*command, "--batch", str(work.batch), "--threads", str(work.threads)])


@dataclass(frozen=True)
class Onnx:
    python: Path
    label: str = "onnx runtime"

    def takes(self, work: Workload) -> bool:
        return work.mode == "infer" and work.precision == "f32"

    def measure(self, work: Workload) -> Measured:
        command = [self.python, HERE / "bench_onnx.py", "--net", work.net]
        return run([*command, "--batch", str(work.batch), "--threads", str(work.threads)])


def spec_of(work: Workload) -> str:
    """The network's spec, with the precision that is asked for."""
    spec = SPECS[work.net].read_text()
    if work.precision == "f32":
        return spec
    front = spec.split("---\n")[1]
    if "train:" in front:
        raise SystemExit(f"{SPECS[work.net]} has settings of its own: the precision cannot be set")
    return spec.replace(front, f"{front}train: {{ precision: {work.precision} }}\n", 1)


def run(command: Sequence[str | Path], environment: dict[str, str] | None = None, text: str = "") -> Measured:
    """Runs a measurement, with a text on stdin, whose last line, or whole output, is JSON with the speed."""
    everything = os.environ | (environment or {})
    process = subprocess.Popen(command, env=everything, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.stdin.write(text)
    process.stdin.close()
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"exit code {process.returncode} from: {' '.join(map(str, command))}")
    result = json.loads(printed if printed.startswith("{\n") else printed.splitlines()[-1])
    # Linux counts in KiB.
    return Measured(result["images_per_second"], usage.ru_maxrss * 1024 / 1e6)


def environment_python(folder: Path, engines: Sequence[str]) -> Path:
    """The environment's interpreter, with what the engines need; makes and fills the environment where it has to."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    packages = [package for engine in engines for package in REQUIREMENTS[engine]]
    print(f"making sure of {', '.join(packages)} in {folder}", file=sys.stderr)
    subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return python


def find_jemalloc() -> Path | None:
    return next(iter(sorted(Path("/usr").glob("lib*/**/libjemalloc.so.2"))), None)


def spread(values: list[float], digits: int, unit: str = "") -> str:
    return " – ".join(f"{value:,.{digits}f}{unit}" for value in (min(values), median(values), max(values)))


def compare(work: Workload, netc: Netc, peers: list[Engine], rounds: int) -> None:
    """Prints a row a configuration, and netc's ratio to the best peer of each round."""
    engines: list[Engine] = [netc, *(peer for peer in peers if peer.takes(work))]
    measured: dict[str, list[Measured]] = {engine.label: [] for engine in engines}
    for number in range(1, rounds + 1):
        for engine in engines:
            print(f"{work.net} {work.mode}: round {number} of {rounds}, {engine.label}", file=sys.stderr)
            measured[engine.label].append(engine.measure(work))
    print(
        f"\n{work.net}, {work.mode}, {work.precision}, batch {work.batch}, {work.threads} threads: images/s, min – median – max; peak memory"
    )
    for label, values in measured.items():
        speeds = spread([value.images_per_second for value in values], digits=1)
        print(f"  {label:<36}{speeds:<32}{max(value.peak_mb for value in values):>8,.0f} MB")
    rows = zip(*([value.images_per_second for value in values] for values in measured.values()))
    ratios = [ours / max(theirs) for ours, *theirs in rows]
    print(f"  {'netc / best peer':<36}{spread(ratios, digits=2, unit='×')}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure netc beside its peers.")
    parser.add_argument("--netc", type=Path, default=ROOT / "target" / "release" / "netc")
    parser.add_argument("--venv", type=Path, default=Path.home() / ".cache" / "netc" / "peers")
    parser.add_argument("--nets", nargs="+", choices=DEFAULT_BATCH, default=list(DEFAULT_BATCH))
    parser.add_argument("--modes", nargs="+", choices=["train", "infer"], default=["train", "infer"])
    parser.add_argument("--peers", nargs="+", choices=REQUIREMENTS, default=["torch"], help="default: torch")
    parser.add_argument("--compile", action="store_true", help="measure torch.compile too, which needs a C++ compiler")
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32", help="bf16: of netc and PyTorch only")
    parser.add_argument("--batch", type=int, help="images a step (default: 32, for D 128, for E and F 8)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if not arguments.netc.is_file():
        parser.error(f"no netc at {arguments.netc}: build it with `cargo build --release`")

    # The others are measured through PyTorch's definitions of the networks.
    python = environment_python(arguments.venv, list(dict.fromkeys(["torch", *arguments.peers])))
    peers: list[Engine] = []
    if "torch" in arguments.peers:
        preloads = [None, jemalloc] if (jemalloc := find_jemalloc()) else [None]
        if not jemalloc:
            print("jemalloc is not installed: PyTorch is measured with the default allocator only", file=sys.stderr)
        kinds = [("nchw", False), ("channels_last", False)] + arguments.compile * [("channels_last", True)]
        peers += [Torch(python, layout, compiled, preload) for preload in preloads for layout, compiled in kinds]
    if "keras" in arguments.peers:
        peers.append(Keras(python))
    if "onnx" in arguments.peers:
        peers.append(Onnx(python))
    for net in arguments.nets:
        for mode in arguments.modes:
            batch = arguments.batch or DEFAULT_BATCH[net]
            work = Workload(net, mode, batch, arguments.threads, arguments.precision)
            compare(work, Netc(arguments.netc.resolve()), peers, arguments.rounds)


if __name__ == "__main__":
    main()
