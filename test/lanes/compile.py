#!/usr/bin/env python3
"""Compiles every program that the library builds on a GPU with the makers' own compilers, without a GPU.

Programs: what `gaze verify` builds with GAZE_FAMILY=gpu, for Intel with GAZE_FAMILY=intel (final sources and options, where --gaze
is given), and each cl/*.cl that it did not build, with the options of a GPU. Fails when a program does not compile, a target has other kernels than the
rest of its family, or more registers or arrays lie in memory than explained.txt allows. Ends with 'N passed, N failed'.
"""
import argparse
import datetime
import fnmatch
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from compilers import COMPILERS, CompileError

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WIDTH = 4  # the engine's choice for a device whose native vector is one float, as on GPUs
OPTIONS = ["-cl-std=CL1.2", "-cl-denorms-are-zero", "-w", f"-DGAZE_WIDTH={WIDTH}", "-DGAZE_NO_CPU"]


@dataclass
class Program:
    name: str
    path: Path
    options: list


def assembled(path, seen):
    """The file with its includes in place, each once."""
    lines = []
    for line in path.read_text().splitlines():
        include = re.match(r'\s*#\s*include\s+"(.*)"', line)
        if not include:
            lines.append(line)
        elif include[1] not in seen:
            seen.add(include[1])
            lines.append(assembled(path.parent / include[1], seen))
    return "\n".join(lines)


def dump_programs(gaze, family, folder):
    """Runs every kernel once; which of them are right is another test's matter."""
    environment = {**os.environ, "GAZE_FAMILY": family, "GAZE_WIDTH": str(WIDTH), "GAZE_PROGRAM_CACHE": "none",
                   "GAZE_DUMP_PROGRAMS": str(folder)}
    done = subprocess.run([gaze, "verify", "--quick", "--quiet", "--jobs", "1"], env=environment, capture_output=True, text=True)
    if not list(folder.glob("*.cl")):
        sys.exit(f"compile.py: '{gaze} verify' built no program: {done.stderr.strip() or done.stdout.strip()}")


def find_programs(gaze, family, only, folder):
    if gaze:
        dump_programs(gaze, family, folder)
    programs, stems = [], set()
    for path in sorted(folder.glob("*.cl")):
        options = path.with_suffix(".opts").read_text().split()
        further = [option for option in options if option not in OPTIONS]
        stems.add(path.stem.split("-")[0])
        programs.append(Program(" ".join([path.stem.split("-")[0], *further]), path, options))
    for path in sorted((ROOT / "cl").glob("*.cl")):
        if path.stem not in stems:
            (folder / path.name).write_text(assembled(path, set()) + "\n")
            programs.append(Program(path.stem, folder / path.name, OPTIONS))
    return [p for p in programs if not only or p.name.split()[0] in only]


@dataclass
class Explained:
    kernel: str
    target: str
    limit: int
    why: str


def read_explained():
    lines = [line.split(None, 3) for line in (HERE / "explained.txt").read_text().splitlines()]
    return [Explained(words[0], words[1], int(words[2]), words[3]) for words in lines if words and words[0] != "#"]


class Target:
    """One target's results."""

    def __init__(self, compiler, name):
        self.compiler, self.name, self.kernels, self.failures, self.explained = compiler, name, {}, [], []

    def compile(self, program, folder):
        try:
            made = self.compiler.compile(program, self.name, folder)
        except CompileError as error:
            self.failures.append((program.name, str(error)))
            return None
        self.kernels.update({(program.name, name): kernel for name, kernel in made.items()})
        return set(made)

    def check_memory(self, explained):
        for (program, name), kernel in self.kernels.items():
            used = kernel.spilled + kernel.private
            if not used:
                continue
            text = f"{name}: {kernel.spilled} bytes of spilled registers, {kernel.private} of arrays"
            known = [e for e in explained
                     if e.kernel == name and fnmatch.fnmatch(self.name, e.target) and used <= e.limit]
            if known:
                self.explained.append((text, known[0].why))
            else:
                self.failures.append((program, f"{text} in memory, unexplained"))

    def most(self, fact):
        """The name and facts of the kernel that has the most of a fact."""
        (_, name), kernel = max(self.kernels.items(), key=lambda item: getattr(item[1], fact))
        return name, kernel


def compile_all(programs, targets, folder):
    for program in programs:
        made = {target: target.compile(program, folder) for target in targets}
        everywhere = set().union(*(names for names in made.values() if names))
        for target, names in made.items():
            if names is not None and names != everywhere:
                target.failures.append((program.name, f"lacks {', '.join(sorted(everywhere - names))}"))


def row(target):
    if not target.kernels:
        return [target.name, target.compiler.targets[target.name], "0", str(len(target.failures)), "", "", "", ""]
    name, kernel = target.most("registers")
    user, local = target.most("local")
    memory = [k for k in target.kernels.values() if k.spilled], [k for k in target.kernels.values() if k.private]
    return [target.name, target.compiler.targets[target.name], str(len(target.kernels)), str(len(target.failures)),
            f"{kernel.shown} (`{name}`)", f"{local.local} B (`{user}`)" if local.local else "none", *(str(len(kernels)) for kernels in memory)]


