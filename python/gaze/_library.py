"""gaze.h as ctypes sees it: structs, functions, constants. Nothing here decides anything.

A test compares every struct with the C compiler's view of the header. ctypes lets go of the interpreter's lock
while a function of the library runs.
"""
from __future__ import annotations

import ctypes as c
import os
from pathlib import Path
from types import SimpleNamespace

from ._errors import ERRORS, Error

MAX_RANK = 6
FLOAT32, INT32 = 0, 1
OK, INTERRUPTED = 0, 130
LOG_LEVELS = {0: 40, 1: 30, 2: 20, 3: 10}  # logging's numbers
AXES = {1: "positions", 2: "query-key", 3: "channels", 4: "values"}

Shape = c.c_size_t * MAX_RANK
Names = c.POINTER(c.c_char_p)  # NULL-terminated


class Array(c.Structure):
    _fields_ = [("name", c.c_char_p), ("dtype", c.c_int), ("rank", c.c_size_t), ("shape", Shape), ("data", c.c_void_p)]


LogFunction = c.CFUNCTYPE(None, c.c_void_p, c.c_int, c.c_char_p)


class ContextOptions(c.Structure):
    _fields_ = [("device", c.c_char_p), ("reference", c.c_bool), ("profile", c.c_bool), ("memory_limit", c.c_size_t),
                ("log", LogFunction), ("log_user", c.c_void_p), ("group", c.c_void_p)]


class DeviceInfo(c.Structure):
    _fields_ = [("platform", c.c_char_p), ("name", c.c_char_p), ("vendor", c.c_char_p), ("version", c.c_char_p), ("driver", c.c_char_p),
                ("type", c.c_char_p), ("family", c.c_char_p), ("compiler", c.c_char_p), ("extensions", c.c_char_p),
                ("platform_index", c.c_size_t), ("index", c.c_size_t), ("compute_units", c.c_size_t), ("vector_width", c.c_size_t),
                ("global_bytes", c.c_size_t), ("local_bytes", c.c_size_t), ("max_allocation_bytes", c.c_size_t),
                ("max_group", c.c_size_t), ("usable", c.c_bool), ("chosen", c.c_bool), ("reason", c.c_char_p)]


class Adaptation(c.Structure):
    _fields_ = [("image_height", c.c_size_t), ("image_width", c.c_size_t), ("n_classes", c.c_size_t)]


class ModelOptions(c.Structure):
    _fields_ = [("weights", c.c_char_p), ("no_weights", c.c_bool), ("seed", c.c_uint64), ("adapt", Adaptation)]


class ReceptiveField(c.Structure):
    _fields_ = [("known", c.c_bool), ("first", c.c_double * 2), ("step", c.c_double * 2), ("size", c.c_double * 2)]


class MapInfo(c.Structure):
    _fields_ = [("name", c.c_char_p), ("layer", c.c_char_p), ("kind", c.c_char_p), ("meaning", c.c_char_p), ("axes", c.c_int),
                ("rank", c.c_size_t), ("shape", Shape), ("field", ReceptiveField), ("sums_to_one", c.c_bool)]


class MapPart(c.Structure):
    _fields_ = [("map", c.c_char_p), ("head", c.c_size_t), ("heads", c.c_size_t), ("query", c.c_size_t), ("queries", c.c_size_t)]


class RunOptions(c.Structure):
    _fields_ = [("batch_size", c.c_size_t), ("parts", c.POINTER(MapPart)), ("n_parts", c.c_size_t)]


class DecodeOptions(c.Structure):
    _fields_ = [("method", c.c_char_p), ("n_best", c.c_size_t), ("max_length", c.c_size_t), ("batch_size", c.c_size_t)]


class Decoded(c.Structure):
    _fields_ = [("batch", c.c_size_t), ("n_best", c.c_size_t), ("max_length", c.c_size_t), ("tokens", c.POINTER(c.c_int32)),
                ("lengths", c.POINTER(c.c_size_t)), ("log_probability", c.POINTER(c.c_double)), ("target", Array)]


