#!/usr/bin/env python3
"""bench/growth.py, memory.py and whole.py: what their tables and the picture say of figures, and Gaze's own figures. Needs no peer."""
import json
import sys
import xml.etree.ElementTree as xml

from harness import GAZE, SOURCE, main, refused, run

sys.path.insert(0, str(SOURCE / "bench"))
import growth
import memory
import whole

SVG = "{http://www.w3.org/2000/svg}"
PANEL = {"name": "lstm", "title": "LSTM, 128 units", "axis": "steps of a sequence", "sizes": [64, 256, 1024, 4096, 16384],
         "flop": [1e6, 4e6, 16e6, 64e6, 256e6], "ms": {1: [0.5, 0.9, 2.0, 8.0, 32.0], 2: [0.5, 0.8, 1.0, 8.0, 64.0]}}


def slopes_are_of_the_right_half(folder):
    notes = growth.describe(PANEL)["notes"]
    assert notes == ["arithmetic: slope 1.00", "1 thread: slope 1.00", "2 threads: slope 1.50"], notes


def table_says_how_time_grows_beside_arithmetic(folder):
    row = growth.table([PANEL]).splitlines()[-1]
    assert row == ("| LSTM, 128 units | 1k, 16k steps of a sequence | × 16.0 | × 16.0 | × 64.0 | 8 GFLOP/s | 4 GFLOP/s | 0.50 |"), row


def picture_has_every_point_inside_of_its_panel(folder):
    (folder / "f.json").write_text(json.dumps({"panels": [PANEL, {**PANEL, "name": "attention"}]}))
    run(sys.executable, SOURCE / "bench/growth.py", "--from", folder / "f.json", "--svg", folder / "p.svg")
    root = xml.parse(folder / "p.svg").getroot()
    width, height = float(root.get("width")), float(root.get("height"))
    circles, squares = root.findall(SVG + "circle"), [r for r in root.findall(SVG + "rect") if r.get("width") == "7"]
    assert len(circles) == len(squares) == 2 * 5 + 1, (len(circles), len(squares))  # and one in the key
    for mark in circles:
        assert 0 < float(mark.get("cx")) < width and 0 < float(mark.get("cy")) < height
    for line in root.findall(SVG + "polyline"):
        for x, y in (map(float, point.split(",")) for point in line.get("points").split()):
            assert 0 <= x <= width and 0 <= y <= height, line.attrib


def equal_factors_are_equal_lengths(folder):
    import plot
    axes = plot.Axes(0, 0, PANEL["sizes"], [0.1, 1000])
    steps = [axes.y(10 ** e) - axes.y(10 ** (e + 1)) for e in (-1, 0, 1, 2)]
    assert max(steps) - min(steps) < 1e-6 < min(steps), steps
    across = [axes.x(b) - axes.x(a) for a, b in zip(PANEL["sizes"], PANEL["sizes"][1:])]
    assert max(across) - min(across) < 1e-6 < min(across), across


def models_of_each_size_run_on_one_thread_and_two(folder):
    class Options:
        rounds, seconds, patience = 1, 0.01, 0
    gaze = growth.Gaze(str(GAZE), SOURCE / "models")
    for name, size in (("attention", 64), ("lstm", 64), ("images", 32), ("train", 1)):
        flop, ms = growth.measure_size(gaze, name, size, Options, folder)
        assert flop > 1e6 and set(ms) == {1, 2} and all(t > 0 for t in ms.values()), (name, flop, ms)


def memory_is_beside_pytorchs(folder):
    mib = 2**20
    row = {"model": "m", "mode": "train", "batch": 64, "bytes": {"gaze": [40 * mib, 120 * mib], "torch": [150 * mib, 200 * mib]}}
    lines = memory.markdown([row], ["gaze", "keras", "torch"]).splitlines()
    assert lines[0] == "| model | mode | Gaze | Keras | PyTorch | Gaze / PyTorch |", lines
    assert lines[2] == "| m | train 64 | 120 (+80) | – | 200 (+50) | 0.60 (short) |", lines
    row["bytes"]["gaze"][1] = 90 * mib
    assert memory.verdict(row) == "0.45"


def memory_without_peers(folder):
    run(sys.executable, SOURCE / "bench/memory.py", "--gaze", GAZE, "--only", "001-cifar-baseline", "--modes", "predict64", "--peers", "",
        "--seconds", 0.01, "--json", folder / "m.json")
    idle, peak = json.loads((folder / "m.json").read_text())["rows"][0]["bytes"]["gaze"]
    assert 2**20 < idle < 2**30 and 2**20 < peak < 2**30, (idle, peak)


def whole_trainings_tell_time_and_accuracy(folder):
    class Options:
        gaze, epochs, cold = GAZE, 1, False
    kept = whole.MODEL, whole.timed
    try:
        whole.MODEL = SOURCE / "models/patch.json"
        seconds, accuracy = whole.gaze(Options, 1)
        assert 0.05 < seconds < 600 and 0.3 < accuracy <= 1, (seconds, accuracy)
        whole.timed = lambda words, env: (12.5, "epoch 1\ntest loss and accuracy: [0.3312, 0.9061]\n")
        assert whole.keras(Options, 1) == (12.5, 0.9061)
    finally:
        whole.MODEL, whole.timed = kept


def nonsense_is_refused(folder):
    refused(2, sys.executable, SOURCE / "bench/growth.py", "--only", "moon", says="moon")
    refused(2, sys.executable, SOURCE / "bench/memory.py", "--peers", "onnx", says="onnx")
    refused(1, sys.executable, SOURCE / "bench/growth.py", "--gaze", folder / "none", says="none")


if __name__ == "__main__":
    main([
        slopes_are_of_the_right_half,
        table_says_how_time_grows_beside_arithmetic,
        picture_has_every_point_inside_of_its_panel,
        equal_factors_are_equal_lengths,
        models_of_each_size_run_on_one_thread_and_two,
        memory_is_beside_pytorchs,
        memory_without_peers,
        whole_trainings_tell_time_and_accuracy,
        nonsense_is_refused,
    ])
