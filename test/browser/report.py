#!/usr/bin/env python3
"""gaze report's page in a headless Chromium: no network, sliders by keyboard, narrow windows, contrast, other eyes, a screen reader, no script.

With LOOK=FOLDER in the environment it leaves pictures there, to be looked at."""
import json
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "programs"))
from chromium import Chromium
from harness import BUILD, GAZE, SOURCE, main, run

AXE = BUILD / "tools/axe.min.js"
FOLDER = tempfile.TemporaryDirectory()
PAGES = Path(FOLDER.name)
LIGHT, DARK = "light", "dark"

# Every text of a chart, with its colour, the page's, and the height of its letters; null where it isn't seen.
TEXTS = """[...document.querySelectorAll('svg text')].filter(t => t.textContent.trim()).map(t =>
  [t.textContent, getComputedStyle(t).fill, getComputedStyle(document.body).backgroundColor,
  t.getClientRects().length ? parseFloat(getComputedStyle(t).fontSize) * Math.hypot(t.getScreenCTM().a, t.getScreenCTM().b) : null])"""
# What sticks out of the window and lies in no box that scrolls.
CUT = """[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll, details:not([open]), svg, [hidden]') &&
  e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.outerHTML.slice(0, 100))"""
LINES = """[...document.querySelectorAll('svg.chart')].filter(s => s.querySelector('.line')).map(s =>
  [...s.querySelectorAll('.line .stroke')].map(p => getComputedStyle(p).strokeDasharray))"""


def train(name, model, epochs, **counts):
    if not (PAGES / name).exists():
        text = json.loads((SOURCE / f"models/{model}.json").read_text())
        text["data"] |= counts
        (PAGES / f"{name}.json").write_text(json.dumps(text))
        run(GAZE, "train", PAGES / f"{name}.json", "--out", PAGES / name, "--epochs", epochs, "--keep-checkpoints", "all", "--quiet")
    return PAGES / name


def made(name, of, *words):
    path = PAGES / f"{name}.html"
    if not path.exists():
        run(GAZE, "report", of(), "--out", path, *words)
    return path


def whole_page():
    return made("images", lambda: train("patch", "patch", 1, train_count=1500), "--samples", "20")


def page_of_heads():
    return made("heads", lambda: train("text", "004-text-encoder", 1, train_count=500, test_count=60), "--examples", "3", "--without", "verify",
                "--without", "profile", "--without", "faithful")


def page_of_steps():
    return made("steps", lambda: train("steps", "004-bilstm-attention", 1, train_count=400, test_count=60), "--examples", "3", "--without",
                "verify", "--without", "profile")


def look(browser, name):
    if os.environ.get("LOOK"):
        Path(os.environ["LOOK"]).mkdir(parents=True, exist_ok=True)
        (Path(os.environ["LOOK"]) / f"{name}.png").write_bytes(browser.picture())


