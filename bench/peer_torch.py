"""PyTorch (eager, or through torch.compile) and ONNX Runtime on its export: what peers.py asks of a framework."""
import os
import tempfile

import numpy as np
import torch

import models_torch
import weights_torch


def tensors(arrays):
    """Images with the channels before rows and columns; token ids in PyTorch's own integers."""

    def tensor(a):
        if a.ndim == 4:
            return torch.from_numpy(np.ascontiguousarray(np.moveaxis(a, -1, 1)))
        return torch.from_numpy(a.astype(np.int64) if a.dtype == np.int32 else a)
    return [tensor(a) for a in arrays]


def module(name, weights):
    net = models_torch.MODELS[name]()
    weights_torch.load(net, weights)
    return net


def set_up(threads):
    """What every measurement of PyTorch begins with; its version."""
    torch.set_flush_denormal(True)  # before its threads start, which inherit it; TensorFlow's kernels always do, as Gaze's
    torch.set_num_threads(threads)
    return torch.__version__.split("+")[0]


class Torch:
    compiled = False

    def __init__(self, threads):
        self.version = set_up(threads)

    def load(self, name, weights):
        self.net = module(name, weights)
        self.called = torch.compile(self.net, dynamic=False) if self.compiled else self.net
        return sum(p.numel() for p in self.net.parameters() if p.requires_grad)

    def predictor(self, arrays):
        inputs = tensors(arrays)

        def step():
            self.net.eval()
            with torch.inference_mode():
                return torch.softmax(self.called(*inputs), dim=-1).numpy()
        return step

    def trainer(self, arrays, labels):
        inputs, labels = tensors(arrays), torch.from_numpy(labels.astype(np.int64))
        weights = [p for p in self.net.parameters() if p.requires_grad]
        adam = torch.optim.Adam(weights, lr=0.001, fused=True)

        def step():
            self.net.train()
            adam.zero_grad()
            loss = torch.nn.functional.cross_entropy(self.called(*inputs), labels)
            loss.backward()
            adam.step()
            return loss.item()
        return step


class TorchCompile(Torch):
    """Compiled for each batch size; one graph for any size is slower."""

    compiled = True

    def load(self, name, weights):
        torch.compiler.reset()
        return super().load(name, weights)


class Probabilities(torch.nn.Module):
    """A module of logits, with the softmax."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, *inputs):
        return torch.softmax(self.net(*inputs), dim=-1)


class OnnxRuntime:
    """Predictions of the PyTorch module, exported for one batch size, which is the fastest way."""

    def __init__(self, threads):
        import onnxruntime
        import onnxscript  # noqa: F401  the exporter needs it
        self.runtime = onnxruntime
        self.version = onnxruntime.__version__
        self.options = onnxruntime.SessionOptions()
        self.options.intra_op_num_threads = threads
        self.options.log_severity_level = 3
        self.options.add_session_config_entry("session.set_denormal_as_zero", "1")

    def load(self, name, weights):
        net = module(name, weights)
        self.net = Probabilities(net).eval()
        return sum(p.numel() for p in net.parameters() if p.requires_grad)

    def predictor(self, arrays):
        inputs = tuple(tensors(arrays))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.onnx")
            torch.onnx.export(self.net, inputs, path, dynamo=True, verbose=False)
            session = self.runtime.InferenceSession(path, self.options, providers=["CPUExecutionProvider"])
        feed = {i.name: x.numpy() for i, x in zip(session.get_inputs(), inputs)}
        return lambda: session.run(None, feed)[0]

    trainer = None
