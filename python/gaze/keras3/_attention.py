"""Keras' attention layers: what each is in a model file."""
from __future__ import annotations

from ._common import Unsupported, array, expect, options, weights_there

def _attention_kind(config, kind: str) -> dict:
    return {"type": "attention", "kind": kind}


def _query_key(call) -> tuple:
    """What [query, value(, key)] and causal are; masks given by hand are refused."""
    given = {k: v for k, v in call.keywords.items() if k not in ("training", "return_attention_scores")}
    causal = given.pop("use_causal_mask", False)
    if any(v is not None for v in given.values()) or any(v is not None for v in call.arguments[1:]):
        raise Unsupported("it is called with a mask, Gaze has use_causal_mask and that of embeddings with mask_zero only")
    return call.inputs, {"mask": "causal"} if causal else {}


def keras_attention(kind):
    def convert(call, layer, config):
        tensors, mask = _query_key(call)
        if config.get("dropout"):
            call.note("dropout of attention weights is left out: predictions are the same, training is without it")
        defaults = {"dot": {"use_scale": False, "score_mode": "dot"}, "additive": {"use_scale": True}}[kind]
        entry = {**_attention_kind(config, kind), **options(config, **defaults), **mask}
        call.give(call.add(entry, weights_there(layer, scale="scale", concat_score_weight="concat_score_weight"), inputs=tensors))
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


def multi_head(call, layer, config):
    expect(config, use_gate=False, sliding_window=None, output_shape=None, attention_axes=(None, [1], (1,)))
    tensors, mask = _multi_head_inputs(call)
    _note_lost_masks(call, tensors)
    if config.get("dropout"):
        call.note("dropout of attention weights is left out: predictions are the same, training is without it")
    parts = {"/".join(w.path.split("/")[-2:]): array(w) for w in layer.weights}
    weights = {name.replace("attention_output", "output").replace("/", "."): value for name, value in parts.items()}
    entry = {**_attention_kind(config, "multi_head"), "num_heads": config["num_heads"], "key_dim": config["key_dim"], **mask,
             **({"value_dim": config["value_dim"]} if config["value_dim"] not in (None, config["key_dim"]) else {}),
             **options(config, use_bias=True)}
    call.give(call.add(entry, weights, inputs=tensors))
