"""The Python package: its wheel, installed in a clean virtual environment beside NumPy and nothing else, passes its tests there."""
import importlib.util
import os
import sys
from pathlib import Path

from harness import BUILD, DUMP, SOURCE, main, run


def build_wheel(folder):
    """By pip, with Debian's hatchling; the library comes out of this build."""
    run(sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "-w", folder, SOURCE / "python",
        env={"GAZE_BUILD": str(BUILD), "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    wheels = list(folder.glob("gaze-*.whl"))
    assert len(wheels) == 1, wheels
    return wheels[0]


def environment(folder):
    """A virtual environment that sees NumPy, and of the system's other packages nothing."""
    run(sys.executable, "-m", "venv", folder / "venv")
    (folder / "numpy").mkdir()
    (folder / "numpy/numpy").symlink_to(Path(importlib.util.find_spec("numpy").origin).parent)
    return folder / "venv/bin/python", {"PYTHONPATH": str(folder / "numpy"), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "error"}


def the_wheel_passes_its_tests_in_a_clean_environment(folder):
    python, env = environment(folder)
    run(python, "-m", "pip", "install", "--no-index", "--no-deps", build_wheel(folder), env={"PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    where = run(python, "-c", "import gaze; print(gaze.__file__)", env=env).stdout
    assert where.startswith(str(folder / "venv")), where
    env |= {"GAZE_SOURCE": str(SOURCE), "GAZE_DUMP": str(DUMP), "CC": os.environ.get("CC", "cc")}
    done = run(python, "-m", "unittest", "discover", "-s", SOURCE / "python/tests", env=env)
    assert "\nOK\n" in done.stderr, done.stderr
    print(done.stderr.splitlines()[-3])
    libraries = run("ldd", folder / next((folder / "venv").rglob("libgaze.so"))).stdout
    for name in ("libpng16", "libjpeg", "libcjson", "libxxhash"):
        line = next(part for part in libraries.splitlines() if name in part)
        assert str(folder / "venv") in line, f"{name} isn't the wheel's own: {line}"


if __name__ == "__main__":
    main([the_wheel_passes_its_tests_in_a_clean_environment])
