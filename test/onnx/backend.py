#!/usr/bin/env python3
"""Runs ONNX's own backend node tests (package onnx, see requirements.txt) for every operator that gaze import takes.

usage: backend.py GAZE [--reasons] [NAME...]      e.g. backend.py build/bin/gaze

A test is one node, all of whose inputs are inputs of its graph. A model has weights too, so each output of each test is run in up to two
ways:
layers   what the operator reads as data is computed, the rest (kernels, shapes, bounds) becomes initializers
folded   all inputs become initializers, and the result is added to an input of zeros: the operator is computed at import
Axis 0 of an input is the batch, axis 1 for recurrent operators. A way has passed when Gaze gives the test's output within the test's
own tolerance; it was refused when gaze import said why it can't be taken (exit status 4); anything else has failed.
"""
import json
import subprocess
import sys
import tempfile
import warnings
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from operators import LIST, operators

warnings.filterwarnings("ignore")
DATA = {"Add": 2, "Sub": 2, "Mul": 2, "Max": 2, "Min": 2, "Sum": 8, "Concat": 8, "Attention": 3, "Gather": 0}  # inputs that are data; others: 1
RECURRENT = ("LSTM", "GRU", "RNN")
FOLDED = {name for name, fold in __import__("re").findall(r"X\((\w+), \w+, (\w+)\)", LIST.read_text()) if fold not in ("none", "constant")}


class Refused(Exception):
    pass


def gaze(*words):
    done = subprocess.run([GAZE, *map(str, words)], capture_output=True, text=True, timeout=120)
    if done.returncode == 4 or (done.returncode == 3 and "ids" in done.stderr and words[0] == "predict"):
        raise Refused(done.stderr.strip().splitlines()[-1].strip())
    assert done.returncode == 0, f"{words[0]} ended with {done.returncode}: {done.stderr.strip()}"
    return done.stdout


def as_gaze(array, axes):
    array = array.transpose([a for a in axes if a is not None])
    sizes = iter(array.shape)
    return np.ascontiguousarray(array.reshape([1 if a is None else next(sizes) for a in axes]))


def compare(model, feed, expected, test, options=()):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "m.onnx").write_bytes(model.SerializeToString())
        info = json.loads(gaze("import", folder / "m.onnx", "--out", folder, "--json", *options))
        words = []
        for at, about in enumerate(info["inputs"]):
            value = as_gaze(feed[about["onnx"]], about["axes"])
            np.save(folder / f"{at}.npy", value.astype(np.int32 if value.dtype.kind in "iu" else np.float32))
            words += ["--input", f"{about['name']}={folder}/{at}.npy"]
        gaze("predict", folder / "model.json", *words, "--output", folder / "y.npy", "--reference")
        found = np.load(folder / "y.npy")
        expected = as_gaze(expected, info["outputs"][0]["axes"])
        assert found.shape == expected.shape, f"shape {found.shape}, expected {expected.shape}"
        rounding = {"float16": 2**-10, "bfloat16": 2**-7}.get(expected.dtype.name, 0)  # Gaze computes in float32
        np.testing.assert_allclose(found, expected.astype(np.float32), rtol=max(test.rtol, rounding), atol=max(test.atol, 1e-6))


def with_known(model, known):
    """These inputs as initializers."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    for at in reversed(range(len(model.graph.input))):
        if model.graph.input[at].name in known:
            del model.graph.input[at]
    model.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in known.items())
    return model


def one_output(model, at):
    keep = model.graph.output[at].SerializeToString()
    del model.graph.output[:]
    model.graph.output.append(onnx.ValueInfoProto.FromString(keep))
    return model


def layers(test, node, feed, at, expected):
    data = DATA.get(node.op_type, 1)
    names = [n for n in node.input[:data] if n] if data else [node.input[1]]
    known = {name: value for name, value in feed.items() if name not in names}
    axis = 1 if node.op_type in RECURRENT and not any(a.name == "layout" and a.i for a in node.attribute) else 0
    compare(one_output(with_known(test.model, known), at), feed, expected, test, ["--batch-axis", axis] if axis else [])


def folded(test, node, feed, at, expected):
    model = with_known(test.model, feed)
    name, zeros = model.graph.output[at].name, np.zeros((1, *expected.shape), np.float32)
    model.graph.node.append(helper.make_node("Cast", [name], ["folded"], to=TensorProto.FLOAT))
    model.graph.node.append(helper.make_node("Add", ["zeros", "folded"], ["sum"]))
    model.graph.input.append(helper.make_tensor_value_info("zeros", TensorProto.FLOAT, zeros.shape))
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info("sum", TensorProto.FLOAT, zeros.shape))
    compare(model, {"zeros": zeros}, expected.astype(np.float32)[None], test)


def cases(wanted, taken):
    from onnx.backend.test.case.node import collect_testcases
    for test in collect_testcases(None):
        nodes = test.model.graph.node
        if len(nodes) == 1 and nodes[0].op_type in taken and not nodes[0].domain and (not wanted or test.name in wanted):
            yield test, nodes[0]


def plain(value):
    """Test data as arrays; a sequence or an optional value stays what it is."""
    if isinstance(value, TensorProto):
        value = numpy_helper.to_array(value)
    return np.asarray(value) if isinstance(value, (np.generic, float, int)) else value


def run(way, test, node, at):
    inputs, outputs = ([plain(v) for v in values] for values in test.data_sets[0])
    if not all(isinstance(v, np.ndarray) and (v.dtype.kind in "fiub" or v.dtype.name == "bfloat16") for v in (*inputs, outputs[at])):
        return "refused", "inputs or outputs that are no arrays of numbers of 8 bits or more"
    try:
        way(test, node, {i.name: v for i, v in zip(test.model.graph.input, inputs)}, at, outputs[at])
        return "passed", ""
    except Refused as refusal:
        return "refused", str(refusal)
    except Exception as error:
        return "failed", f"{type(error).__name__}: {error}"


def main():
    words = [w for w in sys.argv[2:] if w != "--reasons"]
    with_layers, constants = operators()
    counts, reasons = defaultdict(Counter), defaultdict(Counter)
    for test, node in cases(words, {*with_layers, *constants}):
        ways = [(layers, "layers")] * (node.op_type in with_layers and test.model.graph.input != []) + [(folded, "folded")] * (node.op_type in FOLDED)
        for way, name, at in ((way, name, at) for way, name in ways for at in range(len(test.data_sets[0][1]))):
            result, why = run(way, test, node, at)
            counts[node.op_type][f"{name} {result}"] += 1
            reasons[node.op_type][why.split("Error: ")[-1].split(": ", 1)[-1] if result == "refused" else ""] += 1
            if result == "failed" or words:
                print(f"{result}: {test.name} ({name}): {why}", flush=True)
    columns = [f"{way} {result}" for way in ("layers", "folded") for result in ("passed", "refused", "failed")]
    print(f"| operator | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for op in sorted(counts):
        print(f"| {op} | {' | '.join(str(counts[op][c]) for c in columns)} |")
        for why, n in reasons[op].most_common() if "--reasons" in sys.argv else []:
            if why:
                print(f"  {n}x {why}")
    total = sum(counts.values(), Counter())
    print(f"| **all** | {' | '.join(str(total[c]) for c in columns)} |")
    sys.exit(1 if total["layers failed"] + total["folded failed"] else 0)


if __name__ == "__main__":
    GAZE = sys.argv[1]
    main()
