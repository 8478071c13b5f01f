#!/usr/bin/env python3
"""Writes cases/NAME/: a small ONNX model, inputs, and the outputs that ONNX Runtime gives for them.

usage: make.py [NAME...]     with the packages of requirements.txt

Models are exported by PyTorch's two exporters and by Keras; refused/ holds files that have to be refused.
"""
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

CASES = Path(__file__).parent / "cases"
REFUSED = Path(__file__).parent / "refused"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
warnings.filterwarnings("ignore")


def bare(model):
    """Without what no runtime needs: texts of exporters, shapes in between."""
    model.doc_string = ""
    del model.metadata_props[:]
    del model.functions[:]
    del model.graph.value_info[:]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for thing in (*model.graph.input, *model.graph.output, *model.graph.initializer, model.graph):
        thing.doc_string = ""
        del thing.metadata_props[:]
    return model


def sample(rng, info, batch, ids):
    shape = [d.dim_value or batch for d in info.type.tensor_type.shape.dim]
    if info.type.tensor_type.elem_type == TensorProto.FLOAT:
        return rng.standard_normal(shape).astype(np.float32)
    return rng.integers(0, ids, shape).astype(helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type))


def write(name, model, batch=2, ids=20):
    folder = CASES / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    model = bare(model)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    rng = np.random.default_rng(0)
    known = {i.name for i in model.graph.initializer}
    feed = {i.name: sample(rng, i, batch, ids) for i in model.graph.input if i.name not in known}
    options = onnxruntime.SessionOptions()  # it would make of Pad with zeros and MaxPool one MaxPool that never sees its padding
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
    for at, value in enumerate(feed.values()):
        np.save(folder / f"input.{at}.npy", value.astype(np.int32) if value.dtype == np.int64 else value)
    for at, value in enumerate(session.run(None, feed)):
        np.save(folder / f"output.{at}.npy", value)
    print(name, (folder / "model.onnx").stat().st_size)


def export(name, module, inputs, dynamo):
    import torch
    module.eval()
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/model.onnx"
        if dynamo:
            torch.onnx.export(module, inputs, path, dynamo=True, verbose=False, external_data=False)
        else:
            names = [f"x{i}" for i in range(len(inputs))]
            torch.onnx.export(module, inputs, path, dynamo=False, input_names=names, dynamic_axes={n: {0: "batch"} for n in names})
        write(name, onnx.load(path))


def torch_cases(wanted):
    import torch
    import torch_models
    for name, (make, inputs) in torch_models.MODELS.items():
        for exporter, dynamo in (("script", False), ("dynamo", True)):
            if wanted(f"{name}-{exporter}"):
                torch.manual_seed(0)
                export(f"{name}-{exporter}", make(), inputs(), dynamo)


def keras_cases(wanted):
    import keras
    import keras_models
    for name, make in keras_models.MODELS.items():
        if not wanted(f"{name}-keras"):
            continue
        keras.utils.set_random_seed(0)
        model = make()
        zeros = [np.zeros([1, *(n or 3 for n in i.shape[1:])], i.dtype) for i in model.inputs]
        model(zeros if len(zeros) > 1 else zeros[0])
        with tempfile.TemporaryDirectory() as folder:
            model.export(f"{folder}/model.onnx", format="onnx", verbose=False)
            write(f"{name}-keras", onnx.load(f"{folder}/model.onnx"))