class DataOptions(c.Structure):
    _fields_ = [("spec", c.c_char_p), ("seed", c.c_uint64), ("skip_bad", c.c_bool)]


class DataArrays(c.Structure):
    _fields_ = [("inputs", c.POINTER(Array)), ("n_inputs", c.c_size_t), ("label", c.POINTER(Array))]


class Progress(c.Structure):
    _fields_ = [("epoch", c.c_size_t), ("epochs", c.c_size_t), ("step", c.c_size_t), ("steps", c.c_size_t), ("loss", c.c_double),
                ("accuracy", c.c_double), ("samples_per_second", c.c_double), ("seconds_left", c.c_double), ("epoch_end", c.c_bool),
                ("has_validation", c.c_bool), ("validation_loss", c.c_double), ("validation_accuracy", c.c_double),
                ("epoch_seconds", c.c_double)]


ProgressFunction = c.CFUNCTYPE(c.c_bool, c.c_void_p, c.POINTER(Progress))


class TrainOptions(c.Structure):
    _fields_ = [("out", c.c_char_p), ("epochs", c.c_size_t), ("steps", c.c_size_t), ("batch_size", c.c_size_t), ("optimizer", c.c_char_p),
                ("learning_rate", c.c_double), ("resume", c.c_bool), ("checkpoint_seconds", c.c_size_t), ("keep_checkpoints", c.c_size_t),
                ("progress", ProgressFunction), ("user", c.c_void_p), ("argc", c.c_int), ("argv", Names)]


class Metrics(c.Structure):
    _fields_ = [("loss", c.c_double), ("accuracy", c.c_double), ("samples", c.c_size_t), ("n_classes", c.c_size_t),
                ("confusion", c.POINTER(c.c_size_t)), ("seconds", c.c_double)]


class DumpOptions(c.Structure):
    _fields_ = [("out", c.c_char_p), ("map", c.c_char_p), ("view", c.c_char_p), ("colors", c.c_char_p), ("scale", c.c_char_p),
                ("pixel", c.c_size_t), ("reduce", c.c_char_p), ("query", c.c_char_p), ("tokens", Names), ("query_tokens", Names),
                ("value_tokens", Names), ("vocabulary", Names), ("decode", c.c_char_p), ("truth", c.c_void_p),
                ("checkpoints", c.c_char_p), ("classes", Names)]


class Picture(c.Structure):
    _fields_ = [("height", c.c_size_t), ("width", c.c_size_t), ("rgb", c.c_void_p)]


# The header's struct of each class, for the test.
STRUCTS = {"gaze_array": Array, "gaze_context_options": ContextOptions, "gaze_device_info": DeviceInfo, "gaze_adaptation": Adaptation,
           "gaze_model_options": ModelOptions, "gaze_receptive_field": ReceptiveField, "gaze_map_info": MapInfo, "gaze_map_part": MapPart,
           "gaze_run_options": RunOptions, "gaze_decode_options": DecodeOptions, "gaze_decoded": Decoded,
           "gaze_data_options": DataOptions, "gaze_data_arrays": DataArrays, "gaze_progress": Progress,
           "gaze_train_options": TrainOptions, "gaze_metrics": Metrics, "gaze_dump_options": DumpOptions, "gaze_picture": Picture}

_p = c.POINTER
_handle = c.c_void_p
_out = _p(c.c_void_p)
_text = c.c_char_p

