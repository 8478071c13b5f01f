#!/usr/bin/env python3
"""Drivers that are slow, hang, or lose their device: each ends with what to do. Needs GAZE_BUILD and GAZE_SOURCE."""
import os
import sys
import time
from pathlib import Path

from scenarios import make_inputs

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "programs"))
from harness import BUILD, GAZE, main, refused, run  # noqa: E402

FAULTY = BUILD / "test/faults/gaze"
# PoCL's own cache is used, as by default: the files of a plan are one program.
ENV = {"GAZE_DEVICE": "cpu", "GAZE_PROGRAM_CACHE": "driver", "XDG_CACHE_HOME": str(BUILD / "test/faults/cache")}
LOST = {-2: "CL_DEVICE_NOT_AVAILABLE", -5: "CL_OUT_OF_RESOURCES", -4: "CL_MEM_OBJECT_ALLOCATION_FAILURE",
        -36: "CL_INVALID_COMMAND_QUEUE"}


def own_lines(errors):
    """Without those of the fault layer's report."""
    return [line for line in errors.splitlines() if line.split()[0] not in ("failed", "calls", "left", "end")]


def predict(folder):
    make_inputs(folder, GAZE, {**os.environ, **ENV})
    return ["predict", folder / "trained", "--input", folder / "data/test/a/0.png", "--output", folder / "answer.npy"]


def a_slow_compiler_is_waited_for_and_named(folder):
    words = predict(folder)
    run(GAZE, *words, env=ENV)
    expected = (folder / "answer.npy").read_bytes()
    (folder / "answer.npy").unlink()
    done = run(FAULTY, *words, env={**ENV, "GAZE_FAULTS": "opencl 1 call=clBuildProgram sleep=5.5"})
    lines = own_lines(done.stderr)
    assert len(lines) == 1 and "is still compiling it after 5 s" in lines[0] and "given up after 600 s" in lines[0], lines
    assert (folder / "answer.npy").read_bytes() == expected


def a_hanging_compiler_is_given_up(folder):
    words, begun = predict(folder), time.monotonic()
    done = run(FAULTY, *words, status=5, timeout=60,
               env={**ENV, "GAZE_BUILD_SECONDS": "1", "GAZE_FAULTS": "opencl 1 call=clBuildProgram sleep=1000"})
    assert time.monotonic() - begun < 30
    lines = own_lines(done.stderr)
    assert len(lines) == 1 and lines[0].startswith("gaze predict: "), lines
    for part in ("program 'conv2d", "had not compiled it after 1 s", "GAZE_BUILD_SECONDS=10;", "GAZE_FAMILY=plain", "--device"):
        assert part in lines[0], f"{part} in {lines[0]}"
    assert not (folder / "answer.npy").exists()


def a_limit_that_is_no_number_is_refused(folder):
    for limit in ("soon", "0", "-1"):
        refused(2, GAZE, *predict(folder / limit), env={**ENV, "GAZE_BUILD_SECONDS": limit},
                says=f"GAZE_BUILD_SECONDS={limit}: expected whole seconds, at least 1")


def a_lost_device_ends_a_prediction_with_what_to_do(folder):
    words = predict(folder)
    for code, name in LOST.items():
        for call in ("clEnqueueNDRangeKernel", "clEnqueueWriteBuffer", "clEnqueueReadBuffer", "clBuildProgram"):
            done = run(FAULTY, *words, status=5, env={**ENV, "GAZE_FAULTS": f"opencl 1 on code={code} call={call}"})
            message = own_lines(done.stderr)[-1]
            assert call in message and name in message and "another --device" in message, message
            assert not (folder / "answer.npy").exists()


def a_run_that_lost_its_device_goes_on_where_it_was_saved(folder):
    """At its first kernel, and at later ones; the weights are those of a run that never lost it."""
    make_inputs(folder, GAZE, {**os.environ, **ENV})
    words = ["train", folder / "tiny.json", "--data", f"folder:{folder}/data", "--keep-checkpoints", "2", "--quiet", "--out"]
    run(GAZE, *words, folder / "whole", env=ENV)
    weights = (folder / "whole/weights.safetensors").read_bytes()
    for code, name, call, at in ((-2, "CL_DEVICE_NOT_AVAILABLE", "clEnqueueNDRangeKernel", 1),
                                 (-5, "CL_OUT_OF_RESOURCES", "clEnqueueNDRangeKernel", 100),
                                 (-2, "CL_DEVICE_NOT_AVAILABLE", "clEnqueueReadBuffer", 60),
                                 (-36, "CL_INVALID_COMMAND_QUEUE", "clFinish", 3)):
        out = folder / f"lost{at}"
        done = run(FAULTY, *words, out, status=5, env={**ENV, "GAZE_FAULTS": f"opencl {at} on code={code} call={call}"})
        message = own_lines(done.stderr)[-1]
        assert call in message and name in message, message
        saved = sorted(p.name for p in out.glob("checkpoint-*"))
        assert saved and f"{out}/{saved[-1]}: --resume goes on from there" in message, f"{saved}: {message}"
        run(GAZE, *words, out, "--resume", env=ENV)
        assert (out / "weights.safetensors").read_bytes() == weights


main([a_slow_compiler_is_waited_for_and_named, a_hanging_compiler_is_given_up, a_limit_that_is_no_number_is_refused,
      a_lost_device_ends_a_prediction_with_what_to_do, a_run_that_lost_its_device_goes_on_where_it_was_saved])
