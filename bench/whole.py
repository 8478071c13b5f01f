#!/usr/bin/env python3
"""From nothing to a trained model, whole processes: `gaze train` of 000 on Fashion-MNIST beside docs/keras_000.py, as many epochs.

Starting, compiling, reading the data, training, and testing after each epoch all count. Each is run `--rounds` times, in turns; the shortest
counts, as other work on the machine only adds. Gaze's kernels come from its cache; --cold gives it an empty one each time.
"""
import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "models/000-fashion-attention.json"
AIM = 3  # times faster than Keras


def timed(words, env):
    begin = time.perf_counter()
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, env={**os.environ, **env})
    seconds = time.perf_counter() - begin
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return seconds, done.stdout


def gaze(options, seed):
    """Seconds, and the test accuracy after the last epoch."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        cold = {"XDG_CACHE_HOME": folder, "POCL_CACHE_DIR": f"{folder}/pocl"} if options.cold else {}
        words = [options.gaze, "train", MODEL, "--out", out, "--epochs", options.epochs, "--seed", seed, "--quiet"]
        seconds, _ = timed(words, cold)
        with open(out / "log.csv") as file:
            return seconds, float(list(csv.DictReader(file))[-1]["validation_accuracy"])


def keras(options, seed):
    env = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    seconds, out = timed([sys.executable, ROOT / "docs/keras_000.py", options.epochs, seed], env)
    return seconds, float(re.findall(r"[\d.]+", out[out.rindex("test loss and accuracy"):])[1])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--gaze", default=str(ROOT / "build/bin/gaze"), metavar="FILE", help="the program (build/bin/gaze)")
    p.add_argument("--epochs", type=int, default=4, metavar="N", help="of both (4: both are at their best then)")
    p.add_argument("--rounds", type=int, default=1, metavar="N", help="runs of each, with seeds from 1 on (1)")
    p.add_argument("--cold", action="store_true", help="compile Gaze's kernels anew in each run")
    p.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    options = p.parse_args()
    runs = {"gaze": [], "keras": []}
    for seed in range(1, options.rounds + 1):
        for name, run in (("gaze", gaze), ("keras", keras)):
            runs[name].append(run(options, seed))
            seconds, accuracy = runs[name][-1]
            print(f"{name:5}  seed {seed}  {options.epochs} epochs  {seconds:7.1f} s  test accuracy {accuracy:.4f}", flush=True)
    best = {name: min(seconds for seconds, _ in found) for name, found in runs.items()}
    ratio = best["keras"] / best["gaze"]
    print(f"Keras takes {ratio:.2f} times as long; the aim is {AIM}{'' if ratio >= AIM else ' (short)'}")
    if options.json:
        options.json.write_text(json.dumps({"epochs": options.epochs, "cold": options.cold, "runs": runs, "ratio": ratio}, indent=1) + "\n")


if __name__ == "__main__":
    main()