# name: arguments, of functions that return a gaze_status; and those that return something else.
_FALLIBLE: dict = {
    "context_create": [_p(ContextOptions), _out],
    "devices": [_p(_p(DeviceInfo)), _p(c.c_size_t)],
    "model_open": [_handle, _text, _p(ModelOptions), _out],
    "model_save_weights": [_handle, _text],
    "model_save": [_handle, _text],
    "find_map": [_handle, _text, _p(_p(MapInfo))],
    "run_with": [_handle, _p(Array), c.c_size_t, _p(Array), c.c_size_t, _p(RunOptions)],
    "decode": [_handle, _p(Array), c.c_size_t, _p(DecodeOptions), _p(Decoded)],
    "summary": [_handle, c.c_size_t, c.c_bool, c.c_bool, _p(c.c_void_p)],
    "data_open_with": [_handle, _p(DataOptions), _out],
    "data_from": [_handle, _p(DataArrays), _p(DataArrays), c.c_bool, _out],
    "data_sample": [_handle, c.c_bool, c.c_size_t, _p(Array), c.c_size_t, _p(c.c_int32)],
    "input_read": [_handle, _text, c.c_size_t, _text, _p(Array)],
    "train": [_handle, _handle, _p(TrainOptions), _p(Metrics)],
    "evaluate": [_handle, _handle, c.c_size_t, _p(c.c_bool), _p(Metrics)],
    "draw": [_p(MapInfo), _p(Array), _p(Array), _text, _p(DumpOptions), _p(Picture)],
}
_PLAIN: dict = {
    "message": (_text, []),
    "version": (_text, []),
    "models_folder": (_text, []),
    "status_name": (_text, [c.c_int]),
    "context_destroy": (None, [_handle]),
    "context_device": (None, [_handle, _p(DeviceInfo)]),
    "devices_free": (None, [_p(DeviceInfo)]),
    "close": (None, [_handle]),
    "model_name": (_text, [_handle]),
    "model_hash": (_text, [_handle]),
    "model_classes": (Names, [_handle]),
    "model_inputs": (c.c_size_t, [_handle, _p(_p(Array))]),
    "model_outputs": (c.c_size_t, [_handle, _p(_p(Array))]),
    "model_maps": (c.c_size_t, [_handle, _p(_p(MapInfo))]),
    "model_decodes": (_text, [_handle]),
    "decoded_free": (None, [_p(Decoded)]),
    "data_close": (None, [_handle]),
    "data_count": (c.c_size_t, [_handle, c.c_bool]),
    "metrics_free": (None, [_p(Metrics)]),
}


def _load() -> c.CDLL:
    path = os.environ.get("GAZE_LIBRARY") or Path(__file__).with_name("libgaze.so")
    try:
        return c.CDLL(str(path))
    except OSError as error:
        raise ImportError(f"gaze: {path} can't be loaded: {error}. It needs libOpenCL.so.1, the OpenCL loader: on Debian "
                          "apt-get install ocl-icd-libopencl1 pocl-opencl-icd") from error


_library = _load()
free = c.CDLL(None).free
free.restype, free.argtypes = None, [c.c_void_p]


def check(status: int) -> None:
    """Raises what a status that isn't GAZE_OK stands for, with the message of this thread's last failed call."""
    if status != OK:
        raise ERRORS.get(status, Error)(_library.gaze_message().decode("utf-8", "replace"))


def _fallible(name: str, arguments: list):
    function = getattr(_library, f"gaze_{name}")
    function.restype, function.argtypes = c.c_int, arguments
    return lambda *given: check(function(*given))


def _plain(name: str, result, arguments: list):
    function = getattr(_library, f"gaze_{name}")
    function.restype, function.argtypes = result, arguments
    return function


# gaze_NAME as an attribute NAME; those that can fail raise.
lib = SimpleNamespace(**{name: _fallible(name, arguments) for name, arguments in _FALLIBLE.items()},
                      **{name: _plain(name, result, arguments) for name, (result, arguments) in _PLAIN.items()})


def encode(text) -> bytes | None:
    """A path or a word for the library; None stays NULL."""
    return None if text is None else os.fsencode(text)


def names(words) -> c.Array | None:
    """A NULL-terminated list."""
    return None if words is None else (c.c_char_p * (len(words) + 1))(*[str(w).encode() for w in words], None)


def strings(words) -> list[str]:
    """What a NULL-terminated list holds; NULL is empty."""
    found: list[str] = []
    while words and words[len(found)] is not None:
        found.append(words[len(found)].decode("utf-8", "replace"))
    return found
