#!/usr/bin/env python3
"""dump_attention's views from outside: tokens from files, queries, pages, and the gallery that shows them all."""
import html.parser
import re
import struct
import zlib

from harness import DUMP, GAZE, SOURCE, main, refused, run

import numpy

GALLERY = SOURCE / "docs/gallery"
LETTERS = GALLERY / "letters.txt"
VIEWS = ["overlay", "map", "side", "sheet", "matrix", "heads", "bars", "text", "html", "query", "panels", "animation"]


def dump(folder, *words):
    """reverse.json with initial weights on its first two test samples: names of the files written."""
    out = run(DUMP, GALLERY / "reverse.json", "--reference", "--index", "0..1", "--out", folder, "--quiet", *words).stdout
    return [line.rsplit("/", 1)[1] for line in out.splitlines()]


class Reader(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.words, self.seen = [], [], set()
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.seen.add(tag)
        if tag not in ("meta", "br"):
            self.open.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if self.open and self.open[-1][0] == "span" and "title" in self.open[-1][1]:
            self.words.append((data, self.open[-1][1]["title"]))


def the_gallery_shows_every_view(folder):
    page = (SOURCE / "docs/gallery.md").read_text()
    options = re.sub(r"\s+", " ", run(DUMP, "--help").stdout)
    for view in VIEWS:
        file = GALLERY / (view + (".html" if view == "html" else ".png"))
        assert f"`{view}`" in page and f"gallery/{file.name}" in page, view
        assert f"{view}, " in options or f"{view} or all" in options, view
        assert file.stat().st_size < 60000, file


def the_models_of_the_gallery_are_models(folder):
    for model in GALLERY.glob("*.json"):
        assert model.stem in run(GAZE, "summary", model).stdout


def input_tokens_are_named_by_a_vocabulary(folder):
    files = dump(folder, "--query", 3, "--vocabulary", LETTERS)
    assert "synthetic-test.attention.0.html" in files and "synthetic-test.attention.1.bars.png" in files, files
    map_ = numpy.load(folder / "synthetic-test.attention.npy")  # [sample, head, query, key]
    reader = Reader((folder / "synthetic-test.attention.0.html").read_text())
    assert len(reader.words) == 12 and all(word in "abcdefghij" for word, _ in reader.words), reader.words
    for key, (_, title) in enumerate(reader.words):
        step, value = re.fullmatch(r"step (\d+): (\S+)", title).groups()
        assert int(step) == key and abs(float(value) - map_[0, :, 3, key].mean()) < 1e-5, title


def a_page_is_whole_and_alone(folder):
    tokens = folder / "tokens.txt"
    tokens.write_text("\n".join(["<script>alert(1)</script>", "a&b", '"', "'", "\u4f60\u597d", "<!--"] + ["x"] * 6) + "\n")
    dump(folder, "--view", "html", "--query", 0, "--tokens", tokens)
    text = (folder / "synthetic-test.attention.0.html").read_text()
    reader = Reader(text)
    assert [word for word, _ in reader.words][:3] == ["<script>alert(1)</script>", "a&b", '"'], reader.words
    assert reader.words[4][0] == "\u4f60\u597d"
    assert not reader.seen & {"script", "link", "img", "iframe", "object"} and "http" not in text and "url(" not in text


def heads_are_chosen(folder):
    one = dump(folder / "a", "--view", "matrix", "--reduce", "head:3")
    assert one[-1] == "synthetic-test.attention.1.matrix.png", one
    pictures = set()
    for how in ["mean", "max", "head:0", "head:3"]:
        dump(folder / how, "--view", "matrix", "--reduce", how)
        pictures.add((folder / how / one[-1]).read_bytes())
    assert len(pictures) == 4


def chunks(data):
    """Type and body of every chunk, whose checksums must be right."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at = 8
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        assert struct.unpack(">I", data[at + 8 + size:at + 12 + size])[0] == zlib.crc32(kind + body), kind
        yield kind.decode(), body
        at += 12 + size


def check_frames(data):
    """An APNG's frames: numbered, inside the picture, each with all of its rows. Returns how many."""
    parts = list(chunks(data))
    width, height, depth, color = struct.unpack(">IIBB", parts[0][1][:10])
    assert [kind for kind, _ in parts[:2]] == ["IHDR", "acTL"] and parts[-1][0] == "IEND" and (depth, color) == (8, 2)
    frames, plays = struct.unpack(">II", parts[1][1])
    order = [kind for kind, _ in parts if kind in ("fcTL", "IDAT", "fdAT")]
    assert order == ["fcTL", "IDAT"] + ["fcTL", "fdAT"] * (frames - 1) and plays == 0, order
    numbers = []
    for kind, body in parts:
        if kind == "fcTL":
            number, w, h, x, y, delay, of, dispose, blend = struct.unpack(">IIIIIHHBB", body)
            assert x + w <= width and y + h <= height and 0 < delay / of < 10 and dispose == blend == 0
            numbers.append(number)
        elif kind in ("IDAT", "fdAT"):
            numbers += struct.unpack(">I", body[:4]) if kind == "fdAT" else ()
            rows = zlib.decompress(body[4:] if kind == "fdAT" else body)
            assert len(rows) == h * (3 * w + 1) and set(rows[::3 * w + 1]) <= set(range(5))
    assert numbers == list(range(2 * frames - 1)), numbers
    return frames


def an_animation_has_a_frame_a_checkpoint(folder):
    run(GAZE, "train", GALLERY / "needle.json", "--out", folder / "run", "--epochs", 3, "--keep-checkpoints", "all", "--quiet")
    assert len(list((folder / "run").glob("checkpoint-*"))) == 4
    pictures = []
    for out, words in (("a", []), ("b", ["--checkpoints", folder / "run"])):
        model = folder / "run" if not words else GALLERY / "needle.json"
        run(DUMP, model, "--weights", folder / "run/weights.safetensors", "--view", "animation", "--index", 2, "--out", folder / out,
            *words)
        pictures.append((folder / out / "synthetic-test.attention.2.animation.png").read_bytes())
    assert pictures[0] == pictures[1]
    assert check_frames(pictures[0]) == 4
    refused(2, DUMP, GALLERY / "needle.json", "--view", "animation", "--out", folder / "c", says="needs a run folder with checkpoints")


def grad_cam_is_the_same_on_the_device_and_on_the_reference(folder):
    maps = []
    for out, words in (("a", []), ("b", ["--reference"])):
        run(DUMP, GALLERY / "cells.json", "--index", "0..3", "--map", "gradcam", "--view", "map", "--out", folder / out, *words)
        maps.append(numpy.load(folder / out / "idx-test.gradcam-conv_2.npy"))
    assert maps[0].shape == (4, 11, 11) and maps[1].max() > 0
    assert abs(maps[0] - maps[1]).max() < 1e-5 * maps[1].max()


def wrong_words_are_refused(folder):
    few = folder / "few.txt"
    few.write_text("a\nb\n")
    empty = folder / "empty.txt"
    empty.write_text("")
    model = [DUMP, GALLERY / "reverse.json", "--reference", "--index", 0, "--out", folder / "out"]
    refused(3, *model, "--tokens", folder / "none.txt", says="none.txt")
    refused(3, *model, "--tokens", empty, says=["empty.txt", "one token a line"])
    refused(2, *model, "--reduce", "median", says="expected mean, max or head:K")
    refused(2, *model, "--query", "x", says="the query is 'x'")
    refused(2, *model, "--view", "matrx", says="did you mean 'matrix'?")
    refused(2, *model, "--view", "query", "--query", "1,1", says="needs a query, an input of shape")
    done = run(*model, "--view", "matrix", "--tokens", few, status=3)
    assert "12 queries, but 2 tokens were given" in done.stderr, done.stderr


main([the_gallery_shows_every_view, the_models_of_the_gallery_are_models, input_tokens_are_named_by_a_vocabulary,
      a_page_is_whole_and_alone, heads_are_chosen, an_animation_has_a_frame_a_checkpoint,
      grad_cam_is_the_same_on_the_device_and_on_the_reference, wrong_words_are_refused])
