#!/usr/bin/env python3
"""gaze compare trains two models over several seeds, keeps what is there, and tests what it prints."""
import json
import math
import shlex
import signal
import subprocess
import time

from harness import GAZE, SOURCE, main, refused, run

PATCH = SOURCE / "models/patch.json"
SHORT = ["--epochs", "1", "--batch-size", "50"]


def baseline(folder):
    """The same model, attention none."""
    model = json.loads(PATCH.read_text())
    model["name"] = "patch-none"
    model["layers"][1] = {"name": "attention", "type": "attention", "kind": "none"}
    path = folder / "none.json"
    path.write_text(json.dumps(model))
    return path


def lines(*words):
    return [json.loads(line) for line in run(GAZE, "compare", *words, "--json").stdout.splitlines()]


def each_figure_is_that_of_train_and_evaluate(folder):
    none = baseline(folder)
    *runs, accuracy, loss = lines(PATCH, none, "--seeds", 3, "--out", folder / "runs", *SHORT)
    assert [(r["seed"], r["model"]) for r in runs] == [(s, str(m)) for s in (1, 2, 3) for m in (PATCH, none)], runs
    assert all(r["trained"] for r in runs)
    run(GAZE, "train", none, "--out", folder / "alone", "--seed", 2, *SHORT, "--quiet")
    alone = json.loads(run(GAZE, "evaluate", folder / "alone", "--seed", 2, "--json").stdout.splitlines()[0])
    assert abs(alone["loss"] - runs[3]["loss"]) < 1e-6 and alone["accuracy"] == runs[3]["accuracy"], (alone, runs[3])

    a, b = [[r["loss"] for r in runs[m::2]] for m in (0, 1)]
    d = [x - y for x, y in zip(a, b)]
    mean = sum(d) / 3
    sd = math.sqrt(sum((x - mean) ** 2 for x in d) / 2)
    t = mean / (sd / math.sqrt(3))
    p = 1 - abs(t) / math.sqrt(2 + t * t)  # two degrees of freedom
    for key, expected in [("difference", mean), ("difference_sd", sd), ("t", t), ("p", p)]:
        assert math.isclose(loss[key], expected, rel_tol=1e-5), (key, loss[key], expected)
    assert loss["part"] == "test" and loss["samples"] == 1000 and accuracy["of"] == "accuracy"


def runs_that_are_there_are_kept_and_go_on(folder):
    none = baseline(folder)
    first = lines(PATCH, none, "--seeds", 1, "--out", folder / "runs", *SHORT)
    kept = {f: f.read_bytes() for f in (folder / "runs").rglob("weights.safetensors")}
    again = lines(none, PATCH, "--seeds", 1, "--out", folder / "runs", *SHORT)
    assert not any(r["trained"] for r in again[:2])
    assert [r["loss"] for r in again[:2]] == [r["loss"] for r in first[1::-1]], "A and B changed places"
    assert len(kept) == 2 and all(f.read_bytes() == weights for f, weights in kept.items())
    more = lines(PATCH, none, "--seeds", 1, "--out", folder / "runs", "--epochs", 2, "--batch-size", 50)
    assert all(r["trained"] for r in more[:2])
    refused(2, GAZE, "compare", PATCH, none, "--out", folder / "runs", *SHORT, says=["2 epochs", "another --out"])


def ctrl_c_prints_the_command_that_goes_on(folder):
    none = baseline(folder)
    words = [str(w) for w in (GAZE, "compare", PATCH, none, "--seeds", 2, "--epochs", 3, "--out", folder / "runs")]
    started = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while started.poll() is None and not list((folder / "runs").rglob("log.csv")):
        time.sleep(0.01)
    started.send_signal(signal.SIGINT)
    _, errors = started.communicate(timeout=60)
    assert started.returncode == 130, (started.returncode, errors)
    command = shlex.split(errors[errors.index("go on with:") + len("go on with:"):].splitlines()[0])
    assert command == words, (command, words)
    out = run(*command).stdout
    assert "p " in out and "can't show" in out, out
    assert run(*command).stdout == out


def few_seeds_promise_nothing(folder):
    none = baseline(folder)
    one = run(GAZE, "compare", PATCH, none, "--seeds", 1, "--out", folder / "runs", *SHORT).stdout
    assert "no spread" in one and " p " not in one, one
    two = run(GAZE, "compare", PATCH, none, "--seeds", 2, "--out", folder / "runs", *SHORT).stdout
    assert "t(1)" in two and "difference" in two and "can't show" in two, two


def what_cannot_be_compared_is_refused_before_training(folder):
    none = baseline(folder)
    out = folder / "runs"
    refused(2, GAZE, "compare", PATCH, "--out", out, says="two model files")
    refused(2, GAZE, "compare", PATCH, none, says="--out")
    other = json.loads(none.read_text())
    other["data"] = {"type": "synthetic", "path": "patch", "train_count": 500}
    (folder / "other.json").write_text(json.dumps(other))
    refused(2, GAZE, "compare", PATCH, folder / "other.json", "--out", out, says=["different data", "--data"])
    refused(4, GAZE, "compare", PATCH, folder / "missing.json", "--out", out, says="missing.json")
    assert not out.exists()


if __name__ == "__main__":
    main([
        each_figure_is_that_of_train_and_evaluate,
        runs_that_are_there_are_kept_and_go_on,
        ctrl_c_prints_the_command_that_goes_on,
        few_seeds_promise_nothing,
        what_cannot_be_compared_is_refused_before_training,
    ])