def contrast(a, b):
    """Of two 'rgb(r, g, b)', by WCAG 2."""
    def light(color):
        parts = [int(v) / 255 for v in color[4:-1].split(",")]
        return sum(w * (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4) for w, p in zip((0.2126, 0.7152, 0.0722), parts))

    high, low = sorted((light(a), light(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def it_opens_with_no_network_and_no_complaint(folder):
    with Chromium() as browser:
        browser.call("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)
        for page in (whole_page(), page_of_heads(), page_of_steps()):
            asked = [url for url in browser.open(page) if not url.startswith("data:")]
            assert asked == [page.as_uri()], asked
            assert browser.complaints() == [], browser.complaints()
            images = browser.run("[...document.images].map(i => [i.complete, i.naturalWidth, i.alt.length])")
            assert all(done and width > 0 and words > 0 for done, width, words in images), images
            look(browser, page.stem)


def focus(browser, name):
    """By the Tab key alone."""
    for _ in range(60):
        browser.press("Tab")
        if browser.run("document.activeElement.id") == name:
            return
    raise AssertionError(f"{name} isn't reached with the keyboard")


STATE = """({shown: document.getElementById('shown').textContent, says: [...document.querySelectorAll('[data-map]:not([hidden]) .says')]
  .map(p => p.textContent), pictures: [...document.querySelectorAll('[data-map]:not([hidden]) [data-picture]')]
  .map(p => p.getAttribute('src') || p.getAttribute('href')),
  words: [...document.querySelectorAll('[data-map]:not([hidden]) [data-name]')].map(p => p.alt || p.getAttribute('aria-label'))})"""


def expected(known, map_, moment, slice_):
    return [example[map_][moment][slice_] for example in known["frames"]]


def the_moment_slider_follows_the_keys(folder):
    with Chromium() as browser:
        browser.open(whole_page())
        known = json.loads(browser.run("document.getElementById('frames').textContent"))
        focus(browser, "moment")
        for key, moment, text in (("Home", 0, "before training"), ("ArrowRight", 1, "epoch 1")):
            browser.press(key)
            state = browser.run(STATE)
            frames = expected(known, 0, moment, 0)
            assert state["shown"] == f"Shown: attention, {text}." and browser.run("document.getElementById('moment').getAttribute('aria-valuetext')") == text
            assert state["says"] == [f["s"] for f in frames]
            assert state["pictures"] == [p for f in frames for p in f["p"]]
            assert all(f["s"] in words for f, words in zip([f for f in frames for _ in f["p"]], state["words"])), state["words"]
        assert len({json.dumps(expected(known, 0, m, 0)) for m in range(2)}) == 2, "both moments are the same"


def layers_and_heads_are_chosen_by_the_keys(folder):
    with Chromium() as browser:
        browser.open(page_of_heads())
        known = json.loads(browser.run("document.getElementById('frames').textContent"))
        assert browser.run(STATE)["shown"] == "Shown: attention_2, mean of 4 heads, epoch 1."
        focus(browser, "map")
        browser.press("ArrowUp")
        focus(browser, "head")
        browser.press("End")
        state = browser.run(STATE)
        assert state["shown"] == "Shown: attention_1, head 3, epoch 1.", state["shown"]
        assert state["pictures"] == [p for f in expected(known, 0, len(known["moments"]) - 1, 4) for p in f["p"]]
        look(browser, "heads-by-keys")


def steps_are_coloured_as_their_numbers_say(folder):
    with Chromium() as browser:
        browser.open(page_of_steps())
        known = json.loads(browser.run("document.getElementById('frames').textContent"))
        browser.run("document.getElementById('moment').value = 0; document.getElementById('moment').dispatchEvent(new Event('input'))")
        shown = browser.run("""[...document.querySelectorAll('[data-map]:not([hidden])')].map(b => [...b.querySelectorAll('[data-step]')].map(s =>
            [s.querySelector('sup').textContent, getComputedStyle(s).backgroundColor, getComputedStyle(s).color]))""")
        for steps, frame in zip(shown, expected(known, 0, 0, 0)):
            assert [s[0] for s in steps] == frame["v"]
            for (_, ground, ink), color in zip(steps, frame["c"]):
                wanted = known["palette"][color]
                assert ground == f"rgb({int(wanted[1:3], 16)}, {int(wanted[3:5], 16)}, {int(wanted[5:], 16)})" and contrast(ground, ink) >= 4.5


def nothing_is_cut_off_in_narrow_windows(folder):
    """320 CSS pixels are a window of 1280 at 400 %."""
    with Chromium() as browser:
        for page in (whole_page(), page_of_heads(), page_of_steps()):
            for width in (320, 375, 640, 1280):
                browser.resize(width, 800)
                browser.open(page)
                assert browser.run("document.documentElement.scrollWidth") == width, (page.stem, width)
                assert browser.run(CUT) == [], (page.stem, width, browser.run(CUT))
                assert all(height is None or height >= 8 for *_, height in browser.run(TEXTS)), (page.stem, width)
                look(browser, f"{page.stem}-{width}")
        browser.resize(640, 800)
        browser.open(whole_page())
        browser.run("document.documentElement.style.fontSize = '200%'")
        assert browser.run("document.documentElement.scrollWidth") == 640 and browser.run(CUT) == [], "letters twice as large"


def rules_of_accessibility_hold_in_light_and_dark(folder):
    assert AXE.exists(), f"{AXE} is missing: make deps-browser"
    with Chromium(seconds=180) as browser:
        for scheme in (LIGHT, DARK):
            browser.color_scheme(scheme)
            for page in (whole_page(), page_of_heads(), page_of_steps()):
                browser.open(page)
                browser.run("document.querySelectorAll('details').forEach(d => d.open = true)")
                browser.run(AXE.read_text() + ";0")
                found = browser.run("axe.run(document, {resultTypes: ['violations']}).then(r => ({passes: r.passes.length, violations: r.violations.map(v => "
                                    "[v.id, v.help, v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + n.failureSummary)])}))")
                assert found["violations"] == [] and found["passes"] > 20, (scheme, page.stem, found["violations"])
                for text, fill, ground, _ in browser.run(TEXTS):
                    assert contrast(fill, ground) >= 4.5, (scheme, text, fill, ground)
                look(browser, f"{page.stem}-{scheme}")


def lines_differ_without_their_colour(folder):
    with Chromium() as browser:
        browser.open(whole_page())
        charts = browser.run(LINES)
        assert len(charts) == 6 and all(len(set(dashes)) == len(dashes) >= 2 for dashes in charts), charts
        marks = browser.run("[...document.querySelectorAll('svg.chart')].filter(s => s.querySelector('.line')).map(s => [...s.querySelectorAll('.line:has(text)')]"
                            ".map(g => g.firstChild.localName + (g.firstChild.getAttribute('d') || '').replace(/[^a-z]/g, '')))")
        assert all(len(set(kinds)) == len(kinds) >= 2 for kinds in marks), marks
        for vision in ("deuteranopia", "achromatopsia"):
            browser.vision(vision)
            look(browser, f"images-{vision}")


def a_screen_reader_finds_names_for_everything(folder):
    with Chromium() as browser:
        browser.open(whole_page())
        assert browser.names("heading")[0] == "patch" and "What the model looks at" in browser.names("heading")
        assert browser.names("slider") == ["Moment of training"]
        images = browser.names("image") + browser.names("img")
        assert len(images) >= 12 * 3 + 6 and all(images), images
        assert any("largest value" in name for name in images) and "Loss over epochs" in " ".join(images)
        tables = browser.names("table")
        assert {"Every epoch", "Every class", "Confusion matrix", "Areas under the curves"} <= set(tables), tables
        assert browser.run("document.documentElement.lang") == "en"


def without_scripts_all_maps_are_there(folder):
    with Chromium() as browser:
        browser.open(page_of_heads(), script=False)
        look(browser, "heads-no-script")
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
        assert browser.run("document.getElementById('controls').hidden && getComputedStyle(document.getElementById('controls')).display") == "none"
        maps = browser.run("[...document.querySelectorAll('[data-map]')].map(m => m.getBoundingClientRect().height)")
        assert len(maps) == 6 and all(height > 100 for height in maps), maps


if __name__ == "__main__":
    main([
        it_opens_with_no_network_and_no_complaint,
        the_moment_slider_follows_the_keys,
        layers_and_heads_are_chosen_by_the_keys,
        steps_are_coloured_as_their_numbers_say,
        nothing_is_cut_off_in_narrow_windows,
        rules_of_accessibility_hold_in_light_and_dark,
        lines_differ_without_their_colour,
        a_screen_reader_finds_names_for_everything,
        without_scripts_all_maps_are_there,
    ])
