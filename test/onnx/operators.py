#!/usr/bin/env python3
"""Prints the operators that gaze import takes, from engine/onnx/operators.h: with layers, and for constants alone."""
import re
from pathlib import Path

LIST = Path(__file__).parents[2] / "engine/onnx/operators.h"


def operators():
    found = re.findall(r"X\((\w+), (\w+), (\w+)\)", LIST.read_text())
    return [name for name, layers, _ in found if layers != "none"], [name for name, layers, _ in found if layers == "none"]


if __name__ == "__main__":
    layers, constants = operators()
    print(f"{len(layers)} with layers: {', '.join(layers)}")
    print(f"{len(constants)} for constants alone: {', '.join(constants)}")
