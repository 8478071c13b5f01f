"""Small models as PyTorch's users write them. MODELS[name]: a function that makes the module, one that makes its inputs."""
import torch
from torch import nn
from torch.nn import functional as F


def image(channels=2, size=12):
    return lambda: (torch.randn(1, channels, size, size),)


def steps(time=6, features=4):
    return lambda: (torch.randn(1, time, features),)


def ids(*times):
    return lambda: tuple(torch.randint(0, 20, (1, t)) for t in times)


class Of(nn.Module):
    """A module of parts and a function that says how they go together."""

    def __init__(self, forward, **parts):
        super().__init__()
        self.how = forward
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, *inputs):
        return self.how(self, *inputs)


class Block(nn.Module):
    def __init__(self, channels, filters, stride):
        super().__init__()
        self.conv_1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
        self.norm_1 = nn.BatchNorm2d(filters)
        self.conv_2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.norm_2 = nn.BatchNorm2d(filters)
        self.short = nn.Conv2d(channels, filters, 1, stride)
        for norm in (self.norm_1, self.norm_2):
            norm.running_mean.uniform_(-1, 1)
            norm.running_var.uniform_(0.5, 2)

    def forward(self, x):
        return F.relu(self.norm_2(self.conv_2(F.relu(self.norm_1(self.conv_1(x))))) + self.short(x))


