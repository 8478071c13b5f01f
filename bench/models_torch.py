"""The models in PyTorch, as its users write them: library modules, images as [batch, channels, height, width].

MODELS[name]() makes a module that answers with logits. Modules have the names of Gaze's layers (`last` is its `class`).
"""
import torch
from torch import nn
from torch.nn import functional as F


class Additive(nn.Module):
    """softmax_t(u . tanh(W h_t + b)) for h [B, T, D]: a share [B, T, 1] for each step."""

    def __init__(self, features, units):
        super().__init__()
        self.hidden = nn.Linear(features, units)
        self.score = nn.Linear(units, 1, bias=False)

    def forward(self, h):
        return torch.softmax(self.score(torch.tanh(self.hidden(h))), dim=1)


class Spatial(nn.Module):
    """x s, s = sigmoid(conv([mean over channels, maximum over channels]))."""

    def __init__(self, size=7):
        super().__init__()
        self.conv = nn.Conv2d(2, 1, size, padding=size // 2)

    def forward(self, x):
        return x * torch.sigmoid(self.conv(torch.stack((x.mean(1), x.amax(1)), dim=1)))


class SelfAttention(nn.Module):
    """Multi-head attention of a sequence to itself; query, key and value in one product."""

    def __init__(self, features, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(features, 3 * features)
        self.output = nn.Linear(features, features)

    def forward(self, x):
        q, k, v = (part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in self.qkv(x).chunk(3, dim=2))
        return self.output(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


def one_bias_lstm(features, units, **options):
    """An LSTM with one bias a gate, as Gaze and Keras have it: PyTorch's second one is zero and stays so."""
    module = nn.LSTM(features, units, batch_first=True, **options)
    for name, weight in module.named_parameters():
        if name.startswith("bias_hh"):
            nn.init.zeros_(weight).requires_grad_(False)
    return module


def conv3x3(channels, filters, padding=1):
    return nn.Conv2d(channels, filters, 3, padding=padding)


class Parts(nn.Module):
    """A module with the given parts, and how they go together."""

    def __init__(self, **parts):
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)


class FashionAttention(Parts):
    def forward(self, x):
        x = F.max_pool2d(self.conv_2(self.conv_1(x)), 2)
        tokens = x.flatten(2).transpose(1, 2)
        x = (tokens * self.attention(tokens) * tokens.shape[1]).flatten(1)
        return self.last(F.relu(self.hidden(x)))


class CifarBaseline(Parts):
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv_1(x)), 2)
        return self.last(F.relu(self.conv_2(x)).mean((2, 3)))


class CifarSpatial(Parts):
    def forward(self, x):
        x = F.max_pool2d(self.attention(F.relu(self.conv_1(x))), 2)
        return self.last(F.relu(self.conv_2(x)).mean((2, 3)))


class CifarResidual(Parts):
    def forward(self, x):
        x = F.relu(self.conv_1(x))
        x = x + self.attention(F.relu(self.conv_2(x)))
        return self.last(x.mean((2, 3)))


class LstmAttention(Parts):
    def forward(self, x):
        h, _ = self.lstm(x)
        return self.last((self.attention(h) * h).sum(1))


class SoftGate(Parts):
    def forward(self, x):
        for conv in (self.conv_1, self.conv_2, self.conv_3):
            x = F.max_pool2d(F.relu(conv(x)), 2)
        x = x.flatten(1)
        x = x * torch.softmax(self.attention(x), dim=1)
        return self.last(F.relu(self.hidden(x)))


class TextAttention(Parts):
    def encode(self, ids):
        return self.conv_query(self.embed_query(ids).transpose(1, 2)).transpose(1, 2)

    def forward(self, query, value):
        q, v = self.encode(query), self.encode(value)
        attended = torch.softmax(q @ v.transpose(1, 2), dim=2) @ v
        return self.last(torch.cat((q.mean(1), attended.mean(1)), dim=1))


class BilstmAttention(Parts):
    def forward(self, ids):
        h, _ = self.bilstm(self.embed(ids))
        return self.last((self.attention(h) * h).sum(1))


class MhaBlock(Parts):
    def forward(self, x):
        x = x + self.attention(self.norm_1(x))
        x = x + self.narrow(F.gelu(self.wide(self.norm_2(x))))
        return self.last(x.mean(1))


def fashion_attention():
    return FashionAttention(conv_1=conv3x3(1, 32, 0), conv_2=conv3x3(32, 64, 0), attention=Additive(64, 32),
                            hidden=nn.Linear(12 * 12 * 64, 128), last=nn.Linear(128, 10))


def cifar_baseline():
    return CifarBaseline(conv_1=conv3x3(3, 32), conv_2=conv3x3(32, 64), last=nn.Linear(64, 10))


def cifar_spatial():
    return CifarSpatial(conv_1=conv3x3(3, 64), attention=Spatial(), conv_2=conv3x3(64, 128), last=nn.Linear(128, 10))


def cifar_residual():
    return CifarResidual(conv_1=conv3x3(3, 64), conv_2=conv3x3(64, 64), attention=Spatial(), last=nn.Linear(64, 10))


def lstm_attention():
    return LstmAttention(lstm=one_bias_lstm(64, 128), attention=Additive(128, 128), last=nn.Linear(128, 10))


def soft_gate():
    return SoftGate(conv_1=conv3x3(3, 16), conv_2=conv3x3(16, 32), conv_3=conv3x3(32, 70), attention=nn.Linear(1120, 1120),
                    hidden=nn.Linear(1120, 128), last=nn.Linear(128, 6))


def text_attention():
    return TextAttention(embed_query=nn.Embedding(1000, 64), conv_query=nn.Conv1d(64, 100, 4, padding="same"),
                         last=nn.Linear(200, 10))


def bilstm_attention():
    return BilstmAttention(embed=nn.Embedding(1000, 64), bilstm=one_bias_lstm(64, 64, bidirectional=True),
                           attention=Additive(128, 64), last=nn.Linear(128, 10))


def mha_block():
    return MhaBlock(norm_1=nn.LayerNorm(256, eps=1e-3), attention=SelfAttention(256, 8), norm_2=nn.LayerNorm(256, eps=1e-3),
                    wide=nn.Linear(256, 1024), narrow=nn.Linear(1024, 256), last=nn.Linear(256, 10))


MODELS = {
    "000-fashion-attention": fashion_attention,
    "001-cifar-baseline": cifar_baseline,
    "001-cifar-spatial": cifar_spatial,
    "001-cifar-residual": cifar_residual,
    "002-lstm-attention": lstm_attention,
    "003-soft-gate": soft_gate,
    "004-text-attention": text_attention,
    "004-bilstm-attention": bilstm_attention,
    "mha-block": mha_block,
}
