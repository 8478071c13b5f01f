"""Maps and pictures."""
import os
import pickle
import struct
import subprocess
import unittest
import zlib

import numpy as np

import gaze
from test_model import Base, images


def pixels(png):
    """Of an 8-bit RGB PNG whose rows have no filter or one of libpng's."""
    at, body, size = 8, b"", None
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at:at + 8])
        content = png[at + 8:at + 8 + length]
        if kind == b"IHDR":
            size = struct.unpack(">II", content[:8])
        body += content if kind == b"IDAT" else b""
        at += 12 + length
    width, height = size
    raw = np.frombuffer(zlib.decompress(body), np.uint8).reshape(height, 1 + 3 * width)
    rows = np.zeros((height + 1, 3 * width + 3), np.uint8)
    for y, line in enumerate(raw):
        unfilter(line[0], line[1:], rows[y], rows[y + 1])
    return rows[1:, 3:].reshape(height, width, 3)


def unfilter(kind, line, above, row):
    for i, value in enumerate(line.tolist(), start=3):
        a, b, c = int(row[i - 3]), int(above[i]), int(above[i - 3])
        p = a + b - c
        nearest = min((a, b, c), key=lambda v: abs(p - v))
        row[i] = (value + (0, a, b, (a + b) // 2, nearest)[kind]) & 255


class Show(Base):
    @classmethod
    def setUpClass(cls):
        cls.model = gaze.Model("000-fashion-attention")
        cls.x = images()
        cls.maps = cls.model.map("attention", cls.x)

    def test_a_map_knows_what_it_is(self):
        info = self.maps.info
        self.assertEqual((info.name, info.kind, info.axes, info.shape), ("attention", "additive_scale", "positions", (12, 12)))
        self.assertEqual((info.field.first, info.field.step, info.field.size), ((2.5, 2.5), (2.0, 2.0), (6.0, 6.0)))
        self.assertIs(self.maps[2].info, info)
        self.assertIs(type(self.maps * 2), np.ndarray)
        self.assertIs(type(self.maps.sum()), np.float32)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(np.asarray(self.maps))), self.maps)

    def test_the_picture_is_dump_attentions(self):
        """Pixel for pixel, where the program is there to be asked."""
        program = os.environ.get("GAZE_DUMP")
        if not program:
            return  # the C tests compare gaze_draw with gaze_dump
        np.save(self.folder / "x.npy", self.x[:1])
        self.model.save(self.folder / "run")
        subprocess.run([program, self.folder / "run", "--input", self.folder / "x.npy", "--out", self.folder, "--view", "overlay", "--quiet"],
                       check=True, capture_output=True)
        p = self.model.predict(self.x[:1])[0]
        title = f"000-fashion-attention: attention, sample 0, predicted: {self.model.classes[p.argmax()]} {p.max():.2f}"
        drawn = gaze.show(self.maps[0], self.x[0], view="overlay", title=title)
        np.testing.assert_array_equal(drawn.array, pixels((self.folder / "x.attention.0.overlay.png").read_bytes()))

    def test_a_picture_is_a_png_and_an_array(self):
        picture = gaze.show(self.maps[0], self.x[0])
        np.testing.assert_array_equal(pixels(picture._repr_png_()), picture.array)
        np.testing.assert_array_equal(np.asarray(picture), picture.array)
        picture.save(self.folder / "map.png")
        self.assertEqual((self.folder / "map.png").read_bytes(), picture.png())
        self.assertEqual(self.model.read(self.folder / "map.png").shape, (1, 28, 28, 1))

    def test_images_come_in_many_shapes(self):
        one = gaze.show(self.maps[0], self.x[0]).array
        for same in (self.x[0, :, :, 0], self.x[0].astype(np.float64), np.asfortranarray(self.x[0])):
            np.testing.assert_array_equal(gaze.show(self.maps[0], same).array, one)
        bytes_ = (self.x[0] * 255).astype(np.uint8)
        np.testing.assert_array_equal(gaze.show(self.maps[0], bytes_).array, gaze.show(self.maps[0], bytes_ / 255.0).array)

    def test_colours_views_and_words_change_the_picture(self):
        usual = gaze.show(self.maps[0], self.x[0])
        for options in ({"colors": "jet"}, {"view": "side"}, {"view": "map"}, {"title": "another"}, {"scale": "0..1"}, {"pixel": 20}):
            other = gaze.show(self.maps[0], self.x[0], **options)
            self.assertFalse(np.array_equal(other.array, usual.array), options)

    def test_a_batch_is_a_sheet(self):
        self.assertGreater(gaze.show(self.maps, self.x).array.size, gaze.show(self.maps[0], self.x[0], view="map").array.size)

    def test_queries_and_keys_have_names(self):
        model = gaze.Model("004-text-encoder", weights=False)
        ids = np.arange(1, 17)[None]
        heads = model.map("attention_1", ids)
        self.assertEqual(heads.shape, (1, 4, 16, 16))
        words = [f"w{i}" for i in range(16)]
        self.assertFalse(np.array_equal(gaze.show(heads[0], tokens=words).array, gaze.show(heads[0]).array))
        gaze.show(heads[0], view="heads")
        gaze.show(heads[0], view="bars", query=3, tokens=words, reduce="head:2")
        with self.assertRaisesRegex(gaze.DataError, "3 tokens were given"):
            gaze.show(heads[0], tokens=words[:3])

    def test_arrays_from_elsewhere_are_drawn_too(self):
        values = np.random.default_rng(0).random((7, 7))
        gaze.show(values, self.x[0])
        gaze.show(values)
        gaze.show(values[0])

    def test_worked_out_maps(self):
        maps = self.model.map("gradcam", self.x)
        self.assertEqual((maps.shape, maps.info.kind), ((4, 24, 24), "grad_cam"))
        gaze.show(maps[0], self.x[0])

    def test_what_cannot_be_drawn_says_why(self):
        flat = self.maps[:1] * 0 + 1
        for wrong, options, kind, says in ((flat[0], {}, gaze.DataError, "every value is 1"),
                                           (self.maps[0], {"view": "overlay", "image": None}, gaze.UsageError, "overlay"),
                                           (self.maps[0], {"colors": "viridris"}, gaze.UsageError, "viridis"),
                                           (self.maps[0, 0], {}, gaze.DataError, "axes"),
                                           (np.full((3, 3), np.nan), {}, gaze.DataError, "not finite")):
            with self.assertRaisesRegex(kind, says):
                gaze.show(wrong, options.pop("image", self.x[0]), **options)


if __name__ == "__main__":
    unittest.main()
