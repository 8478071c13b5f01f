"""Keras' own layers: what each is in a model file. A converter looks at the options first and then adds an entry, so that all
layers that can't be taken are found in one walk."""
from __future__ import annotations

from ._attention import keras_attention, multi_head
from ._common import Unsupported, activation_of_layer, activation_word, array, expect, is_keras, one, options, weights_there
from ._recurrent import bidirectional, recurrent

def _plain_call(call) -> None:
    """Called with its inputs and nothing else that counts."""
    further = [k for k, v in call.keywords.items() if k != "training" and v is not None]
    further += [f"argument {i + 2}" for i, v in enumerate(call.arguments[1:]) if v is not None]
    if further:
        raise Unsupported(f"it is called with {', '.join(further)}, which Gaze hasn't got")


def _act(layer) -> dict:
    word = activation_word(layer.activation)
    return {} if word == "linear" else {"activation": word}


def _kernel_and_bias(layer, kernel="kernel") -> dict:
    weights = {"kernel": array(getattr(layer, kernel))}
    if layer.use_bias:
        weights["bias"] = array(layer.bias)
    return weights


def _dense(call, layer, config):
    return {"type": "dense", "units": layer.units, **_act(layer), **options(config, use_bias=True)}, _kernel_and_bias(layer)


def _conv_options(config, padding=("valid", "same")) -> dict:
    expect(config, data_format="channels_last", groups=1, padding=padding)
    return {"kernel_size": one(config["kernel_size"]),
            **options(config, strides=1, padding="valid", dilation_rate=1, use_bias=True)}


def _conv(kind):
    def convert(call, layer, config):
        entry = {"type": kind, "filters": layer.filters, **_conv_options(config), **_act(layer)}
        return entry, _kernel_and_bias(layer)
    return convert


def _depthwise(call, layer, config):
    entry = {"type": "depthwise_conv2d", **_conv_options(config), **options(config, depth_multiplier=1), **_act(layer)}
    return entry, _kernel_and_bias(layer)


def _separable(call, layer, config):
    """A depthwise convolution without a bias, then one of one pixel."""
    first = {"type": "depthwise_conv2d", **_conv_options(config), **options(config, depth_multiplier=1), "use_bias": False}
    second = {"type": "conv2d", "filters": layer.filters, "kernel_size": 1, **options(config, use_bias=True), **_act(layer)}
    graph = call.graph
    if id(layer) in graph.made:
        raise Unsupported("it is used twice, which Gaze has no such layer for")
    depth = graph.name(f"{layer.name}_depthwise")
    graph.emit(depth, first, [graph.name_of(t) for t in call.inputs], {"kernel": array(layer.depthwise_kernel)})
    call.give(call.add(second, _kernel_and_bias(layer, "pointwise_kernel"), inputs=[depth]))


def _pool(kind):
    def convert(call, layer, config):
        expect(config, data_format="channels_last")
        size = one(config["pool_size"])
        strides = one(config["strides"]) if config["strides"] else size
        return {"type": kind, "pool_size": size, **({} if strides == size else {"strides": strides}), **options(config, padding="valid")}, {}
    return convert


def _global_pool(kind):
    def convert(call, layer, config):
        expect(config, data_format="channels_last")
        return {"type": kind, **options(config, keepdims=False)}, {}
    return convert


def _flatten(call, layer, config):
    expect(config, data_format="channels_last")
    return {"type": "flatten"}, {}


def _reshape(call, layer, config):
    return {"type": "reshape", "target_shape": list(config["target_shape"])}, {}


def _permute(call, layer, config):
    return {"type": "permute", "dims": list(config["dims"])}, {}


def _zero_padding(call, layer, config):
    expect(config, data_format="channels_last")
    return {"type": "zero_padding2d", "padding": [list(p) if isinstance(p, (list, tuple)) else p for p in config["padding"]]}, {}


def _merge(kind):
    def convert(call, layer, config):
        shapes = {tuple(t.shape) for t in call.inputs}
        if len(shapes) > 1:
            raise Unsupported(f"its inputs have different shapes, {' and '.join(map(str, sorted(shapes, key=str)))}, which Gaze doesn't "
                              "broadcast")
        return {"type": kind}, {}
    return convert


def _concatenate(call, layer, config):
    return {"type": "concatenate", **options(config, axis=-1)}, {}


def _activation(call, layer, config):
    return {"type": "activation", "activation": activation_of_layer(layer)}, {}


def _dropout(call, layer, config):
    expect(config, noise_shape=None)
    return {"type": "dropout", "rate": config["rate"]}, {}


def _nothing(call, layer, config):
    """In prediction; what it does in training is left out."""
    if type(layer).__name__ != "Identity":
        call.note(f"{type(layer).__name__}, which only counts in training, is left out")
    call.give(call.graph.name_of(call.inputs[0]))


