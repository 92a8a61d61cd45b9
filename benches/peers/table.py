"""Finished turns as tables: of one turn as it ends, of all at the end, and in Markdown for the README."""

from collections.abc import Iterable

from records import ENGINES, OURS, Measured, Turn, Workload, medians

PEERS = [engine for engine in ENGINES if engine != OURS]
NETS = {
    "A": "`specs/origin-a.net`, 256×256",
    "B": "its first two blocks (`B.net`)",
    "C": "64 and 32 filters, 256×256 (`C.net`)",
    "D": "32×32 images (`D.net`)",
    "E": "ResNet-18, 224×224",
    "F": "MobileNetV2, 224×224",
}
VERBS = {
    "train": "train",
    "infer": "predict",
    "start": "from the start to the first step",
    "memory": "train, peak memory",
}
GOALS = {
    ("train", "f32"): {"A": 3.0, "B": 3.0, "C": 3.0, "D": 2.0, "E": 1.5, "F": 1.3},
    ("infer", "f32"): {"A": 1.8, "B": 1.8, "C": 1.8, "D": 1.8, "E": 1.5, "F": 1.3},
    ("train", "bf16"): dict.fromkeys("ABCD", 1.5),
    ("infer", "bf16"): dict.fromkeys("ABCD", 1.2),
    ("memory", "f32"): {"A": 5.0},
}
"""How many times better than the best peer netc means to be, by mode, precision and net."""
MEMORY = "memory: netc, least of the others"
Workloads = dict[Workload, list[Turn]]


def of_turn(turn: Turn) -> str:
    """A row for each configuration of a turn."""
    return "\n".join([f"{turn.work}", *(row_of(turn, record.measured) for record in turn.records), *verdicts([turn])])


def row_of(turn: Turn, measured: Measured) -> str:
    if measured.error is not None:
        return f"  {measured.label:<36}{measured.error}"
    figure = f"{speed(measured.images_per_second)} images/s" if turn.work.is_speed else f"{measured.seconds:.2f} s"
    row = f"  {measured.label:<36}{figure:>20}{measured.peak_mb:>10,.0f} MB"
    if measured.was_kept_waiting:
        row += f"   had a processor for {measured.cpu_seconds:.0f} of {measured.seconds:.0f} s"
    return row


def verdicts(turns: list[Turn]) -> list[str]:
    """The ratios of the turns of one workload, as far as there are any."""
    ratios = {
        "netc / best peer": [turn.ratio for turn in turns],
        "netc, all threads / one": [turn.scaling for turn in turns],
        "netc / tract, on one thread": [turn.ratio_on_one_thread for turn in turns],
    }
    return [f"  {name:<36}{told:>20}" for name, values in ratios.items() if (told := spread(values))]


def of_all(workloads: Workloads) -> str:
    """The ratios of every workload over all its turns."""
    blocks = []
    for work in ordered(workloads):
        turns = workloads[work]
        rounds = f"{len(turns)} round{'s' * (len(turns) > 1)}"
        blocks.append("\n".join([f"{work}: median of {rounds} (least to greatest)", *verdicts(turns)]))
    return "\n".join(blocks)


def ordered(workloads: Iterable[Workload]) -> list[Workload]:
    """By precision, net, and from training to predictions of one image."""
    modes = ["train", "infer", "start", "memory"]
    return sorted(workloads, key=lambda work: (work.precision != "f32", work.net, modes.index(work.mode), -work.batch))


