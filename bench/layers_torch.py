"""PyTorch's own operations for the cases of layer_cases.py: {part: steps, of which the fastest counts}."""
import torch
from torch.nn import functional

from peer_torch import set_up  # noqa: F401  for layers.py

FORMATS = {4: (torch.contiguous_format, torch.channels_last)}


def differentiated(forward, *inputs):
    """Forward, and the gradients of all inputs together."""
    with torch.no_grad():
        made = forward(*inputs)
    wanted = [x.requires_grad_() for x in inputs]
    result, dy = forward(*wanted), torch.randn_like(made)

    def step():
        with torch.no_grad():
            forward(*inputs)
    return {"forward": [step], "gradient": [lambda: torch.autograd.grad(result, wanted, dy, retain_graph=True)]}


def convolution(case):
    layer, (*sides, channels) = case.layer, case.shape
    size, stride = layer["kernel_size"], layer.get("strides", 1)
    groups = channels if layer["type"] == "depthwise_conv2d" else 1
    filters, n = layer.get("filters", channels), len(sides)
    padding = [size // 2 if layer["padding"] == "same" else 0] * n
    steps = {"forward": [], "input gradient": [], "kernel gradient": []}
    for memory in FORMATS.get(n + 2, (torch.contiguous_format,)):
        x = torch.randn(case.batch, channels, *sides).to(memory_format=memory)
        w = torch.randn(filters, channels // groups, *[size] * n).to(memory_format=memory)
        b = torch.randn(filters)
        forward = functional.conv1d if n == 1 else functional.conv2d
        dy = torch.randn_like(forward(x, w, b, stride, padding, 1, groups))

        def backward(mask, x=x, w=w, dy=dy):
            return torch.ops.aten.convolution_backward(dy, x, w, [filters], [stride] * n, padding, [1] * n, False, [0] * n, groups, mask)
        steps["forward"].append(lambda x=x, w=w, b=b, f=forward: f(x, w, b, stride, padding, 1, groups))
        if case.shape[-1] > 3:
            steps["input gradient"].append(lambda f=backward: f([True, False, False]))
        steps["kernel gradient"].append(lambda f=backward: f([False, True, True]))
    return steps


def dense(case):
    rows = case.batch * (case.shape[0] if len(case.shape) > 1 else 1)
    x, dy = torch.randn(rows, case.shape[-1]), torch.randn(rows, case.layer["units"])
    w, b = torch.randn(case.layer["units"], case.shape[-1]), torch.randn(case.layer["units"])
    return {"forward": [lambda: functional.linear(x, w, b)], "input gradient": [lambda: dy @ w],
            "kernel gradient": [lambda: (dy.T @ x, dy.sum(0))]}


def lstm(case):
    x, net = torch.randn(case.batch, *case.shape), torch.nn.LSTM(case.shape[-1], case.layer["units"], batch_first=True)
    return differentiated(lambda x, *weights: net(x)[0], x, *net.parameters())


def attention(case):
    heads, depth = case.layer["num_heads"], case.layer["key_dim"]
    q, k, v = (torch.randn(case.batch, heads, case.shape[0], depth) for _ in range(3))
    return differentiated(functional.scaled_dot_product_attention, q, k, v)


def image(case):
    return torch.randn(case.batch, *case.shape).movedim(-1, 1).contiguous(memory_format=torch.channels_last)


def rows(case):
    return torch.randn(case.batch, *case.shape)


def relu(case): return differentiated(functional.relu, rows(case))
def gelu(case): return differentiated(functional.gelu, rows(case))
def softmax(case): return differentiated(lambda x: functional.softmax(x, -1), rows(case))
def max_pool(case): return differentiated(lambda x: functional.max_pool2d(x, 2), image(case))
def average_pool(case): return differentiated(lambda x: functional.avg_pool2d(x, 2), image(case))
def mean(case): return differentiated(lambda x: x.mean((2, 3)), image(case))


def layer_norm(case):
    n = case.shape[-1]
    return differentiated(lambda x, g, b: functional.layer_norm(x, (n,), g, b), rows(case), torch.ones(n), torch.zeros(n))


def batch_norm(case):
    n = case.shape[-1]
    means, spreads = torch.zeros(n), torch.ones(n)
    training = differentiated(lambda x, g, b: functional.batch_norm(x, means, spreads, g, b, True), image(case), torch.ones(n), torch.zeros(n))
    trained = differentiated(lambda x, g, b: functional.batch_norm(x, means, spreads, g, b, False), image(case), torch.ones(n), torch.zeros(n))
    return {"forward": trained["forward"], "gradient": training["gradient"]}


def steps(case):
    return {part: made for part, made in globals()[case.torch](case).items() if made}
