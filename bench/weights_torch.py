"""Gaze's weights (its names, Keras' shapes) in a module of models_torch.py."""
import numpy as np
import torch
from torch import nn


def linear(module, kernel, bias=None):
    yield module.weight, kernel.T
    if bias is not None:
        yield module.bias, bias


def conv(module, kernel, bias):
    """[..., in, filters] becomes [filters, in, ...]."""
    yield module.weight, np.moveaxis(kernel, (-1, -2), (0, 1))
    yield module.bias, bias


def lstm(module, weights, suffix=""):
    yield getattr(module, "weight_ih_l0" + suffix), weights("kernel").T
    yield getattr(module, "weight_hh_l0" + suffix), weights("recurrent_kernel").T
    yield getattr(module, "bias_ih_l0" + suffix), weights("bias")


def self_attention(module, weights):
    features = module.qkv.in_features
    kernels = [weights(part + ".kernel").reshape(features, -1) for part in ("query", "key", "value")]
    biases = [weights(part + ".bias").reshape(-1) for part in ("query", "key", "value")]
    yield from linear(module.qkv, np.concatenate(kernels, axis=1), np.concatenate(biases))
    yield from linear(module.output, weights("output.kernel").reshape(-1, features), weights("output.bias"))


def channels_first(rows, channels):
    """Rows for the values of a flattened [H, W, C], in the order of a flattened [C, H, W]."""
    cells = len(rows) // channels
    return rows.reshape(cells, channels, -1).swapaxes(0, 1).reshape(rows.shape)


def soft_gate(net, weights):
    """Gate and hidden layer of 003 read, and the gate writes, what PyTorch flattens with the channels first."""
    channels = net.conv_3.out_channels
    kernel = channels_first(weights["attention.gate.kernel"], channels)
    yield from linear(net.attention, channels_first(kernel.T, channels).T, channels_first(weights["attention.gate.bias"], channels))
    yield from linear(net.hidden, channels_first(weights["hidden.kernel"], channels), weights["hidden.bias"])


def layer(name, module, weights):
    """What a layer's parameters have to be, as (parameter, array)."""
    def get(part):
        return weights[f"{name}.{part}"]

    kind = type(module).__name__
    if isinstance(module, nn.Linear):
        yield from linear(module, get("kernel"), get("bias"))
    elif isinstance(module, (nn.Conv1d, nn.Conv2d)):
        yield from conv(module, get("kernel"), get("bias"))
    elif isinstance(module, nn.Embedding):
        yield module.weight, get("embeddings")
    elif isinstance(module, nn.LayerNorm):
        yield from ((module.weight, get("gamma")), (module.bias, get("beta")))
    elif isinstance(module, nn.LSTM) and module.bidirectional:
        yield from lstm(module, lambda part: get("forward." + part))
        yield from lstm(module, lambda part: get("backward." + part), "_reverse")
    elif isinstance(module, nn.LSTM):
        yield from lstm(module, get)
    elif kind == "Additive":
        yield from linear(module.hidden, get("hidden.kernel"), get("hidden.bias"))
        yield from linear(module.score, get("score.kernel"))
    elif kind == "Spatial":
        yield from conv(module.conv, get("conv.kernel"), get("conv.bias"))
    elif kind == "SelfAttention":
        yield from self_attention(module, get)
    else:
        raise TypeError(f"no rule for the weights of {name}, a {kind}")


def load(net, weights):
    """Sets every parameter of `net`; a shape that doesn't fit is an error."""
    gated = type(net).__name__ == "SoftGate"
    pairs = list(soft_gate(net, weights)) if gated else []
    for name, module in net.named_children():
        if not (gated and name in ("attention", "hidden")):
            pairs += layer("class" if name == "last" else name, module, weights)
    with torch.no_grad():
        for parameter, array in pairs:
            if tuple(parameter.shape) != array.shape:
                raise ValueError(f"a weight of {type(net).__name__} is {tuple(parameter.shape)}, Gaze's is {array.shape}")
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(array)))
