#!/usr/bin/env python3
"""The lane sees what it is for: each compiler is given kernels that spill, hold an array, take local memory, or are wrong."""
import sys
import tempfile
from pathlib import Path

from compile import OPTIONS, Program, find_compilers
from compilers import CompileError

KERNEL = "__kernel void k(__global float *x, int n)\n{\n    const int id = get_global_id(0);\n%s\n}\n"
SPILLS = KERNEL % """    float16 a[40];
    _Pragma("unroll") for (int i = 0; i < 40; i++) a[i] = vload16(i * n + id, x);
    barrier(CLK_GLOBAL_MEM_FENCE);
    for (int r = 0; r < n; r++) {
        _Pragma("unroll") for (int i = 0; i < 40; i++) a[i] = fma(a[i], a[(i + 7) % 40], a[(i + 3) % 40]);
    }
    _Pragma("unroll") for (int i = 0; i < 40; i++) vstore16(a[i], i * n + id, x);"""
HOLDS_ARRAY = KERNEL % """    float a[256];
    for (int i = 0; i < 256; i++) a[i] = x[i * n + id];
    for (int i = 0; i < n; i++) x[i + id] = a[(i * 7 + id) % 256];"""
TAKES_LOCAL = KERNEL % """    __local float a[512];
    a[get_local_id(0)] = x[id];
    barrier(CLK_LOCAL_MEM_FENCE);
    x[id] = a[get_local_id(0) * 7 % 512];"""
CALLS_NOTHING = "float nowhere(float);\n" + KERNEL % "    x[id] = nowhere(x[n]);"
NO_C = KERNEL % "    x[id] = y;"


def refused(compiler, *where):
    try:
        compiler(*where)
    except CompileError:
        return True
    return False


def checks(compiler, target, folder):
    def made(text):
        path = folder / "k.cl"
        path.write_text(text)
        return compiler.compile(Program("k", path, OPTIONS), target, folder)["k"]

    yield "spilled registers", made(SPILLS).spilled > 1000
    array = made(HOLDS_ARRAY)
    yield "an array in memory", array.private >= 1024 and array.spilled == 0
    local = made(TAKES_LOCAL)
    yield "local memory alone", (local.local, local.spilled, local.private) == (2048, 0, 0)
    yield "a function that exists nowhere", refused(made, CALLS_NOTHING)
    yield "what is no C", refused(made, NO_C)


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for compiler, names in find_compilers(sys.argv[1], []):
            for what, seen in checks(compiler, names[-1], Path(folder)):
                passed, failed = passed + seen, failed + (not seen)
                if not seen:
                    print(f"{names[-1]}: {what} is not seen")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
