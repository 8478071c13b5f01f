"""What the tests of the programs share: running them, and telling what went wrong."""
import os
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

BUILD = Path(os.environ["GAZE_BUILD"]).resolve()
SOURCE = Path(os.environ["GAZE_SOURCE"]).resolve()
GAZE, DUMP = BUILD / "bin/gaze", BUILD / "bin/dump_attention"


def run(*words, env=None, status=0, timeout=600):
    """Runs a program; fails unless it ends with `status`. Returns what it printed."""
    done = subprocess.run([str(w) for w in words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
                          env={**os.environ, **(env or {})})
    assert done.returncode == status, (
        f"{' '.join(map(str, words))}\nended with {done.returncode}, expected {status}\n{done.stdout}\n{done.stderr}")
    return done


def refused(status, *words, says, env=None):
    """The program must end with `status` and say each of `says` on stderr, and nothing on stdout."""
    done = run(*words, env=env, status=status)
    for part in [says] if isinstance(says, str) else says:
        assert part.lower() in done.stderr.lower(), f"{' '.join(map(str, words))}\nshould say {part!r}, said: {done.stderr}"
    assert not done.stdout.strip(), f"an error, but on stdout: {done.stdout}"
    return done


def main(tests):
    """Runs functions of one argument, a fresh folder. Ends with 'N passed, N failed'."""
    only, failed = sys.argv[1:], 0
    tests = [t for t in tests if not only or t.__name__ in only]
    for test in tests:
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(Path(folder))
                print(f"ok    {test.__name__}", flush=True)
            except Exception:
                failed += 1
                print(f"FAIL  {test.__name__}\n{traceback.format_exc()}", flush=True)
    print(f"{len(tests) - failed} passed, {failed} failed")
    sys.exit(1 if failed or not tests else 0)
