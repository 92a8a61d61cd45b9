"""What the tables say of measurements, and what is measured again.

    python -m unittest discover benches/peers
"""

import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

import table
from records import Measured, Record, Workload, by_workload, from_line, missing, read, to_line, turns

TRAIN = Workload("A", "train", 32, 2, "f32")
PREDICT = Workload("A", "infer", 1, 2, "f32")


def measured(engine: str, label: str, speed: float | None, threads: int = 2, error: str | None = None) -> Measured:
    return Measured(engine, label, threads, "1.0", speed, peak_mb=100 if engine == "netc" else 1000, error=error)


def turn(name: str, work: Workload, *all_measured: Measured, build: str = "b1") -> list[Record]:
    return [Record(name, len(all_measured), "2026-11-30T10:00:00", "a CPU", build, work, one) for one in all_measured]


def round_of(name: str, netc: float, eager: float, last: float, build: str = "b1") -> list[Record]:
    return turn(
        name,
        TRAIN,
        measured("netc", "netc", netc),
        measured("netc", "netc on 1 thread", netc / 2, threads=1),
        measured("torch", "torch nchw", eager),
        measured("torch", "torch channels_last", last),
        measured("keras", "keras on tensorflow", None, error="over 300 s"),
        build=build,
    )


class Tables(unittest.TestCase):
    def test_a_ratio_is_of_one_round_and_to_the_best_of_it(self) -> None:
        records = round_of("1", 120, 30, 60) + round_of("2", 90, 45, 20) + round_of("3", 110, 10, 40)
        found = by_workload(turns(records))[TRAIN]
        self.assertEqual([round(each.ratio, 2) for each in found], [2.0, 2.0, 2.75])
        self.assertEqual([each.scaling for each in found], [2.0, 2.0, 2.0])
        self.assertEqual(table.spread(each.ratio for each in found), "2.00× (2.00 to 2.75)")

    def test_the_table_in_markdown(self) -> None:
        alone = turn("4", PREDICT, measured("netc", "netc", 400.0), measured("onnx", "onnx runtime", 200.0))
        printed = table.markdown(by_workload(turns(round_of("1", 120, 30, 60) + alone)), goals=True)
        expected = """\
Images a second, medians of one round, 2 threads of a CPU, 2026-11-30: netc 1.0, PyTorch 1.0, Keras 1.0, ONNX Runtime 1.0.

| | netc | PyTorch | ONNX Runtime | netc / best | goal | all threads / one | memory: netc, least of the others |
| --- | --- | --- | --- | --- | --- | --- | --- |
| `specs/origin-a.net`, 256×256, train (batch 32) | 120 | 60.0 | | 2.00× | 3.0× | 2.00× | 100 MB, 1,000 MB |
| the same, predict (one image) | 400 | | 200 | 2.00× | 1.8× | | 100 MB, 1,000 MB |

Without a result:

- A train f32, batch 32, 2 threads: keras on tensorflow: over 300 s"""
        self.assertEqual(printed, expected)

    def test_the_less_the_better_for_times_and_memory(self) -> None:
        work = Workload("A", "start", 32, 2, "f32")
        ours, theirs = Measured("netc", "netc", 2, seconds=0.5), Measured("torch", "torch nchw", 2, seconds=4)
        (found,) = turns(turn("1", work, ours, theirs))
        self.assertEqual(found.ratio, 8)
        self.assertIn("| 0.50 s | 4.00 s | 8.00× |", table.markdown({work: [found]}))

    def test_tract_is_compared_on_one_thread_too(self) -> None:
        records = turn(
            "1",
            PREDICT,
            measured("netc", "netc", 400),
            measured("netc", "netc on 1 thread", 210, threads=1),
            measured("tract", "tract on 1 thread", 70, threads=1),
        )
        self.assertIn("| 210 | 70.0 | 3.00× |", table.markdown(by_workload(turns(records))))


class Resumption(unittest.TestCase):
    def test_an_unfinished_round_counts_for_nothing(self) -> None:
        records = round_of("1", 120, 30, 60)[:-1]
        self.assertEqual(turns(records), [])

    def test_a_newer_build_replaces_what_an_older_one_measured(self) -> None:
        records = round_of("1", 120, 30, 60) + round_of("2", 150, 30, 60, build="b2")
        (found,) = by_workload(turns(records))[TRAIN]
        self.assertEqual(found.ours, 150)

    def test_a_round_without_a_contender_is_not_told(self) -> None:
        alone = turn("2", TRAIN, measured("netc", "netc", 120), measured("torch", "torch nchw", 30))
        (found,) = by_workload(turns(round_of("1", 120, 30, 60) + alone))[TRAIN]
        self.assertEqual(found.ratio, 2)

    def test_what_was_far_behind_or_failed_is_measured_once(self) -> None:
        done = turns(round_of("1", 120, 30, 60))
        labels = done[0].labels
        self.assertEqual(missing([], labels, 1), labels)
        self.assertEqual(missing(done, labels, 1), set())
        self.assertEqual(missing(done, labels, 2), {"netc", "netc on 1 thread", "torch channels_last"})

    def test_what_was_slow_because_it_was_kept_waiting_gets_another_chance(self) -> None:
        slow = replace(measured("torch", "torch nchw", 1), seconds=20, cpu_seconds=3)
        done = turns(turn("1", TRAIN, measured("torch", "torch channels_last", 60), slow))
        self.assertEqual(missing(done, done[0].labels, 2), done[0].labels)
        self.assertIn("had a processor for 3 of 20 s", table.of_turn(done[0]))

    def test_an_engine_that_joins_later_is_measured_beside_all(self) -> None:
        done = turns(round_of("1", 120, 30, 60))
        labels = done[0].labels | {"onnx runtime"}
        self.assertEqual(missing(done, labels, 1), labels)

    def test_the_file_gives_back_what_was_written(self) -> None:
        records = round_of("1", 120, 30, 60)
        self.assertEqual([from_line(to_line(record)) for record in records], records)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "measured.jsonl"
            file.write_text("\n".join(map(to_line, records)) + '\n{"turn": "2", "o')
            self.assertEqual(read([file]), records)
            self.assertEqual(read([file.with_name("none")]), [])

    def test_workloads_differ_by_precision(self) -> None:
        rounded = replace(TRAIN, precision="bf16")
        records = turn("1", TRAIN, measured("netc", "netc", 1)) + turn("2", rounded, measured("netc", "netc", 1))
        self.assertEqual(list(by_workload(turns(records))), [TRAIN, rounded])


if __name__ == "__main__":
    unittest.main()
