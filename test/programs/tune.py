#!/usr/bin/env python3
"""gaze bench --tune and products of matrices by CLBlast: held to the same limits as our own, kept for later runs, and never taken
where the library is wrong."""
import json
import subprocess

from harness import GAZE, SOURCE, main, refused, run

PATCH = SOURCE / "models/patch.json"
GPU = {"GAZE_FAMILY": "gpu"}

# The interface of CLBlast that Gaze calls, which multiplies nothing.
BROKEN = """
int CLBlastSgemm(void) { return 0; }
int CLBlastClearCache(void) { return 0; }
"""


def tune(folder, *words, env=None):
    done = run(GAZE, "bench", PATCH, "--tune", "--seconds", 0.1, "--batch-size", 8, "--json", *words,
               env={**GPU, "XDG_CACHE_HOME": folder, "POCL_CACHE_DIR": folder / "pocl", **(env or {})})
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [line for line in lines if "clblast_ms" in line], [line for line in lines if "kernel" in line]


def clblast_keeps_the_limits_of_every_product(folder):
    for op in "dense", "dense_input_gradient", "dense_kernel_gradient":
        out = run(GAZE, "verify", "--op", op, "--quick", "--json", env={**GPU, "GAZE_PRODUCTS": "clblast"}).stdout
        last = json.loads(out.splitlines()[-1])
        assert last["failed"] == 0 and last["passed"] >= 40, (op, out)


def products_are_measured_once_and_kept(folder):
    first, layers = tune(folder, "--train")
    again, _ = tune(folder, "--train")
    assert first and all(line["gaze_ms"] > 0 and line["clblast_ms"] > 0 for line in first), first
    assert {line["by"] for line in first} <= {"gaze", "clblast"}, first
    assert first == again, (first, again)
    # y = x w, its input's gradient, its kernel's
    assert {(line["a_transposed"], line["b_transposed"]) for line in first} == {(False, False), (True, False), (False, True)}, first
    by_library = [line for line in layers if line["kernel"] == "clblast"]
    assert bool(by_library) == any(line["by"] == "clblast" for line in first), (first, layers)


def a_library_that_is_wrong_is_not_taken(folder):
    (folder / "broken.c").write_text(BROKEN)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", folder / "libclblast.so.1", folder / "broken.c"], check=True)
    broken = {**GPU, "XDG_CACHE_HOME": folder, "POCL_CACHE_DIR": folder / "pocl", "LD_LIBRARY_PATH": folder}
    refused(5, GAZE, "bench", PATCH, "--tune", "--batch-size", 8, env=broken, says=["CLBlast's product", "gaze verify"])
    out = run(GAZE, "verify", "--op", "dense", "--json", "--quick", env={**GPU, "LD_LIBRARY_PATH": folder, "GAZE_PRODUCTS": "clblast"}, status=5).stdout
    assert json.loads(out.splitlines()[-1])["failed"] > 0, out


def processors_have_kernels_of_their_own(folder):
    refused(2, GAZE, "bench", PATCH, "--tune", env={"GAZE_FAMILY": "cpu"}, says=["kernels for GPUs", "'cpu'"])


if __name__ == "__main__":
    main([
        clblast_keeps_the_limits_of_every_product,
        products_are_measured_once_and_kept,
        a_library_that_is_wrong_is_not_taken,
        processors_have_kernels_of_their_own,
    ])
