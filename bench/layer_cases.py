"""The layers that layers.py measures, each as Gaze's layer and as PyTorch's own operation."""
from dataclasses import dataclass, field


@dataclass
class Case:
    """A layer by itself: `shape` is its input's, without samples; `torch` the function of layers_torch that makes PyTorch's steps of it."""
    title: str
    shape: list
    layer: dict
    torch: str
    roof: str = "peak"  # or "copy": what bounds it
    batch: int = 64
    ops: str = ""  # only Gaze's ops whose names begin so
    apart: bool = True  # gradients of input and weights are measured one by one, where they are ops of their own
    env: dict = field(default_factory=dict)


def conv(title, shape, filters, size, **more):
    env = more.pop("env", {})
    layer = {"type": "conv2d", "filters": filters, "kernel_size": size, "padding": "same", **more}
    return Case(title, shape, layer, "convolution", env=env)


def dense(title, shape, units, batch=64):
    return Case(title, shape, {"type": "dense", "units": units}, "dense", batch=batch)


def attention(heads, depth, steps, batch):
    layer = {"type": "attention", "kind": "multi_head", "num_heads": heads, "key_dim": depth}
    return Case(f"attention, {heads} heads of {depth}, {steps} steps", [steps, heads * depth], layer, "attention", batch=batch, ops="attention")


def bound_by_memory(title, layer, torch, shape=(32, 32, 64)):
    return Case(title, list(shape), layer, torch, roof="copy")


VALID = {"padding": "valid"}
DIRECT = {"GAZE_CHOICES": "direct"}
CASES = {
    "conv-3x3": conv("3 × 3, 32 × 32 × 64 → 64", [32, 32, 64], 64, 3),
    "conv-3x3-direct": conv("the same, direct method", [32, 32, 64], 64, 3, env=DIRECT),
    "conv-3x3-valid": conv("3 × 3, 26 × 26 × 32 → 64, no padding", [26, 26, 32], 64, 3, **VALID),
    "conv-3x3-wide": conv("3 × 3, 16 × 16 × 64 → 128", [16, 16, 64], 128, 3),
    "conv-first": conv("3 × 3, 32 × 32 × 3 → 64", [32, 32, 3], 64, 3),
    "conv-grey": conv("3 × 3, 28 × 28 × 1 → 32, no padding", [28, 28, 1], 32, 3, **VALID),
    "conv-1x1": conv("1 × 1, 32 × 32 × 64 → 128", [32, 32, 64], 128, 1),
    "conv-stride": conv("3 × 3, stride 2, 33 × 33 × 64 → 128", [33, 33, 64], 128, 3, strides=2, **VALID),
    "conv-2x2": conv("2 × 2, 33 × 33 × 32 → 64, no padding", [33, 33, 32], 64, 2, **VALID),
    "conv-4x4": conv("4 × 4, 35 × 35 × 32 → 64, no padding", [35, 35, 32], 64, 4, **VALID),
    "conv-5x5": conv("5 × 5, 32 × 32 × 32 → 64", [32, 32, 32], 64, 5),
    "conv-7x7": conv("7 × 7, stride 2, 69 × 69 × 3 → 64", [69, 69, 3], 64, 7, strides=2, **VALID),
    "conv-5x5-stride": conv("5 × 5, stride 2, 33 × 33 × 32 → 64", [33, 33, 32], 64, 5, strides=2, **VALID),
    "conv-patches": conv("patches of 16 × 16, 96 × 96 × 3 → 192", [96, 96, 3], 192, 16, strides=16, **VALID),
    "conv1d": Case("conv1d of 5, 128 steps, 64 → 128", [128, 64],
                   {"type": "conv1d", "filters": 128, "kernel_size": 5, "padding": "same"}, "convolution"),
    "depthwise": Case("depthwise 3 × 3, 32 × 32 × 64", [32, 32, 64],
                      {"type": "depthwise_conv2d", "kernel_size": 3, "padding": "same"}, "convolution", roof="copy"),
    "dense-wide": dense("dense, 64 rows, 9216 → 128", [9216], 128),
    "dense-square": dense("dense, 64 rows, 1024 → 1024", [1024], 1024),
    "dense-steps": dense("dense, 16384 rows, 256 → 1024", [256, 256], 1024),
    "lstm": Case("LSTM, 50 steps, 128 → 128", [50, 128], {"type": "lstm", "units": 128, "return_sequences": True}, "lstm", apart=False),
    "attention-32": attention(8, 32, 256, 64),
    "attention-64": attention(8, 64, 1024, 4),
    "relu": bound_by_memory("relu", {"type": "activation", "activation": "relu"}, "relu"),
    "gelu": bound_by_memory("gelu", {"type": "activation", "activation": "gelu"}, "gelu"),
    "softmax": bound_by_memory("softmax of 64", {"type": "activation", "activation": "softmax"}, "softmax"),
    "layer-norm": bound_by_memory("layer normalization of 64", {"type": "layer_normalization"}, "layer_norm"),
    "batch-norm": bound_by_memory("batch normalization", {"type": "batch_normalization"}, "batch_norm"),
    "max-pool": bound_by_memory("max pooling 2 × 2", {"type": "max_pool2d", "pool_size": 2}, "max_pool"),
    "average-pool": bound_by_memory("average pooling 2 × 2", {"type": "average_pool2d", "pool_size": 2}, "average_pool"),
    "mean": bound_by_memory("mean over pixels", {"type": "global_average_pool2d"}, "mean"),
}


def model(case):
    """A model of that layer: what stands before it has weights, so that its input's gradient is wanted."""
    flat = [{"name": "flatten", "type": "flatten"}]
    return {"gaze_model": 1, "name": "layer", "inputs": [{"name": "x", "shape": case.shape, "dtype": "float32"}],
            "layers": [{"name": "before", "type": "layer_normalization"}, {"name": "layer", **case.layer}, *flat,
                       {"name": "class", "type": "dense", "units": 2, "activation": "softmax"}],
            "outputs": ["class"], "loss": "sparse_categorical_crossentropy", "optimizer": {"type": "adam", "learning_rate": 1e-6}}
