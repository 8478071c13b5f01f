#!/usr/bin/env python3
"""Each call that gaze makes fails once: run.py --build BUILD [--all] [--only SCENARIOS] [--kind KIND] [--at N] [--on].

Of every run is asked: the right exit status, one message that names what failed, nothing taken that isn't given back, no
hang, and files that are either as they were or whole. A fault may be survived only where harmless.txt says why; the
results are then those of a run without it."""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from judge import Judge, read_rules
from scenarios import make_inputs, scenarios
from server import Server, Symbols

MEMORY = "/dev/shm"  # files lie there: what a slow disk does is not asked
HERE = Path(__file__).resolve().parent
KINDS = ("memory", "opencl", "file", "thread")
# Without --all: every n-th call of each kind is failed, once; and every m-th, with all after it. (n, m)
SAMPLE = {"predict": (1, 31), "train": (29, 97), "resume": (53, 199)}
USUAL = (29, 97)
# As many calls as time allows: the first alone, with --all too.
LONG = {"bench": (0, 0)}


class Sweep:
    """All of a scenario's runs, by as many servers as there are cores."""

    def __init__(self, scenario, options, root, env, rules):
        self.scenario, self.options, self.root, self.rules = scenario, options, root, rules
        self.env = {**env, **(scenario.env or {})}
        self.program = options.build / "test/faults" / scenario.program
        self.symbols = Symbols(self.program)
        self.failures, self.counts, self.lock = [], {}, threading.Lock()

    def start(self, index):
        folder = self.root / f"runs-{self.scenario.name}-{index}"
        folder.mkdir()
        return Server([self.program, *self.scenario.words], self.symbols, folder, self.env, self.scenario.prepare)

    def plans(self, calls):
        """The words of every run."""
        name = self.scenario.name
        once, on = LONG.get(name) or ((1, 1) if self.options.all else SAMPLE.get(name, USUAL))
        for kind in KINDS:
            if self.options.kind in (None, kind):
                for mode, step in (("", once), ("on", on)):
                    yield from (f"{kind} {n} {mode}".strip() for n in range(1, calls[kind] + 1, step or calls[kind] + 1))
        if name == "bench":
            yield from (f"opencl {n} call=clGetEventProfilingInfo" for n in (1, 2))

    def run(self):
        servers = [self.start(i) for i in range(self.options.jobs)]
        base = [servers[0].run("memory 0") for _ in range(2)][-1]
        judge = Judge(self.scenario, base, servers[0].before(), self.rules)
        self.failures += judge.base_is_sound()
        if self.options.at:
            mode = " on" if self.options.on else ""
            plans = iter([f"{self.options.kind} {self.options.at}{mode}"])
        else:
            plans = self.plans(base.calls) if not self.failures else iter(())
        threads = [threading.Thread(target=self.work, args=(s, plans, judge)) for s in servers]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        for s in servers:
            s.close()
        return base.calls

    def work(self, server, plans, judge):
        while True:
            with self.lock:
                words = next(plans, None)
            if words is None:
                return
            result = server.run(words)
            wrong = judge.judge(words, result)
            if self.options.at:
                print(f"exit {result.code}\n{result.errors}{result.failed} from {' '.join(result.stack)}")
                print("\n".join(sorted(result.files)))
            with self.lock:
                self.count(words, result)
                self.failures += wrong

    def count(self, words, result):
        kind = words.split()[0] + (" on" if words.endswith(" on") else "")
        done = self.counts.setdefault(kind, [0, 0, set()])
        done[0] += 1
        done[1] += result.code == 0
        done[2].add(result.failed)


def not_wrapped(build):
    """Functions of OpenCL that the engine calls and wrapped.txt lacks."""
    wrapped = set((HERE / "wrapped.txt").read_text().split())
    lines = subprocess.run(["nm", "-u", build / "lib/libgaze.a"], capture_output=True, text=True, check=True).stdout
    called = {name for name in re.findall(r"\bU (cl[A-Z]\w+)", lines)}
    return [((name,), f"FAIL {name} is called and not in wrapped.txt") for name in sorted(called - wrapped)]


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--all", action="store_true", help="every call, not a sample")
    parser.add_argument("--only")
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--at", type=int)
    parser.add_argument("--on", action="store_true")
    parser.add_argument("--jobs", type=int, default=min(os.cpu_count() or 1, 4))
    return parser.parse_args()


def print_failures(failures):
    """One of each sort."""
    sorts = {}
    for sort, text in failures:
        sorts.setdefault(sort, []).append(text)
    for texts in sorted(sorts.values(), key=len, reverse=True):
        print(texts[0] + (f"\n     and {len(texts) - 1} more of this sort" if len(texts) > 1 else ""))


def main():
    options = parse()
    failures, total, called, rules = not_wrapped(options.build), 0, set(), read_rules(HERE / "harmless.txt")
    cache = options.build / "test/faults/cache"
    env = {"XDG_CACHE_HOME": str(cache), "GAZE_PROGRAM_CACHE": "binary", "GAZE_DEVICE": "cpu"}
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
        root = Path(folder)
        make_inputs(root, options.build / "bin/gaze", env)
        for scenario in scenarios(root):
            if options.only and scenario.name not in options.only.split(","):
                continue
            sweep, begun = Sweep(scenario, options, root, env, rules), time.monotonic()
            calls = sweep.run()
            print(f"{scenario.name}: {scenario.about}; calls: " + ", ".join(f"{k} {n}" for k, n in calls.items()))
            for kind, (runs, survived, names) in sorted(sweep.counts.items()):
                print(f"  {kind:12} {runs:5} runs, {survived:4} survived, {len(names - {''}):2} kinds of calls")
                total, called = total + runs, called | names
            print(f"  {len(sweep.failures)} wrong, {time.monotonic() - begun:.0f} s", flush=True)
            failures += sweep.failures
    print("survived, by the reason in harmless.txt:")
    for rule, count in sorted(rules.items(), key=lambda r: -r[1]):
        print(f"  {count:6} {' '.join(rule)}")
    if options.all and not options.only and not options.kind:
        failures += [(rule, f"harmless.txt: no run needed '{' '.join(rule)}'") for rule, count in rules.items() if not count]
    print_failures(failures)
    print(f"{len(called - {''})} functions were failed: {' '.join(sorted(called - {''}))}")
    print(f"{total - len(failures)} passed, {len(failures)} failed")
    return 1 if failures or not total else 0


if __name__ == "__main__":
    sys.exit(main())
