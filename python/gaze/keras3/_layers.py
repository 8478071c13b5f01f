"""Keras' own layers: what each is in a model file. A converter looks at the options first and then adds an entry, so that all
layers that can't be taken are found in one walk."""
from __future__ import annotations

import numpy as np


class Unsupported(Exception):
    """Why a layer can't be taken."""


def is_keras(layer) -> bool:
    return type(layer).__module__.split(".")[0] == "keras"


def array(variable) -> np.ndarray:
    import keras
    return np.asarray(keras.ops.convert_to_numpy(variable), np.float32)


def activation_word(function) -> str:
    """The model file's word for a Keras activation, of a layer or as a layer."""
    import keras
    a = keras.activations
    words = {"linear": a.linear, "relu": a.relu, "sigmoid": a.sigmoid, "tanh": a.tanh, "softmax": a.softmax, "gelu": a.gelu,
             "silu": a.silu, "elu": a.elu, "leaky_relu": a.leaky_relu}
    if function is None:
        return "linear"
    if isinstance(function, keras.layers.Layer):
        return _activation_of_layer(function)
    for word, known in words.items():
        if function is known:
            return word
    raise Unsupported(f"its activation {getattr(function, '__name__', function)!r} is none of {', '.join(words)}")


def _activation_of_layer(layer) -> str:
    kind, config = type(layer).__name__, layer.get_config()
    if kind == "Activation":
        return activation_word(layer.activation)
    if kind == "ReLU":
        _expect(config, max_value=None, negative_slope=(0, None), threshold=(0, None))
        return "relu"
    if kind == "LeakyReLU":
        _expect(config, negative_slope=0.2)
        return "leaky_relu"
    if kind == "ELU":
        _expect(config, alpha=1)
        return "elu"
    if kind == "Softmax":
        _expect(config, axis=-1)
        return "softmax"
    raise Unsupported(f"{kind} is no activation that Gaze has")


def _expect(config: dict, **wanted) -> None:
    """Options that Gaze has at these values only (a tuple: any of them). Numbers that a float32 can't tell apart are one."""
    for key, values in wanted.items():
        found = config.get(key)
        values = values if isinstance(values, tuple) else (values,)
        same = any(found == v or (isinstance(found, float) and v is not None and np.float32(found) == np.float32(v)) for v in values)
        if key in config and not same:
            raise Unsupported(f"its {key} is {found}, Gaze has {values[0]} only")


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


def _one(value):
    """[3, 3] is 3."""
    value = list(value) if isinstance(value, (list, tuple)) else [value]
    return value[0] if len(set(value)) == 1 else value


def _options(config: dict, **defaults) -> dict:
    """Those that aren't what a model file takes them for anyway."""
    found = {key: _one(config[key]) if isinstance(config[key], (list, tuple)) else config[key] for key in defaults}
    return {key: value for key, value in found.items() if value != defaults[key]}


def _dense(call, layer, config):
    return {"type": "dense", "units": layer.units, **_act(layer), **_options(config, use_bias=True)}, _kernel_and_bias(layer)


def _conv_options(config, padding=("valid", "same")) -> dict:
    _expect(config, data_format="channels_last", groups=1, padding=padding)
    return {"kernel_size": _one(config["kernel_size"]),
            **_options(config, strides=1, padding="valid", dilation_rate=1, use_bias=True)}


def _conv(kind):
    def convert(call, layer, config):
        entry = {"type": kind, "filters": layer.filters, **_conv_options(config), **_act(layer)}
        return entry, _kernel_and_bias(layer)
    return convert


def _depthwise(call, layer, config):
    entry = {"type": "depthwise_conv2d", **_conv_options(config), **_options(config, depth_multiplier=1), **_act(layer)}
    return entry, _kernel_and_bias(layer)


def _separable(call, layer, config):
    """A depthwise convolution without a bias, then one of one pixel."""
    first = {"type": "depthwise_conv2d", **_conv_options(config), **_options(config, depth_multiplier=1), "use_bias": False}
    second = {"type": "conv2d", "filters": layer.filters, "kernel_size": 1, **_options(config, use_bias=True), **_act(layer)}
    graph = call.graph
    if id(layer) in graph.made:
        raise Unsupported("it is used twice, which Gaze has no such layer for")
    depth = graph.name(f"{layer.name}_depthwise")
    graph.emit(depth, first, [graph.name_of(t) for t in call.inputs], {"kernel": array(layer.depthwise_kernel)})
    call.give(call.add(second, _kernel_and_bias(layer, "pointwise_kernel"), inputs=[depth]))


def _pool(kind):
    def convert(call, layer, config):
        _expect(config, data_format="channels_last")
        size = _one(config["pool_size"])
        strides = _one(config["strides"]) if config["strides"] else size
        return {"type": kind, "pool_size": size, **({} if strides == size else {"strides": strides}), **_options(config, padding="valid")}, {}
    return convert


def _global_pool(kind):
    def convert(call, layer, config):
        _expect(config, data_format="channels_last")
        return {"type": kind, **_options(config, keepdims=False)}, {}
    return convert


