#!/usr/bin/env python3
"""A run that is stopped, by Ctrl-C or by kill -9, and resumed, ends with the same bits as one that never was."""
import fcntl
import os
import random
import re
import shlex
import signal
import subprocess
import time

from harness import GAZE, SOURCE, main, run

MODEL = SOURCE / "models/patch.json"
OPTIONS = ["--epochs", "4", "--seed", "7", "--batch-size", "50", "--quiet"]


def command(out, *more):
    return [str(w) for w in (GAZE, "train", MODEL, "--out", out, *OPTIONS, *more)]


def weights(out):
    return (out / "weights.safetensors").read_bytes()


def losses(out):
    """log.csv without the columns that are times."""
    return [line.split(",")[:6] for line in (out / "log.csv").read_text().splitlines()]


def the_same_seed_gives_the_same_bits(folder):
    run(*command(folder / "a"))
    run(*command(folder / "b"))
    assert weights(folder / "a") == weights(folder / "b")
    assert losses(folder / "a") == losses(folder / "b")


def another_seed_gives_other_bits(folder):
    run(*command(folder / "a"))
    run(*command(folder / "b", "--seed", "8"))
    assert weights(folder / "a") != weights(folder / "b")


def ctrl_c_saves_and_prints_the_command_that_goes_on(folder):
    run(*command(folder / "a"))
    started = subprocess.Popen(command(folder / "b"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    log = folder / "b/log.csv"
    while started.poll() is None and not (log.exists() and log.read_text().count("\n") > 1):
        time.sleep(0.01)
    started.send_signal(signal.SIGINT)
    _, errors = started.communicate(timeout=60)
    assert started.returncode == 130, (started.returncode, errors)
    found = re.search(r"^.*(\S*gaze train .*--resume.*)$", errors, re.M)
    assert found, f"no command to go on with: {errors}"
    goes_on = shlex.split(found.group(0)[found.group(0).index(str(GAZE)) :] if str(GAZE) in found.group(0) else found.group(1))
    run(*goes_on)
    assert weights(folder / "a") == weights(folder / "b")
    assert losses(folder / "a") == losses(folder / "b")


def kill_9_at_random_moments(folder):
    run(*command(folder / "a"))
    chance = random.Random(1)
    for attempt in range(60):
        process = subprocess.Popen(command(folder / "b", "--resume", "--checkpoint-seconds", "1"), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            assert process.wait(timeout=0.3 + 2 * chance.random()) == 0
            break
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
    else:
        run(*command(folder / "b", "--resume"))
    assert attempt > 0, "the run was never killed"
    assert weights(folder / "a") == weights(folder / "b")


def two_checkpoints_are_kept(folder):
    run(*command(folder / "a", "--epochs", "4"))
    assert len(list((folder / "a").glob("checkpoint-*"))) == 2


def a_checkpoint_serves_as_weights(folder):
    run(*command(folder / "a"))
    newest = max((folder / "a").glob("checkpoint-*"), key=lambda path: int(path.stem.split("-")[1]))
    loss, other = ([line.split()[:4] for line in run(GAZE, "evaluate", MODEL, "--weights", path).stdout.splitlines()]
                   for path in (newest, folder / "a/weights.safetensors"))
    assert loss == other and loss[0][0] == "loss" and float(loss[0][1]) < 0.1, (loss, other)


def another_run_is_not_resumed(folder):
    run(*command(folder / "a"))
    done = run(*command(folder / "a", "--resume", "--learning-rate", "0.5"), status=4)
    assert "optimizer" in done.stderr and "0.5" in done.stderr, done.stderr


def two_runs_in_one_folder_do_not_mix(folder):
    run(*command(folder / "a"))
    before = {path.name: path.read_bytes() for path in (folder / "a").iterdir()}
    held = os.open(folder / "a", os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    done = run(*command(folder / "a"), status=3)
    assert f"{folder / 'a'}: another process writes into this folder" in done.stderr, done.stderr
    assert before == {path.name: path.read_bytes() for path in (folder / "a").iterdir()}
    waits = subprocess.Popen(command(folder / "a"), stdout=subprocess.DEVNULL)
    time.sleep(1)
    assert before == {path.name: path.read_bytes() for path in (folder / "a").iterdir()}
    os.close(held)
    assert waits.wait(60) == 0
    assert before["weights.safetensors"] == weights(folder / "a")


if __name__ == "__main__":
    main([the_same_seed_gives_the_same_bits, another_seed_gives_other_bits, ctrl_c_saves_and_prints_the_command_that_goes_on,
          kill_9_at_random_moments, two_checkpoints_are_kept, a_checkpoint_serves_as_weights,
          another_run_is_not_resumed, two_runs_in_one_folder_do_not_mix])
