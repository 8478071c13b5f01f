#!/usr/bin/env python3
"""kill -9 at random moments of a training run, resumed each time: the weights are those of the run that was never killed.

    python3 test/programs/kill.py [KILLS [SEED]]    100 kills; without a seed a new one, which is printed

Kills aim at one of four: start-up, any moment of the run, the writing of a checkpoint (right after its temporary file appears; twice as
often), and the writing of a checkpoint inside an epoch (shortly after Ctrl-C asked for one). Now and then the
newest checkpoint is damaged too, so that the one before is needed.
"""
import collections
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import GAZE, SOURCE, main, run

# One step takes about as long as one checkpoint, so that kills meet both.
EPOCHS, BATCH = 6, 16
OPTIONS = ["--epochs", EPOCHS, "--batch-size", BATCH, "--seed", 7, "--quiet"]
MODEL = {"layers": [{"name": "conv", "type": "conv2d", "filters": 8, "kernel_size": 3, "padding": "same", "activation": "relu"},
                    {"name": "normalized", "type": "batch_normalization"},
                    {"name": "attention", "type": "attention", "kind": "spatial", "kernel_size": 7},
                    {"name": "half", "type": "max_pool2d", "pool_size": 2},
                    {"name": "flat", "type": "flatten"},
                    {"name": "hidden", "type": "dense", "units": 64, "activation": "relu"},
                    {"name": "dropped", "type": "dropout", "rate": 0.2},
                    {"name": "class", "type": "dense", "units": 4, "activation": "softmax"}],
         "data": {"type": "synthetic", "path": "patch", "train_count": 400, "test_count": 16}}


class Victim:
    """A run folder, and the processes that train into it until one is killed."""

    def __init__(self, folder, chance):
        self.folder, self.chance, self.phases = folder, chance, collections.Counter()
        self.model = folder / "model.json"
        self.model.write_text(json.dumps({**json.loads((SOURCE / "models/patch.json").read_text()), **MODEL, "name": "victim"}))
        self.out = folder / "run"

    def command(self, out, *more):
        return [str(w) for w in (GAZE, "train", self.model, "--out", out, *OPTIONS, *more)]

    def undisturbed(self):
        """The weights of a run that is never killed, and how long a run takes."""
        run(*self.command(self.folder / "warm"))
        begun = time.monotonic()
        run(*self.command(self.folder / "whole"))
        self.seconds = time.monotonic() - begun
        return (self.folder / "whole/weights.safetensors").read_bytes()

    def temporaries(self):
        return {n for n in os.listdir(self.out) if n.endswith(".tmp")} if self.out.exists() else set()

    def checkpoints(self):
        return sorted(self.out.glob("checkpoint-*.safetensors"), key=lambda p: int(p.stem.split("-")[1]))

    def wait(self, process, aim):
        """Until the moment to kill, or the end of the process: True where it has ended."""
        before, begun = self.temporaries(), time.monotonic()
        limit, skip = self.chance.uniform(0, 0.05 if aim == "start-up" else 0.6 * self.seconds), self.chance.randrange(6)
        asked = False
        while process.poll() is None:
            past = time.monotonic() - begun
            if aim in ("start-up", "any moment") and past > limit:
                return False
            if aim == "inside an epoch" and past > limit and not asked:
                process.send_signal(signal.SIGINT)
                asked, limit = True, past + self.chance.uniform(0, 0.15)
            elif aim == "inside an epoch" and asked and past > limit:
                return False
            elif aim == "a checkpoint" and (fresh := self.temporaries() - before):
                if skip == 0:
                    time.sleep(self.chance.uniform(0, 0.003))
                    return process.poll() is not None
                before, skip = before | fresh, skip - 1
            time.sleep(0.0002 if aim == "a checkpoint" else 0.001)
        return True

    def phase(self, begun):
        """What the process was at when it was killed."""
        if self.temporaries():
            return "writing a file"
        record = self.out / "run.json"
        return "training" if record.exists() and record.stat().st_mtime_ns >= begun else "start-up"

    def attempt(self):
        """Starts or resumes the run and kills it; False where it ended first."""
        begun = time.time_ns()
        process = subprocess.Popen(self.command(self.out, "--resume"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        aim = self.chance.choice(["start-up", "any moment", "a checkpoint", "a checkpoint", "inside an epoch"])
        if not self.wait(process, aim):
            process.kill()
        errors = process.communicate(timeout=60)[1].decode()
        assert process.returncode in (0, -signal.SIGKILL, -signal.SIGINT, 130), f"ended with {process.returncode}: {errors}"
        if process.returncode == -signal.SIGKILL:
            self.phases[self.phase(begun)] += 1
        return process.returncode

    def check_folder(self):
        """What lies there is bounded, and whole; the newest may be damaged without harm."""
        left, found = self.temporaries(), self.checkpoints()
        assert len(left) <= 1, f"temporary files pile up: {left}"
        assert len(found) <= 3, f"checkpoints pile up: {found}"
        if len(found) > 1 and self.chance.random() < 0.1:
            with open(found[-1], "r+b") as file:
                file.seek(self.chance.randrange(found[-1].stat().st_size))
                file.write(b"\x55\xaa\x55")


def kill_and_resume(folder, kills, seed):
    victim = Victim(folder, random.Random(seed))
    expected, runs = victim.undisturbed(), 0
    while sum(victim.phases.values()) < kills:
        shutil.rmtree(victim.out, ignore_errors=True)
        while (status := victim.attempt()) != 0:
            if status < 0:
                victim.check_folder()
        runs += 1
        assert (victim.out / "weights.safetensors").read_bytes() == expected, f"run {runs}: other bits"
        assert not victim.temporaries(), "a run that ended leaves a temporary file"
    print(f"seed {seed}: {sum(victim.phases.values())} kills in {runs} runs of {victim.seconds:.1f} s, the same bits each time; at "
          + ", ".join(f"{phase} {n}" for phase, n in sorted(victim.phases.items())))
    assert min(victim.phases[p] for p in ("start-up", "training", "writing a file")) * 20 >= kills, "the moments are not spread"


KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 100
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 32)


def a_killed_run_ends_with_the_same_bits(folder):
    print(f"seed {SEED}", flush=True)
    kill_and_resume(folder, KILLS, SEED)


if __name__ == "__main__":
    sys.argv[1:] = []
    main([a_killed_run_ends_with_the_same_bits])