def _flatten(call, layer, config):
    _expect(config, data_format="channels_last")
    return {"type": "flatten"}, {}


def _reshape(call, layer, config):
    return {"type": "reshape", "target_shape": list(config["target_shape"])}, {}


def _permute(call, layer, config):
    return {"type": "permute", "dims": list(config["dims"])}, {}


def _zero_padding(call, layer, config):
    _expect(config, data_format="channels_last")
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
    return {"type": "concatenate", **_options(config, axis=-1)}, {}


def _activation(call, layer, config):
    return {"type": "activation", "activation": _activation_of_layer(layer)}, {}


def _dropout(call, layer, config):
    _expect(config, noise_shape=None)
    return {"type": "dropout", "rate": config["rate"]}, {}


def _nothing(call, layer, config):
    """In prediction; what it does in training is left out."""
    if type(layer).__name__ != "Identity":
        call.note(f"{type(layer).__name__}, which only counts in training, is left out")
    call.give(call.graph.name_of(call.inputs[0]))


def _weights_there(layer, **names) -> dict:
    return {key: array(getattr(layer, of)) for key, of in names.items() if getattr(layer, of, None) is not None}


def _last_axis(config, call) -> None:
    axis = config["axis"]
    axis = axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis
    if axis not in (-1, len(call.inputs[0].shape) - 1):
        raise Unsupported(f"its axis is {axis}, Gaze has the last one only")


def _batch_normalization(call, layer, config):
    _last_axis(config, call)
    _expect(config, synchronized=False, renorm=False)
    entry = {"type": "batch_normalization", **_options(config, epsilon=1e-3, momentum=0.99, center=True, scale=True)}
    return entry, _weights_there(layer, gamma="gamma", beta="beta", moving_mean="moving_mean", moving_variance="moving_variance")


def _layer_normalization(call, layer, config):
    _last_axis(config, call)
    _expect(config, rms_scaling=False)
    entry = {"type": "layer_normalization", **_options(config, epsilon=1e-3, center=True, scale=True)}
    return entry, _weights_there(layer, gamma="gamma", beta="beta")


def _embedding(call, layer, config):
    entry = {"type": "embedding", "input_dim": layer.input_dim, "output_dim": layer.output_dim, **_options(config, mask_zero=False)}
    return entry, {"embeddings": array(layer.embeddings)}


RECURRENT = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "simple_rnn"}


def _recurrent_options(call, layer, zeros: bool = False) -> dict:
    """zeros: what a masked step gives, as far as it is told: Bidirectional sets it by itself."""
    kind, config = type(layer).__name__, layer.get_config()
    if kind not in RECURRENT or not is_keras(layer):
        raise Unsupported(f"{kind} is none of {', '.join(RECURRENT)}")
    _expect(config, activation="tanh", recurrent_activation="sigmoid", stateful=False,
            zero_output_for_mask=zeros)
    if config.get("dropout") or config.get("recurrent_dropout"):
        call.note("dropout inside a recurrent layer is left out: predictions are the same, training is without it")
    defaults = {"use_bias": True, "return_sequences": False, "return_state": False, "reset_after": True}
    return {"type": RECURRENT[kind], "units": layer.units, **_options(config, **{k: v for k, v in defaults.items() if k in config})}


def _cell_weights(layer, prefix="") -> dict:
    cell = layer.cell
    found = _weights_there(cell, kernel="kernel", recurrent_kernel="recurrent_kernel", bias="bias")
    return {f"{prefix}{name}": value for name, value in found.items()}


def _initial_state(call) -> dict:
    """The states that it begins with, and that nothing else was given."""
    given = dict(call.keywords)
    states = given.pop("initial_state", None)
    if given.pop("mask", None) is not None:
        raise Unsupported("it is called with a mask of its own, Gaze has that of an embedding with mask_zero only")
    given.pop("training", None)
    if any(v is not None for v in given.values()) or any(v is not None for v in call.arguments[1:]):
        raise Unsupported("it is called with further arguments, which Gaze hasn't got")
    if states is None:
        return {}
    states = states if isinstance(states, (list, tuple)) else [states]
    return {"initial_state": [call.graph.name_of(t) for t in states]}


def _state_names(name: str, entry: dict, sides=("",)) -> list:
    parts = ("state_h", "state_c") if entry["type"] == "lstm" else ("state_h",)
    return [name] + ([f"{name}/{side}{part}" for side in sides for part in parts] if entry.get("return_state") else [])


def _recurrent(call, layer, config):
    entry = {**_recurrent_options(call, layer), **_options(config, go_backwards=False)}
    name = call.add(entry, _cell_weights(layer), inputs=call.inputs[:1], more=_initial_state(call))
    call.give(*_state_names(name, entry))


