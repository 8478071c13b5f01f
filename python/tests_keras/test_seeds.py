"""from_keras on every seed's system: the predictions are Keras'."""
import unittest

import numpy as np

import gaze
import keras
from gaze.keras3._check import ask_keras, random_inputs
from seeds import SEEDS

LIMIT = 1e-5


def shake(model):
    """Weights that no initializer gives: biases that aren't zero, norms that aren't one."""
    rng = np.random.default_rng(5)
    model.set_weights([w + rng.normal(0, 0.05, w.shape).astype(np.float32) * (1 if w.ndim > 1 else 2) for w in model.get_weights()])


class Seeds(unittest.TestCase):
    def test_predictions_are_those_of_keras(self):
        for name, (make, kinds) in SEEDS.items():
            with self.subTest(name):
                model = make()
                shake(model)
                made = gaze.from_keras(model, check=False)
                arrays = random_inputs(made, {t.name: 12 for t in made.inputs})
                found = made.predict(arrays if len(arrays) > 1 else arrays[0])
                far = np.abs(found - ask_keras(model, arrays)[0]).max()
                print(f"{name}: {far:.1e}", flush=True)
                self.assertLessEqual(far, LIMIT)
                self.assertEqual([m.kind for m in made.maps.values()], kinds)

    def test_parameters_are_as_many(self):
        """But for a number that is added to all scores, and for two biases that add up to one."""
        fewer = {"000": 1, "004 Bahdanau": 1 + 64}
        for name, (make, _) in SEEDS.items():
            model = make()
            made = gaze.from_keras(model, check=False)
            self.assertEqual(sum(w.size for w in made.weights.values()), model.count_params() - fewer.get(name, 0), name)

    def test_the_map_of_seed_002_is_its_second_output(self):
        model = SEEDS["002"][0]()
        layer = model.get_layer("attention")
        x = np.random.default_rng(0).normal(0, 1, (4, 20, 64)).astype(np.float32)
        expected = keras.Model(model.input, layer.output[1]).predict(x, verbose=0)[..., 0]
        found = gaze.from_keras(model).map("attention", x)
        np.testing.assert_allclose(found, expected, atol=1e-6)

    def test_the_map_of_seed_000_has_the_places_of_its_cells(self):
        made = gaze.from_keras(SEEDS["000"][0]())
        self.assertEqual(made.maps["attention"].shape, (12, 12))
        self.assertEqual(made.maps["attention"].field.first, (2.5, 2.5))


if __name__ == "__main__":
    unittest.main()