HEAD = ["target", "is", "kernels", "failures", "most registers", "most local memory", "spilling kernels", "with arrays in memory"]


def table(targets):
    rows = [HEAD, ["---"] * len(HEAD), *(row(target) for target in targets)]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in rows)


def details(targets):
    lines = []
    for title, attribute in [("Failures", "failures"), ("Explained", "explained")]:
        found = {}
        for target in targets:
            for what in getattr(target, attribute):
                found.setdefault(what, []).append(target.name)
        if found:
            lines += [f"\n{title}:\n"] + [f"- {', '.join(names)}: {first}: {second}" for (first, second), names in found.items()]
    return "\n".join(lines) + "\n" if lines else "\nNo failure; no register or array lies in memory.\n"


def occupancy(targets):
    """Of every kernel *_gpu, in the program that takes most registers: registers, and the share of the waves that a unit can hold which
    they and local memory leave room for."""
    columns = [t for t in targets if hasattr(t.compiler, "most_waves")]
    kernels = {}
    for target in columns:
        for (_, name), kernel in target.kernels.items():
            if name.endswith("_gpu"):
                found = kernels.setdefault(name, {})
                found[target.name] = max(found.get(target.name, kernel), kernel, key=lambda k: (k.registers, k.local))
    head = ["kernel", "local memory, bytes", *(f"{t.name} ({t.compiler.targets[t.name]})" for t in columns)]
    rows = [head, ["---"] + ["---:"] * (len(head) - 1)]
    for name, found in sorted(kernels.items()):
        cells = [f"{found[t.name].registers}, {100 * found[t.name].waves // t.compiler.most_waves[t.name]} %" if t.name in found else ""
                 for t in columns]
        rows.append([f"`{name}`", str(max(k.local for k in found.values())), *cells])
    return "".join("| " + " | ".join(cells) + " |\n" for cells in rows)


def markers(what):
    return f"<!-- {what}: written by test/lanes/compile.py -->", f"<!-- end of {what} -->"


def write_between(path, what, text):
    """Into the page, between the two lines that say what stands there."""
    begin, end = markers(what)
    page = path.read_text()
    if begin not in page or end not in page:
        sys.exit(f"compile.py: {path} has no lines '{begin}' and '{end}' to write between")
    path.write_text(page[:page.index(begin)] + f"{begin}\n{text}" + page[page.index(end):])


def write_pages(chosen, programs, compilers, targets):
    versions = "".join(f"- {c.maker}: {c.version()}\n" for c in compilers)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    if chosen.page:
        write_between(chosen.page, "offline compilers", f"Of {today}, by `make lanes`; programs: {', '.join(programs)}.\n\n"
                      f"{table(targets)}{details(targets)}\nCompilers:\n\n{versions}")
    if chosen.occupancy:
        write_between(chosen.occupancy, "occupancy", f"Of {today}, by `make lanes`:\n\n{occupancy(targets)}")


def find_compilers(tools, wanted):
    """[(compiler, its wanted targets)]; ends the program where one is missing that a wanted target needs."""
    found, missing = [], []
    for kind in COMPILERS:
        names = [name for name in kind.targets if not wanted or name in wanted]
        if names:
            found.append((kind(tools), names))
            missing += found[-1][0].missing
    if missing:
        print(f"compile.py: missing: {', '.join(dict.fromkeys(missing))}; `make deps-verify` installs them", file=sys.stderr)
        sys.exit(3)
    return found


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gaze", help="the program whose `verify` builds the programs")
    parser.add_argument("--targets", type=lambda text: text.split(","), default=[], help="of all, these; separated by commas")
    parser.add_argument("--only", type=lambda text: text.split(","), default=[], help="these files of cl/, without .cl")
    parser.add_argument("--tools", default=ROOT / "build/tools", help="where make deps-verify put what is not Debian's")
    parser.add_argument("--page", type=Path, help="write the table into this page")
    parser.add_argument("--occupancy", type=Path, help="write registers and occupancy of each kernel into this page")
    parser.add_argument("--check-tools", action="store_true", help="only say (exit 3) whether a compiler is missing")
    return parser.parse_args()


def main():
    chosen = arguments()
    found = find_compilers(chosen.tools, chosen.targets)
    targets = [Target(compiler, name) for compiler, names in found for name in names]
    if chosen.check_tools:
        return 0
    with tempfile.TemporaryDirectory() as folder:
        programs = []
        for family in dict.fromkeys(target.compiler.family for target in targets):
            of_family = Path(folder) / family
            of_family.mkdir()
            found_programs = find_programs(chosen.gaze, family, chosen.only, of_family)
            compile_all(found_programs, [target for target in targets if target.compiler.family == family], of_family)
            programs.append(f"{len(found_programs)} of the family {family}")
    for target in targets:
        target.check_memory(read_explained())
    print(table(targets) + details(targets), flush=True)
    write_pages(chosen, programs, [compiler for compiler, _ in found], targets)
    failed = sum(len(target.failures) for target in targets)
    kernels = sum(len(target.kernels) for target in targets)
    if not kernels and not failed:
        print("compile.py: no kernel was compiled", file=sys.stderr)
        return 1
    bad = min(kernels, failed)
    print(f"{kernels - bad} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
