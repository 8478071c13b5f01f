#!/usr/bin/env python3
"""bench/layers.py: which of Gaze's figures it takes for a layer's, what its table says of them, and that every case is a model that runs.
Needs no peer."""
import json
import sys

from harness import GAZE, SOURCE, main, refused, run

sys.path.insert(0, str(SOURCE / "bench"))
import layer_cases
import layers


def record(layer, op, ms, gflops, gbytes=0.0):
    return {"layer": layer, "op": op, "ms": ms, "gflops": gflops, "gbytes_per_second": gbytes}


RECORDS = [record("before", "layer_normalization", 9, 9), record("layer", "conv2d", 2, 100), record("loss", "softmax_cross_entropy_gradient", 9, 9),
           record("layer", "conv2d_input_gradient", 4, 50), record("layer", "conv2d_kernel_gradient", 3, 60), record("layer", "bias_gradient", 1, 4)]


def parts_are_told_apart(folder):
    case = layer_cases.CASES["conv-5x5"]
    assert layers.parts_of(RECORDS, case, False) == {"forward": [2, 200e6, 0]}
    assert layers.parts_of(RECORDS, case, True) == {"input gradient": [4, 200e6, 0], "kernel gradient": [4, 184e6, 0]}


def an_attention_is_its_products_alone(folder):
    case = layer_cases.CASES["attention-32"]
    records = [record("layer", "dense", 5, 1), record("layer", "attention", 2, 3)]
    assert layers.parts_of(records, case, False) == {"forward": [2, 6e6, 0]}


def table_has_share_of_the_roof_and_ratio(folder):
    rows = [{"case": "relu", "part": "forward", "roof": "copy", "ms": 2.0, "rate": 16.2, "percent": 81.4, "torch_ms": 3.0},
            {"case": "conv-5x5", "part": "gradient", "roof": "peak", "ms": 4.0, "rate": 160, "percent": 90, "torch_ms": None}]
    lines = layers.markdown(rows, True).splitlines()
    assert lines[2] == "| relu | forward | 2 | 16 GB/s | 81 % | 3 | 1.50 |", lines
    assert lines[3] == "| 5 × 5, 32 × 32 × 32 → 64 | gradient | 4 | 160 GFLOP/s | 90 % | – | – |", lines


def medians_are_of_the_rounds(folder):
    rounds = [{"forward": {"ms": ms}} for ms in (3, 1, 2)]
    assert layers.medians(rounds) == {"forward": {"ms": 2}}


def every_case_is_a_model(folder):
    for name, case in layer_cases.CASES.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(layer_cases.model(case)))
        run(GAZE, "summary", path)


def cases_run_without_peers(folder):
    out = folder / "f.json"
    run(sys.executable, SOURCE / "bench/layers.py", "--gaze", GAZE, "--only", "dense-wide,depthwise", "--rounds", 1, "--seconds", 0.01,
        "--peers", "", "--json", out)
    rows = json.loads(out.read_text())["rows"]
    assert [r["part"] for r in rows] == ["forward", "input gradient", "kernel gradient"] * 2, rows
    assert all(r["ms"] > 0 and r["percent"] > 0 and r["torch_ms"] is None for r in rows), rows


def nonsense_is_refused(folder):
    refused(2, sys.executable, SOURCE / "bench/layers.py", "--only", "moon", says="moon")
    refused(1, sys.executable, SOURCE / "bench/layers.py", "--peers", "", "--gaze", folder / "none", says="none")


if __name__ == "__main__":
    main([
        parts_are_told_apart,
        an_attention_is_its_products_alone,
        table_has_share_of_the_roof_and_ratio,
        medians_are_of_the_rounds,
        every_case_is_a_model,
        cases_run_without_peers,
        nonsense_is_refused,
    ])
