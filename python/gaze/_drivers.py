"""Drivers beside other libraries in one process.

PoCL and Intel's drivers bring their own LLVM. TensorFlow shows everyone the symbols of another LLVM, and a driver that is loaded
after it would take those and crash. Loaded here first, with its own symbols before all others, a driver is the one that OpenCL's
loader then finds loaded.
"""
from __future__ import annotations

import ctypes
import os
from pathlib import Path

VENDORS = "/etc/OpenCL/vendors"
_loaded: list = []


def _libraries() -> list:
    """What the .icd files name, where OpenCL's loader looks for them."""
    place = Path(os.environ.get("OCL_ICD_VENDORS") or VENDORS)
    try:
        files = sorted(place.glob("*.icd")) if place.is_dir() else [place] if place.suffix == ".icd" else []
        return [line for file in files for line in file.read_text().split()[:1]]
    except OSError:
        return []


def load() -> None:
    """Once; a driver that can't be loaded is for OpenCL's loader to tell."""
    if _loaded:
        return
    _loaded.append(None)
    for library in _libraries():
        try:
            _loaded.append(ctypes.CDLL(library, mode=os.RTLD_NOW | os.RTLD_LOCAL | getattr(os, "RTLD_DEEPBIND", 0)))
        except OSError:
            continue
