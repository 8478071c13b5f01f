"""The package from outside: what it computes, what it says when something is wrong."""
import contextlib
import json
import os
import tempfile
import threading
import time
import unittest
from pathlib import Path

import numpy as np

import gaze

TWO = {"gaze_model": 1, "name": "two", "inputs": [{"name": "x", "shape": [3]}, {"name": "ids", "shape": [None], "dtype": "int32"}],
       "layers": [{"name": "embed", "type": "embedding", "input_dim": 20, "output_dim": 2, "inputs": ["ids"]},
                  {"name": "look", "type": "attention", "kind": "additive_pool"},
                  {"name": "both", "type": "concatenate", "inputs": ["x", "look"]},
                  {"name": "class", "type": "dense", "units": 3, "activation": "softmax"}],
       "outputs": ["class", "look"], "loss": "sparse_categorical_crossentropy"}


def images(count=4, seed=0):
    return np.random.default_rng(seed).random((count, 28, 28, 1), np.float32)


class Base(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, model):
        path = self.folder / "model.json"
        path.write_text(json.dumps(model))
        return path


class Prediction(Base):
    @classmethod
    def setUpClass(cls):
        cls.model = gaze.Model("000-fashion-attention")

    def test_a_model_of_the_package_opens_by_its_name(self):
        self.assertIn("000-fashion-attention", gaze.models())
        self.assertEqual(self.model.classes[9], "Ankle boot")
        self.assertEqual(self.model.inputs[0].shape, (None, 28, 28, 1))
        self.assertEqual(self.model.outputs[0].name, "class")

    def test_predictions_are_those_of_the_references(self):
        x = images()
        exact = gaze.Model("000-fashion-attention", reference=True)
        self.assertEqual(exact.device.type, "reference")
        np.testing.assert_allclose(self.model.predict(x), exact.predict(x), atol=1e-5)

    def test_a_batch_in_pieces_is_the_same_batch(self):
        x = images(7)
        np.testing.assert_allclose(self.model.predict(x, batch_size=3), self.model(x), atol=1e-6)

    def test_float64_and_arrays_with_strides_are_the_same_values(self):
        x = images(6)
        wide = np.zeros((6, 28, 56, 2), np.float32)
        wide[:, :, ::2, :1] = x
        for other in (x.astype(np.float64), np.asfortranarray(x), wide[:, :, ::2, :1], x[::-1][::-1], x.astype(">f4"), x.tolist()):
            np.testing.assert_array_equal(self.model.predict(other), self.model.predict(x))

    def test_an_array_that_fits_is_read_where_it_lies(self):
        from gaze._arrays import as_input
        x = images()
        x.setflags(write=False)
        self.assertIs(as_input(x, self.model.inputs[0]), x)
        self.model.predict(x)

    def test_results_outlive_the_model(self):
        model = gaze.Model("000-fashion-attention")
        maps, p = model.map("attention", images()), model.predict(images())
        model.close()
        del model
        np.testing.assert_allclose(maps.sum((1, 2)), 1, atol=1e-5)
        np.testing.assert_allclose(p.sum(1), 1, atol=1e-5)

    def test_wrong_shapes_say_what_was_expected_and_what_to_do(self):
        x = images()
        for wrong, says in ((x[0], r"\[28,28,1\], expected \[batch,28,28,1\] for input 'image'.*x\[None\]"),
                            (x[..., 0], r"x\[\.\.\., None\]"), (x.transpose(0, 3, 1, 2), "transpose"),
                            (images()[:, :27], r"\[4,27,28,1\]"), (x[:0], "no samples"), ([x, x], "expected")):
            with self.assertRaisesRegex(gaze.DataError, says):
                self.model.predict(wrong)

    def test_wrong_types_say_what_was_expected(self):
        for wrong, says in ((np.zeros((1, 28, 28, 1), np.uint8), "x / 255"), (np.zeros((1, 28, 28, 1), complex), "complex128"),
                            (np.full((1, 28, 28, 1), "a"), "<U1")):
            with self.assertRaisesRegex(TypeError, says):
                self.model.predict(wrong)

    def test_what_is_no_array_says_what_reads_it(self):
        for wrong, says in (("boot.png", r"'boot.png', expected an array \[batch,28,28,1\].*read\(path\)"), (None, "is None, expected")):
            with self.assertRaisesRegex(TypeError, says):
                self.model.predict(wrong)

    def test_a_sample_is_asked_for_by_its_number(self):
        x, y = self.model.samples(3)
        self.assertEqual((x.shape, y.shape), ((1, 28, 28, 1), (1,)))
        np.testing.assert_array_equal(x, self.model.samples([3])[0])
        with self.assertRaisesRegex(gaze.DataError, "sample -1: expected numbers from 0 on"):
            self.model.samples([0, -1])

    def test_answers_of_initial_weights_are_said_to_be_so(self):
        with self.assertLogs("gaze", "WARNING") as logged:
            gaze.Model("patch").predict(images())
        self.assertIn("no trained weights were found", logged.output[0])
        with self.assertNoLogs("gaze", "WARNING") if hasattr(self, "assertNoLogs") else contextlib.nullcontext():
            gaze.Model("patch", weights=False).predict(images())

    def test_a_closed_model_says_so(self):
        with gaze.Model("patch", weights=False) as model:
            pass
        model.close()
        with self.assertRaisesRegex(gaze.UsageError, "'patch' was closed"):
            model.predict(images())
        with self.assertRaisesRegex(gaze.UsageError, "closed"):
            model.device

    def test_errors_carry_the_message_of_the_library(self):
        with self.assertRaisesRegex(gaze.ModelError, "none.json: cannot be opened"):
            gaze.Model("none.json")
        (self.folder / "bad.json").write_text('{"gaze_model": 1}')
        with self.assertRaisesRegex(gaze.ModelError, "inputs"):
            gaze.Model(self.folder / "bad.json")
        with self.assertRaisesRegex(gaze.ModelError, "did you mean '000-fashion-attention'"):
            gaze.Model("000-fashion-atention")
        with self.assertRaisesRegex(gaze.ModelError, "none of gaze.models.*000-fashion-attention, "):
            gaze.Model("x")
        self.assertEqual((gaze.ModelError.__module__, gaze.UnsupportedError.__module__), ("gaze", "gaze"))
        with self.assertRaisesRegex(gaze.DeviceError, "no such device"):
            gaze.Model("patch", device="no such device")
        with self.assertRaisesRegex(gaze.Error, "did you mean 'attention'"):
            self.model.map("atention", images())
        self.assertTrue(issubclass(gaze.DataError, ValueError) and issubclass(gaze.DeviceError, RuntimeError))

    def test_several_inputs_and_outputs_go_by_name_or_order(self):
        model = gaze.Model(self.file(TWO), seed=3)
        x, ids = np.ones((2, 3), np.float32), np.array([[1, 2], [3, 4]])  # int64
        by_name = model.predict({"ids": ids, "x": x})
        by_order = model.predict([x, ids])
        self.assertEqual(set(by_name), {"class", "look"})
        np.testing.assert_array_equal(by_name["class"], by_order["class"])
        self.assertEqual(by_name["look"].shape, (2, 2))
        self.assertEqual(model.map("look", [x, ids]).shape, (2, 2))  # the map where an output has the same name
        np.testing.assert_allclose(model.map("look", [x, ids]).sum(1), 1, atol=1e-6)
        for wrong, says in (({"x": x}, "keys"), ([x], "2 inputs"), (x, "2 inputs"), ([x, ids[:1]], "2, 1 samples")):
            with self.assertRaisesRegex(gaze.DataError, says):
                model.predict(wrong)
        with self.assertRaisesRegex(TypeError, r"x\['ids'\] is float64, expected integers"):
            model.predict([x, ids * 1.0])
        with self.assertRaisesRegex(gaze.DataError, "beyond int32"):
            model.predict([x, ids + 2**40])
        with self.assertRaisesRegex(gaze.DataError, "20"):
            model.predict([x, ids + 30])

    def test_layers_can_be_read(self):
        found = self.model.run(images(), ["layer:conv_1", "class"])
        self.assertEqual(found["layer:conv_1"].shape, (4, 26, 26, 32))

    def test_answers_are_written_token_by_token(self):
        model = gaze.Model("004-seq2seq-luong", seed=1)
        source = np.random.default_rng(0).integers(2, 12, (3, 10))
        answers = model.decode(source, method="beam:2", n_best=2)
        self.assertEqual(answers.tokens.shape[:2], (3, 2))
        self.assertTrue((answers.log_probability[:, 0] >= answers.log_probability[:, 1]).all())
        self.assertEqual(model.map("attention", [source, answers.target]).shape, (3, 11, 10))
        with self.assertRaisesRegex(gaze.UsageError, "no sequences"):
            self.model.decode(images())

    def test_the_summary_is_printed_or_given(self):
        self.assertEqual(self.model.summary(as_dict=True)["trainable_weights"], 1201994)

    def test_devices_are_listed(self):
        found = gaze.devices()
        self.assertEqual(sum(d.chosen for d in found), 1)
        self.assertTrue(all(d.name for d in found if d.usable))