def _bidirectional(call, layer, config):
    zeros = bool(layer.forward_layer.return_sequences)
    wrapped = _recurrent_options(call, layer.forward_layer, zeros)
    if _recurrent_options(call, layer.backward_layer, zeros) != wrapped:
        raise Unsupported("its backward layer isn't made like its forward layer")
    if layer.forward_layer.go_backwards or not layer.backward_layer.go_backwards:
        raise Unsupported("its layers go the other way round")
    if config["merge_mode"] is None:
        raise Unsupported("its merge_mode is None, Gaze has concat, sum, mul and ave")
    entry = {"type": "bidirectional", "layer": wrapped, **_options(config, merge_mode="concat")}
    weights = {**_cell_weights(layer.forward_layer, "forward."), **_cell_weights(layer.backward_layer, "backward.")}
    name = call.add(entry, weights, inputs=call.inputs[:1], more=_initial_state(call))
    call.give(*_state_names(name, wrapped, ("forward_", "backward_")))


def _time_distributed(call, layer, config):
    inner = layer.layer
    if type(inner).__name__ == "Dense" and is_keras(inner):
        entry, weights = _dense(call, inner, inner.get_config())
        return {"type": "time_distributed", "layer": entry}, weights
    raise Unsupported(f"it is around {type(inner).__name__}, Gaze has Dense only")


def _attention_kind(config, kind: str) -> dict:
    return {"type": "attention", "kind": kind}


def _query_key(call) -> tuple:
    """What [query, value(, key)] and causal are; masks given by hand are refused."""
    given = {k: v for k, v in call.keywords.items() if k not in ("training", "return_attention_scores")}
    causal = given.pop("use_causal_mask", False)
    if any(v is not None for v in given.values()) or any(v is not None for v in call.arguments[1:]):
        raise Unsupported("it is called with a mask, Gaze has use_causal_mask and that of embeddings with mask_zero only")
    return call.inputs, {"mask": "causal"} if causal else {}


def _keras_attention(kind):
    def convert(call, layer, config):
        tensors, mask = _query_key(call)
        if config.get("dropout"):
            call.note("dropout of attention weights is left out: predictions are the same, training is without it")
        defaults = {"dot": {"use_scale": False, "score_mode": "dot"}, "additive": {"use_scale": True}}[kind]
        entry = {**_attention_kind(config, kind), **_options(config, **defaults), **mask}
        call.give(call.add(entry, _weights_there(layer, scale="scale", concat_score_weight="concat_score_weight"), inputs=tensors))
    return convert


def _multi_head_inputs(call) -> tuple:
    given = dict(call.keywords)
    named = {k: given.pop(k) for k in ("query", "value", "key") if k in given}
    ordered = dict(zip(("query", "value", "key"), call.arguments))
    tensors = [t for t in ({**ordered, **named}.get(k) for k in ("query", "value", "key")) if t is not None]
    causal = given.pop("use_causal_mask", False)
    given = {k: v for k, v in given.items() if k not in ("training", "return_attention_scores") and v is not None}
    if given or len(call.arguments) > 3:
        raise Unsupported(f"it is called with {', '.join(given) or 'a mask'}, Gaze has use_causal_mask and masks of embeddings with "
                          "mask_zero only")
    same = all(t is tensors[0] for t in tensors)
    return tensors[:1] if same else tensors, {"causal": True} if causal else {}


def _note_lost_masks(call, tensors: list) -> None:
    """Keras takes the masks off what MultiHeadAttention reads, so that a residual connection around it has none (seen in 3.15); in
    Gaze padding stays padding."""
    for tensor in tensors:
        source = getattr(tensor, "_keras_history", None)
        readers = source.operation._outbound_nodes if source and source.operation else []
        count = sum(any(t is tensor for t in node.arguments.keras_tensors) for node in readers)
        if getattr(tensor, "_keras_mask", None) is not None and count > 1:
            call.graph.padding_differs = True
            return call.note("Keras loses the mask of what MultiHeadAttention reads for the layers that read it afterwards, Gaze keeps "
                             "it: samples with padding get other predictions")
    return None


def _multi_head(call, layer, config):
    _expect(config, use_gate=False, sliding_window=None, output_shape=None, attention_axes=(None, [1], (1,)))
    tensors, mask = _multi_head_inputs(call)
    _note_lost_masks(call, tensors)
    if config.get("dropout"):
        call.note("dropout of attention weights is left out: predictions are the same, training is without it")
    parts = {"/".join(w.path.split("/")[-2:]): array(w) for w in layer.weights}
    weights = {name.replace("attention_output", "output").replace("/", "."): value for name, value in parts.items()}
    entry = {**_attention_kind(config, "multi_head"), "num_heads": config["num_heads"], "key_dim": config["key_dim"], **mask,
             **({"value_dim": config["value_dim"]} if config["value_dim"] not in (None, config["key_dim"]) else {}),
             **_options(config, use_bias=True)}
    call.give(call.add(entry, weights, inputs=tensors))


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
    "LSTM": _recurrent, "GRU": _recurrent, "SimpleRNN": _recurrent, "Bidirectional": _bidirectional,
    "Attention": _keras_attention("dot"), "AdditiveAttention": _keras_attention("additive"), "MultiHeadAttention": _multi_head,
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
