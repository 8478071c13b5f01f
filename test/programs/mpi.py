#!/usr/bin/env python3
"""Several processes under mpirun train and evaluate as one."""
import json
import os
import re
import signal

import numpy

from harness import BUILD, main, refused, run
from mpi_harness import ENV, GAZE, PLAIN, Job, losses, model, together, train, under, weights

EPOCHS = ["--epochs", 3, "--quiet"]


def arrays(out):
    data = weights(out)
    size = int.from_bytes(data[:8], "little")
    return {name: numpy.frombuffer(data[8 + size:], "<f4", int(numpy.prod(entry["shape"])), entry["data_offsets"][0])
            for name, entry in json.loads(data[8:8 + size]).items() if name != "__metadata__"}


def one_process_has_the_bits_of_the_ordinary_program(folder):
    file = model(folder)
    run(BUILD / "bin/gaze", *train(file, folder / "ordinary", *EPOCHS)[1:])
    run(*train(file, folder / "alone", *EPOCHS))
    together(1, train(file, folder / "one", *EPOCHS))
    assert weights(folder / "ordinary") == weights(folder / "alone") == weights(folder / "one")
    assert losses(folder / "ordinary") == losses(folder / "one")
    assert "processes" not in json.loads((folder / "one/run.json").read_text())


def the_same_ranks_have_the_same_bits_and_one_speaks(folder):
    file = model(folder)
    for ranks in 2, 3:
        a, b = folder / f"a{ranks}", folder / f"b{ranks}"
        done = together(ranks, train(file, a, "--epochs", 3))
        together(ranks, train(file, b, *EPOCHS))
        assert weights(a) == weights(b) and losses(a) == losses(b)
        assert json.loads((a / "run.json").read_text())["processes"] == ranks
        assert [line.split()[:2] for line in done.stdout.splitlines()] == [["epoch", str(e)] for e in (1, 2, 3)], done.stdout
        assert f"{ranks} processes train together" in done.stderr and f"  rank {ranks - 1} on " in done.stderr, done.stderr
        assert done.stderr.count("  rank ") == ranks, done.stderr


def shares_add_up_to_the_whole_batch(folder):
    """With plain gradient descent and nothing random the weights are those of one process but for rounding."""
    file = model(folder, PLAIN)
    options = ["--epochs", 1, "--optimizer", "sgd", "--learning-rate", 0.1, "--quiet"]
    run(*train(file, folder / "1", *options))
    expected = arrays(folder / "1")
    for ranks in 2, 3:
        together(ranks, train(file, folder / f"{ranks}", *options))
        found = arrays(folder / f"{ranks}")
        assert max(abs(found[name] - expected[name]).max() for name in expected) < 1e-6
        for a, b in zip(losses(folder / "1")[1], losses(folder / f"{ranks}")[1]):
            assert abs(float(a) - float(b)) < 1e-5, (a, b)


def an_evaluation_is_shared(folder):
    file = model(folder)
    run(*train(file, folder / "run", *EPOCHS))
    words = [GAZE, "evaluate", folder / "run", "--json", "--quiet", "--batch-size", 16]
    lines = [json.loads(line) for line in run(*words).stdout.splitlines()]
    for ranks in 2, 3:
        shared = [json.loads(line) for line in together(ranks, words).stdout.splitlines()]
        assert shared[1:] == lines[1:] and shared[0]["samples"] == 70
        assert shared[0]["accuracy"] == lines[0]["accuracy"] and abs(shared[0]["loss"] - lines[0]["loss"]) < 1e-6 * lines[0]["loss"]


def a_run_goes_on_with_another_number_of_ranks(folder):
    file = model(folder)
    together(2, train(file, folder / "run", "--epochs", 2, "--quiet"))
    before = losses(folder / "run")
    done = together(3, train(file, folder / "run", "--epochs", 4, "--resume"))
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["3", "4"], done.stdout
    assert losses(folder / "run")[:3] == before[:3]
    run(*train(file, folder / "run", "--epochs", 5, "--resume"))
    assert len(losses(folder / "run")) == 6


