"""What the scripts of all Python engines share: their arguments, the measurement, the line they print."""

import argparse
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median

MIN_WARM_UP_STEPS = 2
MIN_STEPS = 3
WARM_UP_SHARE = 0.2
"""Of the measured time: what is run before it, at least."""


@dataclass(frozen=True)
class Timing:
    step_seconds: float
    steps: int


def parser(description: str, nets: Iterable[str], modes: Iterable[str] = ("train", "infer")) -> argparse.ArgumentParser:
    """The arguments of every engine's script."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--net", choices=list(nets), required=True)
    made.add_argument("--mode", choices=list(modes), required=True)
    made.add_argument("--batch", type=int, required=True, help="images a step")
    made.add_argument("--threads", type=int, default=2)
    made.add_argument("--seconds", type=float, default=5, help="to measure for, after a warm-up (default: %(default)s)")
    made.add_argument("--first-step", action="store_true", help="one step and no more, for the time a start takes")
    return made


def run_for(step: Callable[[], object], seconds: float, min_steps: int) -> list[float]:
    """The seconds of each step: as many steps as fit, at least so many."""
    times: list[float] = []
    start = time.perf_counter()
    while len(times) < min_steps or time.perf_counter() - start < seconds:
        before = time.perf_counter()
        step()
        times.append(time.perf_counter() - before)
    return times


def measure(step: Callable[[], object], arguments: argparse.Namespace) -> Timing:
    """The median step after a warm-up, or the very first one."""
    if arguments.first_step:
        return Timing(run_for(step, seconds=0, min_steps=1)[0], 1)
    run_for(step, arguments.seconds * WARM_UP_SHARE, MIN_WARM_UP_STEPS)
    times = run_for(step, arguments.seconds, MIN_STEPS)
    return Timing(median(times), len(times))


def report(version: str, batch: int, timing: Timing) -> None:
    """Prints the measurement as a line of JSON, the last that a script prints."""
    line = {"version": version, "images_per_second": round(batch / timing.step_seconds, 3)}
    line |= {"step_ms": round(1e3 * timing.step_seconds, 4), "steps": timing.steps}
    print(json.dumps(line), flush=True)
