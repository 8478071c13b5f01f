#!/usr/bin/env python3
"""Training ends with the same bits with any number of host threads, on one core, and on a device of PoCL's with no threads at all.
test_cores does the same op by op, for numbers of cores that this machine doesn't have."""
import json
import os
import shutil

from harness import GAZE, SOURCE, main, run

LAYERS = [{"name": "conv", "type": "conv2d", "filters": 32, "kernel_size": 3, "padding": "same"},
          {"name": "normalized", "type": "batch_normalization"},
          {"name": "depthwise", "type": "depthwise_conv2d", "kernel_size": 3, "padding": "same"},
          {"name": "pool", "type": "global_max_pool2d"},
          {"name": "class", "type": "dense", "units": 4, "activation": "softmax"}]
COUNTS = {"train_count": 80, "test_count": 16}

THREADS = [{"POCL_MAX_PTHREAD_COUNT": str(n)} for n in (1, 2, 3, 4)]
NO_THREADS = {"POCL_DEVICES": "basic"}


def shipped(name, data):
    model = json.loads((SOURCE / "models" / f"{name}.json").read_text())
    return {**model, "data": {"type": "synthetic", "path": data, **COUNTS}}


def normalized():
    return {**shipped("patch", "patch"), "name": "normalized", "layers": LAYERS}


def weights(folder, model, name, env, before=()):
    """Of a short run: two whole batches and a short one."""
    file, out = folder / "model.json", folder / name
    file.write_text(json.dumps(model))
    run(*before, GAZE, "train", file, "--out", out, "--epochs", 1, "--batch-size", 32, "--seed", 3, "--quiet", env=env)
    return (out / "weights.safetensors").read_bytes()


def same(folder, model):
    usual = weights(folder, model, "usual", {})
    for i, env in enumerate(THREADS + [NO_THREADS]):
        assert weights(folder, model, str(i), env) == usual, f"{model['name']}: other bits with {env}"
    if shutil.which("taskset"):
        core = str(min(os.sched_getaffinity(0)))
        assert weights(folder, model, "core", {}, ["taskset", "-c", core]) == usual, f"{model['name']}: other bits on one core"


def convolutions(folder):
    same(folder, shipped("000-fashion-attention", "patch"))


def batch_normalization_and_depthwise_convolutions(folder):
    same(folder, normalized())


def a_recurrence(folder):
    same(folder, shipped("002-lstm-attention", "needle"))


def words(folder):
    same(folder, shipped("004-text-attention", "needle"))


def a_transformer(folder):
    same(folder, shipped("004-text-encoder", "needle"))


if __name__ == "__main__":
    main([convolutions, batch_normalization_and_depthwise_convolutions, a_recurrence, words, a_transformer])
