"""Models: opened, run, trained, looked into."""
from __future__ import annotations

import ctypes as c
import difflib
import json
import os
import threading
import weakref
from pathlib import Path

import numpy as np

from . import _library as L
from ._arrays import as_inputs, as_labels, describe_all, take, tensor_of
from ._data import Data
from ._devices import Device, create_context, device_of
from ._errors import DataError, Error, ModelError, UsageError
from ._library import lib
from ._map import Map, MapInfo, read_info
from ._results import Answers, History, Metrics, read_answers, read_metrics
from ._train import Training, split_off


def models() -> list:
    """Names of the models that come with the package: the tutorials'. Model(name) opens one."""
    return sorted(path.stem for path in _folder().glob("*.json"))


def _folder() -> Path:
    return Path(__file__).with_name("models")


def _find(path) -> str:
    """A path as it is, or, where there is no such file, a model of the package by its name, or one that is installed."""
    text = os.fspath(path)
    if os.path.exists(text) or os.path.basename(text) != text:
        return text
    for folder in (_folder(), Path(lib.models_folder().decode())):
        own = folder / f"{Path(text).stem}.json"
        if own.exists():
            return str(own)
    if text.endswith(".json"):
        return text
    near = difflib.get_close_matches(text, models(), 1)
    raise ModelError(f"'{text}' is no model file, no run folder, and none of gaze.models()" +
                     (f", did you mean '{near[0]}'?" if near else f": {', '.join(models())}"))


def _release(model, context) -> None:
    lib.close(model)
    lib.context_destroy(context)