def ctrl_c_stops_all_and_the_run_goes_on_with_the_same_bits(folder):
    file, long = model(folder), ["--epochs", 400, "--quiet"]
    job = Job(2, train(file, folder / "run", *long))
    job.line()
    job.process.send_signal(signal.SIGINT)
    status, errors = job.end()
    assert status != 0 and "interrupted after" in errors and "--resume" in errors, errors
    steps = int(errors.split("interrupted after ")[1].split()[0])
    assert steps % 24 or steps < 400 * 24
    enough = ["--epochs", str(steps // 24 + 2), "--quiet"]
    together(2, train(file, folder / "run", *enough, "--resume"))
    together(2, train(file, folder / "whole", *enough))
    assert weights(folder / "run") == weights(folder / "whole")
    assert losses(folder / "run") == losses(folder / "whole")


def a_killed_rank_ends_all_and_the_run_goes_on(folder):
    file, out = model(folder), folder / "run"
    job = Job(3, train(file, out, "--epochs", 100000, "--quiet"))
    for _ in range(3):
        job.line()
    os.kill(job.rank(1), signal.SIGKILL)
    status, errors = job.end()
    assert status != 0 and "Killed" in errors, errors
    assert "rank 0 of 3" in errors and f"The run is whole up to {out}/checkpoint-" in errors, errors
    done = len(losses(out)) - 1
    together(2, train(file, out, "--epochs", done + 1, "--quiet", "--resume"))
    assert len(losses(out)) == done + 2


def when_rank_0_is_killed_rank_1_says_how_to_go_on(folder):
    file, out = model(folder), folder / "run"
    job = Job(3, train(file, out, "--epochs", 100000, "--quiet"))
    for _ in range(3):
        job.line()
    os.kill(job.rank(0), signal.SIGKILL)
    status, errors = job.end()
    assert status != 0 and "Killed" in errors, errors
    assert errors.count("rank 1 of 3") == 1 and "--resume goes on from there" in errors and "rank 2 of 3" not in errors, errors


def each_rank_has_its_device(folder):
    """PoCL gives the processor as two devices: 3 processes take them in turn, but all the one that was named. Nobody has measured the
    devices before, so that each process does."""
    words, env = [GAZE, "evaluate", model(folder)], {**ENV, "POCL_DEVICES": "pthread pthread"}
    taken = re.compile(r"^  rank \d on .*?: device (\d): ", re.M)
    for attempt in range(4):
        fresh = {"XDG_CACHE_HOME": str(folder / f"cache{attempt}"), "POCL_CACHE_DIR": str(folder / "pocl")}
        a, b, c = taken.findall(run(*under(3, words), env={**env, **fresh}).stderr)
        assert a != b and a == c, (a, b, c)
    assert taken.findall(run(*under(2, [*words, "--device", "1"]), env=env).stderr) == ["1", "1"]


def a_failure_is_told_once(folder):
    done = together(3, train(folder / "none.json", folder / "run"), status=4)
    assert done.stderr.count("none.json") == 1, done.stderr
    file = model(folder)
    done = together(3, train(file, folder / "run", "--epochs", "many"), status=2)
    assert done.stderr.count("--epochs is 'many'") == 1, done.stderr
    together(2, train(file, folder / "run", "--epochs", 1))
    done = together(2, train(file, folder / "run", "--epochs", 2, "--resume", "--learning-rate", 0.5), status=4)
    assert done.stderr.count("would go on with") == 1, done.stderr
    done = together(2, train(file, folder / "few", "--batch-size", 1), status=2)
    assert done.stderr.count("a batch of 1 samples can't be shared by 2 processes") == 1, done.stderr


def all_must_do_the_same(folder):
    file = model(folder)
    other = [":", "-n", "1", *train(file, folder / "run", "--learning-rate", 0.5)]
    done = run(*under(1, train(file, folder / "run")), *other, env=ENV, status=2)
    assert done.stderr.count("rank 1 has another optimizer than rank 0") == 1, done.stderr


def without_mpi_many_processes_are_refused(folder):
    program = BUILD / "bin/gaze"
    if "libmpi" not in run("ldd", program).stdout:
        refused(2, program, *train(model(folder), folder / "run")[1:], env={"OMPI_COMM_WORLD_SIZE": "2"}, says="built without MPI")
        assert not (folder / "run").exists()
    file = model(folder)
    refused(2, program, "compare", file, file, "--out", folder / "run", env={"OMPI_COMM_WORLD_SIZE": "2"},
            says="only gaze train and gaze evaluate share")


if __name__ == "__main__":
    main([one_process_has_the_bits_of_the_ordinary_program, the_same_ranks_have_the_same_bits_and_one_speaks,
          shares_add_up_to_the_whole_batch, an_evaluation_is_shared, a_run_goes_on_with_another_number_of_ranks,
          ctrl_c_stops_all_and_the_run_goes_on_with_the_same_bits, a_killed_rank_ends_all_and_the_run_goes_on,
          when_rank_0_is_killed_rank_1_says_how_to_go_on,
          each_rank_has_its_device, a_failure_is_told_once, all_must_do_the_same, without_mpi_many_processes_are_refused])
