#!/usr/bin/env python3
"""What is made from the tables of options: help, manual pages, completions, which are typed and completed in the shells themselves."""
import os
import pty
import re
import select
import subprocess
import time

from harness import BUILD, DUMP, GAZE, SOURCE, main, refused, run

COMMANDS = re.findall(r"^ +X\((\w+),", (SOURCE / "tools/commands.h").read_text(), re.M)
DOCUMENTS, MODELS = BUILD / "documents", str(SOURCE / "models")

# what is typed, and the words that the program is called with; / ends a folder's name
TYPED = [
    ("gaze tra\t--opt\trms\t", "train --optimizer rmsprop"),
    ("gaze train --data fo\trun\t", "train --data folder:runs/"),
    ("gaze summary mod\t", "summary model.json"),
    ("gaze summary 000-fashion-at\t", "summary 000-fashion-attention"),
    ("gaze faithful --plot pl\t", "faithful --plot plot.png"),
    ("gaze train --out ru\t", "train --out runs/"),
    ("gaze import net\t--batch\t", "import net.onnx --batch-axis"),
    ("gaze evaluate -q --decode gre\t", "evaluate -q --decode greedy"),
    ("gaze help sum\t", "help summary"),
    ("gaze --vers\t", "--version"),
    ("dump_attention --colors vir\t--list", "--colors viridis --list"),
]
FILES = ["model.json", "model.txt", "plot.png", "plot.txt", "rubbish", "net.onnx", "net.txt"]


def every_command_has_help_and_a_page(folder):
    listed = run(GAZE, "help").stdout
    assert listed == run(GAZE, "--help").stdout
    for command in COMMANDS:
        assert f"  {command} " in listed
        assert run(GAZE, "help", command).stdout == run(GAZE, command, "--help").stdout
        assert (DOCUMENTS / f"gaze-{command}.1").read_text() == run(GAZE, "help", "-f", "man", command).stdout
    assert run(GAZE, "help", "dump_attention").stdout == run(DUMP, "--help").stdout


def pages_have_every_option_of_help(folder):
    for page in DOCUMENTS.glob("*.1"):
        text = run(*program_of(page), "--help").stdout
        roff = page.read_text().replace("\\-", "-").replace("\\fB", "").replace("\\fR", "")
        for option in re.findall(r"^ +(?:-\w, +)?(--[\w-]+)", text, re.M):
            assert re.search(rf"^(?:-\S, )?{option}\b", roff, re.M), f"{page.name}: {option} is missing"


def program_of(page):
    words = page.stem.replace("-", " ", 1).split()
    return [{"gaze": GAZE, "dump_attention": DUMP}[words[0]], *words[1:]]


def examples_are_of_options_that_exist(folder):
    found = 0
    for page in DOCUMENTS.glob("*.1"):
        text = run(*program_of(page), "--help").stdout
        for line in re.findall(r"^  ((?:gaze|dump_attention) .*)$", text.partition("Examples:\n")[2], re.M):
            name = re.match(r"dump_attention|gaze \w+", line).group(0)
            roff = (DOCUMENTS / f"{name.replace(' ', '-')}.1").read_text().replace("\\-", "-")
            for option in re.findall(r" (--[\w-]+)", line):
                assert f"\\fB{option}\\fR" in roff, f"{page.name}: {line}: {option}"
            found += 1
    assert found >= 20, found


def words_of_help_are_offered(folder):
    lists = 0
    for page in DOCUMENTS.glob("*.1"):
        script = (DOCUMENTS / ("dump_attention" if page.stem == "dump_attention" else "gaze")).read_text()
        text = re.sub(r"\s+", " ", run(*program_of(page), "--help").stdout)
        for words in re.findall(r"\bone of ((?:[\w.:-]+, )+[\w.-]+(?::(?=[A-Z]))?)", text):
            offered = [" ".join(word.strip() + colon for word in words.split(",")) for colon in ("", ":")]
            assert any(f"words='{line}'" in script for line in offered), f"{page.name}: {words}"
            lists += 1
    assert lists >= 20, lists


