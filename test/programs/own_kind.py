#!/usr/bin/env python3
"""docs/add-an-attention-kind.md, followed to the letter: its files in an empty folder, its commands, against an installed library."""
import json
import os
import re

import numpy as np
from harness import BUILD, SOURCE, main, refused, run

PAGE = SOURCE / "docs/add-an-attention-kind.md"
FILE = r"[A-Za-z_]+\.(?:c|json|txt)"


def blocks():
    """(name, text) of each file on the page, and ("sh", text) of commands, in order."""
    found = re.findall(rf"(?:`({FILE})`:\n\n)?^```(\w+)\n(.*?)^```$", PAGE.read_text(), re.S | re.M)
    for name, language, text in found:
        assert name or language in ("sh", "text"), f"a block of {language} has no file name before it:\n{text}"
    return [(name or language, text) for name, language, text in found if language != "text"]


def prepare(folder):
    """Gaze installed, and beside it the folder that the reader works in."""
    run("cmake", "--install", BUILD, "--prefix", folder / "prefix")
    work = folder / "work"
    work.mkdir()
    for name, text in blocks():
        if name != "sh":
            (work / name).write_text(text)
    return work


def environment(folder):
    return {"PREFIX": str(folder / "prefix"), "PATH": f"{folder / 'prefix/bin'}:{os.environ['PATH']}"}


def in_folder(folder, work, commands):
    return run("sh", "-e", "-c", f"cd {work}\n{commands}", env=environment(folder)).stdout


def the_page_is_followed(folder):
    work = prepare(folder)
    printed = in_folder(folder, work, "".join(text for name, text in blocks() if name == "sh"))
    pointed = int(re.search(r"^(\d+)$", printed, re.M).group(1))
    assert pointed >= 70, f"{pointed} of 100 maps point at the patch"
    counts = re.findall(r"^(\d+) passed, (\d+) failed$", printed, re.M)
    assert len(counts) == 2 and all(int(p) >= 10 and f == "0" for p, f in counts), counts

    about = json.loads((work / "maps/synthetic-test.attention.json").read_text())
    assert about["kind"] == "gated_pool" and about["axes"] == "positions" and about["shape"] == [100, 14, 14]
    weights = np.load(work / "maps/synthetic-test.attention.npy")
    assert np.abs(weights.sum(axis=(1, 2)) - 1).max() < 1e-5
    assert (work / "maps/synthetic-test.attention.sheet.png").exists()

    matrix = json.loads((work / "maps/synthetic-test.mix.json").read_text())
    assert matrix["axes"] == "query-key" and matrix["shape"] == [1, 12, 12]
    assert np.triu(np.load(work / "maps/synthetic-test.mix.npy")[0], 1).max() == 0, "a query sees a later key"
    assert (work / "maps/synthetic-test.mix.0.matrix.png").exists()


def the_line_without_cmake_works(folder):
    work = prepare(folder)
    (line,) = re.findall(r"`(cc -shared [^`]*)`", PAGE.read_text())
    (pc,) = (folder / "prefix").rglob("gaze.pc")
    pc.write_text(re.sub(r"^prefix=.*$", f"prefix={folder / 'prefix'}", pc.read_text(), count=1, flags=re.M))
    strict = line.replace("cc ", os.environ.get("CC", "cc") + " -Wall -Wextra -Werror ", 1)
    in_folder(folder, work, f"export PKG_CONFIG_PATH={pc.parent}\n{strict}")
    printed = in_folder(folder, work, "gaze summary bag.json --plugin gated_pool.so")
    assert "attention: gated_pool" in printed


def mistakes_are_named(folder):
    work = prepare(folder)
    in_folder(folder, work, blocks()[[name for name, _ in blocks()].index("sh")][1])
    gaze, plugin, model = folder / "prefix/bin/gaze", work / "build/gated_pool.so", work / "bag.json"
    refused(4, gaze, "summary", model, says=["bag.json: layer 'attention': key 'kind'", '"gated_pool"', "--plugin"])
    refused(2, gaze, "summary", model, "--plugin", work / "nothing.so", says=["nothing.so", "cannot be loaded"])
    refused(2, gaze, "summary", model, env={"GAZE_PLUGINS": f"{plugin}:{plugin}"}, says=["GAZE_PLUGINS", "already"])
    text = model.read_text()
    for change, says in ((('"units": 16', '"unit": 16'), ["'unit'", "did you mean 'units'"]),
                         (('"units": 16', '"units": 0'), ["'units'", "at least 1"]),
                         (('"gated_pool", ', '"gated_pol", '), ["did you mean 'gated_pool'"]),
                         (('{"name": "attention"', '{"name": "flat", "type": "flatten"}, {"name": "attention"'),
                          ["layer 'attention'", "'flat'", "[time, features]"])):
        assert change[0] in text
        (work / "wrong.json").write_text(text.replace(*change))
        refused(4, gaze, "summary", work / "wrong.json", "--plugin", plugin, says=["wrong.json", *says])


def a_run_goes_on_with_its_plugin(folder):
    """The same seed gives the same bits, also in two parts."""
    work = prepare(folder)
    in_folder(folder, work, blocks()[[name for name, _ in blocks()].index("sh")][1])
    train = "gaze train bag.json --plugin build/gated_pool.so --seed 3 --quiet --out"
    in_folder(folder, work, f"{train} whole --epochs 2; {train} parts --epochs 1; {train} parts --epochs 2 --resume")
    assert (work / "whole/weights.safetensors").read_bytes() == (work / "parts/weights.safetensors").read_bytes()


if __name__ == "__main__":
    main([the_page_is_followed, the_line_without_cmake_works, mistakes_are_named, a_run_goes_on_with_its_plugin])
