"""Training and evaluation from arrays, what is shown meanwhile, and how it is stopped."""
import contextlib
import io
import subprocess
import sys
import types
import unittest
from unittest import mock

import numpy as np

import gaze
from gaze import _progress
from test_model import TWO, Base


def stripes(count, seed):
    """Images with a bright row; its third says the class."""
    rng = np.random.default_rng(seed)
    x, rows = rng.random((count, 28, 28, 1), np.float32) * 0.2, rng.integers(0, 28, count)
    x[np.arange(count), rows] += 0.8
    return x, rows * 4 // 28


class Fit(Base):
    def test_it_learns_and_tells_how(self):
        x, y = stripes(256, 0)
        test_x, test_y = stripes(64, 1)
        model = gaze.Model("patch", weights=False, seed=1)
        before = model.evaluate(test_x, test_y)
        history = model.fit(x, y, validation_data=(test_x, test_y), epochs=4, batch_size=32, learning_rate=0.01, progress=None)
        after = model.evaluate(test_x, test_y)
        self.assertLess(after.loss, before.loss)
        self.assertEqual([len(v) for v in history.history.values()], [4] * 4)
        self.assertAlmostEqual(history.history["val_loss"][-1], after.loss, places=5)
        self.assertAlmostEqual(history.history["val_accuracy"][-1], after.accuracy, places=6)
        self.assertEqual(after.confusion.sum(), 64)
        self.assertAlmostEqual(np.trace(after.confusion) / 64, after.accuracy)
        self.assertEqual(after.samples, 64)

    def test_the_same_seed_gives_the_same_bits_whatever_the_labels_look_like(self):
        x, y = stripes(64, 0)
        labels = [y, y.astype(np.uint8), y[:, None], np.eye(4)[y], np.eye(4, dtype=bool)[y], list(map(int, y))]
        results = []
        for same in labels:
            model = gaze.Model("patch", weights=False, seed=1)
            model.fit(x, same, epochs=2, batch_size=16, progress=None)
            results.append(model.predict(x[:4]))
        for other in results[1:]:
            np.testing.assert_array_equal(other, results[0])

    def test_a_model_that_has_lost_its_weights_says_so(self):
        x, y = stripes(16, 0)
        model = gaze.Model("patch", weights=False)
        with self.assertRaisesRegex(gaze.NotFiniteError, "Try a smaller learning rate"):
            model.fit(x, y, learning_rate=1e30, epochs=5, progress=None)
        with self.assertRaisesRegex(gaze.NotFiniteError, "no longer finite.*open it again"):
            model.fit(x, y, progress=None)

    def test_labels_that_do_not_fit_are_named(self):
        x, y = stripes(8, 0)
        model = gaze.Model("patch", weights=False)
        cases = ((y + 4, gaze.DataError, "expected 0..3"), (y * 1.0, TypeError, "astype"), (y[:5], gaze.DataError, r"\[5\], expected \[8\]"),
                 (np.eye(4)[y] * 0.5, gaze.DataError, "one-hot"), (np.eye(5)[y], gaze.DataError, "one-hot rows of 4"),
                 (None, gaze.UsageError, "y is missing"), (["a"] * 8, TypeError, "class numbers"))
        for wrong, kind, says in cases:
            with self.assertRaisesRegex(kind, says):
                model.fit(x, wrong, progress=None)

    def test_part_of_the_data_can_validate(self):
        x, y = stripes(40, 0)
        model = gaze.Model("patch", weights=False, seed=1)
        history = model.fit(x, y, validation_split=0.25, epochs=1, batch_size=10, progress=None)
        self.assertEqual(history.epochs[-1].steps, 3)
        self.assertIsNotNone(history.epochs[-1].validation_loss)
        self.assertAlmostEqual(history.epochs[-1].validation_loss, model.evaluate(x[30:], y[30:]).loss, places=5)
        for share in (1, 0.001):
            with self.assertRaisesRegex(gaze.UsageError, "leaves"):
                model.fit(x, y, validation_split=share, progress=None)

    def test_validation_on_training_samples_is_refused(self):
        x, y = stripes(8, 0)
        model = gaze.Model("patch", weights=False)
        with self.assertRaisesRegex(gaze.DataError, "sample 2 of the training part is sample 0 of the test part"):
            model.fit(x, y, validation_data=(x[2:4], y[2:4]), epochs=1, progress=None)
        model.fit(x, y, validation_data=(x[2:4], y[2:4]), epochs=1, allow_overlap=True, progress=None)

    def test_several_inputs_train(self):
        model = gaze.Model(self.file({**TWO, "outputs": ["class"], "optimizer": {"type": "adam", "learning_rate": 0.05}}), seed=3)
        rng = np.random.default_rng(0)
        ids = rng.integers(0, 3, (60, 4))
        history = model.fit({"x": np.zeros((60, 3)), "ids": ids}, ids[:, 0] * 0 + ids.min(1), epochs=10, batch_size=20, progress=None)
        self.assertLess(history.history["loss"][-1], history.history["loss"][0])

    def test_data_can_be_named_and_looked_at(self):
        model = gaze.Model("patch", weights=False, seed=1)
        x, y = model.samples([0, 5])
        self.assertEqual((x.shape, y.shape), ((2, 28, 28, 1), (2,)))
        found = model.evaluate(data="synthetic:patch")
        self.assertTrue(found.test)
        with self.assertRaisesRegex(gaze.UsageError, "did you mean 'synthetic'"):
            model.evaluate(data="sythetic:patch")
        with self.assertRaisesRegex(gaze.UsageError, "either"):
            model.evaluate(x, y, data="synthetic:patch")

    def test_a_run_folder_is_kept_and_resumed(self):
        x, y = stripes(64, 0)
        whole = gaze.Model("patch", weights=False, seed=1)
        whole.fit(x, y, epochs=3, batch_size=16, progress=None)
        part = gaze.Model("patch", weights=False, seed=1)
        part.fit(x, y, epochs=1, batch_size=16, out=self.folder / "run", progress=None)
        again = gaze.Model("patch", weights=False, seed=1)
        history = again.fit(x, y, epochs=3, batch_size=16, out=self.folder / "run", resume=True, progress=None)
        self.assertEqual([s.epoch for s in history.epochs], [2, 3])
        np.testing.assert_array_equal(again.predict(x[:4]), whole.predict(x[:4]))
        np.testing.assert_array_equal(gaze.Model(self.folder / "run").predict(x[:4]), whole.predict(x[:4]))

    def test_a_callback_stops_it(self):
        x, y = stripes(64, 0)
        seen = []
        model = gaze.Model("patch", weights=False, seed=1)
        history = model.fit(x, y, epochs=50, batch_size=16, progress=None, callback=lambda step: seen.append(step) or step.epoch < 2)
        self.assertTrue(history.stopped)
        self.assertEqual(len(history.epochs), 2)
        self.assertEqual(seen[-1].epoch, 2)

    def test_what_a_callback_raises_is_raised(self):
        x, y = stripes(64, 0)
        model = gaze.Model("patch", weights=False)
        for error in (KeyError("mine"), KeyboardInterrupt()):
            with self.assertRaises(type(error)):
                model.fit(x, y, epochs=50, batch_size=16, progress=None, callback=mock.Mock(side_effect=error))
        model.predict(x)

    def test_ctrl_c_stops_a_training(self):
        script = ("import gaze, os, signal, sys\n"
                  "m = gaze.Model('patch', weights=False)\n"
                  "def hit(step):\n    os.kill(os.getpid(), signal.SIGINT)\n"
                  "try:\n    m.fit(epochs=1000, progress=None, callback=hit)\n"
                  "except KeyboardInterrupt:\n    print('stopped'); sys.exit(7)\n")
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
        self.assertEqual((done.returncode, done.stdout), (7, "stopped\n"), done.stderr)

    def test_a_loss_that_is_not_finite_is_an_error(self):
        x, y = stripes(16, 0)
        x[3] = np.nan
        with self.assertRaises(gaze.NotFiniteError):
            gaze.Model("patch", weights=False).fit(x, y, epochs=1, progress=None)


