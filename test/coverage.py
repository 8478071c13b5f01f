#!/usr/bin/env python3
"""Lines and branches of engine/ that the tests ran, for each room, from a build with --coverage (make coverage).

    coverage.py BUILD [--list FILE]"""
import argparse
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent
ENGINE = SOURCE / "engine"


def read(build):
    """{file: {line: (runs, [branch runs])}} of engine/."""
    objects = build / "CMakeFiles/gaze_objects.dir/engine"
    data, files = sorted(p.resolve() for p in objects.rglob("*.gcno")), {}
    for start in range(0, len(data), 32):
        out = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", *map(str, data[start:start + 32])],
                             capture_output=True, text=True, check=True, cwd=build).stdout
        for text in out.splitlines():
            part = json.loads(text)
            for file in part["files"]:
                path = (Path(part["current_working_directory"]) / file["file"]).resolve()
                if ENGINE not in path.parents:
                    continue
                lines = files.setdefault(path, {})
                for line in file["lines"]:  # inline functions of headers come once for each file that includes them
                    runs, branches = lines.get(line["line_number"], (0, []))
                    now = [b["count"] for b in line["branches"]]
                    if len(now) == len(branches):
                        now = [a + b for a, b in zip(now, branches)]
                    lines[line["line_number"]] = (runs + line["count"], now if len(now) >= len(branches) else branches)
    return files


def count(lines):
    branches = [b for _, several in lines.values() for b in several]
    return [sum(runs > 0 for runs, _ in lines.values()), len(lines), sum(b > 0 for b in branches), len(branches)]


def table(files):
    rooms = defaultdict(lambda: [0, 0, 0, 0])
    for path, lines in files.items():
        for room in (path.parent.relative_to(SOURCE).as_posix(), "engine"):
            rooms[room] = [a + b for a, b in zip(rooms[room], count(lines))]
    total = rooms.pop("engine")
    rows = ["| room | lines | run | branches | taken |", "|---|---|---|---|---|"]
    for room, (run, lines, taken, branches) in [*sorted(rooms.items()), ("**engine/**", total)]:
        rows.append(f"| {room} | {lines:,} | {100 * run / max(lines, 1):.1f} % | {branches:,} | {100 * taken / max(branches, 1):.1f} % |")
    return "\n".join(rows)


def uncovered(path, lines):
    """'engine/io/png.c:31-33: text of the first line', regions of lines that never ran."""
    text, regions = path.read_text().splitlines(), []
    for number in sorted(lines):
        if lines[number][0]:
            regions.append(None)
        elif regions and regions[-1]:
            regions[-1][1] = number
        else:
            regions.append([number, number])
    name = path.relative_to(SOURCE).as_posix()
    return [f"{name}:{a}{f'-{b}' if b > a else ''}: {text[a - 1].strip()}" for a, b in filter(None, regions)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path)
    parser.add_argument("--list", type=Path, help="write the regions that never ran to a file")
    arguments = parser.parse_args()
    files = read(arguments.build.resolve())
    if not files:
        sys.exit(f"coverage.py: {arguments.build} holds no coverage data of engine/: build with make coverage")
    print(table(files))
    if arguments.list:
        regions = [region for path in sorted(files) for region in uncovered(path, files[path])]
        arguments.list.write_text("\n".join(regions) + "\n")
        print(f"\n{len(regions)} regions that never ran: {arguments.list}")


if __name__ == "__main__":
    main()
