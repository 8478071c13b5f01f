"""Keras' recurrent layers: what each is in a model file."""
from __future__ import annotations

from ._common import Unsupported, expect, is_keras, options, weights_there

RECURRENT = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "simple_rnn"}


def _recurrent_options(call, layer, zeros: bool = False) -> dict:
    """zeros: what a masked step gives, as far as it is told: Bidirectional sets it by itself."""
    kind, config = type(layer).__name__, layer.get_config()
    if kind not in RECURRENT or not is_keras(layer):
        raise Unsupported(f"{kind} is none of {', '.join(RECURRENT)}")
    expect(config, activation="tanh", recurrent_activation="sigmoid", stateful=False,
            zero_output_for_mask=zeros)
    if config.get("dropout") or config.get("recurrent_dropout"):
        call.note("dropout inside a recurrent layer is left out: predictions are the same, training is without it")
    defaults = {"use_bias": True, "return_sequences": False, "return_state": False, "reset_after": True}
    return {"type": RECURRENT[kind], "units": layer.units, **options(config, **{k: v for k, v in defaults.items() if k in config})}


def _cell_weights(layer, prefix="") -> dict:
    cell = layer.cell
    found = weights_there(cell, kernel="kernel", recurrent_kernel="recurrent_kernel", bias="bias")
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


def recurrent(call, layer, config):
    entry = {**_recurrent_options(call, layer), **options(config, go_backwards=False)}
    name = call.add(entry, _cell_weights(layer), inputs=call.inputs[:1], more=_initial_state(call))
    call.give(*_state_names(name, entry))


def bidirectional(call, layer, config):
    zeros = bool(layer.forward_layer.return_sequences)
    wrapped = _recurrent_options(call, layer.forward_layer, zeros)
    if _recurrent_options(call, layer.backward_layer, zeros) != wrapped:
        raise Unsupported("its backward layer isn't made like its forward layer")
    if layer.forward_layer.go_backwards or not layer.backward_layer.go_backwards:
        raise Unsupported("its layers go the other way round")
    if config["merge_mode"] is None:
        raise Unsupported("its merge_mode is None, Gaze has concat, sum, mul and ave")
    entry = {"type": "bidirectional", "layer": wrapped, **options(config, merge_mode="concat")}
    weights = {**_cell_weights(layer.forward_layer, "forward."), **_cell_weights(layer.backward_layer, "backward.")}
    name = call.add(entry, weights, inputs=call.inputs[:1], more=_initial_state(call))
    call.give(*_state_names(name, wrapped, ("forward_", "backward_")))
