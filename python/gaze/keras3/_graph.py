"""The graph of a Keras model, walked from its outputs, as the entries of a model file."""
from __future__ import annotations

import re

from . import _custom, _layers, _operations
from ._common import Unsupported, first_line, is_keras


class Graph:
    """What becomes of a model. `values`: the name in the model file of each Keras tensor, or why it has none."""

    def __init__(self, custom: dict):
        self.custom = custom
        self.file: dict = {}
        self.layers: list = []  # entries
        self.weights: dict = {}
        self.refused: dict = {}  # layer: reason
        self.notes: list = []
        self.id_limits: dict = {}  # input: how many ids its embedding knows
        self.padding_differs = False  # from what Keras makes of it
        self.values: dict = {}
        self.made: dict = {}  # id of a Keras layer: the name of its first use
        self.names: set = set()
        self.images: dict = {}  # tokens [N,C] that are an image's cells: the layer that makes the image [H,W,C]
        self.keep: list = []  # tensors made on the way, so that their ids stay theirs

    def name(self, wanted: str) -> str:
        """A word that no input or layer has yet."""
        word = re.sub(r"[^A-Za-z0-9_-]", "_", wanted) or "layer"
        name, number = word, 2
        while name in self.names:
            name, number = f"{word}_{number}", number + 1
        self.names.add(name)
        return name

    def emit(self, name: str, entry: dict, inputs: list, weights: dict) -> None:
        """Appends a layer. inputs: names; left out where it reads the layer before it."""
        before = self.layers[-1]["name"] if self.layers else None
        own = {} if inputs == [before] else {"inputs": inputs}
        self.layers.append({"name": name, **entry, **own})
        if "share" not in entry:
            self.weights.update({f"{name}.{key}": value for key, value in weights.items()})

    def name_of(self, tensor) -> str:
        value = self.values[id(tensor)]
        if isinstance(value, Unsupported):
            raise value
        return value


class Call:
    """One use of a layer or operation: what a converter sees."""

    def __init__(self, graph: Graph, layer, arguments: tuple, keywords: dict, outputs: list):
        self.graph, self.layer, self.arguments, self.keywords, self.outputs = graph, layer, arguments, keywords, outputs

    @property
    def inputs(self) -> list:
        """The tensors of the first argument, as a list."""
        first = self.arguments[0]
        return list(first) if isinstance(first, (list, tuple)) else [first]

    def note(self, text: str) -> None:
        self.graph.notes.append(f"'{self.layer.name}': {text}")

    def add(self, entry: dict, weights: dict | None = None, inputs: list | None = None, more: dict | None = None) -> str:
        """The layer's entry, of its first use or a further one, which shares weights. more: keys that name other layers."""
        graph, weights = self.graph, weights or {}
        tensors = self.inputs if inputs is None else inputs
        names = [t if isinstance(t, str) else graph.name_of(t) for t in tensors]
        name, first = graph.name(self.layer.name), graph.made.get(id(self.layer))
        if first is None:
            graph.made[id(self.layer)] = name
        elif weights:
            entry = {**entry, "share": first}
        graph.emit(name, {**entry, **(more or {})}, names, weights)
        return name

    def give(self, *names) -> None:
        """Names of the outputs; those that are missing can't be used."""
        for i, tensor in enumerate(self.outputs):
            reason = Unsupported(f"output {i} of '{self.layer.name}' is used, which Gaze gives as a map only: leave it out of the model, "
                                 f"as in keras.Model(inputs, the other outputs); then it is m.map('{self.layer.name}', x)")
            self.graph.values[id(tensor)] = names[i] if i < len(names) else reason


def _flat(value) -> list:
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value)]
    if isinstance(value, (list, tuple)):
        return [t for v in value for t in _flat(v)]
    return [value] if hasattr(value, "_keras_history") else []


def _arguments(node) -> tuple:
    """What a node was called with, but for masks that its inputs carry along: Gaze's layers pass those on by themselves."""
    import keras
    arguments, keywords = node.arguments.args, node.arguments.kwargs
    of_inputs = {id(getattr(t, "_keras_mask", None)) for t in _flat((arguments, keywords))}
    carried = {key for key, value in keywords.items() if key.endswith("mask") and value is not None
               and all(id(m) in of_inputs for m in keras.tree.flatten(value) if m is not None)}
    return arguments, {key: None if key in carried else value for key, value in keywords.items()}


def _order(outputs: list, known: dict) -> list:
    """Nodes behind these tensors, each after those that it reads; what is known already ends the walk."""
    done, ordered, stack = set(), [], [(t, False) for t in reversed(outputs)]
    while stack:
        tensor, ready = stack.pop()
        if id(tensor) in known:
            continue
        operation, index, _ = tensor._keras_history
        node = operation._inbound_nodes[index]
        if ready:
            if id(node) not in done:
                done.add(id(node))
                ordered.append((operation, node))
        elif id(node) not in done:
            stack.append((tensor, True))
            stack.extend((t, False) for t in reversed(_flat(_arguments(node))))
    return ordered


def _inline(graph: Graph, inner, given: list, call: Call) -> None:
    """A model inside a model: its layers as if they stood there. Its tensors mean something else at each use."""
    outside = graph.values
    graph.values = {id(a): outside[id(b)] for a, b in zip(_flat(inner.inputs), given)}
    _walk(graph, _flat(inner.outputs))
    found = [graph.values[id(t)] for t in _flat(inner.outputs)]
    graph.values = outside
    for tensor, value in zip(call.outputs, found):
        graph.values[id(tensor)] = value


