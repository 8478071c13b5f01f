#!/usr/bin/env python3
"""Training by one process and by several, one thread each: milliseconds a step, and what that is of n times one process.

    make mpi BUILD=build-mpi; python3 bench/ranks.py build-mpi/bin/gaze models/000-fashion-attention.json [--ranks 2] [--batch 64]

A row for one process with one thread, one process with as many threads as there are ranks, `ranks` processes that share the batch
(the same training, sooner), and `ranks` processes with a batch of that size each. A step's time is the difference of a long run and a
short one, the least of --repeats, so that start and first compilation don't count.
"""
import argparse
import csv
import json
import os
import shlex
import subprocess
import tempfile
from pathlib import Path

import numpy

ENV = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1"}


def make_data(options, folder):
    """Random samples, and no test part, which would be gone through after the last step."""
    train = folder / "train"
    train.mkdir()
    for entry in json.loads(Path(options.model).read_text())["inputs"]:
        values = numpy.random.default_rng(0).random((options.samples, *entry["shape"]), dtype=numpy.float32)
        numpy.save(train / f"{entry['name']}.npy", values)
    numpy.save(train / "label.npy", numpy.arange(options.samples, dtype=numpy.int32) % options.classes)
    options.data = f"npy:{folder}"


def seconds(options, ranks, threads, batch, steps):
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "run")
        words = [*([*shlex.split(options.mpirun), "-n", ranks] if ranks > 1 else []), options.gaze, "train", options.model, "--out", out, "--steps", steps,
                 "--batch-size", batch, "--quiet", "--data", options.data]
        subprocess.run([str(w) for w in words], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, **ENV, "POCL_MAX_PTHREAD_COUNT": str(threads)})
        with open(out / "log.csv") as file:
            return sum(float(row["seconds"]) for row in csv.DictReader(file))


def step_ms(options, ranks, threads, batch):
    short, long = options.steps // 4, options.steps
    seconds(options, ranks, threads, batch, 2)  # kernels into the cache
    least = [min(seconds(options, ranks, threads, batch, n) for _ in range(options.repeats)) for n in (short, long)]
    return 1000 * (least[1] - least[0]) / (long - short)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gaze")
    parser.add_argument("model")
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--samples", type=int, default=2048, help="in an epoch")
    parser.add_argument("--mpirun", default="mpirun", help="with its options")
    parser.add_argument("--only", type=int, nargs="*", help="rows, from 0")
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=80)
    parser.add_argument("--repeats", type=int, default=2)
    options = parser.parse_args()
    n, batch = options.ranks, options.batch
    rows = [("1 process, 1 thread", 1, 1, batch), (f"1 process, {n} threads", 1, n, batch), (f"{n} processes, the same batch", n, 1, batch),
            (f"{n} processes, {n} times the batch", n, 1, n * batch)]
    alone = None
    data = tempfile.TemporaryDirectory()
    make_data(options, Path(data.name))
    print(f"{Path(options.model).stem}\n{'':34}{'batch':>6}{'ms a step':>11}{'samples/s':>11}{'of ideal':>10}")
    for name, ranks, threads, size in [rows[i] for i in options.only] if options.only else rows:
        ms = step_ms(options, ranks, threads, size)
        rate = 1000 * size / ms
        alone = alone or rate
        print(f"{name:34}{size:6}{ms:11.2f}{rate:11.0f}{100 * rate / alone / max(ranks, threads):8.0f} %", flush=True)


if __name__ == "__main__":
    main()
