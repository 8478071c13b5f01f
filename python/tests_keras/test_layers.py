"""from_keras: layer by layer, models inside models, shared layers, what is refused, what a compiled model keeps."""
import os
import unittest
import warnings
from tempfile import TemporaryDirectory

import numpy as np

import gaze
import keras
from keras import layers, ops

IMAGE, STEPS, IDS = (9, 8, 3), (7, 6), (7,)


def apply(shape, *chain, dtype="float32"):
    x = first = keras.Input(shape, dtype=dtype)
    for layer in chain:
        x = layer(x)
    return keras.Model(first, x)


ON_IMAGES = {
    "same": lambda: [layers.Conv2D(4, 3, padding="same", activation="elu")],
    "strides": lambda: [layers.Conv2D(4, (3, 2), strides=(2, 1), use_bias=False)],
    "dilated": lambda: [layers.Conv2D(4, 3, dilation_rate=2, activation="leaky_relu")],
    "depthwise": lambda: [layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", activation="relu")],
    "separable": lambda: [layers.SeparableConv2D(5, 3, padding="same", activation="silu")],
    "pools": lambda: [layers.MaxPooling2D(2, padding="same"), layers.AveragePooling2D((2, 3), strides=1)],
    "global": lambda: [layers.GlobalMaxPooling2D(keepdims=True), layers.Flatten()],
    "mean": lambda: [layers.GlobalAveragePooling2D()],
    "norms": lambda: [layers.BatchNormalization(), layers.LayerNormalization(epsilon=1e-5), layers.BatchNormalization(scale=False)],
    "shapes": lambda: [layers.Permute((2, 1, 3)), layers.Reshape((-1, 12)), layers.LayerNormalization(center=False)],
    "padded": lambda: [layers.ZeroPadding2D(((1, 0), (2, 1))), layers.Conv2D(2, 2, activation="gelu")],
    "activations": lambda: [layers.ReLU(), layers.Activation("tanh"), layers.LeakyReLU(negative_slope=0.2), layers.ELU(),
                            layers.Softmax(), layers.Dropout(0.5), layers.Identity()],
    "dense with a layer as activation": lambda: [layers.Dense(4, activation=layers.LeakyReLU(negative_slope=0.2))],
}
ON_STEPS = {
    "lstm": lambda: [layers.LSTM(5, return_sequences=True), layers.LSTM(4, use_bias=False, go_backwards=True)],
    "gru": lambda: [layers.GRU(5, return_sequences=True), layers.GRU(4, reset_after=False)],
    "rnn": lambda: [layers.SimpleRNN(5)],
    "both ways": lambda: [layers.Bidirectional(layers.GRU(3, return_sequences=True), merge_mode="sum"),
                          layers.Bidirectional(layers.LSTM(3), merge_mode="ave")],
    "repeated": lambda: [layers.GRU(5), layers.RepeatVector(3), layers.TimeDistributed(layers.Dense(2, activation="relu"))],
    "convolved": lambda: [layers.Conv1D(4, 3, strides=2, padding="same"), layers.MaxPooling1D(2), layers.GlobalMaxPooling1D()],
    "averaged": lambda: [layers.AveragePooling1D(2, strides=1), layers.GlobalAveragePooling1D()],
}
ON_IDS = {
    "masked lstm": lambda: [layers.Embedding(20, 4, mask_zero=True), layers.LSTM(3, return_sequences=True),
                            layers.GlobalAveragePooling1D()],
    "masked both ways": lambda: [layers.Embedding(20, 4, mask_zero=True),
                                 layers.Bidirectional(layers.LSTM(3, return_sequences=True)), layers.LSTM(2)],
    "not masked": lambda: [layers.Embedding(20, 4), layers.Flatten(), layers.Dense(3, activation="softmax")],
}


class Layers(unittest.TestCase):
    def convert(self, model, **options):
        """from_keras itself compares the predictions."""
        rng = np.random.default_rng(1)
        model.set_weights([np.abs(w + rng.normal(0, 0.1, w.shape)).astype(np.float32) if "moving_variance" in v.path else
                           (w + rng.normal(0, 0.1, w.shape)).astype(np.float32) for v, w in zip(model.weights, model.get_weights())])
        return gaze.from_keras(model, **options)

    def test_chains(self):
        for table, shape, dtype in ((ON_IMAGES, IMAGE, "float32"), (ON_STEPS, STEPS, "float32"), (ON_IDS, IDS, "int32")):
            for name, chain in table.items():
                with self.subTest(name):
                    self.convert(apply(shape, *chain(), dtype=dtype))

    def test_ids_given_as_floats_are_ids(self):
        made = self.convert(apply(IDS, layers.Embedding(20, 4), layers.Flatten()))
        self.assertEqual(made.inputs[0].dtype, np.int32)

    def test_keras_attention_layers(self):
        for make in (lambda: layers.Attention(use_scale=True), lambda: layers.Attention(score_mode="concat"), lambda: layers.AdditiveAttention(),
                     lambda: layers.Attention()):
            q, v = keras.Input((5, 4)), keras.Input((7, 4))
            made = self.convert(keras.Model([q, v], make()([q, v])))
            self.assertEqual([m.shape for m in made.maps.values()], [(5, 7)])

    def test_multi_head_attention(self):
        q, v = keras.Input((5, 4)), keras.Input((7, 6))
        cases = [layers.MultiHeadAttention(2, 3)(q, v), layers.MultiHeadAttention(2, 3, value_dim=5, use_bias=False)(q, v),
                 layers.MultiHeadAttention(2, 3)(query=v, value=v, use_causal_mask=True),
                 layers.MultiHeadAttention(2, 3)(q, v, return_attention_scores=True)[0], layers.MultiHeadAttention(2, 3)(q, v, key=v)]
        for y in cases:
            self.convert(keras.Model([q, v], [y, layers.Dense(2)(q), layers.Dense(2)(v)]))

    def test_masks_of_queries_and_values(self):
        q, v = keras.Input((5,), dtype="int32"), keras.Input((7,), dtype="int32")
        embed = layers.Embedding(20, 4, mask_zero=True)
        y = layers.GlobalAveragePooling1D()(layers.Attention()([embed(q), embed(v)]))
        self.convert(keras.Model([q, v], y))

    def test_operations(self):
        a, b = keras.Input(STEPS), keras.Input(STEPS)
        y = ops.concatenate([ops.relu(a + b) * b, ops.gelu(a, approximate=False)], axis=-1)
        y = ops.softmax(ops.mean(y, axis=1)) + ops.max(layers.Dense(12)(ops.tanh(b)), axis=1)
        self.convert(keras.Model([a, b], ops.reshape(y, (-1, 3, 4))))

    def test_states_go_from_encoder_to_decoder(self):
        a, b = keras.Input(STEPS), keras.Input((4, 6))
        y, h, c = layers.LSTM(5, return_state=True)(a)
        y2, fh, fc, bh, bc = layers.Bidirectional(layers.LSTM(5, return_state=True))(b)
        z = layers.LSTM(5)(b, initial_state=[fh, bc])
        self.convert(keras.Model([a, b], [layers.LSTM(5, return_sequences=True)(b, initial_state=[h, c]), z, layers.Concatenate()([y, y2])]))

    def test_models_inside_models_and_used_twice(self):
        inner = keras.Sequential([keras.Input(STEPS), layers.Dense(4, activation="relu"), layers.LSTM(3)], name="inner")
        a, b = keras.Input(STEPS), keras.Input(STEPS)
        shared = layers.Dense(2)
        y = layers.Concatenate()([shared(inner(a)), shared(inner(b)), inner(a)])
        made = self.convert(keras.Model([a, b], y))
        self.assertEqual(sum(w.size for w in made.weights.values()), inner.count_params() + shared.count_params())

    def test_a_block_of_known_layers_is_followed(self):
        class Block(layers.Layer):
            def __init__(self, **options):
                super().__init__(**options)
                self.attend, self.norm = layers.MultiHeadAttention(2, 3), layers.LayerNormalization()
                self.wide, self.narrow = layers.Dense(8, activation="relu"), layers.Dense(6)

            def call(self, x, training=False):
                x = self.norm(x + self.attend(x, x))
                return x + self.narrow(self.wide(x))

        made = self.convert(apply(STEPS, Block(name="one"), Block(name="two"), layers.GlobalAveragePooling1D()))
        self.assertEqual(len(made.maps), 2)

    def test_a_layer_of_ones_own_is_known_by_what_it_computes(self):
        class SqueezeExcite(layers.Layer):
            def build(self, shape):
                self.down, self.up = layers.Dense(2, activation="relu"), layers.Dense(shape[-1], activation="sigmoid")

            def call(self, x):
                return x * self.up(self.down(ops.mean(x, axis=(1, 2))))[:, None, None, :]

        made = self.convert(apply((5, 5, 8), SqueezeExcite(name="se"), layers.GlobalAveragePooling2D()))
        self.assertEqual(made.maps["se"].kind, "squeeze_excite")

    def test_a_layer_that_is_almost_a_kind_is_not_taken_for_it(self):
        class Almost(layers.Layer):
            """Additive pooling, but of tanh(h)."""

            def __init__(self):
                super().__init__()
                self.hidden, self.score = layers.Dense(4, activation="tanh"), layers.Dense(1, use_bias=False)

            def call(self, h):
                return ops.sum(ops.tanh(h) * ops.softmax(self.score(self.hidden(h)), axis=1), axis=1)

        with self.assertRaises(gaze.UnsupportedError):
            self.convert(apply(STEPS, Almost()))

    def test_known_networks(self):
        """Random weights; from_keras compares them."""
        for make in (keras.applications.VGG16, keras.applications.ResNet50, keras.applications.DenseNet121):
            with self.subTest(make.__name__):
                gaze.from_keras(make(weights=None, input_shape=(32, 32, 3), classes=10))

    def test_everything_that_cannot_be_taken_is_listed_at_once(self):
        class Odd(layers.Layer):
            def call(self, x):
                return ops.sin(x)

        model = apply(IMAGE, layers.Rescaling(1 / 255, name="scale"), layers.Conv2D(4, 3, groups=1, activation="softplus", name="conv"),
                      Odd(name="odd"), layers.Conv2DTranspose(2, 3, name="up"), layers.GlobalAveragePooling2D())
        with self.assertRaises(gaze.UnsupportedError) as caught:
            gaze.from_keras(model)
        self.assertEqual(set(caught.exception.layers), {"scale", "conv", "sin", "up"})
        for part in ("4 layers", "Rescaling; do it to the inputs", "softplus", "Conv2DTranspose", "keras.ops' Sin"):
            self.assertIn(part, str(caught.exception))

    def test_a_custom_layer_is_taken_as_told(self):
        class Doubled(layers.Layer):
            def call(self, x):
                return ops.add(x, x) * ops.cos(0.0)

        model = apply(STEPS, Doubled(name="twice"), layers.Flatten())
        made = gaze.from_keras(model, custom={"Doubled": lambda layer: ({"type": "layer_normalization"}, {
            "gamma": np.ones(6), "beta": np.zeros(6)})}, check=False)
        self.assertEqual(made.summary(as_dict=True)["layers"][0]["type"], "layer_normalization")
        with self.assertRaisesRegex(gaze.ModelError, "from what Keras says"):
            gaze.from_keras(model, custom={Doubled: lambda layer: ({"type": "activation", "activation": "relu"}, {})})

    def test_a_weights_output_that_is_used_is_refused_by_name(self):
        x = keras.Input(STEPS)
        y, scores = layers.MultiHeadAttention(2, 3, name="heads")(x, x, return_attention_scores=True)
        with self.assertRaisesRegex(gaze.UnsupportedError, "output 1 of 'heads'.*m.map"):
            gaze.from_keras(keras.Model(x, layers.Flatten(name="flat")(scores)))

    def test_what_has_no_graph_says_so(self):
        class Own(keras.Model):
            pass

        with self.assertRaisesRegex(gaze.ModelError, "has no graph"):
            gaze.from_keras(Own())
        with self.assertRaisesRegex(gaze.ModelError, "input's shape"):
            gaze.from_keras(keras.Sequential([layers.Dense(2)]))
        with self.assertRaises(TypeError):
            gaze.from_keras(layers.Dense(2))

    def test_a_file_that_keras_cannot_load_says_why(self):
        class Own(layers.Layer):
            def call(self, x):
                return x

        with TemporaryDirectory() as folder:
            mine, junk = os.path.join(folder, "mine.keras"), os.path.join(folder, "junk.keras")
            apply(STEPS, Own(name="own"), layers.Dense(2)).save(mine)
            with open(junk, "w", encoding="utf-8") as file:
                file.write("junk")
            for path, says in ((junk + "x", "there is no such file"), (junk, "expected a .keras file"),
                               (mine, r"no class 'Own'.*load_model\(.*custom_objects=\{'Own': Own\}")):
                with self.assertRaisesRegex(gaze.ModelError, says):
                    gaze.from_keras(path)

    def test_a_model_of_lower_precision_is_named_as_such(self):
        model = apply(STEPS, layers.Dense(8, name="low", dtype="mixed_bfloat16"), layers.Dense(2))
        with self.assertRaisesRegex(gaze.ModelError, "Keras computes 'low' in bfloat16, and Gaze in float32"):
            gaze.from_keras(model)

    def test_dropout_inside_attention_is_warned_of(self):
        x = keras.Input(STEPS)
        model = keras.Model(x, layers.MultiHeadAttention(2, 3, dropout=0.1, name="heads")(x, x))
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            gaze.from_keras(model)
        self.assertTrue(any("'heads'" in str(w.message) and "dropout" in str(w.message) for w in said))

    def test_a_mask_that_keras_loses_is_warned_of(self):
        ids = keras.Input(IDS, dtype="int32")
        x = layers.Embedding(20, 4, mask_zero=True)(ids)
        x = layers.Add()([x, layers.MultiHeadAttention(2, 3, name="heads")(x, x)])
        with self.assertWarnsRegex(UserWarning, "'heads': Keras loses the mask"):
            gaze.from_keras(keras.Model(ids, layers.GlobalAveragePooling1D()(x)))

    def test_a_compiled_model_goes_on_training(self):
        model = apply(STEPS, layers.LSTM(4), layers.Dense(3, activation="softmax"))
        model.compile(optimizer=keras.optimizers.SGD(0.5), loss="categorical_crossentropy")
        made = gaze.from_keras(model, classes=["a", "b", "c"])
        rng = np.random.default_rng(0)
        x, y = rng.normal(0, 1, (8, *STEPS)).astype(np.float32), np.eye(3)[rng.integers(0, 3, 8)]
        made.fit(x, y, epochs=3, batch_size=8, progress=None)
        model.fit(x, y, epochs=3, batch_size=8, verbose=0)
        np.testing.assert_allclose(made.predict(x), model.predict(x, verbose=0), atol=1e-5)
        self.assertEqual(made.classes, ["a", "b", "c"])


if __name__ == "__main__":
    unittest.main()
