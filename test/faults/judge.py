"""Whether a run with a fault did what it should."""
import json
import re
from pathlib import Path

EXIT = {"memory": (5,), "opencl": (5,), "file": (3, 4), "thread": (5,)}
# What a message must say, beside the function of OpenCL that failed.
SAYS = {"memory": r"memory", "thread": r"thread", "file": r"[\w./-]+: .+"}
# Of a failed build: these go on after the message's first line.
MORE_LINES = re.compile(r"^(options|source|log): |^(error|warning|<|[0-9]|.*\^)")
CHATTER = re.compile(r"^\d+ errors? generated\.$")  # PoCL's compiler says so on stderr
NOTE = re.compile(r"gaze predict: input \d+ was read from ")  # goes before a message about data
TIMES = re.compile(r"[0-9.]+ (s|ms|samples/s|GB/s|GFLOP/s)|  +[0-9.]+")


class Judge:
    def __init__(self, scenario, base, before, rules):
        """rules: of read_rules; how often each let a run survive is counted in it."""
        self.scenario, self.base, self.before, self.rules = scenario, base, before, rules

    def base_is_sound(self):
        b = self.base
        good = b.code == self.scenario.code and b.ended and not b.left
        return [] if good else [((self.scenario.name,), f"{self.scenario.name} without a fault: {b}")]

    def reasons(self, kind, result):
        call = result.failed.replace(" ", "_")
        return [r for r in self.rules if r[0] in (kind, "any") and r[1] in ("*", call) and r[2] in ("*", *result.stack)]

    def new_lines(self, result):
        """What stderr has beyond that of the run without a fault."""
        old, new = self.base.errors.splitlines(), []
        if self.scenario.code:
            old = []
        for line in result.errors.splitlines():
            if line in old:
                old.remove(line)
            elif CHATTER.match(line) or NOTE.match(line):
                continue
            elif not MORE_LINES.match(line) or not new:
                new.append(line)
        return new

    def judge(self, words, result):
        kind = words.split()[0]
        what = f"{self.scenario.name}: {words}: {result.failed or 'no fault came'} from {' '.join(result.stack[:12])}"
        wrong = [*self.ending(kind, words, result), *self.files(words, result)]
        if not result.ended:
            wrong.append("it did not end" if result.code == -14 else f"it crashed, signal or status {result.code}")
        wrong += [f"not given back: {what}" for what in result.left]
        said = "\n     ".join(wrong) + f"\n     said: {result.errors.strip()[-600:]}"
        near = [f for f in result.stack if f.startswith(("gz_", "gaze_", "command_"))][:2]
        return [((kind, result.failed, *near, *(re.sub("[0-9]+", "N", w) for w in wrong)), f"FAIL {what}\n     {said}")] if wrong else []

    def ending(self, kind, words, result):
        if not result.failed:  # fewer calls than in the first run
            return [] if result.code == self.scenario.code else [f"ended with {result.code} without a fault"]
        harmless, lines = self.reasons(kind, result), self.new_lines(result)
        if result.code == 0:
            return self.survival(harmless, lines, result)
        if result.code < 0:
            return []
        wrong = []
        if result.code not in EXIT[kind] and not (self.scenario.code and result.code == self.scenario.code):
            wrong.append(f"exit {result.code}, expected one of {EXIT[kind]}")
        messages = [line for line in lines if re.match(r"(gaze|dump_attention)\b[ \w]*: ", line)]
        others = [line for line in lines if line not in messages]
        if len(messages) != 1 or (others and not harmless and not self.scenario.code and not words.endswith(" on")):
            wrong.append(f"{len(messages)} messages and {len(others)} other lines, expected one message")
        if not self.scenario.code and not harmless and messages and not self.names(kind, messages[0], result):
            wrong.append("the message does not name what failed")
        return wrong

    @staticmethod
    def names(kind, message, result):
        return bool(re.search(SAYS.get(kind, result.failed), message))

    def survival(self, harmless, lines, result):
        wrong = [] if harmless else ["exit 0, and harmless.txt has no reason"]
        for reason in harmless:
            self.rules[reason] += 1
        if len(lines) > 12:
            wrong.append(f"{len(lines)} lines on stderr")
        if TIMES.sub("", result.out) != TIMES.sub("", self.base.out):
            wrong.append(f"exit 0, and another result: {result.out}")
        missing = set(self.base.files) - set(result.files)
        return wrong + ([f"exit 0 without {' '.join(sorted(missing))}"] if missing else [])

    def files(self, words, result):
        """Every file is as the run without a fault writes it, or as it was before. Where every call fails from one on, none
        can remove what was begun."""
        wrong = []
        for name, content in result.files.items():
            if ".tmp" in name and words.endswith(" on"):
                continue
            if ".tmp" in name:
                wrong.append(f"a temporary file is left: {name}")
            elif not self.is_whole(name, content):
                wrong.append(f"{name} is neither whole nor as it was, {len(content)} bytes")
        return wrong

    def is_whole(self, name, content):
        if content == self.before.get(name):
            return True
        if name.endswith("run.json"):
            return json.loads(content)["state"] in ("running", "finished")
        if name.endswith("log.csv"):
            return self.is_log(content.decode(), self.base.files[name].decode())
        if name not in self.base.files:
            return bool(re.search(r"checkpoint-\d+\.safetensors$", name)) and same_kind(content, self.base.files)
        return content == self.base.files[name]

    @staticmethod
    def is_log(content, whole):
        """Rows of the whole log; seconds and rates differ."""
        ours, theirs = ([line.split(",")[:6] for line in text.splitlines()] for text in (content, whole))
        return content.endswith("\n") and ours == theirs[: len(ours)]


def read_rules(path):
    return {tuple(line.split()[:3]): 0 for line in Path(path).read_text().splitlines() if line and line[0] != "#"}


def same_kind(content, files):
    """A checkpoint that the whole run has removed again: as long as those that stayed, give or take a digit."""
    sizes = [len(c) for n, c in files.items() if "checkpoint-" in n]
    return bool(sizes) and abs(len(content) - sizes[0]) <= 16
