#!/usr/bin/env python3
"""Rules that keep kernels right on every driver, where a look at the text is enough: no run shows on one device what another does,
or which of two work-groups is first.

    rules.py [cl]

A line for each breach, file:line; then 'N passed, N failed', counting rules for each file."""
import re
import sys
from pathlib import Path

RULES = [  # what must not be there, why, and a line that breaks it
    (r"\b(atom|atomic)_\w+", "the order of its sums is not fixed: the next run has other bits", "atomic_cmpxchg(p, a, b);"),
    (r"\bdouble\d*\b", "cl_khr_fp64 is optional", "double sum;"),
    (r"\((__\w+ |const )*(float|int|uint)(\d+|v)\s*\*\)", "an address may not be a multiple of a vector's size: vload", "*(__global float4 *)p"),
    (r"(?<![\w.])(\d+\.\d*|\.\d+|\d+(?=e))(e[-+]?\d+)?(?![\w.])", "a literal without f is a double", "x * 1.5 + 2e3"),
    (r"\bstatic inline (?:\w+ )*?(?!gaze_|__|[A-Z]+\()\w+\(", "helpers are named gaze_: some drivers leak names of their own", "static inline float sum(float a)"),
    (r"(?<!int\))get_local_id\(\d\)\s*[/%]", "divide an int: Intel's compiler for processors takes such quotients of neighbours, as size_t, for neighbours too",
     "y = get_local_id(0) / 8"),
    (r"\bGAZE_ONE [\w#]+\((?!GAZE_HERE )", "a kernel of one item takes its place from its caller in an entry", "GAZE_ONE scale(int n)"),
    (r"\b(printf|goto)\b", "some drivers know it not, or badly", "goto done;"),
]
KERNEL = re.compile(r"(?:__kernel|GAZE_ONE)\b[^;{]*?\(([^{]*)\)\s*\{", re.S)
OTHER_KERNEL = re.compile(r"__kernel\b[^;{]*?\{(.*?)\n(?: {4})?\}", re.S)  # and what is in it
PLACE = (re.compile(r"GAZE_AT\("), "only a GAZE_ONE knows it: in an entry this does not compile")
ARGUMENT = (re.compile(r"\b(size_t|bool|ptrdiff_t|\w+3\b(?=\s*\*))"), "as a kernel's argument has no one size")


def without_comments(text):
    """Blanks, so that lines keep their numbers."""
    return re.sub(r"/\*.*?\*/|//[^\n]*", lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S)


def breaches(path):
    text = without_comments(path.read_text())
    for number, line in enumerate(text.splitlines(), 1):
        for rule, (pattern, why, _) in enumerate(RULES):
            for found in re.finditer(pattern, line):
                yield rule, number, found[0].strip(), why
    for kernel in KERNEL.finditer(text):
        for found in ARGUMENT[0].finditer(kernel[1]):
            yield len(RULES), text.count("\n", 0, kernel.start(1) + found.start()) + 1, found[0], ARGUMENT[1]
    for kernel in OTHER_KERNEL.finditer(text):
        for found in PLACE[0].finditer(kernel[1]):
            yield len(RULES) + 1, text.count("\n", 0, kernel.start(1) + found.start()) + 1, found[0], PLACE[1]


def main():
    for pattern, _, example in RULES:
        assert re.search(pattern, example), f"{pattern} does not find: {example}"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent.parent / "cl"
    files, failed = sorted([*folder.glob("*.cl"), *folder.glob("*.h")]), 0
    for path in files:
        found = list(breaches(path))
        failed += len({rule for rule, *_ in found})
        for _, number, what, why in found:
            print(f"{path}:{number}: {what}: {why}")
    print(f"{len(files) * (len(RULES) + 2) - failed} passed, {failed} failed")
    return 1 if failed or not files else 0


if __name__ == "__main__":
    sys.exit(main())
