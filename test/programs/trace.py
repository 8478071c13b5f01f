#!/usr/bin/env python3
"""gaze bench --trace: the file is what Perfetto reads, its slices nest and fit together, and every layer is there."""
import json
from collections import Counter

from harness import GAZE, SOURCE, main, refused, run

PATCH, FASHION = SOURCE / "models/patch.json", SOURCE / "models/000-fashion-attention.json"
HOST, QUEUE, STEPS = 1, 2, 3


def trace(folder, model, *words):
    """The trace's slices in order of their beginning, all that is beside them, and what the table says."""
    out = run(GAZE, "bench", model, "--seconds", 0.1, "--json", "--trace", folder / "t.json", *words).stdout
    lines = [json.loads(line) for line in out.splitlines()]
    whole = json.loads((folder / "t.json").read_text())
    slices = [event for event in whole["traceEvents"] if event["ph"] == "X"]
    return sorted(slices, key=lambda e: (e["ts"], -e["dur"])), whole, lines


def ns(event):
    """Where a slice begins and ends, in whole nanoseconds."""
    begin = round(event["ts"] * 1000)
    return begin, begin + round(event["dur"] * 1000)


def of(slices, category):
    return [event for event in slices if event["cat"] == category]


def check_nesting(slices):
    """On its track, every slice lies wholly inside or wholly outside of every other."""
    for track in (HOST, QUEUE):
        around = []
        for event in (e for e in slices if e["tid"] == track):
            begin, end = ns(event)
            assert end >= begin >= 0, event
            while around and around[-1] <= begin:
                around.pop()
            assert not around or end <= around[-1], (event, around)
            around.append(end)


def in_steps(slices):
    """[(step, kernels in it)] by the step in which their calls were made: as many a step."""
    steps, kernels = of(slices, "step"), of(slices, "kernel")
    each = len(kernels) // len(steps)
    assert len(steps) == STEPS and each * STEPS == len(kernels) > 0, (len(steps), len(kernels))
    return [(step, kernels[i * each:(i + 1) * each]) for i, step in enumerate(steps)]


def check_steps(slices):
    for step, kernels in in_steps(slices):
        begin, end = ns(step)
        slack = 50e3 + 1e-3 * (end - begin)  # two clocks
        assert sum(ns(k)[1] - ns(k)[0] for k in kernels) <= end - begin + slack, step
        for kernel in kernels:
            assert begin - slack <= ns(kernel)[0] <= ns(kernel)[1] <= end + slack, (step, kernel)


def check_calls(slices):
    """Each kernel has a call of the host, and doesn't begin before it."""
    calls, kernels = of(slices, "enqueue"), of(slices, "kernel")
    assert [c["name"] for c in calls] == ["enqueue " + k["name"] for k in kernels]
    for call, kernel in zip(calls, kernels):
        assert ns(kernel)[0] >= ns(call)[0] - 50e3 and call["args"]["layer"] == kernel["args"]["layer"], (call, kernel)
        assert kernel["args"]["queued_us"] >= 0, kernel


def check_rates(slices, other):
    """An op's time is that of its kernels; its rates are FLOP and bytes that are the same in every step."""
    ops, kernels = of(slices, "op"), of(slices, "kernel")
    for op in ops:
        begin, end = ns(op)
        own = [k for k in kernels if begin <= ns(k)[0] and ns(k)[1] <= end]
        a = op["args"]
        assert len(own) == a["op_launches"] and abs(sum(k["dur"] for k in own) - a["op_us"]) < 0.01, (op, own)
        assert all(k["args"]["op"] == a["op"] and k["args"]["layer"] == a["layer"] for k in own), (op, own)
        shares = a["op_gflops"] / other["peak_gflops"], a["op_gbytes_per_second"] / other["copy_gbytes_per_second"]
        assert abs(100 * max(shares) - a["op_percent_of_roof"]) < 0.02 + 0.001 * a["op_percent_of_roof"], (a, other)
    each = len(ops) // STEPS
    for a, b in zip((op["args"] for op in ops), (op["args"] for op in ops[each:])):
        flop, same = a["op_gflops"] * a["op_us"], b["op_gflops"] * b["op_us"]
        assert a["op"] == b["op"] and abs(flop - same) <= 1e-3 * flop + 0.001 * (a["op_us"] + b["op_us"]), (a, b)


def check(folder, model, *words):
    slices, whole, lines = trace(folder, model, *words)
    check_nesting(slices)
    check_steps(slices)
    check_calls(slices)
    check_rates(slices, whole["otherData"])
    expected = Counter({(line["layer"], line["op"]): 0 for line in lines[:-1]})
    for line in lines[:-1]:
        expected[line["layer"], line["op"]] += line["launches"]
    for step, kernels in in_steps(slices):
        assert Counter((k["args"]["layer"], k["args"]["op"]) for k in kernels) == expected, (step, expected)
    assert sum(expected.values()) == lines[-1]["launches"], lines[-1]
    return slices, whole


def prediction_has_every_layer_in_every_step(folder):
    """Of the first two, which are one convolution, their common kernel was made before."""
    slices, whole = check(folder, FASHION, "--batch-size", 2)
    assert {"conv_2", "attention", "hidden", "class"} <= {k["args"]["layer"] for k in of(slices, "kernel")}
    assert [e["args"]["name"] for e in whole["traceEvents"] if e.get("name") == "thread_name"][0] == "host"
    assert whole["otherData"]["mode"] == "prediction" and whole["otherData"]["batch_size"] == 2
    for category in ("write", "enqueue", "wait", "read"):
        assert len([e for e in of(slices, category) if e["tid"] == HOST]) >= STEPS, category


def training_ends_with_the_update(folder):
    slices, whole = check(folder, PATCH, "--train", "--batch-size", 16)
    for _, kernels in in_steps(slices):
        assert kernels[-1]["args"]["op"] == "optimizer", kernels[-1]
    assert whole["otherData"]["mode"] == "training"
    sizes = [k["args"]["global"].split(" x ") for k in of(slices, "kernel")]
    assert all(len(s) == 3 and all(int(n) > 0 for n in s) for s in sizes), sizes


def refused_before_anything_is_measured(folder):
    refused(2, GAZE, "bench", PATCH, "--trace", folder / "t.json", "--reference", says="--trace")
    refused(2, GAZE, "bench", PATCH, "--trace", folder / "t.json", "--all", says="--trace")
    refused(3, GAZE, "bench", PATCH, "--trace", folder / "none/t.json", "--seconds", 1000, says="none/t.json")
    assert not list(folder.iterdir())


def older_file_stays_where_the_run_fails(folder):
    (folder / "t.json").write_text("older")
    refused(5, GAZE, "bench", PATCH, "--trace", folder / "t.json", "--memory-limit", "1KiB", says="memory")
    assert [f.name for f in folder.iterdir()] == ["t.json"] and (folder / "t.json").read_text() == "older"


if __name__ == "__main__":
    main([
        prediction_has_every_layer_in_every_step,
        training_ends_with_the_update,
        refused_before_anything_is_measured,
        older_file_stays_where_the_run_fails,
    ])
