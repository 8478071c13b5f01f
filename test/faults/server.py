"""A program with faults on request, started once: each run is a fork of it (server.c)."""
import bisect
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Result:
    """What a run did. failed: the call that was failed; stack: the functions that it was called from."""
    code: int  # negative: the signal that ended it
    out: str
    errors: str
    files: dict  # by path, bytes
    failed: str = ""
    number: int = 0
    stack: list = field(default_factory=list)
    calls: dict = field(default_factory=dict)
    left: list = field(default_factory=list)
    ended: bool = False


class Symbols:
    def __init__(self, program):
        lines = subprocess.run(["nm", "-n", "--defined-only", program], capture_output=True, text=True, check=True).stdout
        found = [(int(a, 16), n) for a, t, n in (line.split() for line in lines.splitlines()) if t in "tTwW"]
        self.addresses, self.names = [a for a, _ in found], [n for _, n in found]

    def name(self, address):
        at = bisect.bisect_right(self.addresses, address - 1) - 1
        return self.names[at] if 0 <= at and address < self.addresses[-1] + (1 << 20) else "?"


class Server:
    """One process that runs `words` again and again, each time in a fresh folder. `prepare(folder)` fills it."""

    def __init__(self, words, symbols, folder, env, prepare=None):
        to_read, self.commands = os.pipe()
        self.answers, to_write = os.pipe()
        self.symbols, self.folder, self.prepare = symbols, Path(folder), prepare

        def descriptors():
            os.dup2(to_read, 198)
            os.dup2(to_write, 199)

        self.process = subprocess.Popen([str(w) for w in words], env={**os.environ, **env, "GAZE_FAULTS_SERVER": "1"},
                                        stdin=subprocess.DEVNULL, preexec_fn=descriptors, close_fds=False)
        os.close(to_read)
        os.close(to_write)
        self.answer = os.fdopen(self.answers)

    def close(self):
        os.close(self.commands)
        self.process.wait(10)
        self.answer.close()

    def before(self):
        """The files that a run finds, by path."""
        with tempfile.TemporaryDirectory() as folder:
            if self.prepare:
                self.prepare(Path(folder))
            return read_files(Path(folder))

    def run(self, words):
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        if self.prepare:
            self.prepare(folder)
        os.write(self.commands, f"{folder} {words}\n".encode())
        status = int(self.answer.readline() or -1)
        files = read_files(folder)
        shutil.rmtree(folder)
        return self.result(status, files)

    def result(self, status, files):
        own = {n: files.pop(n, b"").decode(errors="replace") for n in ("stdout", "stderr", "report")}
        code = os.waitstatus_to_exitcode(status) if status >= 0 else -99
        result = Result(code, own["stdout"], own["stderr"], files)
        for line in own["report"].splitlines():
            word, *rest = line.split()
            if word == "failed":
                call = " ".join(w for w in rest[2:] if not is_address(w))
                result.failed, result.number = call, int(rest[1])
                result.stack = [self.symbols.name(int(w, 16)) for w in rest[2:] if is_address(w)]
            elif word == "calls":
                result.calls[rest[0]] = int(rest[1])
            elif word == "left":
                result.left.append(" ".join(rest))
            elif word == "end":
                result.ended = True
        return result


def read_files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def is_address(word):
    return len(word) >= 4 and all(c in "0123456789abcdef" for c in word)