def graph(nodes, inputs, outputs, initializers=(), opset=17):
    make = helper.make_tensor_value_info
    return helper.make_model(helper.make_graph(nodes, "g", [make(n, t, s) for n, t, s in inputs], [make(n, TensorProto.FLOAT, s) for n, s in outputs],
                                               initializers), opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def weight(name, *shape):
    rng = np.random.default_rng(sum(map(ord, name)))
    return numpy_helper.from_array(rng.standard_normal(shape).astype(np.float32), name)


def graph_cases(wanted):
    """What exporters don't write: open sizes, the batch in another axis, two outputs, states, odd attributes."""
    F, node = TensorProto.FLOAT, helper.make_node
    cases = {
        "open-steps": graph([node("LSTM", ["x", "W", "R", "B"], ["", "h", "c"], hidden_size=4), node("Squeeze", ["h", "zero"], ["y"])],
                            [("x", F, ["steps", "batch", 3])], [("y", ["batch", 4])],
                            [weight("W", 1, 16, 3), weight("R", 1, 16, 4), weight("B", 1, 32), numpy_helper.from_array(np.array([0]), "zero")]),
        "gru-reset-before": graph([node("GRU", ["x", "W", "R", "B"], ["all", "last"], hidden_size=4, direction="bidirectional")],
                                  [("x", F, [5, 2, 3])], [("all", [5, 2, 2, 4]), ("last", [2, 2, 4])],
                                  [weight("W", 2, 12, 3), weight("R", 2, 12, 4), weight("B", 2, 24)]),
        "lstm-reverse": graph([node("LSTM", ["x", "W", "R", "B"], ["", "h"], hidden_size=4, direction="reverse")],
                              [("x", F, [5, 2, 3])], [("h", [1, 2, 4])], [weight("W", 1, 16, 3), weight("R", 1, 16, 4), weight("B", 1, 32)]),
        "pads": graph([node("Conv", ["x", "w"], ["a"], pads=[0, 1, 2, 3], strides=[2, 1]), node("Conv", ["a", "v"], ["b"], auto_pad="SAME_LOWER"),
                       node("AveragePool", ["b"], ["c"], kernel_shape=[2, 2], pads=[1, 1, 0, 0], count_include_pad=1),
                       node("MaxPool", ["c"], ["y"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])],
                      [("x", F, ["n", 2, 9, 8])], [("y", None)], [weight("w", 4, 2, 3, 2), weight("v", 4, 4, 2, 2)]),
        "open-image": graph([node("Conv", ["x", "w"], ["a"], pads=[1, 1, 1, 1]), node("GlobalAveragePool", ["a"], ["b"]), node("Flatten", ["b"], ["y"])],
                            [("x", F, ["n", 2, "height", "width"])], [("y", ["n", 4])], [weight("w", 4, 2, 3, 3)]),
    }
    for name, model in cases.items():
        if wanted(name):
            write(name, model)


def outside(location, **more):
    """A weight whose data lie in another file."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[3, 2], data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, **more}.items():
        tensor.external_data.add(key=key, value=str(value))
    return graph([helper.make_node("MatMul", ["x", "w"], ["y"])], [("x", TensorProto.FLOAT, [None, 3])], [("y", [None, 2])], [tensor])


def refused():
    """Files for test/programs/onnx.py: each is about one thing."""
    F, node = TensorProto.FLOAT, helper.make_node
    plain = [("x", F, [None, 3])], [("y", None)]
    huge = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1 << 20, 1 << 20], raw_data=b"1234")
    files = {
        "outside": outside("weights.bin", offset=8), "outside-up": outside("../weights.bin"), "outside-root": outside("/etc/hostname"),
        "outside-long": outside("weights.bin", offset=1 << 40), "outside-dots": outside("a/../../weights.bin"),
        "many": graph([node("Sin", ["x"], ["a"], name="first"), node("Relu", ["a"], ["b"]), node("Cos", ["b"], ["c"]), node("Sin", ["x"], ["y"], name="last")], *plain),
        "huge-tensor": graph([node("MatMul", ["x", "w"], ["y"])], *plain, [huge]),
        "huge-constant": graph([node("Range", ["a", "b", "c"], ["r"]), node("Add", ["x", "r"], ["y"])], *plain,
                               [numpy_helper.from_array(np.array(v, np.int64), n) for n, v in (("a", 0), ("b", 1 << 40), ("c", 1))]),
        "no-shape": graph([node("Relu", ["x"], ["y"])], [("x", F, None)], [("y", None)]),
        "old-opset": graph([node("Relu", ["x"], ["y"])], *plain, opset=6),
        "domain": graph([node("Relu", ["x"], ["y"], domain="com.microsoft", name="other")], *plain),
    }
    shutil.rmtree(REFUSED, ignore_errors=True)
    REFUSED.mkdir()
    for name, model in files.items():
        (REFUSED / f"{name}.onnx").write_bytes(bare(model).SerializeToString())


def main():
    wanted = (lambda name: name in sys.argv[1:]) if sys.argv[1:] else (lambda name: True)
    onnxruntime.set_default_logger_severity(3)
    graph_cases(wanted)
    torch_cases(wanted)
    keras_cases(wanted)
    refused()


if __name__ == "__main__":
    main()