class Shown(Base):
    def fit(self, **options):
        x, y = stripes(32, 0)
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            gaze.Model("patch", weights=False).fit(x, y, epochs=2, batch_size=16, **options)
        return out.getvalue(), err.getvalue()

    def test_logs_get_a_line_an_epoch_and_no_bar(self):
        out, err = self.fit()
        self.assertRegex(out, r"^epoch 1  loss \d\.\d+  accuracy .* samples/s\nepoch 2 .*\n$")
        self.assertEqual(err, "")

    def test_nothing_is_nothing(self):
        self.assertEqual(self.fit(progress=None), ("", ""))

    def test_a_terminal_gets_a_bar_that_is_wiped(self):
        with mock.patch.object(_progress.Terminal, "show", autospec=True, side_effect=_progress.Terminal.show):
            out, err = self.fit(progress="bar")
        self.assertEqual(out.count("\n"), 2)
        self.assertTrue(err.endswith("\r\033[K"))
        step = _progress.Step(2, 10, 5, 20, 0.5, 0.75, 1234.4, 65, False, None, None, 1)
        self.assertEqual(_progress.bar(step), "epoch 2/10 [######------------------] 5/20  loss 0.5000  accuracy 0.7500  1234 samples/s  1:05 left")

    def test_a_notebook_gets_one_display_that_changes(self):
        updates = []
        handle = types.SimpleNamespace(update=lambda html: updates.append(html))
        ipython, display = types.ModuleType("IPython"), types.ModuleType("IPython.display")
        ipython.get_ipython = lambda: types.SimpleNamespace(kernel=object())
        display.HTML = lambda text: text
        display.display = lambda html, display_id: handle
        with mock.patch.dict(sys.modules, {"IPython": ipython, "IPython.display": display}):
            out, err = self.fit()
        self.assertEqual((out, err), ("", ""))
        self.assertRegex(updates[-1], r"(?s)<pre.*epoch 1  loss .*epoch 2  loss .*</pre>")

    def test_another_word_is_refused(self):
        with self.assertRaisesRegex(ValueError, "progress is 'bars'"):
            self.fit(progress="bars")


if __name__ == "__main__":
    unittest.main()
