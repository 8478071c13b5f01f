"""What the lanes of personalities share: the programs, running them, and what `gaze verify` counted."""
import os
import re
import subprocess
import sys
from pathlib import Path

BUILD = Path(os.environ.get("GAZE_BUILD", "build")).resolve()
SOURCE = Path(__file__).resolve().parent.parent.parent
GAZE, TOOLS = BUILD / "bin/gaze", BUILD / "tools"
MISSING = 3  # exit status where a tool is not installed


class Failed(Exception):
    """What a check found; one line or more."""


def run(*words, env, status=0):
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace", env={**os.environ, **env})
    if status is not None and done.returncode != status:
        shown = "\n".join((done.stdout + done.stderr).splitlines()[-40:])
        raise Failed(f"{' '.join(map(str, words))}\nended with {done.returncode}, expected {status}\n{shown}")
    return done


def counts(done):
    """(passed, failed) of a run of `gaze verify` that came to its end."""
    found = re.search(r"^(\d+) passed, (\d+) failed\s*$", done.stdout[-200:], re.M)
    if not found:
        raise Failed(f"ended with {done.returncode}, without counts:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return int(found[1]), int(found[2])


def failures(done):
    lines = done.stdout.splitlines()
    return "\n".join(two for line, after in zip(lines, lines[1:]) if line.endswith("FAILED") for two in (line, after))


def missing(what):
    print(f"{Path(sys.argv[0]).name}: missing: {what}; `make deps-verify` installs it", file=sys.stderr)
    sys.exit(MISSING)


def end(passed, failed):
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)
