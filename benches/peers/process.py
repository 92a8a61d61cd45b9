"""A program run to its end or to a limit: how long it took, and how much of processor and memory."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LAUNCHER = Path(__file__).resolve().with_name("launch.py")


@dataclass(frozen=True)
class Finished:
    printed: str
    """All of its standard output."""
    seconds: float = 0
    """From its start to its end."""
    cpu_seconds: float = 0
    peak_mb: float = 0
    """The most memory that the largest of its processes held, in 10^6 bytes; about 10 at least."""
    error: str | None = None
    """Why there is no result."""


def run(
    command: Sequence[str | Path], limit: float, environment: Mapping[str, str] | None = None, text: str = ""
) -> Finished:
    """Runs a command with a text on its standard input, and ends it and its children after `limit` seconds."""
    with tempfile.TemporaryDirectory() as folder:
        usage, stderr = Path(folder) / "usage", Path(folder) / "stderr"
        with stderr.open("w") as messages:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", LAUNCHER, usage, *command],
                env=os.environ | (environment or {}),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=messages,
                start_new_session=True,
            )
            try:
                printed, _ = process.communicate(text.encode(), timeout=limit)
            except subprocess.TimeoutExpired:
                end_group(process)
                return Finished("", error=f"over {limit:.0f} s")
            except BaseException:
                end_group(process)
                raise
        if not usage.exists():
            return Finished("", error=f"it was not started: {last_line(stderr)}")
        code, seconds, cpu_seconds, peak = usage.read_text().split()
        error = None if code == "0" else f"exit code {code}: {last_line(stderr)}"
        return Finished(
            printed.decode(errors="replace"), float(seconds), float(cpu_seconds), int(peak) * 1024 / 1e6, error
        )


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Ends a process and all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.communicate()


def last_line(stderr: Path) -> str:
    """The last line that says something, cut to what a table can hold."""
    lines = [line.strip() for line in stderr.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:160] if lines else "it said nothing"
