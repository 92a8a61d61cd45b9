"""Measure netc beside PyTorch on the same machine in the same run, and print how they compare.

    cargo build --release && python benches/peers/run.py --nets A D

Needs nothing but Python itself: PyTorch goes into a virtual environment that is made on first use.
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

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
REQUIREMENTS = ["torch>=2.15,<3", "numpy", "pillow"]
DEFAULT_BATCH = {"A": 32, "B": 32, "C": 32, "D": 128}


@dataclass(frozen=True)
class Workload:
    net: str
    mode: str
    batch: int
    threads: int


@dataclass(frozen=True)
class Netc:
    binary: Path
    label: str = "netc"

    def images_per_second(self, work: Workload) -> float:
        command = [self.binary, "plan", HERE / "nets" / f"{work.net}.net", "--batch", str(work.batch)]
        command += ["--profile", "--format", "json"]
        if work.mode == "infer":
            command.append("--infer")
        result = json.loads(output(command, {"RAYON_NUM_THREADS": str(work.threads)}))
        if result["threads"] != work.threads:
            raise SystemExit(f"netc ran on {result['threads']} threads, not on {work.threads}")
        return result["images_per_second"]


@dataclass(frozen=True)
class Torch:
    python: Path
    layout: str
    preload: Path | None

    @property
    def label(self) -> str:
        return f"torch {self.layout}" + (" jemalloc" if self.preload else "")

    def images_per_second(self, work: Workload) -> float:
        command = [self.python, HERE / "bench_torch.py", "--nets", work.net, "--modes", work.mode]
        command += ["--layouts", self.layout, "--batch", str(work.batch), "--threads", str(work.threads)]
        result = json.loads(output(command, {"LD_PRELOAD": str(self.preload)} if self.preload else {}))
        return result["images_per_second"]


def output(command: Sequence[str | Path], environment: dict[str, str]) -> str:
    done = subprocess.run(command, env=os.environ | environment, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit(f"exit code {done.returncode} from: {' '.join(map(str, command))}")
    return done.stdout


def environment_python(folder: Path) -> Path:
    """The environment's interpreter; makes the environment if it is missing or unfinished."""
    python = folder / "bin" / "python"
    has_torch = [python, "-c", "import torch"]
    if python.exists() and subprocess.run(has_torch, stderr=subprocess.DEVNULL).returncode == 0:
        return python
    print(f"installing {', '.join(REQUIREMENTS)} into {folder}", file=sys.stderr)
    venv.create(folder, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", *REQUIREMENTS], check=True)
    return python


def find_jemalloc() -> Path | None:
    return next(iter(sorted(Path("/usr").glob("lib*/**/libjemalloc.so.2"))), None)


def spread(values: list[float], digits: int, unit: str = "") -> str:
    return " – ".join(f"{value:,.{digits}f}{unit}" for value in (min(values), median(values), max(values)))


def compare(work: Workload, netc: Netc, peers: list[Torch], rounds: int) -> None:
    """Prints a row a configuration and netc's ratio to the best peer of each round."""
    speeds: dict[str, list[float]] = {engine.label: [] for engine in [netc, *peers]}
    for number in range(1, rounds + 1):
        for engine in [netc, *peers]:
            print(f"{work.net} {work.mode}: round {number} of {rounds}, {engine.label}", file=sys.stderr)
            speeds[engine.label].append(engine.images_per_second(work))
    print(f"\n{work.net}, {work.mode}, batch {work.batch}, {work.threads} threads: images/s, min – median – max")
    for label, values in speeds.items():
        print(f"  {label:<30}{spread(values, digits=1)}")
    best_by_round = [max(values) for values in zip(*(speeds[peer.label] for peer in peers))]
    ratios = [ours / best for ours, best in zip(speeds[netc.label], best_by_round)]
    print(f"  {'netc / best peer':<30}{spread(ratios, digits=2, unit='×')}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure netc beside PyTorch.")
    parser.add_argument("--netc", type=Path, default=ROOT / "target" / "release" / "netc")
    parser.add_argument("--venv", type=Path, default=Path.home() / ".cache" / "netc" / "peers")
    parser.add_argument("--nets", nargs="+", choices=DEFAULT_BATCH, default=list(DEFAULT_BATCH))
    parser.add_argument("--modes", nargs="+", choices=["train", "infer"], default=["train", "infer"])
    parser.add_argument("--batch", type=int, help="images a step (default: 32, for D 128)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if not arguments.netc.is_file():
        parser.error(f"no netc at {arguments.netc}: build it with `cargo build --release`")

    python = environment_python(arguments.venv)
    preloads = [None, jemalloc] if (jemalloc := find_jemalloc()) else [None]
    if not jemalloc:
        print("jemalloc is not installed: PyTorch is measured with the default allocator only", file=sys.stderr)
    peers = [Torch(python, layout, preload) for preload in preloads for layout in ("nchw", "channels_last")]
    for net in arguments.nets:
        for mode in arguments.modes:
            work = Workload(net, mode, arguments.batch or DEFAULT_BATCH[net], arguments.threads)
            compare(work, Netc(arguments.netc.resolve()), peers, arguments.rounds)


if __name__ == "__main__":
    main()