class Model:
    """A model on a device.

    path: a model file (.json), a run folder, or a name of gaze.models().
    weights: a .safetensors file; None takes the run's, or the file beside the model file, or initial weights of `seed`;
        False always initial weights.
    device: auto, cpu, gpu, an index of gaze.devices(), platform:device or part of a name; None: $GAZE_DEVICE, then auto.
    reference: the library's plain C in double precision in place of OpenCL: slow, exact, and no driver is needed.
    seed: of initial weights, order and dropout; the same seed gives the same bits.
    image_size: (height, width) or one number for both, n_classes: the model made to fit other data, see docs/data.md.
    memory_limit: bytes of device memory that may be used; 0: what the device has.

    Raises ModelError for a file or weights that don't fit, DeviceError where no device can be used.

    One thread at a time uses a model; a second one waits. Different models run side by side, and Python goes on meanwhile.
    """

    def __init__(self, path, weights=None, *, device: str | int | None = None, reference: bool = False, seed: int = 0,
                 image_size: tuple | int | None = None, n_classes: int = 0, memory_limit: int = 0):
        height, width = (image_size, image_size) if isinstance(image_size, int) else image_size or (0, 0)
        options = L.ModelOptions(weights=None if weights is False else L.encode(weights), no_weights=weights is False, seed=seed,
                                 adapt=L.Adaptation(height, width, n_classes))
        self._lock = threading.RLock()
        self._seed = seed
        self._context = create_context(device, reference, memory_limit)
        self._handle = c.c_void_p()
        try:
            lib.model_open(self._context, L.encode(_find(path)), c.byref(options), c.byref(self._handle))
        except Error:
            lib.context_destroy(self._context)
            raise
        self._close = weakref.finalize(self, _release, self._handle, self._context)
        self._keep: object = None  # a folder that has to stay while the model does
        self.name: str = lib.model_name(self._handle).decode()  #: "name" of the file
        self.hash: str = lib.model_hash(self._handle).decode()  #: of the file's bytes
        self.inputs: list = self._tensors(lib.model_inputs)  #: Tensor(name, dtype, shape)
        self.outputs: list = self._tensors(lib.model_outputs)
        self.maps: dict = {info.name: info for info in self._read_maps()}  #: name: MapInfo

    def _tensors(self, ask) -> list:
        found = c.POINTER(L.Array)()
        return [tensor_of(found[i]) for i in range(ask(self._handle, c.byref(found)))]

    def _read_maps(self) -> list:
        found = c.POINTER(L.MapInfo)()
        return [read_info(found[i], self.name) for i in range(lib.model_maps(self._handle, c.byref(found)))]

    def _open(self):
        if not self._close.alive:
            raise UsageError(f"the model '{self.name}' was closed")
        return self._handle

    def close(self) -> None:
        """Gives its memory back now; otherwise that happens when the last reference is gone."""
        with self._lock:
            self._close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __repr__(self):
        ins, outs = (", ".join(map(str, tensors)) for tensors in (self.inputs, self.outputs))
        return f"<gaze.Model '{self.name}': {ins} -> {outs}; maps: {', '.join(self.maps) or 'none'}>"

    @property
    def device(self) -> Device:
        """What it runs on."""
        with self._lock:
            self._open()
            return device_of(self._context)

    @property
    def classes(self) -> list:
        """Names of the classes, or an empty list."""
        with self._lock:
            return L.strings(lib.model_classes(self._open()))

    # ---- Running

    def run(self, x, results, *, batch_size: int = 0) -> dict:
        """Outputs, maps and layers by their names, in one run.

        x: as in predict. results: names: an output's, a map's (also gradcam[:LAYER[:CLASS]] and rollout), "map:NAME" where an
        output has the same name, or "layer:NAME" for what any layer makes.
        Returns {name: array [batch, ...]}, float32 (ids int32), over the library's memory without a copy.
        """
        arrays = as_inputs(x, self.inputs)
        given = describe_all(arrays, [t.name for t in self.inputs])
        wanted = (L.Array * len(results))(*[L.Array(name.encode()) for name in results])
        with self._lock:
            lib.run_with(self._open(), given, len(given), wanted, len(wanted), c.byref(L.RunOptions(batch_size=batch_size)))
        return {name: take(array) for name, array in zip(results, wanted)}

    def predict(self, x, *, batch_size: int = 0):
        """What the model says.

        x: [batch, ...] for its input, floats or (token ids) integers; for several inputs a list, or a dict by name. float32
            (int32) in C order is read where it lies, anything else is copied once. uint8 is refused: x / 255 says what is meant.
        batch_size: samples that run together; 0: at most 64.
        Returns float32 [batch, ...]; for several outputs a dict by name.
        Raises DataError for a wrong shape, TypeError for a wrong type, both naming what was expected.
        """
        results = self.run(x, [t.name for t in self.outputs], batch_size=batch_size)
        return results[self.outputs[0].name] if len(results) == 1 else results

    __call__ = predict

    def map(self, name: str, x, *, batch_size: int = 0) -> Map:
        """An attention map of every sample: float32 [batch, the map's shape], with `info`.

        name: of `maps`, or one that is worked out: gradcam[:LAYER[:CLASS]], rollout[:mean|:QUERY].
        """
        values = self.run(x, [name if name not in self.maps else f"map:{name}"], batch_size=batch_size).popitem()[1]
        return Map(values, self.find_map(name))

    def find_map(self, name: str) -> MapInfo:
        """What the map of this name is, also of one that is worked out."""
        found = c.POINTER(L.MapInfo)()
        with self._lock:
            lib.find_map(self._open(), name.encode(), c.byref(found))
            return read_info(found[0], self.name)

    def decode(self, x, *, method: str = "greedy", n_best: int = 1, max_length: int = 0, batch_size: int = 0) -> Answers:
        """Writes sequences token by token, for models with "decode" (docs/decoding.md).

        x: all inputs but the one that is written. method: greedy, or beam:K. n_best: answers a sample, at most K.
        Returns Answers: tokens int32 [batch, n_best, max_length], lengths and log_probability [batch, n_best], and target, what
        the model has read when the best answer is written: with it `map` shows the attention behind that answer.
        """
        with self._lock:
            written = lib.model_decodes(self._open())
        if written is None:
            raise UsageError(f"the model '{self.name}' writes no sequences: its file has no \"decode\"")
        tensors = [t for t in self.inputs if t.name != written.decode()]
        arrays = as_inputs(x, tensors)
        given = describe_all(arrays, [t.name for t in tensors])
        options = L.DecodeOptions(method.encode(), n_best, max_length, batch_size)
        decoded = L.Decoded()
        with self._lock:
            lib.decode(self._open(), given, len(given), c.byref(options), c.byref(decoded))
        return read_answers(decoded)

    # ---- Training

    def fit(self, x=None, y=None, *, data: str | None = None, validation_data: tuple | None = None, validation_split: float = 0,
            epochs: int = 0, steps: int = 0, batch_size: int = 0, optimizer: str | None = None, learning_rate: float = 0,
            out: str | os.PathLike | None = None, resume: bool = False, keep_checkpoints: int = 0, allow_overlap: bool = False,
            progress="auto", callback=None) -> History:
        """Trains the model in place.

        x: as in predict; y: class numbers, integers [samples] (or [samples, steps]), or one-hot rows.
        data: "TYPE:PATH" in place of x and y, as --data of `gaze train`; with none of them the model's own data.
        validation_data: (x, y), measured after each epoch; validation_split: the last part of x and y, 0..1, for that.
        epochs, batch_size, optimizer (sgd, adam, adamw, rmsprop), learning_rate: 0 or None takes the model file's.
        steps: updates in all, whatever the epochs.
        out: run folder for weights, log and checkpoints; resume: go on from its newest checkpoint, after a crash too.
            None: nothing is written.
        allow_overlap: samples may be in both parts; otherwise that is a DataError, since such a validation says nothing.
        progress: "auto": a bar on terminals and in notebooks, a line an epoch elsewhere; "bar", "lines", None.
        callback: called with a gaze.Step about ten times a second and at each epoch's end; returning False stops the training.

        Returns History; .history["loss"] and so on hold a value an epoch. Ctrl-C stops, with the weights as they are (and a
        checkpoint, where there is `out`), and raises KeyboardInterrupt.
        """
        training = Training(progress, callback)
        options = L.TrainOptions(out=L.encode(out), epochs=epochs, steps=steps, batch_size=batch_size, optimizer=L.encode(optimizer),
                                 learning_rate=learning_rate, resume=resume, keep_checkpoints=keep_checkpoints,
                                 progress=training.function)
        if validation_split:
            x, y, validation_data = split_off(as_inputs(x, self.inputs), y, validation_split, validation_data)
        with self._lock, self._data(x, y, data, validation_data, allow_overlap) as opened, training:
            lib.train(self._open(), opened.handle, c.byref(options), None)
        return training.history

    def evaluate(self, x=None, y=None, *, data: str | None = None, batch_size: int = 0) -> Metrics:
        """Loss, accuracy and confusion on x and y, or on data as in fit (its test part, else its training part)."""
        found, metrics, test = L.Metrics(), None, c.c_bool()
        with self._lock, self._data(x, y, data, None, True) as opened:
            lib.evaluate(self._open(), opened.handle, batch_size, c.byref(test), c.byref(found))
            metrics = read_metrics(found, x is None and test.value)
        return metrics

    def _data(self, x, y, spec, validation_data, allow_overlap) -> Data:
        if x is None:
            if y is not None or validation_data is not None:
                raise UsageError("y and validation_data belong to x: without x, data is read by its name, and has its own test part")
            return Data.named(self._open(), spec, self._seed)
        if spec is not None:
            raise UsageError("give either x and y, or data")
        test = None
        if validation_data is not None:
            test_x, test_y = validation_data
            test = self._part(test_x, test_y, "validation_data")
        return Data.arrays(self._open(), self._part(x, y, ""), test, allow_overlap)

    def _part(self, x, y, what: str) -> tuple:
        arrays = as_inputs(x, self.inputs, f"{what} x".strip())
        if y is None:
            raise UsageError(f"{what} y is missing: class numbers for x".strip())
        return arrays, [t.name for t in self.inputs], as_labels(y, self.outputs[0], len(arrays[0]), f"{what} y".strip())

    def samples(self, indices, *, data: str | None = None, test: bool = True) -> tuple:
        """Samples of a data set by their numbers, as the model wants them: (x, y) for predict, map and show.

        indices: numbers from 0, or one. data: as in fit; None: the model's own. test: of the test part.
        x is an array [n, ...], or a dict by name for several inputs; y int32 [n], -1 where there is no label.
        """
        numbers = [int(i) for i in np.atleast_1d(indices)]
        if any(i < 0 for i in numbers):
            raise DataError(f"sample {min(numbers)}: expected numbers from 0 on")
        with self._lock, Data.named(self._open(), data, self._seed) as opened:
            found = [opened.sample(test, i, len(self.inputs)) for i in numbers]
        if not found:
            raise UsageError("no numbers of samples were given")
        columns = [np.concatenate(arrays) for arrays in zip(*(arrays for arrays, _ in found))]
        labels = np.array([label for _, label in found], np.int32)
        return (columns[0] if len(columns) == 1 else {t.name: a for t, a in zip(self.inputs, columns)}), labels

    def read(self, path, input: str | None = None) -> np.ndarray:
        """A picture (.png, .jpg) or .npy file as a batch for an input: brought to its size, gray or RGB as it wants, and scaled as
        the model's data was."""
        array = L.Array()
        name = input or self.inputs[0].name
        with self._lock:
            lib.input_read(self._open(), name.encode(), 0, L.encode(path), c.byref(array))
        return take(array)

    # ---- What it is

    def summary(self, *, batch_size: int = 1, training: bool = False, as_dict: bool = False):
        """Prints layers, shapes, parameters, FLOP and the memory plan; as_dict: returns them instead."""
        text = c.c_void_p()
        with self._lock:
            lib.summary(self._open(), batch_size, training, as_dict, c.byref(text))
        try:
            found = c.string_at(text).decode()
        finally:
            L.free(text)
        if as_dict:
            return json.loads(found)
        print(found, end="" if found.endswith("\n") else "\n")
        return None

    @property
    def weights(self) -> dict:
        """{"<layer>.<weight>": float32 array}, copies, with the shapes of Keras."""
        from ._safetensors import read
        from tempfile import TemporaryDirectory
        with TemporaryDirectory() as folder:
            path = os.path.join(folder, "weights.safetensors")
            self._save_weights(path)
            return read(path)

    def _save_weights(self, path) -> None:
        with self._lock:
            lib.model_save_weights(self._open(), L.encode(path))

    def save(self, path) -> None:
        """A folder with model.json and weights.safetensors, which Model, `gaze` and dump_attention open; a path that ends in
        .safetensors gets the weights alone. Whole or not at all."""
        if os.fspath(path).endswith(".safetensors"):
            return self._save_weights(path)
        with self._lock:
            lib.model_save(self._open(), L.encode(path))
        return None
