#!/usr/bin/env python3
"""docs/attention.md says of every attention kind there is: formula, source, weights, map, and what its map doesn't mean."""
import json
import re

from harness import GAZE, SOURCE, main, refused

PAGE = (SOURCE / "docs/attention.md").read_text()


def kinds(folder):
    """From the program itself: what it offers instead of a word that is none."""
    (folder / "m.json").write_text(json.dumps({
        "gaze_model": 1, "inputs": [{"name": "x", "shape": [4, 3]}], "outputs": ["a"],
        "layers": [{"name": "a", "type": "attention", "kind": "?"}]}))
    said = refused(4, GAZE, "summary", folder / "m.json", says="expected one of").stderr
    return re.findall(r'"(\w+)"', said.split("expected one of")[1].split(";")[0])


def sections():
    """Text of each ### section, with that of the ## section above it."""
    found = {}
    for group in re.split(r"^## ", PAGE, flags=re.M)[1:]:
        head, *parts = re.split(r"^### ", group, flags=re.M)
        for part in parts:
            name, text = part.split("\n", 1)
            found[name.strip()] = (text, head)
    return found


def every_kind_has_its_section(folder):
    have, want = set(sections()), set(kinds(folder))
    assert len(want) >= 18
    assert have == want, f"not on the page: {want - have}; no kinds: {have - want}"


def every_section_has_formula_source_weights_and_map(folder):
    for kind in kinds(folder):
        text, head = sections()[kind]
        whole = text + head
        assert " = " in text, f"{kind}: no formula"
        assert kind == "none" or re.search(r"\b(19|20)\d\d\b|No paper|no paper", text) or "Keras' `" in text, f"{kind}: no source"
        assert re.search(r"\| weights \||[Ww]eights", text), f"{kind}: no weights"
        assert re.search(r"\bmaps?\b", whole), f"{kind}: no map"
        assert re.search(r"\b(not|no|nothing|doesn't|without)\b", whole), f"{kind}: what its map doesn't mean"


def every_kind_is_under_a_word_of_the_tutorials(folder):
    table = PAGE.split("## What tutorials call it")[1].split("\n## ")[0]
    for kind in kinds(folder):
        assert kind == "none" or f"`{kind}`" in table, f"{kind} is under no word"


if __name__ == "__main__":
    main([every_kind_has_its_section, every_section_has_formula_source_weights_and_map, every_kind_is_under_a_word_of_the_tutorials])
