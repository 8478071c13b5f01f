#!/usr/bin/env python3
"""docs/compare.md: our commands have these names and options, our counts are today's, and every row says something of everyone."""
import re
import shlex

from harness import DUMP, GAZE, SOURCE, main, run

PAGE = (SOURCE / "docs/compare.md").read_text()
ROWS = [re.split(r"(?<!\\)\|", line)[1:-1] for line in PAGE.split("## Written by hand")[0].splitlines() if line.startswith("|") and "---" not in line]


def commands():
    for words in re.findall(r"`((?:mpirun -n \d+ )?(?:gaze|dump_attention) [^`]*)`", PAGE):
        words = shlex.split(words)
        yield words[words.index("gaze") if "gaze" in words else 0:]


def every_command_has_these_options(folder):
    found = list(commands())
    assert len(found) > 15, found
    for words in found:
        program, rest = (GAZE, words[1:]) if words[0] == "gaze" else (DUMP, words)
        said = run(program, *([rest[0]] if program == GAZE else []), "--help").stdout
        for option in (word for word in rest if word.startswith("--")):
            assert re.search(rf"(?<![\w-]){option}\b", said), f"{' '.join(words)}: no option {option}"


def counts_are_todays(folder):
    layers, kinds = map(int, re.search(r"\| kinds of layers \| (\d+), and (\d+) of attention", PAGE).groups())
    header = (SOURCE / "engine/layers/layer.h").read_text()
    lists = {name: len(re.findall(r"X\((\w+)\)", body)) for name, body in re.findall(r"#define (GZ_\w+_LIST)\(X\)((?:.*\\\n)*.*)", header)}
    assert {layers, kinds} <= set(lists.values()), (layers, kinds, lists)


def every_row_says_something_of_everyone(folder):
    assert len(ROWS) > 25
    for row in ROWS:
        assert len(row) == 5 and all(cell.strip() for cell in row[1:]), row


if __name__ == "__main__":
    main([every_command_has_these_options, counts_are_todays, every_row_says_something_of_everyone])