def _last_axis(config, call) -> None:
    axis = config["axis"]
    axis = axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis
    if axis not in (-1, len(call.inputs[0].shape) - 1):
        raise Unsupported(f"its axis is {axis}, Gaze has the last one only")


def _batch_normalization(call, layer, config):
    _last_axis(config, call)
    expect(config, synchronized=False, renorm=False)
    entry = {"type": "batch_normalization", **options(config, epsilon=1e-3, momentum=0.99, center=True, scale=True)}
    return entry, weights_there(layer, gamma="gamma", beta="beta", moving_mean="moving_mean", moving_variance="moving_variance")


def _layer_normalization(call, layer, config):
    _last_axis(config, call)
    expect(config, rms_scaling=False)
    entry = {"type": "layer_normalization", **options(config, epsilon=1e-3, center=True, scale=True)}
    return entry, weights_there(layer, gamma="gamma", beta="beta")


def _embedding(call, layer, config):
    entry = {"type": "embedding", "input_dim": layer.input_dim, "output_dim": layer.output_dim, **options(config, mask_zero=False)}
    return entry, {"embeddings": array(layer.embeddings)}


def _time_distributed(call, layer, config):
    inner = layer.layer
    if type(inner).__name__ == "Dense" and is_keras(inner):
        entry, weights = _dense(call, inner, inner.get_config())
        return {"type": "time_distributed", "layer": entry}, weights
    raise Unsupported(f"it is around {type(inner).__name__}, Gaze has Dense only")


# Those that return an entry and weights are called with inputs alone; the others add what they make themselves.
PLAIN = {
    "Dense": _dense, "Conv2D": _conv("conv2d"), "Conv1D": _conv("conv1d"), "DepthwiseConv2D": _depthwise,
    "MaxPooling2D": _pool("max_pool2d"), "AveragePooling2D": _pool("average_pool2d"), "MaxPooling1D": _pool("max_pool1d"),
    "AveragePooling1D": _pool("average_pool1d"), "GlobalAveragePooling2D": _global_pool("global_average_pool2d"),
    "GlobalMaxPooling2D": _global_pool("global_max_pool2d"), "GlobalAveragePooling1D": _global_pool("global_average_pool1d"),
    "GlobalMaxPooling1D": _global_pool("global_max_pool1d"), "Flatten": _flatten, "Reshape": _reshape, "Permute": _permute,
    "ZeroPadding2D": _zero_padding, "Add": _merge("add"), "Multiply": _merge("multiply"), "Concatenate": _concatenate,
    "Activation": _activation, "ReLU": _activation, "LeakyReLU": _activation, "ELU": _activation, "Softmax": _activation,
    "Dropout": _dropout, "BatchNormalization": _batch_normalization, "LayerNormalization": _layer_normalization,
    "Embedding": _embedding, "TimeDistributed": _time_distributed,
    "RepeatVector": lambda call, layer, config: ({"type": "repeat_vector", "n": layer.n}, {}),
}
OWN = {
    "LSTM": recurrent, "GRU": recurrent, "SimpleRNN": recurrent, "Bidirectional": bidirectional,
    "Attention": keras_attention("dot"), "AdditiveAttention": keras_attention("additive"), "MultiHeadAttention": multi_head,
    "SeparableConv2D": _separable, "Identity": _nothing, "GaussianNoise": _nothing, "GaussianDropout": _nothing, "AlphaDropout": _nothing,
    "SpatialDropout1D": _nothing, "SpatialDropout2D": _nothing, "ActivityRegularization": _nothing,
}
HINTS = {"Rescaling": "; do it to the inputs, before the model", "Masking": "; Gaze's masks come from an Embedding with mask_zero"}


def _remember_image(call) -> None:
    """A reshape from an image to its cells as tokens."""
    before, after = tuple(call.inputs[0].shape[1:]), tuple(call.outputs[0].shape[1:])
    if len(before) == 3 and None not in before and after == (before[0] * before[1], before[2]):
        call.graph.images[call.graph.name_of(call.outputs[0])] = call.graph.name_of(call.inputs[0])


def convert(call) -> None:
    layer, kind = call.layer, type(call.layer).__name__
    config = layer.get_config()
    for key in ("kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint"):
        if config.get(key):
            call.note(f"its {key} is left out: predictions are the same, training is without it")
    if kind in OWN:
        OWN[kind](call, layer, config)
    elif kind in PLAIN:
        _plain_call(call)
        entry, weights = PLAIN[kind](call, layer, config)
        call.give(call.add(entry, weights))
        if kind == "Reshape":
            _remember_image(call)
    else:
        raise Unsupported(f"Gaze has no layer like Keras' {kind}{HINTS.get(kind, '')}")
