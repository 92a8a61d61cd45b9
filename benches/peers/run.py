"""Measure netc beside PyTorch, Keras, ONNX Runtime and tract on the same machine in the same run, and compare them.

    cargo build --release && python benches/peers/run.py --everything

Needs nothing but Python itself: the peers go into a virtual environment that is made on first use. Every measurement
is a process of its own, and the engines take turns, round after round, so that a change of the machine's speed meets
all of them. What was measured is kept in a file, from which an interrupted run goes on, and from which `--markdown`
makes the README's tables. jemalloc is measured where it is installed (Debian: libjemalloc2).
"""

import argparse
import hashlib
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

import table
from engines import REQUIREMENTS, ROOT, Engine, Setup, engines, environment_python
from records import Record, Turn, Workload, by_workload, missing, read, to_line, turns
from shapes import NETS

STARTED_NETS = ("A", "D")
"""The nets that the time to a first step is measured on: a large and a small one."""
TRAINED_NET = "A"
"""The net whose training's memory is measured."""


@dataclass
class Log:
    """The file of measurements, and what it holds."""

    path: Path
    records: list[Record] = field(default_factory=list)

    @classmethod
    def open(cls, path: Path) -> "Log":
        """Reads what is there; a line that was cut off is cut away."""
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            content = path.read_bytes()
            os.truncate(path, content.rfind(b"\n") + 1)
        return cls(path, read([path]))

    def add(self, record: Record) -> None:
        self.records.append(record)
        with self.path.open("a") as file:
            file.write(to_line(record) + "\n")

    def turns(self, work: Workload, origin: tuple[str, str]) -> list[Turn]:
        """The finished turns of a workload on this machine and with this netc."""
        return [turn for turn in turns(self.records) if turn.work == work and turn.origin == origin]


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def processor() -> str:
    """The processor's name, and which of the instructions that matter here it has: a virtual machine hides the name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    words = facts.get("flags", "").split()
    known = {"avx2": "AVX2", "avx512f": "AVX-512", "avx512_bf16": "AVX512-BF16", "amx_bf16": "AMX-BF16"}
    found = [name for word, name in known.items() if word in words]
    return f"{facts.get('model name', platform.machine())} ({', '.join(found) or 'no AVX2'})"


def workloads(arguments: argparse.Namespace) -> Iterator[Workload]:
    """What is measured, in its order."""
    threads = max(arguments.threads)
    for precision in arguments.precision:
        for net in arguments.nets:
            for mode in arguments.modes:
                if not is_measured(net, mode, precision):
                    continue
                batches = arguments.batch if mode == "infer" and arguments.batch else [NETS[net].batch]
                if arguments.everything and mode == "infer" and precision == "f32" and not arguments.batch:
                    batches = [*batches, 1]
                for batch in batches:
                    yield Workload(net, mode, batch, threads, precision)


def is_measured(net: str, mode: str, precision: str) -> bool:
    if mode in ("train", "infer"):
        return True
    return precision == "f32" and (net in STARTED_NETS if mode == "start" else net == TRAINED_NET)


def take_turn(work: Workload, takers: list[Engine], log: Log, origin: tuple[str, str]) -> None:
    """Measures every engine once and prints what came out."""
    began, (cpu, build) = now(), origin
    records = []
    for engine in takers:
        print(f"{work}: {engine.label}", file=sys.stderr, flush=True)
        record = Record(began, len(takers), now(), cpu, build, work, engine.measure(work))
        log.add(record)
        records.append(record)
    print(f"\n{table.of_turn(Turn(work, records))}", flush=True)


def measure(arguments: argparse.Namespace, python: Path, log: Log) -> None:
    """All rounds; what the file already holds is not measured again."""
    build = hashlib.sha256(arguments.netc.read_bytes()).hexdigest()[:12]
    origin = processor(), build
    todo = list(workloads(arguments))
    with tempfile.TemporaryDirectory() as scratch:
        setup = Setup(arguments.netc.resolve(), python, Path(scratch), arguments.seconds, arguments.limit)
        everyone = engines(setup, arguments.peers, arguments.compile, scaling=min(arguments.threads) == 1)
        for number in range(1, arguments.rounds + 1):
            for work in todo:
                able = {engine.label: engine for engine in everyone if engine.takes(work)}
                labels = missing(log.turns(work, origin), set(able), number)
                if labels:
                    print(f"round {number} of {arguments.rounds}", file=sys.stderr)
                    take_turn(work, [engine for label, engine in able.items() if label in labels], log, origin)
    measured = by_workload(turns(log.records))
    print(f"\n{table.of_all({work: measured[work] for work in todo})}\n\nall measurements are in {log.path}")


def print_markdown(paths: list[Path], goals: bool) -> None:
    records = read(paths)
    told = by_workload(turns(records))
    if not told:
        raise SystemExit(f"no finished turn in {', '.join(map(str, paths))}")
    used = [turn for group in told.values() for turn in group]
    left_out = len({record.turn for record in records}) - len(used)
    if left_out:
        print(f"{left_out} turns are left out: unfinished, of an older build, or without a peer", file=sys.stderr)
    waiting = sum(record.measured.was_kept_waiting for turn in used for record in turn.records)
    if waiting:
        print(f"{waiting} measurements were kept waiting: the machine was not left alone", file=sys.stderr)
    print(table.markdown(told, goals))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure netc beside its peers.")
    everything = "all modes, f32 and bf16, single images too, PyTorch also compiled, netc also on one thread"
    parser.add_argument("--everything", action="store_true", help=everything)
    parser.add_argument("--nets", nargs="+", choices=NETS, default=list(NETS))
    modes = ["train", "infer", "start", "memory"]
    parser.add_argument("--modes", nargs="+", choices=modes, help="default: train infer; with --everything all")
    parser.add_argument("--peers", nargs="+", choices=REQUIREMENTS, default=list(REQUIREMENTS), help="default: all")
    parser.add_argument("--compile", action="store_true", help="measure torch.compile too, which needs a C++ compiler")
    parser.add_argument("--precision", nargs="+", choices=["f32", "bf16"], help="bf16: of netc and PyTorch only")
    batch = "images a prediction (default: 32, for D 128, for E and F 8)"
    parser.add_argument("--batch", type=int, nargs="+", help=batch)
    threads = "the most is what engines are compared on (default: 2); with 1 too, netc's scaling is measured"
    parser.add_argument("--threads", type=int, nargs="+", help=threads)
    parser.add_argument("--rounds", type=int, default=3)
    seconds = "that each peer is measured for after its warm-up, three steps at least (default: %(default)s)"
    parser.add_argument("--seconds", type=float, default=5, help=seconds)
    limit = "seconds that one process may take (default: %(default)s)"
    parser.add_argument("--limit", type=float, default=300, help=limit)
    parser.add_argument("--netc", type=Path, default=ROOT / "target" / "release" / "netc")
    parser.add_argument("--venv", type=Path, default=Path.home() / ".cache" / "netc" / "peers")
    output = "the file of measurements, which a run goes on with (default: target/peers.jsonl)"
    parser.add_argument("--output", type=Path, default=ROOT / "target" / "peers.jsonl", help=output)
    markdown = "measure nothing, print the README's tables from these files (default: the one of --output)"
    parser.add_argument("--markdown", type=Path, nargs="*", metavar="FILE", help=markdown)
    parser.add_argument("--goals", action="store_true", help="with --markdown: the ratios that netc aims at, too")
    arguments = parser.parse_args()
    whole = arguments.everything
    arguments.modes = arguments.modes or (modes if whole else ["train", "infer"])
    arguments.precision = arguments.precision or (["f32", "bf16"] if whole else ["f32"])
    arguments.threads = arguments.threads or ([1, 2] if whole else [2])
    arguments.compile = arguments.compile or whole
    if arguments.markdown is None and not arguments.netc.is_file():
        parser.error(f"no netc at {arguments.netc}: build it with `cargo build --release`")
    return arguments


def main() -> None:
    arguments = parse()
    if arguments.markdown is not None:
        print_markdown(arguments.markdown or [arguments.output], arguments.goals)
        return
    log = Log.open(arguments.output)
    # As Ctrl-C: the process that is being measured must not stay behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        measure(arguments, environment_python(arguments.venv, arguments.peers), log)
    except KeyboardInterrupt:
        raise SystemExit(f"\nstopped; the same command goes on from {log.path}") from None


if __name__ == "__main__":
    main()
