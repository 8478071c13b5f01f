#!/usr/bin/env python3
"""What gaze verify says of kernels broken on purpose: it fails, names the op, and says where. More of them: test/mutants."""
import json
import tempfile

from harness import GAZE, SOURCE, main, refused, run

CACHE = tempfile.TemporaryDirectory()  # one for all: only what is broken is compiled again


def verify(folder, op, *words, status=0, file=None, old=None, new=None):
    """gaze verify --op with one file of cl/ changed."""
    env = {"GAZE_KERNEL_DIR": str(folder), "XDG_CACHE_HOME": CACHE.name}
    if file:
        text = (SOURCE / "cl" / file).read_text()
        assert old in text, f"cl/{file} has no {old!r}: choose another line to break"
        (folder / file).write_text(text.replace(old, new))
    return run(GAZE, "verify", "--op", op, *words, env=env, status=status).stdout


def caught(folder, op, file, old, new, says):
    """By a quick run, which takes a few cases of those that the whole one takes."""
    out = verify(folder, op, "--quick", status=5, file=file, old=old, new=new)
    line = next(l for l in out.splitlines() if "FAILED" in l)
    assert line.startswith(op + " "), out
    assert says in out, f"should say {says!r}:\n{out}"
    assert not out.splitlines()[-1].endswith(" 0 failed"), out


def unchanged_kernels_pass(folder):
    out = verify(folder, "softmax", file="softmax.cl", old="softmax", new="softmax")
    passed, failed = out.splitlines()[-1].replace(" passed,", "").replace(" failed", "").split()
    assert int(passed) > 100 and int(failed) == 0, out


def last_instead_of_first_of_equal_maxima(folder):
    caught(folder, "max_pool2d_gradient", "pool.cl", "v > most", "v >= most", "expected")


def values_behind_the_last_whole_vector_forgotten(folder):
    caught(folder, "concatenate", "concatenate.cl", "for (; i < count; i++) to[i] = from[i];", "", "is nan, expected")


def missing_guard_of_the_index(folder):
    caught(folder, "dense", "dense_plain.cl", "if (m >= (size_t)M) return;", "", "wrote behind")


def kernel_that_does_not_compile(folder):
    caught(folder, "softmax", "softmax.cl", "sum", "no_such_name", "softmax")


def failures_are_in_the_json_too(folder):
    out = verify(folder, "max_pool2d_gradient", "--json", status=5, file="pool.cl", old="v > most", new="v >= most")
    lines = [json.loads(line) for line in out.splitlines()]
    assert lines[0]["op"] == "max_pool2d_gradient" and lines[0]["failed"] > 0 and "expected" in lines[0]["first_failure"], lines
    assert lines[-1]["failed"] == sum(line["failed"] for line in lines[:-1]), lines


def quick_takes_fewer_cases_of_the_device_s_families(folder):
    def cases(*words):
        lines = [json.loads(line) for line in verify(folder, "scale", "--json", *words).splitlines()]
        assert lines[-1]["failed"] == 0 and lines[-1]["passed"] > 0, lines
        return {line["family"]: line["cases"] for line in lines[:-1]}
    every, few = cases(), cases("--quick")
    assert few.keys() == {"cpu", "plain"} and all(0 < few[family] < every[family] for family in few), (every, few)
    assert 0 < every["cpu:host"] <= few["cpu"], (every, few)


def processes_that_compile_ahead_change_nothing(folder):
    """Each run with caches of its own: one compiles all, one finds most compiled by the others."""
    def lines(jobs):
        out = run(GAZE, "verify", "--quick", "--json", "--jobs", jobs, env={
            "GAZE_FAMILY": "plain", "POCL_CACHE_DIR": folder / f"pocl{jobs}", "XDG_CACHE_HOME": folder / f"gaze{jobs}"}).stdout
        return [{key: value for key, value in json.loads(line).items() if key != "ms"} for line in out.splitlines()]
    assert lines(3) == lines(1)


def unknown_op_offers_the_nearest(folder):
    refused(2, GAZE, "verify", "--op", "sofmax", says=["sofmax", "did you mean 'softmax'"])


def unknown_command_offers_the_nearest(folder):
    refused(2, GAZE, "verfy", says=["verfy", "did you mean 'verify'"])


def reference_cannot_be_verified_against_itself(folder):
    refused(2, GAZE, "verify", "--reference", says="--reference")


if __name__ == "__main__":
    main([
        unchanged_kernels_pass,
        last_instead_of_first_of_equal_maxima,
        values_behind_the_last_whole_vector_forgotten,
        missing_guard_of_the_index,
        kernel_that_does_not_compile,
        failures_are_in_the_json_too,
        quick_takes_fewer_cases_of_the_device_s_families,
        processes_that_compile_ahead_change_nothing,
        unknown_op_offers_the_nearest,
        unknown_command_offers_the_nearest,
        reference_cannot_be_verified_against_itself,
    ])