def pages_have_no_warning(folder):
    for page in DOCUMENTS.glob("*.1"):
        lint = subprocess.run(["mandoc", "-Tlint", page], capture_output=True, text=True)
        assert not lint.stdout and not lint.returncode, lint.stdout
        groff = run("groff", "-man", "-Tutf8", "-ww", "-z", page)
        assert not groff.stderr, groff.stderr


def completed(shell, start, folder):
    """Types TYPED into a terminal with that shell; returns the words of each call."""
    (folder / "runs").mkdir()
    for name in FILES:
        (folder / name).touch()
    child, terminal = pty.fork()
    if not child:
        os.chdir(folder)
        os.execvpe(shell[0], shell, {"PATH": os.environ["PATH"], "TERM": "dumb", "HOME": str(folder), "LC_ALL": "C",
                                      "GAZE_MODELS": MODELS})
    try:
        converse(terminal, start + "; READY=yes; echo $READY\n", "yes")
        return [converse(terminal, line + "\n", "RAN:") for line, _ in TYPED]
    finally:
        os.close(terminal)
        os.waitpid(child, 0)


def converse(terminal, line, answer):
    """Types the line; returns the rest of the output line that begins with the answer."""
    seen, end = "", time.monotonic() + 60
    os.write(terminal, line.encode())
    while time.monotonic() < end:
        if select.select([terminal], [], [], 1)[0]:
            seen += os.read(terminal, 4096).decode(errors="replace")
        found = re.search(rf"^{answer}([^\n]*)\r\n", seen, re.M)
        if found:
            return found.group(1).strip()
    raise AssertionError(f"after {line!r} no line that begins with {answer!r}, but:\n{seen}")


ECHO = "gaze() { echo RAN:$*; }; dump_attention() { echo RAN:$*; }"


def check(lines):
    for (typed, words), line in zip(TYPED, lines):
        assert line.replace("=", " ") == words, f"{typed!r} became {line!r}, expected {words!r}"


def bash_completes(folder):
    check(completed(["bash", "--norc", "--noprofile", "-i"],
                    f"PS1=; source {DOCUMENTS}/gaze; source {DOCUMENTS}/dump_attention; {ECHO}", folder))


def zsh_completes(folder):
    check(completed(["zsh", "-f", "-i"], f"PS1=; unsetopt AUTO_REMOVE_SLASH; fpath=({DOCUMENTS} $fpath); autoload -U compinit; compinit -u -D; {ECHO}", folder))


def fish_completes(folder):
    (folder / "runs").mkdir()
    for name in FILES:
        (folder / name).touch()
    for typed, words in TYPED:
        text = f"{typed.split()[0]} {words[:-2]}"
        script = f"source {DOCUMENTS}/gaze.fish; source {DOCUMENTS}/dump_attention.fish; complete -C '{text}'"
        done = subprocess.run(["fish", "--no-config", "-c", script], cwd=folder, capture_output=True, text=True, timeout=60,
                              env={**os.environ, "HOME": str(folder), "GAZE_MODELS": MODELS})
        found = [entry.split("\t")[0] for entry in done.stdout.splitlines()]
        assert found[:1] == words.split()[-1:], f"{text!r}: {found}, {done.stderr}"


def unknown_words_are_wrong_calls(folder):
    refused(2, GAZE, "help", "trian", says=["trian", "train"])
    refused(2, GAZE, "help", "--format", "html", says=["html", "bash"])
    refused(2, GAZE, "help", "--format", "bash", "train", says=["dump_attention", "train"])


if __name__ == "__main__":
    main([every_command_has_help_and_a_page, pages_have_every_option_of_help, examples_are_of_options_that_exist,
          words_of_help_are_offered, pages_have_no_warning, bash_completes, zsh_completes,
          fish_completes, unknown_words_are_wrong_calls])
