#!/usr/bin/env python3
"""gaze.h as doxygen reads it, line by line: plain comments become doxygen's (`/**` in front of code, `/**<` behind it), a title of a section
begins a group, and of declarations that stand together without a line between them each has the comment of the first."""
import re
import sys

TITLE = re.compile(r"^/\* (?:=+|-+) (.*?) (?:=+|-+) \*/$")
SPECIAL = re.compile(r"([<>#@%\\&])")  # doxygen's own signs: <layer>, #include


class Filter:
    def __init__(self):
        self.group = self.in_comment = False
        self.shared = []  # the comment above these declarations
        self.used = False  # the first of them has it

    def title(self, text):
        close, self.group = "/** @} */ " if self.group else "", True
        return f"{close}/** @defgroup {re.sub(r'[^a-z]+', '_', text.lower())} {text}\n@{{ */"

    def inside(self, line):
        text, end, rest = line.partition("*/")
        self.in_comment = not end
        self.shared.append(text)
        return SPECIAL.sub(r"\\\1", text) + end + rest

    def comment(self, line):
        code, _, text = line.partition("/*")
        text, end, rest = text.partition("*/")
        self.in_comment = not end
        if not code.strip():
            self.shared, self.used = [text], False
        return code + ("/**<" if code.strip() else "/**") + SPECIAL.sub(r"\\\1", text) + end + rest

    def line(self, line):
        if self.in_comment:
            return self.inside(line)
        if TITLE.match(line):
            return self.title(TITLE.match(line)[1])
        if not line.strip():
            self.shared = []
        if line == "#ifdef __cplusplus" and self.group:
            return "/** @} */ " + line
        if "/*" in line and not line.startswith("#") and not line.endswith("\\"):
            return self.comment(line)
        if line.startswith("GAZE_API") and self.shared:
            again = self.used
            self.used = True
            return "/**" + SPECIAL.sub(r"\\\1", " ".join(self.shared)) + "*/ " + line if again else line
        return line


def main():
    lines = open(sys.argv[1], encoding="utf-8").read().splitlines()
    own = Filter()
    text = "\n".join(own.line(line) for line in lines)
    print("/** @file */" + text.replace("/** ", "/** @mainpage Gaze\n", 1))


if __name__ == "__main__":
    main()