def speed(value: float | None) -> str:
    """Three digits, or all before the point."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(values: Iterable[float | None]) -> str:
    """`1.52× (1.49 to 1.55)`: the median, and where there are several, the least and greatest."""
    reached = [value for value in values if value is not None]
    middle = medians(reached)
    if middle is None:
        return ""
    told = f"{middle:.2f}×"
    return told if len(reached) < 2 else f"{told} ({min(reached):.2f} to {max(reached):.2f})"


def markdown(workloads: Workloads, goals: bool = False) -> str:
    """The tables of the README, with what they were measured on, and what could not be measured."""
    parts = [heading(workloads)]
    speeds = {work: turns for work, turns in workloads.items() if work.is_speed}
    if speeds:
        parts.append(grid(speed_table(speeds, goals)))
    one_thread = {work: turns for work, turns in speeds.items() if spread(turn.ratio_on_one_thread for turn in turns)}
    if one_thread:
        parts.append(grid(one_thread_table(one_thread)))
    processes = {work: turns for work, turns in workloads.items() if not work.is_speed}
    if processes:
        parts.append(grid(process_table(processes, goals)))
    failed = failures(workloads)
    if failed:
        parts.append("Without a result:\n\n" + "\n".join(f"- {line}" for line in failed))
    return "\n\n".join(parts)


def heading(workloads: Workloads) -> str:
    """The sentence over the tables: machine, date, rounds, versions."""
    records = [record for turns in workloads.values() for turn in turns for record in turn.records]
    counts = sorted({len(turns) for turns in workloads.values()})
    rounds = "one round" if counts == [1] else f"{' to '.join(dict.fromkeys([str(counts[0]), str(counts[-1])]))} rounds"
    days = sorted({record.at[:10] for record in records})
    dates = " to ".join(dict.fromkeys([days[0], days[-1]]))
    threads = max(work.threads for work in workloads)
    versions = []
    for engine, name in ENGINES.items():
        # What follows a `+` is how PyTorch was built.
        found = [record.measured.version.split("+")[0] for record in records if record.measured.engine == engine]
        versions += [f"{name} {version}" for version in dict.fromkeys(found) if version]
    machine = " and ".join(dict.fromkeys(record.cpu for record in records))
    return f"Images a second, medians of {rounds}, {threads} threads of {machine}, {dates}: {', '.join(versions)}."


def grid(rows: list[list[str]]) -> str:
    """A Markdown table, its first row the head; columns that are empty in all other rows are left out."""
    kept = [at for at in range(len(rows[0])) if at == 0 or any(row[at] for row in rows[1:])]
    lines = [f"|{'|'.join(f' {row[at]} ' if row[at] else ' ' for at in kept)}|" for row in rows]
    return "\n".join([lines[0], f"|{' --- |' * len(kept)}", *lines[1:]])


def named(works: list[Workload]) -> dict[Workload, str]:
    """Each workload in words: a net's name in its first row, `the same` after."""
    names, previous = {}, None
    for work in works:
        net = "the same" if work.net == previous else NETS[work.net]
        precision = "" if work.precision == "f32" else f" in {work.precision}"
        images = f"batch {work.batch}" if work.batch > 1 else "one image"
        names[work] = f"{net}, {VERBS[work.mode]}{precision} ({images})"
        previous = work.net
    return names


def speed_table(workloads: Workloads, goals: bool) -> list[list[str]]:
    peers = [ENGINES[engine] for engine in PEERS]
    rows = [["", "netc", *peers, "netc / best", *["goal"] * goals, "all threads / one", MEMORY]]
    works = ordered(workloads)
    for work, name in named(works).items():
        turns = workloads[work]
        bests = [speed(medians(turn.best(engine) for turn in turns)) for engine in PEERS]
        row = [name, speed(medians(turn.ours for turn in turns)), *bests, spread(turn.ratio for turn in turns)]
        row += [goal(work)] * goals
        rows.append([*row, spread(turn.scaling for turn in turns), memory(turns)])
    return rows


def one_thread_table(workloads: Workloads) -> list[list[str]]:
    rows = [["on one thread", "netc", "tract", "netc / tract"]]
    for work, name in named(ordered(workloads)).items():
        turns = workloads[work]
        both = [speed(medians(turn.best(engine, threads=1) for turn in turns)) for engine in (OURS, "tract")]
        rows.append([name, *both, spread(turn.ratio_on_one_thread for turn in turns)])
    return rows


def process_table(workloads: Workloads, goals: bool) -> list[list[str]]:
    """Times to a first step, and memory of trainings."""
    rows = [["whole processes", "netc", *(ENGINES[engine] for engine in PEERS), "best / netc", *["goal"] * goals]]
    for work, name in named(ordered(workloads)).items():
        turns = workloads[work]
        engines = [medians(turn.best(engine) for turn in turns) for engine in ENGINES]
        told = [amount(work, value) for value in engines]
        rows.append([name, *told, spread(turn.ratio for turn in turns), *[goal(work)] * goals])
    return rows


def amount(work: Workload, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.2f} s" if work.mode == "start" else f"{value:,.0f} MB"


def goal(work: Workload) -> str:
    """None for what no goal is set for, such as prediction of one image in bf16."""
    wanted = GOALS.get((work.mode, work.precision), {}).get(work.net)
    return f"{wanted:.1f}×" if wanted else ""


def memory(turns: list[Turn]) -> str:
    """netc's peak on all threads and the least of any peer's configurations, as medians of the turns."""
    peaks: dict[bool, list[float]] = {True: [], False: []}
    for turn in turns:
        for ours, found in peaks.items():
            fitting = [
                record.measured.peak_mb
                for record in turn.records
                if record.measured.error is None
                and (record.measured.engine == OURS) == ours
                and (not ours or record.measured.threads == turn.work.threads)
            ]
            found += [min(fitting)] if fitting else []
    told = [f"{medians(found):,.0f} MB" for found in peaks.values() if found]
    return ", ".join(told)


def failures(workloads: Workloads) -> list[str]:
    """What had no result in any turn, and why."""
    lines = []
    for work in ordered(workloads):
        every = [record.measured for turn in workloads[work] for record in turn.records]
        reached = {measured.label for measured in every if measured.error is None}
        failed = {measured.label: measured.error for measured in every if measured.label not in reached}
        lines += [f"{work}: {label}: {error}" for label, error in failed.items()]
    return lines
