"""Measurements, and the file of JSON lines that keeps them.

A *turn* is one measurement of each engine on one workload, one right after the other. Only speeds of one turn are
compared, and only turns that were finished count, so an interrupted run can go on in the same file, and the files of
several runs can be read, or joined, as one.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

OURS = "netc"
ENGINES = {OURS: "netc", "torch": "PyTorch", "keras": "Keras", "onnx": "ONNX Runtime", "tract": "tract"}
"""By the word to ask for it, what an engine is called."""
CONTENDER_SHARE = 0.7
"""Of the speed of its engine's best: a configuration that is slower is measured in the first round alone."""
BUSY_SHARE = 0.7
"""Of its time that a process on an idle machine has a processor, at least."""


@dataclass(frozen=True)
class Workload:
    net: str
    mode: str
    """`train` and `infer` are speeds; `start` is the time of a process that does a step of training, and `memory` the
    peak of one that trains."""
    batch: int
    threads: int
    precision: str

    @property
    def is_speed(self) -> bool:
        return self.mode in ("train", "infer")

    def __str__(self) -> str:
        return f"{self.net} {self.mode} {self.precision}, batch {self.batch}, {self.threads} threads"


@dataclass(frozen=True)
class Measured:
    engine: str
    """One of `ENGINES`."""
    label: str
    """The engine with its configuration."""
    threads: int
    version: str = ""
    images_per_second: float | None = None
    step_ms: float | None = None
    steps: int | None = None
    """How many steps the median is of."""
    seconds: float = 0
    """Of the whole process, as the two below."""
    cpu_seconds: float = 0
    peak_mb: float = 0
    error: str | None = None
    """Why there is no result."""

    @property
    def was_kept_waiting(self) -> bool:
        """Whether something else had the processors: every engine keeps at least one of them busy."""
        return self.error is None and self.seconds > 1 and self.cpu_seconds < BUSY_SHARE * self.seconds


@dataclass(frozen=True)
class Record:
    """A line of the file."""

    turn: str
    """When the turn began: different for every turn."""
    of: int
    """How many measurements the whole turn has."""
    at: str
    cpu: str
    build: str
    """Digest of netc's binary."""
    work: Workload
    measured: Measured


@dataclass(frozen=True)
class Turn:
    work: Workload
    records: list[Record]

    @property
    def finished(self) -> bool:
        return len(self.records) == self.records[0].of

    @property
    def labels(self) -> set[str]:
        return {record.measured.label for record in self.records}

    @property
    def origin(self) -> tuple[str, str]:
        """What has to be equal for turns to be told together: the machine and netc's build."""
        return self.records[0].cpu, self.records[0].build

    def value(self, measured: Measured) -> float | None:
        """What the workload asks for, if it was reached."""
        if measured.error is not None:
            return None
        if self.work.is_speed:
            return measured.images_per_second
        return measured.seconds if self.work.mode == "start" else measured.peak_mb

    def values(self, engine: str, threads: int | None = None) -> list[float]:
        """Of an engine's configurations, or of those on so many threads."""
        candidates = [record.measured for record in self.records if record.measured.engine == engine]
        found = [self.value(measured) for measured in candidates if threads in (None, measured.threads)]
        return [value for value in found if value is not None]

    def best(self, engine: str, threads: int | None = None) -> float | None:
        """The best of an engine: the greatest speed, the least time or memory."""
        return self.best_of(self.values(engine, threads))

    def best_of(self, values: list[float]) -> float | None:
        return (max if self.work.is_speed else min)(values, default=None)

    @property
    def ours(self) -> float | None:
        return self.best(OURS, self.work.threads)

    @property
    def best_peer(self) -> float | None:
        return self.best_of([value for engine in ENGINES if engine != OURS for value in self.values(engine)])

    @property
    def ratio(self) -> float | None:
        """How many times better netc is than the best peer."""
        return self.times_better(self.ours, self.best_peer)

    def times_better(self, ours: float | None, theirs: float | None) -> float | None:
        if not ours or not theirs:
            return None
        return ours / theirs if self.work.is_speed else theirs / ours

    @property
    def scaling(self) -> float | None:
        """netc's speed on all threads over that on one."""
        alone = self.best(OURS, threads=1)
        return self.ours / alone if self.ours and alone and self.work.threads > 1 else None

    @property
    def ratio_on_one_thread(self) -> float | None:
        """netc over tract, each on one thread."""
        return self.times_better(self.best(OURS, threads=1), self.best("tract", threads=1))


def to_line(record: Record) -> str:
    return json.dumps(asdict(record))


def from_line(line: str) -> Record:
    fields = json.loads(line)
    return Record(**fields | {"work": Workload(**fields["work"]), "measured": Measured(**fields["measured"])})


def read(paths: Iterable[Path]) -> list[Record]:
    """All measurements of the files that exist; a last line that was cut off is none."""
    records = []
    for path in paths:
        lines = path.read_text().splitlines() if path.exists() else []
        for number, line in enumerate(lines, 1):
            try:
                records.append(from_line(line))
            except json.JSONDecodeError:
                if number != len(lines):
                    raise SystemExit(f"{path}:{number} is no measurement") from None
    return records


def turns(records: Iterable[Record]) -> list[Turn]:
    """The finished turns, in their order."""
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record.turn, []).append(record)
    every = [Turn(members[0].work, members) for members in found.values()]
    return [turn for turn in every if turn.finished]


def by_workload(every: Iterable[Turn]) -> dict[Workload, list[Turn]]:
    """The turns of each workload that can be told together.

    Where a later build of netc or another machine measured it, those alone; and none without a contender that another
    turn had, to which netc's ratio would look better than it is.
    """
    found: dict[Workload, list[Turn]] = {}
    for turn in every:
        found.setdefault(turn.work, []).append(turn)
    latest = {work: [turn for turn in group if turn.origin == group[-1].origin] for work, group in found.items()}
    return {work: comparable(group) for work, group in latest.items()}


def comparable(group: list[Turn]) -> list[Turn]:
    """The turns with all contenders of the one that had the most engines."""
    wanted = contenders(max(group, key=lambda turn: len(turn.labels)))
    return [turn for turn in group if turn.labels >= wanted]


def contenders(first: Turn) -> set[str]:
    """The labels that are worth a second round: netc's, and of each peer the configurations near its best."""
    worth = set()
    for measured in (record.measured for record in first.records):
        value, best = first.value(measured), first.best(measured.engine, measured.threads)
        if measured.engine == OURS:
            worth.add(measured.label)
        elif value is not None and best is not None:
            is_near = not first.work.is_speed or value >= CONTENDER_SHARE * best
            if is_near or measured.was_kept_waiting:
                worth.add(measured.label)
    return worth


def missing(done: Iterable[Turn], labels: set[str], rounds: int) -> set[str]:
    """The labels of the next turn of a workload; none where it has been measured `rounds` times."""
    done = list(done)
    full = [turn for turn in done if turn.labels >= labels]
    if not full:
        return labels
    worth = contenders(full[0]) & labels
    return worth if sum(turn.labels >= worth for turn in done) < rounds else set()


def medians(values: Iterable[float | None]) -> float | None:
    """The median of what was reached."""
    reached = [value for value in values if value is not None]
    return median(reached) if reached else None
