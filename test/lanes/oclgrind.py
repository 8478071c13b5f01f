#!/usr/bin/env python3
"""Every kernel of every family in Oclgrind: oclgrind.py [--quick] [--plain] [--part I/N] [OP...], or oclgrind.py --detects.

It simulates a device with work-groups of at most 16 items and 4 KiB of local memory, and sees what is read or written out of
bounds, races, values that were never written, barriers that not all items reach. Cases: `gaze verify --brief`, with --quick
those of `gaze verify --quick`. Whatever it has to say fails the lane. --detects: bugs planted in a kernel are seen.
Environment: GAZE_BUILD, the build folder.
"""
import argparse
import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

from lane import BUILD, GAZE, SOURCE, Failed, counts, end, failures, missing, run

RUNTIME = Path("/usr/lib/oclgrind/liboclgrind-rt-icd.so")
# Kernels are run as they are written: Oclgrind 21.10 doesn't know all that its compiler makes of them when it optimizes.
ENVIRONMENT = {
    "OCLGRIND_MAX_WGSIZE": "16", "OCLGRIND_LOCAL_MEM_SIZE": "4096", "OCLGRIND_GLOBAL_MEM_SIZE": str(1 << 30),
    "OCLGRIND_DATA_RACES": "1", "OCLGRIND_UNINITIALIZED": "1", "OCLGRIND_MAX_ERRORS": "20",
    "OCLGRIND_BUILD_OPTIONS": "-cl-opt-disable", "GAZE_PROGRAM_CACHE": "none",
}


# Oclgrind 21.10 ends with a signal where it looks for values without a value and meets a vector made of two shorter ones.
# These are looked at for everything else.
JOINED = {"dense_input_gradient", "dense_fused", "max_pool2d_gradient", "attention", "attention_gradient"}

# Many minutes in the simulator: --plain takes the plain kernels of these alone. On a GPU they have those of conv2d and what follows it.
SLOW = {"conv2d_max_pool2d", "conv2d_max_pool2d_places", "conv2d_mean", "conv2d_mean_values", "conv2d_slope_sum"}


def simulated(folder, **more):
    """The environment that shows Oclgrind alone; it writes what it sees to folder/log."""
    if not shutil.which("oclgrind") or not RUNTIME.exists():
        missing("oclgrind")
    (folder / "oclgrind.icd").write_text(f"{RUNTIME}\n")
    preload = BUILD / "test/libexact_memory.so"
    if not preload.exists():
        sys.exit(f"oclgrind.py: {preload} is not built (cmake -DGAZE_TESTS=ON)")
    return {**ENVIRONMENT, "OCL_ICD_VENDORS": str(folder), "LD_PRELOAD": str(preload), "OCLGRIND_LOG": str(folder / "log"), **more}


def complaints(folder, done):
    log = folder / "log"
    said = log.read_text(errors="replace") if log.exists() else ""
    return (said + "".join(line + "\n" for line in done.stderr.splitlines() if "OCLGRIND" in line.upper())).strip()


def take(op, words, **more):
    """(passed, failed, Oclgrind's complaints) of one op."""
    if op in JOINED:
        more = {"OCLGRIND_UNINITIALIZED": "0", **more}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        done = run(GAZE, "verify", *words, "--op", op, env=simulated(folder, **more), status=None)
        said = complaints(folder, done)
        try:
            passed, failed = counts(done)
        except Failed as failure:
            passed, failed, said = 0, 1, f"{said}\n{failure}"
        if failed and not said:
            print(failures(done))
        return passed, failed, said


def all_ops():
    listed = (SOURCE / "engine/ops/ops.h").read_text()
    return re.findall(r"\bX\(([a-z0-9_]+)\)", "\n".join(line for line in listed.splitlines() if "#" not in line))


def run_lane(chosen):
    first, step = map(int, chosen.part.split("/"))
    passed = failed = 0
    for op in (chosen.ops or all_ops())[first - 1::step]:
        start = time.monotonic()
        right, wrong, said = take(op, ["--quick" if chosen.quick else "--brief"],
                                  **({"GAZE_FAMILY": "plain"} if chosen.plain and op in SLOW else {}))
        print(f"{op:32} {right:5} passed {wrong:3} failed {time.monotonic() - start:6.1f} s"
              f"{'  SEEN BY OCLGRIND' if said else ''}", flush=True)
        if said:
            print("\n".join(said.splitlines()[:60]))
        passed, failed = passed + right, failed + wrong + bool(said)
    end(passed, failed)


LINE = "if (at < (size_t)rows * C) y[at] = x[at] + bias[at % C];"
PLANTED = [  # what, in place of LINE, and a part of what Oclgrind says; the result is right in all of them
    ("nothing", LINE, ""),
    ("a read out of bounds", LINE + " if (at < (size_t)rows * C && x[at + 1] > 1e30f) y[at] = 0.0f;", "Invalid read of size 4"),
    ("a write out of bounds", LINE + " if (at == 0) y[(size_t)rows * C] = 0.0f;", "Invalid write of size 4"),
    ("a race", LINE + " if (at > 0 && at < (size_t)rows * C && y[at - 1] > 1e30f) y[at] = 0.0f;", "data race"),
    ("an output that is read before it is written",
     "if (at < (size_t)rows * C && y[at] > 1e30f) y[at] = 0.0f; " + LINE, "ninitialized value"),
    ("a variable without a value", "float v; if (rows < 0) v = 0.0f; if (v > 1e30f) y[0] = 1.0f; " + LINE, "ninitialized value"),
    ("local memory that nobody has written",
     "__local float part[16]; if (part[get_local_id(0)] > 1e30f) y[0] = 1.0f; " + LINE, "ninitialized value"),
    ("a barrier that not all items reach", LINE + " if (get_local_id(0) < 3) barrier(CLK_LOCAL_MEM_FENCE);", "divergence"),
]


def detects():
    kernels, passed, failed = (SOURCE / "cl/bias.cl").read_text(), 0, 0
    if kernels.count(LINE) != 1:
        sys.exit(f"oclgrind.py: cl/bias.cl has no line '{LINE}' to plant bugs in")
    for what, line, says in PLANTED:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "bias.cl").write_text(kernels.replace(LINE, line))
            _, wrong, said = take("add_bias", ["--brief"], GAZE_KERNEL_DIR=folder, GAZE_FAMILY="plain")
        seen = says in said if says else not said and not wrong
        print(f"{'ok   ' if seen else 'FAIL '} {what}{'' if seen else ': ' + (said or 'nothing is said')}", flush=True)
        passed, failed = passed + seen, failed + (not seen)
    end(passed, failed)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="more cases: those of gaze verify --quick")
    parser.add_argument("--plain", action="store_true", help="of conv2d_max_pool2d the family plain alone")
    parser.add_argument("--part", default="1/1", help="I/N: every Nth op from the Ith on")
    parser.add_argument("--detects", action="store_true", help="does the lane see planted bugs?")
    parser.add_argument("ops", nargs="*", metavar="OP")
    chosen = parser.parse_args()
    detects() if chosen.detects else run_lane(chosen)


if __name__ == "__main__":
    main()
