#!/usr/bin/env python3
"""What the last run of ctest in a build folder did, as a table: summary.py BUILD. Ends with 'N passed, N failed', of tests.

Checks are those that a test says it made (its last 'N passed, N failed', CMocka's or ctest's count); a test that says nothing is
one. Time is that of all tests of a lane one after the other.
"""
import json
import re
import subprocess
import sys
from pathlib import Path

LANES = [  # of the tests whose names begin so, or that have the label
    ("lanes_pocl_groups_of_1", "PoCL, work-groups of one item"),
    ("lanes_pocl_1_gib", "PoCL, 1 GiB"),
    ("lanes_intel_cpu", "Intel's runtime for processors"),
    ("lanes_oclgrind", "Oclgrind, every kernel"),
    ("mutant", "mutants of kernels and of host code"),
    ("faults", "calls that fail"),
    ("program_kill", "killed and resumed"),
    ("golden", "cases from Keras, PyTorch and NumPy"),
    ("fuzz", "fuzzing"),
    ("lanes", "offline compilers, rules of kernels"),
    ("browser", "pages in a browser"),
    ("threads", "threads, processes, races"),
    ("host", "unit tests of the host"),
    ("device", "unit tests on PoCL"),
    ("verify", "PoCL, every kernel"),
    ("programs", "programs from outside"),
    ("host_sanitized", "unit tests with ASan and UBSan"),
]
SAID = [r"^(\d+) passed, (\d+) failed\s*$", r"\[  PASSED  \] (\d+) test", r"tests passed, \d+ tests failed out of (\d+)"]


def checks(output):
    for pattern in SAID:
        found = re.findall(pattern, output, re.M)
        if found:
            return int(found[-1][0]) if isinstance(found[-1], tuple) else int(found[-1])
    return 1


def labels(build):
    shown = subprocess.run(["ctest", "--show-only=json-v1"], cwd=build, capture_output=True, text=True, check=True).stdout
    return {test["name"]: [p["value"] for p in test.get("properties", []) if p["name"] == "LABELS"]
            for test in json.loads(shown)["tests"]}


def lane_of(name, of_test):
    words = [word for value in of_test.get(name, []) for word in value]
    return next((title for key, title in LANES if name.startswith(key)),
                next((title for key, title in LANES if key in words), "others"))


def results(build):
    """(name, output, seconds, passed) of each test of the last run."""
    log = (build / "Testing/Temporary/LastTest.log").read_text(errors="replace")
    for part in re.split(r"^\d+/\d+ Testing: ", log, flags=re.M)[1:]:
        seconds = re.findall(r"^Test time = +([0-9.]+) sec", part, re.M)
        yield part.split("\n", 1)[0].strip(), part, float(seconds[-1]) if seconds else 0.0, bool(re.search(r"^Test Passed\.", part, re.M))


def main():
    build = Path(sys.argv[1])
    ran = list(results(build))  # before ctest is asked for labels, which empties its log
    of_test, lanes = labels(build), {}
    for name, output, seconds, passed in ran:
        lane = lanes.setdefault(lane_of(name, of_test), [0, 0, 0.0, 0])
        for i, more in enumerate([1, checks(output), seconds, not passed]):
            lane[i] += more
    titles = dict.fromkeys(title for _, title in [*LANES, ("", "others")])
    rows = [["lane", "tests", "checks", "failed", "time"]]
    rows += [[title, str(tests), f"{made:,}", str(failed), f"{seconds:.0f} s"]
             for title in titles if title in lanes for tests, made, seconds, failed in [lanes[title]]]
    widths = [max(map(len, column)) for column in zip(*rows)]
    rows.insert(1, ["-" * width for width in widths])
    for first, *others in rows:
        print("| " + " | ".join([first.ljust(widths[0]), *(text.rjust(width) for text, width in zip(others, widths[1:]))]) + " |")
    failed = sum(lane[3] for lane in lanes.values())
    print(f"\n{sum(lane[0] for lane in lanes.values()) - failed} passed, {failed} failed")
    return 1 if failed or not lanes else 0


if __name__ == "__main__":
    sys.exit(main())
