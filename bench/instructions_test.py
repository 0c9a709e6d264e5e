#!/usr/bin/env python3
"""The gate on instructions itself: what it lets through and what it stops."""
import contextlib
import importlib.util
import io
import pathlib
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parent.parent / "scripts" / "bench_instructions.py"
spec = importlib.util.spec_from_file_location("bench_instructions", SCRIPT)
gate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(gate)


class Gate(unittest.TestCase):
    def problems(self, now, baseline):
        with contextlib.redirect_stdout(io.StringIO()):
            return gate.compare(now, baseline)

    def test_three_per_cent_pass_and_less_is_welcome(self):
        self.assertEqual(self.problems({"a": 102.9, "b": 50.0}, {"a": 100.0, "b": 100.0}), [])

    def test_more_is_named(self):
        (problem,) = self.problems({"a": 103.2, "b": 100.0}, {"a": 100.0, "b": 100.0})
        self.assertEqual(problem, "a: 103.2 instructions, 3.2% more than the baseline")

    def test_both_sides_have_the_same_figures(self):
        problems = self.problems({"a": 1.0, "new": 1.0}, {"a": 1.0, "gone": 1.0})
        self.assertEqual(len(problems), 2)
        self.assertIn("new: not in the baseline", problems[0])
        self.assertIn("gone: in the baseline, not measured", problems[1])

    def test_the_committed_baseline_has_every_figure(self):
        figures = {f"{mode} {name}" for mode in gate.MODES for name in gate.NAMES} | {"floor"}
        baseline = SCRIPT.parent.parent / "bench" / "baseline" / "instructions.json"
        self.assertEqual(set(gate.json.loads(baseline.read_text())["instructions"]), figures)


if __name__ == "__main__":
    unittest.main()
