#!/usr/bin/env python3
"""Every error message of the library and the programs, from the sources into docs/errors.md.

    tools/errors.py           writes the page
    tools/errors.py --check   fails where the page is out of date, or a message says too little: see LACKS

A message is the text that a call of CALLS is given; ⟨a|b⟩ stands for words that the call chooses, N for a number, … for a text."""
import re
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent
PAGE = SOURCE / "docs/errors.md"

# What composes messages: exit status (None: its first argument says), which argument the text is (None: the first that is one), and
# what is put before it; KEY is the second argument.
CALLS = {
    "gz_fail": (None, 1, ""), "gz_fail_errno": ("3", 1, "FILE: "), "gz_cl_check": ("5", 1, ""), "gz_op_fail": ("4", 1, "layer …: op …: "),
    "gz_json_fail": ("4", 2, "FILE: layer …: key KEY: "), "gz_json_wrong": ("4", 3, "FILE: layer …: key KEY: found …, expected "),
    "gz_layer_fail": ("4", 1, "FILE: layer … (…): "), "gaze_build_fail": ("4", 1, "FILE: layer … (…): "), "gz_refuse": ("4", 0, "NODE: "),
    "argp_error": ("2", 1, ""), "dump_fail": (None, 1, ""), "perror": ("3", 0, ""), "fail_at": ("4", 3, "FILE: "), "refuse": ("", None, ""),
    "refuse_shape": ("", None, ""), "refuse_bad": ("", None, ""), "fail": ("", None, ""), "fprintf": ("", 1, ""),
}
STATUS = {"GAZE_ERROR_USAGE": "2", "GAZE_ERROR_DATA": "3", "GAZE_ERROR_MODEL": "4", "GAZE_ERROR_DEVICE": "5", "GAZE_ERROR_NOT_FINITE": "6",
          "GAZE_INTERRUPTED": "130"}
ROOMS = ("base", "io", "device", "graph", "ops", "attention", "layers", "model", "onnx", "data", "view", "faithful", "statistics", "bench", "verify",
         "doctor", "html", "train", "api", "tools")
TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|[A-Za-z_]\w*|\s+|.', re.S)
PLACE = re.compile(r"%(?:[-+ #0]*)(\*|\d+)?(?:\.(\*|\d+))?(?:hh|h|ll|l|z|j)?([diouxXeEfgGscp%])")


def tokens_of(text):
    return [t for t in TOKEN.findall(text) if not t.isspace() and not t.startswith(("/*", "//"))]


def arguments(tokens, i):
    """Of the call whose ( is tokens[i]: a list of lists of tokens, and the position behind the )."""
    out, depth = [[]], 0
    while i < len(tokens):
        t = tokens[i]
        depth += t in "([{" and len(t) == 1
        depth -= t in ")]}" and len(t) == 1
        if depth == 0:
            return out, i + 1
        if t == "," and depth == 1:
            out.append([])
        elif not (t == "(" and depth == 1 and out == [[]]):
            out[-1].append(t)
        i += 1
    raise ValueError("a call that does not end")


def literals(tokens):
    """Texts that the argument can be: adjacent literals are one, with macros between them by their names."""
    out, now = [], None
    for t in tokens:
        if t.startswith('"'):
            now = (now or "") + t[1:-1].replace('\\"', '"').replace("\\\\", "\\").replace("\\n", " ").replace("\\t", " ")
        elif now is not None and re.fullmatch(r"PRI\w+", t):
            now += {"s": "s"}.get(t[-1], "d")
        elif now is not None and re.fullmatch(r"[A-Z][A-Z_0-9]+", t):
            now += t
        else:
            out += [now] if now is not None else []
            now = None
    return out + ([now] if now is not None else [])


def chosen(arg):
    """Words of a later argument: what it may be, or None where it has none of its own."""
    words = [w for w in literals(arg)]
    return "⟨" + "|".join(words) + "⟩" if any(re.search(r"[A-Za-z]{2}", w) for w in words) else None


def rendered(text, rest):
    """The format with its places as N and …, or the words that the later arguments choose."""
    rest = list(rest)

    def place(match):
        if match[3] == "%":
            return "%"
        for star in match.group(1, 2):
            if star == "*" and rest:
                rest.pop(0)
        words = chosen(rest.pop(0)) if rest else None
        return words or ("…" if match[3] in "sc" else "N")

    return re.sub(r"\s+", " ", PLACE.sub(place, text)).strip()


def messages_of(path):
    """(exit status, message) of each call in the file."""
    tokens = tokens_of(path.read_text(encoding="utf-8"))
    for i in range(len(tokens) - 1):
        if tokens[i] not in CALLS or tokens[i + 1] != "(":
            continue
        args, end = arguments(tokens, i + 1)
        if tokens[end:end + 1] == ["{"]:
            continue  # it is defined here
        status, at, before = CALLS[tokens[i]]
        if at is None:
            at = next((k for k, arg in enumerate(args) if literals(arg)), 0)
        if tokens[i] == "fprintf" and (args[0] != ["stderr"] or not re.search(r"[a-z]{3}", " ".join(literals(args[1])))):
            continue
        if status is None:
            status = STATUS.get("".join(args[0]), "")
        for text in literals(args[at]) if at < len(args) else []:
            if re.search(r"[A-Za-z]{2}", PLACE.sub("", text)):
                key = chosen(args[1]) or "…" if "KEY" in before else ""
                message = before.replace("KEY", key.strip("⟨⟩")) + rendered(text, args[at + 1:])
                yield status, message + (": the system's reason" if tokens[i] in ("gz_fail_errno", "perror") else "")


def room_of(path):
    return path.parent.name


def rooms():
    """room -> {message: (exit statuses, files)}"""
    found = {room: {} for room in ROOMS}
    for path in sorted([*SOURCE.glob("engine/*/*.c"), *SOURCE.glob("tools/*.c")]):
        for status, message in messages_of(path):
            statuses, files = found[room_of(path)].setdefault(message, (set(), set()))
            statuses.add(status)
            files.add(path.name)
    return {room: messages for room, messages in found.items() if messages}


def cell(text):
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_").replace("`", "\\`")


def page(found):
    count = sum(len(messages) for messages in found.values())
    lines = [HEAD % count]
    for room, messages in found.items():
        lines += [f"## {room}", "", "| exit | message | in |", "|---|---|---|"]
        for message, (statuses, files) in sorted(messages.items(), key=lambda item: (sorted(item[1][1]), item[0])):
            lines.append(f"| {' '.join(sorted(statuses - {''}))} | {cell(message)} | {', '.join(sorted(files))} |")
        lines.append("")
    return "\n".join(lines)


HEAD = """# Every error message

%d messages of the library and the programs, made from the sources by `tools/errors.py`; a test fails when this page is out of date. Each was
read once for what it has to say: what failed, where (file, layer, byte), what was found and what was expected, or what to do.

The exit status is the program's, and `gaze_status` from C: 2 usage, 3 data, 4 model or weights, 5 device, driver or memory, 6 not finite; none:
a part of another message, or the caller decides. N stands for a number, … for a text (a name, a path, a shape), ⟨a|b⟩ for one of these words. Programs put their own
name before a message, and callers what they know: the model file, the layer, the sample. Messages of OpenCL calls end with the error's
name, its number, and where there is any with what to do.
"""


def main():
    text = page(rooms())
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")
        print(PAGE)
        return 0
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        print("docs/errors.md is out of date: run tools/errors.py, and read what is new in it", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
