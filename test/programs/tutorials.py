#!/usr/bin/env python3
"""The tutorials do what they say: every command of every page, with fewer steps, prints these words and writes these files."""
import sys
from pathlib import Path

from harness import BUILD, SOURCE, main, run

sys.path.insert(0, str(SOURCE / "tools"))
import tutorials  # noqa: E402


def page_test(page):
    def test(folder):
        tutorials.run_page(page, BUILD, quick=True)
    test.__name__ = "page_" + page.stem.replace("-", "_")
    return test


PAGE = """```console %s
$ echo %s; seq 13 14; echo took 2.5 s
...
13
14
took 7.1 s
```
"""


def tried(folder, text):
    """What is wrong with a page of this text, or ""."""
    page = folder / "0.md"
    page.write_text(text)
    try:
        tutorials.run_page(page, BUILD, quick=True)
    except AssertionError as error:
        return str(error)
    return ""


def a_page_that_is_wrong_is_found(folder):
    good = PAGE % ("exact", "these words")
    assert not tried(folder, good)
    assert not tried(folder, (PAGE % ("", "words")).replace("13\n14", "15\n16")), "numbers don't count with --quick"
    assert not tried(folder, (PAGE % ("results", "words")).replace("took 7", "gone 7")), "results don't count with --quick"
    assert "but the page says" in tried(folder, good.replace("13\n14", "15\n16"))
    assert "but the page says" in tried(folder, (PAGE % ("", "words")).replace("took 7", "gone 7"))
    assert "ended with 1" in tried(folder, good.replace("echo took 2.5 s", "false"))
    assert "no command of" in tried(folder, good + "<!-- quick: --epochs 3 becomes --epochs 1 -->")
    assert "without the file" in tried(folder, good + "![alt](x.png)")


def every_seed_has_its_page(folder):
    pages = [page.stem[:3] for page in sorted((SOURCE / "docs/tutorials").glob("0*.md"))]
    assert pages == ["000", "001", "002", "003", "004"], pages
    assert run(sys.executable, "-B", SOURCE / "tools/tutorials.py", "--help").stdout


if __name__ == "__main__":
    pages = sorted((SOURCE / "docs/tutorials").glob("0*.md"))
    main([page_test(page) for page in pages] + [a_page_that_is_wrong_is_found, every_seed_has_its_page])
