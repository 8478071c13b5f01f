#!/usr/bin/env python3
"""Kernels broken on purpose: each patch must be caught by the command that it names, which must pass without it.

    run.py build/bin/gaze [--only WORD] [--lane verify|oclgrind|rules.py] [--part 1/2]

The first line of a patch: what is broken. Caught by: the command. The patches change cl/, of which the programs take a copy
(GAZE_KERNEL_DIR); nothing is built again. All share one new cache of programs, which are found there by their whole text: a
mutant compiles what its patch changes."""
import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
KERNELS = HERE.parent.parent / "cl"
RULES = HERE.parent / "lanes/rules.py"
MARK = "Caught by: "
TIMEOUT = 300


class Mutant:
    def __init__(self, path):
        self.path, first = path, path.read_text().splitlines()[0]
        assert MARK in first, f"{path.name}: the first line doesn't say '{MARK}' and the command"
        self.broken, self.command = (part.strip() for part in first.split(MARK))

    @property
    def lane(self):
        words = self.command.split()
        return next((lane for lane in ("oclgrind", "rules.py") if lane in words), "verify")


def apply(mutant, folder):
    """A copy of cl/ in folder/cl with the patch; False where it no longer applies."""
    shutil.copytree(KERNELS, folder / "cl")
    done = subprocess.run(["patch", "-p1", "--fuzz=0", "--no-backup-if-mismatch", "-i", str(mutant.path)], cwd=folder,
                          capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr


def run(gaze, command, kernels, folder):
    """The command with these kernels: how it ended, its failures (all of them, from the report) and what oclgrind wrote."""
    words, variables = shlex.split(command), {}
    while re.match(r"[A-Z_]+=", words[0]):
        name, _, value = words.pop(0).partition("=")
        variables[name] = value
    report, log = folder / "report.json", folder / "oclgrind.log"
    if words == ["rules.py"]:
        words = [sys.executable, "-B", str(RULES), str(kernels)]
    else:
        words = [str(gaze) if word == "gaze" else word for word in words] + ["--report", str(report)]
    if words[0] == "oclgrind":
        words[1:1] = ["--log", str(log)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL,
                          env={**os.environ, "XDG_CACHE_HOME": str(folder.parent / "cache"), **variables,
                               "GAZE_KERNEL_DIR": str(kernels)})
    parts = json.loads(report.read_text())["devices"] if report.exists() else []
    failures = [failure for part in parts for op in part["ops"] for failure in op["failures"]]
    checks = sum(op["checks"] for part in parts for op in part["ops"])
    return done, checks, failures, log.read_text().strip() if log.exists() else ""


def why_not_passed(gaze, command, kernels, folder):
    """None where the command passes with these kernels, and checked something."""
    done, checks, failures, log = run(gaze, command, kernels, folder)
    if done.returncode == 0 and (checks or command == "rules.py") and not failures and not log:
        return None
    return f"ended with {done.returncode} after {checks} checks\n{done.stdout}{done.stderr}{log}"


def why_not_caught(gaze, mutant, folder):
    """None where the mutant is caught, and by its lane."""
    applied, said = apply(mutant, folder)
    if not applied:
        return f"no longer applies to cl/: break the kernel of today in the same way\n{said}"
    done, _, failures, log = run(gaze, mutant.command, folder / "cl", folder)
    said = f"{done.stdout}{done.stderr}{log}"
    if any("clBuildProgram" in failure for failure in failures):
        return f"does not build\n{said}"
    if mutant.lane == "oclgrind":
        return None if log else f"survived: oclgrind had nothing to say\n{said}"
    if done.returncode == 5 and failures or mutant.lane == "rules.py" and done.returncode == 1:
        return None
    return f"survived: ended with {done.returncode}, {len(failures)} failures\n{said}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gaze", type=Path)
    parser.add_argument("--only", default="", help="patches with this in their name")
    parser.add_argument("--lane", action="append", choices=["verify", "oclgrind", "rules.py"])
    parser.add_argument("--part", default="1/1", help="K/N: those of each N-th command, from the K-th on")
    arguments = parser.parse_args()
    part, parts = map(int, arguments.part.split("/"))
    mutants = [m for m in map(Mutant, sorted(HERE.glob("*.patch"))) if arguments.only in m.path.stem]
    mutants = [m for m in mutants if not arguments.lane or m.lane in arguments.lane]
    commands = sorted({m.command for m in mutants})[part - 1::parts]
    mutants = [m for m in mutants if m.command in commands]
    passed, failed, start = 0, 0, time.monotonic()
    before = start

    def tell(name, why, what):
        nonlocal passed, failed, before
        passed, failed = passed + (not why), failed + bool(why)
        now = time.monotonic()
        print(f"{'FAIL' if why else 'ok  '}  {now - before:5.1f} s  {name}: {why or what}", flush=True)
        before = now

    with tempfile.TemporaryDirectory() as scratch:
        for number, command in enumerate(commands):
            folder = Path(scratch) / f"control{number}"
            folder.mkdir()
            tell("unbroken", why_not_passed(arguments.gaze.resolve(), command, KERNELS, folder), command)
        for mutant in mutants:
            folder = Path(scratch) / mutant.path.stem
            folder.mkdir()
            tell(mutant.path.name, why_not_caught(arguments.gaze.resolve(), mutant, folder), mutant.broken)
    print(f"{len(mutants)} mutants in {time.monotonic() - start:.0f} s\n{passed} passed, {failed} failed")
    return 1 if failed or not mutants else 0


if __name__ == "__main__":
    sys.exit(main())