def residual():
    return nn.Sequential(nn.Conv2d(2, 4, 5, 1, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1), Block(4, 6, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                         nn.Linear(6, 3))


def mobile():
    return nn.Sequential(nn.Conv2d(2, 4, 3, 2, 1), nn.ReLU6(), nn.Conv2d(4, 8, 3, 1, 1, groups=4), nn.Hardswish(), nn.Conv2d(8, 4, 1, groups=2),
                         nn.Hardsigmoid(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(), nn.Linear(4, 3), nn.Softmax(1))


def plain():
    return nn.Sequential(nn.Conv2d(2, 4, 3), nn.LeakyReLU(), nn.AvgPool2d(3, 2, 1), nn.ELU(0.5), nn.MaxPool2d(3, 1, 1), nn.SELU(), nn.Flatten(),
                         nn.Linear(4 * 25, 6), nn.Tanh(), nn.Linear(6, 3), nn.SiLU())


def arithmetic():
    def forward(_, x):
        return torch.cat([x * 2 - 1, x / 3, x ** 2, 1 - x, -x, x.abs(), F.relu6(x), F.relu(x - 0.1), torch.maximum(x, x * 0.5), F.gelu(x),
                          F.gelu(x, approximate="tanh"), F.leaky_relu(x, 0.2), x * torch.sigmoid(x)], 1)
    return Of(forward)


def shuffle():
    def forward(m, x):
        x = m.conv(x)
        b, c, h, w = x.shape
        x = x.view(b, 2, 3, h, w).transpose(1, 2).reshape(b, c, h, w)
        a, d = x.chunk(2, 1)
        return torch.cat([d, F.relu(a)], 1).flatten(1)
    return Of(forward, conv=nn.Conv2d(2, 6, 3))


def squeeze():
    def forward(m, x):
        x = m.conv(x)
        return x * torch.sigmoid(m.expand(F.relu(m.reduce(F.adaptive_avg_pool2d(x, 1)))))
    return Of(forward, conv=nn.Conv2d(2, 4, 3), reduce=nn.Conv2d(4, 2, 1), expand=nn.Conv2d(2, 4, 1))


def spatial():
    def forward(m, x):
        x = m.conv(x)
        return m.last((x * torch.sigmoid(m.gate(torch.stack((x.mean(1), x.amax(1)), 1)))).mean((2, 3)))
    return Of(forward, conv=nn.Conv2d(2, 4, 3), gate=nn.Conv2d(2, 1, 5, padding=2), last=nn.Linear(4, 3))


def additive(pool):
    def forward(m, x):
        h = x + 1
        a = torch.softmax(m.score(torch.tanh(m.hidden(h))), dim=1)
        return (a * h).sum(1) if pool else a * h * h.shape[1]
    return lambda: Of(forward, hidden=nn.Linear(4, 3), score=nn.Linear(3, 1, bias=False))


def soft_gate():
    def forward(m, x):
        x = F.max_pool2d(F.relu(m.conv(x)), 2).flatten(1)
        return m.last(x * torch.softmax(m.gate(x), 1))
    return Of(forward, conv=nn.Conv2d(2, 3, 3), gate=nn.Linear(75, 75), last=nn.Linear(75, 3))


def conv1d():
    return nn.Sequential(nn.Conv1d(4, 6, 3, padding=1), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(6, 6, 3, padding=1, groups=6), nn.BatchNorm1d(6),
                         nn.Flatten(), nn.Linear(18, 3))


def recurrent(kind, pick, outputs, **options):
    def forward(m, x):
        return m.last(pick(m.cell(x)))
    return lambda: Of(forward, cell=kind(4, 5, batch_first=True, **options), last=nn.Linear(outputs, 3))


def sequence_to_sequence():
    return Of(lambda m, x, y: m.decoder(m.embed(y), m.encoder(m.embed(x))[1])[0], embed=nn.Embedding(20, 4),
              encoder=nn.LSTM(4, 5, batch_first=True), decoder=nn.LSTM(4, 5, batch_first=True))


def text():
    def forward(m, query, value):
        q, v = (m.conv(m.embed(t).transpose(1, 2)).transpose(1, 2) for t in (query, value))
        return m.last(torch.cat((q.mean(1), (torch.softmax(q @ v.transpose(1, 2), 2) @ v).mean(1)), 1))
    return Of(forward, embed=nn.Embedding(20, 4), conv=nn.Conv1d(4, 6, 3, padding=1), last=nn.Linear(12, 3))


def cross_attention():
    return Of(lambda m, q, k: m.attention(q, k, k)[0], attention=nn.MultiheadAttention(8, 2, batch_first=True))


class Decoder(nn.Module):
    """A language model of one block: causal attention, positions looked up."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 8)
        self.position = nn.Embedding(6, 8)
        self.block = nn.TransformerEncoderLayer(8, 2, 12, batch_first=True)
        self.head = nn.Linear(8, 20, bias=False)

    def forward(self, tokens):
        x = self.embed(tokens) + self.position(torch.arange(tokens.shape[1]))
        return self.head(self.block(x, src_mask=torch.triu(torch.full((6, 6), float("-inf")), 1)))


class Vision(nn.Module):
    """A vision transformer with a class token."""

    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(2, 8, 4, 4)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.position = nn.Parameter(torch.randn(1, 10, 8))
        self.block = nn.TransformerEncoderLayer(8, 2, 12, batch_first=True, activation="gelu", norm_first=True)
        self.norm = nn.LayerNorm(8)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.position
        return self.head(self.norm(self.block(x))[:, 0])


def next_generation():
    """A ConvNeXt block: channels last and back, a scale for each channel."""
    def forward(m, x):
        x = m.stem(x)
        y = m.narrow(F.gelu(m.wide(m.norm(m.depth(x).permute(0, 2, 3, 1))))) * m.norm.weight
        return (x + y.permute(0, 3, 1, 2)).mean((2, 3))
    return Of(forward, stem=nn.Conv2d(2, 6, 2, 2), depth=nn.Conv2d(6, 6, 5, padding=2, groups=6), norm=nn.LayerNorm(6), wide=nn.Linear(6, 12),
              narrow=nn.Linear(12, 6))


def up():
    """A small U-net: down, up by repeating, and beside what it was."""
    def forward(m, x):
        x = F.relu(m.first(x))
        return m.last(torch.cat([x, F.interpolate(F.relu(m.down(F.max_pool2d(x, 2))), scale_factor=2)], 1))
    return Of(forward, first=nn.Conv2d(2, 3, 3, padding=1), down=nn.Conv2d(3, 4, 3, padding=1), last=nn.Conv2d(7, 2, 1))


def logarithms():
    """As PyTorch's first example ends."""
    return Of(lambda m, x: F.log_softmax(m.last(F.pad(m.conv(x), (1, 0, 0, 2), value=0.5).flatten(1)), dim=1), conv=nn.Conv2d(2, 3, 3, 2),
              last=nn.Linear(126, 4))


def mixer():
    def forward(m, x):
        x = m.patch(x).flatten(2).transpose(1, 2)
        return m.head((x + m.back(F.gelu(m.tokens(m.norm(x).transpose(1, 2)))).transpose(1, 2)).mean(1))
    return Of(forward, patch=nn.Conv2d(2, 6, 4, 4), norm=nn.LayerNorm(6), tokens=nn.Linear(9, 5), back=nn.Linear(5, 9), head=nn.Linear(6, 3))


MODELS = {
    "residual": (residual, image()), "mobile": (mobile, image()), "plain": (plain, image()), "shuffle": (shuffle, image()),
    "arithmetic": (arithmetic, lambda: (torch.randn(1, 5),)), "squeeze": (squeeze, image(size=6)), "spatial": (spatial, image(size=8)),
    "additive-pool": (additive(True), steps()), "additive-scale": (additive(False), steps()), "soft-gate": (soft_gate, image()),
    "conv1d": (conv1d, lambda: (torch.randn(1, 4, 6),)), "lstm": (recurrent(nn.LSTM, lambda y: y[0][:, -1], 5, num_layers=2), steps()),
    "gru": (recurrent(nn.GRU, lambda y: y[1][-1], 5), steps()), "rnn": (recurrent(nn.RNN, lambda y: y[0].mean(1), 5), steps()),
    "bilstm": (recurrent(nn.LSTM, lambda y: torch.cat(list(y[1][0]), 1), 10, bidirectional=True), steps()),
    "sequence": (sequence_to_sequence, ids(6, 4)), "text": (text, ids(6, 8)),
    "cross": (cross_attention, lambda: (torch.randn(1, 5, 8), torch.randn(1, 7, 8))), "decoder": (Decoder, ids(6)), "vision": (Vision, image()),
    "up": (up, image()), "logarithms": (logarithms, image()), "next": (next_generation, image()), "mixer": (mixer, image()),
}
