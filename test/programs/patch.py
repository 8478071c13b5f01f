#!/usr/bin/env python3
"""After training on synthetic:patch the spatial map looks at the patch that decides the class, whose place is known."""
import json

import numpy as np
from harness import DUMP, GAZE, SOURCE, main, run

MODEL = SOURCE / "models/patch.json"


def the_map_is_largest_inside_the_patch(folder):
    run(GAZE, "train", MODEL, "--out", folder / "run", "--seed", "1", "--quiet")
    result = run(GAZE, "evaluate", folder / "run", "--json").stdout.splitlines()
    accuracy = next(json.loads(line)["accuracy"] for line in result if "accuracy" in line)
    run(DUMP, folder / "run", "--index", "0..199", "--map", "attention", "--view", "sheet", "--out", folder / "maps", "--json")
    (array,) = (folder / "maps").glob("*.attention.npy")
    about = json.loads(array.with_suffix(".json").read_text())
    maps = np.load(array)
    inside = 0
    for one, sample in zip(maps, about["samples"]):
        place = sample["truth"]
        y, x = np.unravel_index(one.argmax(), one.shape)
        found = place["y0"] <= y <= place["y1"] and place["x0"] <= x <= place["x1"]
        assert found == sample["points_at_truth"]
        inside += found
    share = inside / len(maps)
    print(f"accuracy {accuracy:.3f}; arg max of the map inside the patch: {100 * share:.1f} % of {len(maps)} test images")
    assert len(maps) == 200 and share >= 0.9 and accuracy > 0.9


if __name__ == "__main__":
    main([the_map_is_largest_inside_the_patch])
