#!/usr/bin/env python3
"""The reference of gaze.h: doxygen makes it without a warning, and no public function goes without words."""
import re
import subprocess

from harness import SOURCE, main

HEADER = (SOURCE / "engine/gaze.h").read_text()
DOXYFILE = (SOURCE / "docs/api/Doxyfile").read_text()
FILTER = f'FILTER_PATTERNS = *.h="python3 {SOURCE}/docs/api/filter.py"\n'


def doxygen(folder, header):
    (folder / "gaze.h").write_text(header)
    settings = f"{DOXYFILE}\nINPUT = {folder}/gaze.h\n{FILTER}OUTPUT_DIRECTORY = {folder}\n"
    return subprocess.run(["doxygen", "-"], input=settings, capture_output=True, text=True, cwd=SOURCE)


def made_without_a_warning(folder):
    done = doxygen(folder, HEADER)
    assert done.returncode == 0 and not done.stderr.strip(), done.stderr
    pages = "".join(path.read_text() for path in (folder / "html").glob("group__*.html"))
    for name in re.findall(r"^GAZE_API [^(]*?(gaze_\w+)\(", HEADER, re.M):
        assert f">{name}</a>" in pages, f"{name} is not in the reference"
    assert "GAZE_ERROR_NOT_FINITE" in pages, "the statuses' list isn't expanded"
    shared = re.search(r"/\* (\w+ \w+ \w+ \w+)[^/]*\*/\nGAZE_API [^;]*gaze_open\([^;]*;\nGAZE_API void gaze_close", HEADER)[1]
    assert pages.count(shared) == 4, "two declarations that stand together have their comment twice each: in short, in full"
    assert HEADER[3:60].split(":")[1].split(",")[0].strip() in (folder / "html/index.html").read_text(), "the main page is empty"


def what_doxygen_warns_of_fails(folder):
    end = HEADER.rindex("#ifdef __cplusplus")
    done = doxygen(folder, HEADER[:end])
    assert done.returncode != 0 and "inside a group" in done.stderr, done.stderr


def every_public_function_has_words(folder):
    """Declarations that stand together share a comment; a block of them without any says nothing."""
    for block in re.split(r"\n\s*\n", HEADER):
        if re.search(r"^GAZE_API ", block, re.M):
            assert "/*" in block, f"no words for\n{block}"


if __name__ == "__main__":
    main([made_without_a_warning, what_doxygen_warns_of_fails, every_public_function_has_words])
