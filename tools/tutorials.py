#!/usr/bin/env python3
"""Runs the pages of docs/tutorials as a reader would, in an empty folder beside models/ and docs/, and compares what is printed with
what they say.

    tools/tutorials.py [--build DIR] [PAGE..]           as they stand: minutes; replaces their pictures
    tools/tutorials.py [--build DIR] --quick [PAGE..]   with fewer steps: seconds; results may differ, words and files may not

A page's blocks `console` hold commands behind `$ ` (ended by a backslash they go on) with what they print; a line `...` stands for any
lines. Behind the word console: `exact`, numbers count with --quick too; `results`, with --quick nothing that is printed counts.
`<!-- quick: A becomes B -->` changes commands with --quick, `<!-- made: FILE -->` says where the picture below comes from."""
import argparse
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent
PAGES = SOURCE / "docs/tutorials"
TIMES = re.compile(r"\d+(\.\d+)? (s|ms|samples/s|MiB|GFLOP/s|GB/s)\b")
NUMBERS = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")
WORDS = 48  # pixels that longer numbers and one more line of the caption take


def blocks(text):
    """(kind, [(command, printed lines)]) of each console block"""
    for kind, body in re.findall(r"^```console ?(\w*)\n(.*?)^```$", text, flags=re.M | re.S):
        calls = []
        for line in body.splitlines():
            if line.startswith("$ "):
                calls.append((line[2:], []))
            elif calls[-1][0].endswith("\\") and not calls[-1][1]:
                calls[-1] = (calls[-1][0][:-1] + line.strip(), [])
            else:
                calls[-1][1].append(line)
        yield kind, calls


def matches(said, printed):
    """`...` among said lines stands for any printed ones."""
    if not said:
        return not printed
    if said[0] == "...":
        return any(matches(said[1:], printed[i:]) for i in range(len(printed) + 1))
    return bool(printed) and said[0] == printed[0] and matches(said[1:], printed[1:])


def comparable(lines, numbers):
    lines = [TIMES.sub(r"# \2", line) for line in lines]
    lines = lines if numbers else [NUMBERS.sub("#", line) for line in lines]
    return [" ".join(line.split()) for line in lines if line.strip()]


def quickened(command, changes):
    for change in changes:
        if change[0] in command:
            command = command.replace(*change[:2])
            change[2] = True
    return command


def run_block(kind, calls, changes, quick, where):
    for command, said in calls:
        words = quickened(command, changes) if quick else command
        done = subprocess.run(["sh", "-c", words], capture_output=True, text=True, stdin=subprocess.DEVNULL, **where)
        assert done.returncode == 0, f"$ {words}\nended with {done.returncode}\n{done.stdout}{done.stderr}"
        numbers = kind == "exact" or not quick
        printed = done.stdout  # what goes to stderr is a log: how long a driver compiles, say
        if said and not (quick and kind == "results"):
            assert matches(comparable(said, numbers), comparable(printed.splitlines(), numbers)), (
                f"$ {words}\nprints\n{printed}\nbut the page says\n" + "\n".join(said))


def size_of(picture):
    data = picture.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", f"{picture} is no PNG file"
    return struct.unpack(">II", data[16:24])


def check_pictures(text, folder, quick):
    made = re.findall(r"^<!-- made: (\S+) -->\n!\[[^\]\n]+\]\((\S+)\)", text, flags=re.M)
    assert len(made) == text.count("!["), "a picture without the file that it is made of"
    for source, name in made:
        if not quick:
            shutil.copyfile(folder / source, PAGES / name)
            print(PAGES / name)
        sizes = zip(size_of(folder / source), size_of(PAGES / name))
        assert all(abs(a - b) <= WORDS for a, b in sizes), f"{source} has another size than {name}"


def run_page(page, build, quick):
    text = page.read_text()
    changes = [[a, b, False] for a, b in re.findall(r"<!-- quick: (.*?) becomes (.*?) -->", text)]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "bin").mkdir()
        (folder / "bin/python3").symlink_to(sys.executable)
        for name in ("models", "docs"):
            (folder / name).symlink_to(SOURCE / name)
        env = {**os.environ, "PATH": f"{folder}/bin:{build}/bin:{os.environ['PATH']}"}
        for kind, calls in blocks(text):
            run_block(kind, calls, changes, quick, {"cwd": folder, "env": env})
        check_pictures(text, folder, quick)
    unused = [change[0] for change in changes if quick and not change[2]]
    assert not unused, f"no command of {page.name} has {unused}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=SOURCE / "build")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("pages", nargs="*", type=Path, default=sorted(PAGES.glob("0*.md")))
    asked = parser.parse_args()
    for page in asked.pages:
        print(f"== {page.name}", flush=True)
        run_page(page, asked.build.resolve(), asked.quick)


if __name__ == "__main__":
    main()
