#!/usr/bin/env python3
"""The weights that come with the repository have the accuracy that README states, and training beside them starts from scratch."""
import json
import re

from harness import GAZE, SOURCE, main, run

MODEL = SOURCE / "models/000-fashion-attention.json"


def the_accuracy_is_the_stated_one(folder):
    stated = float(re.search(r"\*\*(0\.\d{4})\*\* with the\s+weights that come along", (SOURCE / "README.md").read_text()).group(1))
    first = json.loads(run(GAZE, "evaluate", MODEL, "--json").stdout.splitlines()[0])
    assert first["samples"] == 10000 and first["part"] == "test"
    assert abs(first["accuracy"] - stated) <= 0.0002, first


def training_does_not_begin_with_them(folder):
    out = run(GAZE, "train", MODEL, "--out", folder / "run", "--steps", 5, "--json").stdout
    assert json.loads(out.splitlines()[-1])["accuracy"] < 0.6


if __name__ == "__main__":
    main([the_accuracy_is_the_stated_one, training_does_not_begin_with_them])
