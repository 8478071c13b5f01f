#!/usr/bin/env python3
"""gaze bench: its figures fit together, and its JSON is what peers are compared with."""
import json

from harness import GAZE, SOURCE, main, refused, run

PATCH = SOURCE / "models/patch.json"


def bench(*words):
    lines = [json.loads(line) for line in run(GAZE, "bench", PATCH, "--seconds", 0.2, "--json", *words).stdout.splitlines()]
    assert all(isinstance(line, dict) for line in lines)
    results = [line for line in lines if "samples_per_second" in line]
    assert len(results) == 1 and results[0] is lines[-1]
    return lines[:-1], results[0]


def prediction_has_a_line_a_layer(folder):
    lines, result = bench("--batch-size", 16)
    layers = [layer["name"] for layer in json.loads(PATCH.read_text())["layers"]]
    measured = {line["layer"] for line in lines}
    assert measured <= set(layers) and "attention" in measured, (measured, layers)
    assert result["batch_size"] == 16 and result["mode"] == "prediction"
    assert abs(result["samples_per_second"] * result["step_ms"] / 1000 - 16) < 0.01
    assert all(line["ms"] > 0 and line["launches"] > 0 and line["kernel"] for line in lines), lines


def kernels_fit_into_the_step(folder):
    lines, result = bench("--batch-size", 64)
    # profiled and plain steps are different runs on a machine that may be busy
    assert sum(line["ms"] for line in lines) < 3 * result["step_ms"], (lines, result)


def launches_gaps_programs_and_memory_are_told(folder):
    lines, result = bench("--train", "--batch-size", 16)
    assert result["launches"] == sum(line["launches"] for line in lines) > len(lines) / 2, result
    assert result["kernels_ms"] > 0 and result["gaps_ms"] > 0 and all(line["gap_ms"] >= 0 for line in lines), (lines, result)
    assert result["programs_cached"] + result["programs_compiled"] > 0 and result["build_ms"] > 0, result
    assert result["resident_bytes"] > result["memory_bytes"] > 0, result
    again = bench("--train", "--batch-size", 16)[1]
    assert again["programs_compiled"] == 0 and again["launches"] == result["launches"], (result, again)


def peaks_are_measured(folder):
    lines, result = bench()
    assert result["peak_gflops"] > 1 and result["copy_gbytes_per_second"] > 0.5, result
    for line in lines:
        share = max(line["gflops"] / result["peak_gflops"], line["gbytes_per_second"] / result["copy_gbytes_per_second"])
        assert abs(100 * share - line["percent_of_peak"]) <= 0.02 + 0.02 * 100 * share, (line, result)


def training_has_gradients_and_the_update(folder):
    lines, result = bench("--train", "--batch-size", 16)
    ops = {line["op"] for line in lines}
    assert {"optimizer", "conv2d", "conv2d_kernel_gradient", "softmax_cross_entropy"} <= ops, ops
    assert result["mode"] == "training" and result["flop"] > 2 * bench("--batch-size", 16)[1]["flop"]


def reference_is_measured_too(folder):
    lines, result = bench("--reference", "--batch-size", 1)
    assert not lines and result["samples_per_second"] > 0


def text_ends_with_samples_per_second(folder):
    out = run(GAZE, "bench", PATCH, "--seconds", 0.1).stdout.splitlines()
    assert out[0].split()[:3] == ["layer", "op", "kernel"], out[0]
    assert [line.split()[1:3] for line in out if "launches a step" in line] == [["launches", "a"]], out
    assert out[-5].startswith("programs: ") and out[-4].startswith("memory: "), out
    assert out[-1].endswith("samples/s") and float(out[-1].split()[0]) > 0, out[-1]


def nonsense_is_refused(folder):
    refused(2, GAZE, "bench", PATCH, "--batch-size", "0", says="--batch-size")
    refused(2, GAZE, "bench", PATCH, "--seconds", "-1", says="--seconds")
    refused(2, GAZE, "bench", PATCH, PATCH, says="MODEL")
    refused(2, GAZE, "bench", says="MODEL")


if __name__ == "__main__":
    main([
        prediction_has_a_line_a_layer,
        kernels_fit_into_the_step,
        launches_gaps_programs_and_memory_are_told,
        peaks_are_measured,
        training_has_gradients_and_the_update,
        reference_is_measured_too,
        text_ends_with_samples_per_second,
        nonsense_is_refused,
    ])