class Threads(Base):
    def test_python_goes_on_while_the_library_works(self):
        """A thread that counts isn't held up by one that is inside the library: its steps fall into the call."""
        model = gaze.Model("000-fashion-attention", reference=True)
        x, inside, ticks, done = images(24), [], [], threading.Event()

        def count():
            while not done.is_set():
                ticks.append(time.perf_counter())
                time.sleep(0.001)

        counter = threading.Thread(target=count)
        counter.start()
        try:
            inside.append(time.perf_counter())
            model.predict(x)
            inside.append(time.perf_counter())
        finally:
            done.set()
            counter.join()
        self.assertGreater(sum(inside[0] < t < inside[1] for t in ticks), 10)

    def test_many_threads_share_a_model_and_have_their_own(self):
        shared, x = gaze.Model("patch", seed=1, weights=False), images(3)
        expected, wrong = shared.predict(x), []

        def work(model):
            for _ in range(20):
                if not np.array_equal(model.predict(x), expected):
                    wrong.append(model)

        models = [shared, shared, gaze.Model("patch", seed=1, weights=False), gaze.Model("patch", seed=1, weights=False)]
        threads = [threading.Thread(target=work, args=(m,)) for m in models]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(wrong, [])

    def test_a_message_belongs_to_its_thread(self):
        said = []

        def fail(name):
            try:
                gaze.Model(f"{name}.json")
            except gaze.ModelError as error:
                said.append((name, str(error)))

        threads = [threading.Thread(target=fail, args=(f"missing-{i}",)) for i in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(len(said), 8)
        self.assertTrue(all(f"{name}.json" in text for name, text in said))


class Files(Base):
    def test_a_saved_model_is_the_same_model(self):
        model = gaze.Model("patch", weights=False, seed=4)
        model.save(self.folder / "saved")
        self.assertEqual(sorted(os.listdir(self.folder / "saved")), ["model.json", "weights.safetensors"])
        np.testing.assert_array_equal(gaze.Model(self.folder / "saved").predict(images()), model.predict(images()))
        model.save(self.folder / "only.safetensors")
        again = gaze.Model("patch", weights=self.folder / "only.safetensors")
        np.testing.assert_array_equal(again.predict(images()), model.predict(images()))

    def test_weights_are_arrays_by_name(self):
        weights = gaze.Model("patch", weights=False, seed=4).weights
        self.assertEqual(weights["conv_1.kernel"].shape, (3, 3, 1, 16))
        self.assertEqual(weights["attention.conv.bias"].shape, (1,))

    def test_a_picture_becomes_an_input(self):
        model = gaze.Model("patch", weights=False)
        array = np.zeros((28, 28, 3), np.uint8)
        array[3] = 255
        gaze.Picture(array).save(self.folder / "line.png")
        x = model.read(self.folder / "line.png")
        self.assertEqual(x.shape, (1, 28, 28, 1))
        np.testing.assert_allclose(x[0, :, :, 0], array[..., 0] / 255, atol=1e-6)

    def test_a_model_fits_other_data(self):
        model = gaze.Model("patch", weights=False, image_size=(20, 24), n_classes=7)
        self.assertEqual(model.predict(np.zeros((1, 20, 24, 1))).shape, (1, 7))


if __name__ == "__main__":
    unittest.main()
