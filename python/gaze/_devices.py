"""What OpenCL offers here, and the context that a model runs in."""
from __future__ import annotations

import ctypes as c
import logging
from dataclasses import dataclass, fields

from . import _drivers
from ._library import LOG_LEVELS, ContextOptions, DeviceInfo, LogFunction, encode, lib

_log = logging.getLogger("gaze")


@dataclass(frozen=True)
class Device:
    """A device, or (name None) a platform without one. Sizes are in bytes."""

    platform: str | None
    name: str | None
    vendor: str | None
    version: str | None
    driver: str | None
    type: str | None  #: "cpu", "gpu", "accelerator" or "reference"
    family: str | None  #: of kernels: "cpu", "gpu", "intel", "plain" or "reference"
    platform_index: int
    index: int  #: what Model(device=...) takes
    compute_units: int
    vector_width: int
    global_bytes: int
    local_bytes: int
    max_allocation_bytes: int
    max_group: int
    usable: bool
    chosen: bool  #: what "auto" takes
    reason: str | None  #: why it isn't usable, or why it is or isn't chosen

    def __str__(self):
        mark = "*" if self.chosen else " "
        return f"{mark}{self.index} {self.platform}: {self.name or '-'} ({self.type or 'no device'}); {self.reason or ''}"


def _device(info: DeviceInfo) -> Device:
    values: dict = {f.name: getattr(info, f.name) for f in fields(Device)}
    texts: dict = {k: v.decode("utf-8", "replace") for k, v in values.items() if isinstance(v, bytes)}
    return Device(**{**values, **texts})


def devices() -> list:
    """Every OpenCL device here, and platforms that are broken or empty with the reason.

    Returns a list of Device; the one with `chosen` is what Model takes by itself.
    Raises DeviceError where OpenCL itself fails.
    """
    _drivers.load()
    found, count = c.POINTER(DeviceInfo)(), c.c_size_t()
    lib.devices(c.byref(found), c.byref(count))
    try:
        return [_device(found[i]) for i in range(count.value)]
    finally:
        lib.devices_free(found)


@LogFunction
def _write_log(_user, level, message):
    _log.log(LOG_LEVELS.get(level, logging.INFO), "%s", message.decode("utf-8", "replace"))


def create_context(device: str | int | None, reference: bool, memory_limit: int) -> c.c_void_p:
    if not reference:
        _drivers.load()
    context = c.c_void_p()
    options = ContextOptions(device=encode(None if device is None else str(device)), reference=reference, memory_limit=memory_limit,
                             log=_write_log)
    lib.context_create(c.byref(options), c.byref(context))
    return context


def device_of(context) -> Device:
    info = DeviceInfo()
    lib.context_device(context, c.byref(info))
    return _device(info)
