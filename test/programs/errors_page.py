#!/usr/bin/env python3
"""docs/errors.md is what the sources say, and no message says next to nothing."""
import re
import sys

from harness import SOURCE, main, refused, run

sys.path.insert(0, str(SOURCE / "tools"))
import errors  # noqa: E402


def the_page_is_made_of_these_sources(folder):
    run(sys.executable, "-B", SOURCE / "tools/errors.py", "--check")


def a_page_of_other_sources_is_found(folder):
    for name in ("tools/errors.py", "docs/errors.md", "engine/base/gzip.c"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((SOURCE / name).read_bytes())
    refused(1, sys.executable, "-B", folder / "tools/errors.py", "--check", says="out of date")


def messages_are_read_as_the_compiler_reads_them(folder):
    (folder / "x.c").write_text(r'''
        /* gz_fail(GAZE_ERROR_DATA, "in a comment") */
        static gaze_status fail(const char *path, const char *what) { return gz_fail(GAZE_ERROR_USAGE, "plugin '%s': %s", path, what); }
        gaze_status f(void) {
            if (a) return gz_fail(GAZE_ERROR_MODEL, "%s: found %" PRIu64 " of %-*s, "
                                  "expected %s", path, n, 4, name, (b ? "one" : "many"));
            GZ_GO(gz_json_wrong(json, "axis", item, "a whole number"));
            return fail(path, "cannot be \"loaded\"");
        }''')
    found = list(errors.messages_of(folder / "x.c"))
    assert found == [("2", "plugin '…': …"), ("4", "…: found N of …, expected ⟨one|many⟩"),
                     ("4", "FILE: layer …: key axis: found …, expected a whole number"), ("", 'cannot be "loaded"')], found


def messages_say_something(folder):
    """Of what users meet: neither a mere 'failed' nor fewer than three words, no full stop at the end, no shouting."""
    for room, messages in errors.rooms().items():
        for message in (m for m, (statuses, _) in messages.items() if statuses != {""}):
            words = re.findall(r"[A-Za-z]{2,}", message)
            assert len(words) >= 2 or "…" in message or room == "device", f"{room}: {message!r} says too little"
            assert not re.search(r"\b(ERROR|invalid)\b", message), f"{room}: {message!r}: what was found, and what was expected?"
            assert not message.endswith((".", "!")) or message.endswith("..."), f"{room}: {message!r} ends with a full stop"


if __name__ == "__main__":
    main([the_page_is_made_of_these_sources, a_page_of_other_sources_is_found, messages_are_read_as_the_compiler_reads_them, messages_say_something])
