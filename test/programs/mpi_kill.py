#!/usr/bin/env python3
"""Trainings by two processes that are killed or stopped at random moments, and resumed, end with the bits of one that never was.

    python3 test/programs/mpi_kill.py [KILLS [SEED]]    4; without a seed a new one, which is printed

What is hit is rank 0, the other one, both together through mpirun (Ctrl-C), or mpirun itself.
"""
import collections
import os
import random
import shutil
import signal
import sys
import time

from harness import main
from mpi_harness import Job, losses, model, together, train, weights

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 4
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 32)
OPTIONS = ["--epochs", 25, "--quiet", "--checkpoint-seconds", 1]
TARGETS = ["rank 0", "rank 1", "Ctrl-C", "mpirun"]


def hit(job, target):
    if target == "Ctrl-C":
        job.process.send_signal(signal.SIGINT)
    else:
        os.kill(job.process.pid if target == "mpirun" else job.rank(int(target[-1])), signal.SIGKILL)


def attempt(job, target, seconds):
    """The status of a run that was hit, if it was still there."""
    time.sleep(seconds)
    if job.process.poll() is None:
        try:
            hit(job, target)
        except (AssertionError, ProcessLookupError):  # it has not begun, or just ended
            job.process.kill()
    return job.end()[0]


def runs_that_were_hit_end_with_the_same_bits(folder):
    print(f"seed {SEED}", flush=True)
    chance, hits, runs, file, out = random.Random(SEED), collections.Counter(), 0, model(folder), folder / "run"
    together(2, train(file, folder / "whole", *OPTIONS))
    begun = time.monotonic()
    together(2, train(file, folder / "timed", *OPTIONS))
    seconds = time.monotonic() - begun
    while hits.total() < KILLS:
        shutil.rmtree(out, ignore_errors=True)
        while True:
            target = TARGETS[hits.total() % len(TARGETS)]
            status = attempt(Job(2, train(file, out, *OPTIONS, "--resume")), target, chance.uniform(0.1, 0.9 * seconds))
            if status == 0:
                break
            hits[target] += 1
        runs += 1
        assert weights(out) == weights(folder / "whole") and losses(out) == losses(folder / "whole"), f"run {runs}: other bits"
    print(f"{hits.total()} hits in {runs} runs of {seconds:.1f} s, the same bits each time: {dict(hits)}")


if __name__ == "__main__":
    sys.argv[1:] = []
    main([runs_that_were_hit_end_with_the_same_bits])
