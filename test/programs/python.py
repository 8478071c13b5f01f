"""The Python package: its wheel, installed in a clean virtual environment beside NumPy and nothing else, passes its tests there."""
import importlib.util
import os
import re
import sys
from pathlib import Path

from harness import BUILD, DUMP, SOURCE, main, refused, run


def build_wheel(folder):
    """By pip, with Debian's hatchling; the library comes out of this build."""
    run(sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "-w", folder, SOURCE / "python",
        env={"GAZE_BUILD": str(BUILD), "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    wheels = list(folder.glob("gaze-*.whl"))
    assert len(wheels) == 1, wheels
    assert re.search(r"-py3-none-manylinux_2_\d+_\w+\.whl$", wheels[0].name), wheels  # the glibc that it needs
    return wheels[0]


def environment(folder):
    """A virtual environment that sees NumPy, and of the system's other packages nothing."""
    run(sys.executable, "-m", "venv", folder / "venv")
    (folder / "numpy").mkdir()
    (folder / "numpy/numpy").symlink_to(Path(importlib.util.find_spec("numpy").origin).parent)
    return folder / "venv/bin/python", {"PYTHONPATH": str(folder / "numpy"), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "error"}


def install(folder):
    """A Python that has the wheel, and what it is run with."""
    python, env = environment(folder)
    run(python, "-m", "pip", "install", "--no-index", "--no-deps", build_wheel(folder), env={"PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    return python, env


def the_page_and_the_example_work(python, env, folder):
    """The first two programs of docs/python.md in one go, on few samples; then examples/look.py."""
    blocks = re.findall(r"```python\n(.*?)```", (SOURCE / "docs/python.md").read_text(), re.DOTALL)
    given = "x_train, y_train, x_test, y_test = x[:12], y[:12], x[12:], y[12:]\n"
    program = folder / "page.py"
    program.write_text(f"import os\nos.chdir({str(folder)!r})\n{blocks[0]}\n{given}{blocks[1]}\ngaze.show(maps[0], x[0]).save('cell.png')\n")
    said = run(python, program, env=env).stdout
    assert "Ankle boot" in said and "epoch 3  loss" in said, said
    assert (folder / "runs/mine/weights.safetensors").exists()
    said = run(python, SOURCE / "examples/look.py", folder / "cell.png", folder / "look.png", env=env).stdout
    assert re.search(r"^[\w/ -]+ +\d\.\d{4}\n", said) and f"attention: {folder / 'look.png'}" in said, said
    assert (folder / "look.png").read_bytes().startswith(b"\x89PNG")
    refused(1, python, SOURCE / "examples/look.py", folder / "none.png", env=env, says="none.png")


def the_wheel_passes_its_tests_in_a_clean_environment(folder):
    python, env = install(folder)
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
    the_page_and_the_example_work(python, env, folder)


if __name__ == "__main__":
    main([the_wheel_passes_its_tests_in_a_clean_environment])