def _expand(call: Call) -> None:
    """A layer of the user's own whose call is made of known layers and keras.ops: what it does with symbols."""
    import keras
    graph, sources = call.graph, {}

    def fresh(tensor):
        symbol = keras.KerasTensor(tensor.shape, tensor.dtype)
        graph.keep.append(symbol)
        sources[id(symbol)] = tensor
        graph.values[id(symbol)] = graph.values[id(tensor)]
        return symbol

    arguments, keywords = keras.tree.map_structure(lambda v: fresh(v) if _flat(v) else v, (call.arguments, call.keywords))
    made = call.layer.call(*arguments, **{k: v for k, v in keywords.items() if k != "training"})
    outputs = _flat(made)
    graph.keep.append(outputs)
    if not outputs or len(outputs) != len(call.outputs):
        raise Unsupported("its call makes something else than tensors")
    _walk(graph, outputs)
    for outer, own in zip(call.outputs, outputs):
        graph.values[id(outer)] = graph.values[id(own)]


def _own_class(call: Call) -> None:
    layer, graph = call.layer, call.graph
    given = graph.custom.get(type(layer), graph.custom.get(type(layer).__name__))
    if given:
        entry, weights = given(layer)
        return call.give(call.add(entry, weights))
    if _custom.recognize(call):
        return None
    before = len(graph.layers)
    try:
        _expand(call)
    except Unsupported:
        raise
    except Exception as error:
        del graph.layers[before:]
        raise Unsupported(f"the class {type(layer).__name__} is none of Keras', computes none of Gaze's attention kinds, and its call "
                          f"can't be followed ({type(error).__name__}: {first_line(error)}); from_keras(custom=...) takes it") from error
    return None


def _convert_one(graph: Graph, operation, node) -> None:
    import keras
    arguments, keywords = _arguments(node)
    call = Call(graph, operation, arguments, keywords, node.output_tensors)
    try:
        if isinstance(operation, keras.Model):
            _inline(graph, operation, _flat((call.arguments, call.keywords)), call)
        elif not isinstance(operation, keras.layers.Layer):
            _operations.convert(call)
        elif is_keras(operation):
            _layers.convert(call)
        else:
            _own_class(call)
    except Unsupported as reason:
        graph.refused[operation.name] = str(reason)
        for tensor in call.outputs:  # the walk goes on, to find all that can't be taken
            graph.values[id(tensor)] = "?"


def prune(graph: Graph, outputs: list) -> None:
    """Leaves out layers that nothing reads any more."""
    read = {name.split("/")[0] for name in outputs}
    for i in range(len(graph.layers) - 1, -1, -1):
        entry = graph.layers[i]
        if entry["name"] in read:
            read |= {n.split("/")[0] for n in entry.get("inputs") or [graph.layers[i - 1]["name"]]}
            read |= {n.split("/")[0] for n in entry.get("initial_state", ())} | {entry.get("share")}
    kept = [e for e in graph.layers if e["name"] in read]
    for before, entry in zip([None, *kept], kept):  # who read the layer before it still says whom it reads
        at = graph.layers.index(entry)
        was = graph.layers[at - 1]["name"] if at else None
        if "inputs" not in entry and (before or {"name": None})["name"] != was:
            entry["inputs"] = [was]
    graph.layers = kept


def _walk(graph: Graph, outputs: list) -> None:
    for operation, node in _order(outputs, graph.values):
        _convert_one(graph, operation, node)


def _readers(model) -> dict:
    """Which layers read each input."""
    found: dict = {id(t): [] for t in _flat(model.inputs)}
    for operation, node in _order(_flat(model.outputs), {id(t): 0 for t in _flat(model.inputs)}):
        for tensor in _flat(_arguments(node)):
            if id(tensor) in found:
                found[id(tensor)].append(operation)
    return found


def _add_inputs(graph: Graph, model) -> list:
    import keras
    readers, inputs = _readers(model), []
    for tensor in _flat(model.inputs):
        name = graph.name(tensor._keras_history.operation.name if hasattr(tensor, "_keras_history") else tensor.name)
        graph.values[id(tensor)] = name
        embeddings = [r for r in readers[id(tensor)] if isinstance(r, keras.layers.Embedding)]
        ids = "int" in str(tensor.dtype) or (embeddings and len(embeddings) == len(readers[id(tensor)]))
        if embeddings:
            graph.id_limits[name] = min(e.input_dim for e in embeddings)
        inputs.append({"name": name, "shape": list(tensor.shape[1:]), "dtype": "int32" if ids else "float32"})
    return inputs


def _softmax_at_end(graph: Graph, name: str) -> bool:
    return any(e["name"] == name and "softmax" == e.get("activation") for e in graph.layers)


def _describe_training(model, graph: Graph) -> None:
    """Loss and optimizer of a compiled model, or Keras' defaults for a classifier, so that it can be trained on."""
    from ._training import loss_of, optimizer_of
    if len(graph.file["outputs"]) == 1 and _softmax_at_end(graph, graph.file["outputs"][0]) and loss_of(model):
        graph.file["loss"] = "sparse_categorical_crossentropy"
        graph.file["optimizer"] = optimizer_of(model)


def convert(model, custom: dict) -> Graph:
    graph = Graph(custom)
    inputs = _add_inputs(graph, model)
    outputs = _flat(model.outputs)
    _walk(graph, outputs)
    if graph.refused:
        return graph
    names = [graph.name_of(t) for t in outputs]
    prune(graph, names)
    if not graph.layers or set(names) & {i["name"] for i in inputs}:
        graph.refused[model.name] = "an output is an input as it is"
    graph.file = {"gaze_model": 1, "name": re.sub(r"[^A-Za-z0-9_-]", "_", model.name), "inputs": inputs, "layers": graph.layers,
                  "outputs": names}
    _describe_training(model, graph)
    return graph
