"""What a compiled Keras model says of its training, in a model file's words."""
from __future__ import annotations

LOSSES = ("sparse_categorical_crossentropy", "categorical_crossentropy")
KEYS = {"adam": ("beta_1", "beta_2", "epsilon"), "adamw": ("beta_1", "beta_2", "epsilon", "weight_decay"), "sgd": ("momentum", "nesterov"),
        "rmsprop": ("rho", "momentum", "epsilon", "centered")}


def loss_of(model) -> bool:
    """Cross-entropy over classes, from probabilities; a model that wasn't compiled gets it."""
    loss = getattr(model, "loss", None)
    if loss is None:
        return True
    word = loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", ""))
    config: dict = loss.get_config() if hasattr(loss, "get_config") else {}
    return word in LOSSES and not config.get("from_logits", False)


def optimizer_of(model) -> dict:
    optimizer = getattr(model, "optimizer", None)
    word = type(optimizer).__name__.lower()
    if optimizer is None or word not in KEYS:
        return {"type": "adam"}
    config = optimizer.get_config()
    entry = {"type": word, **{key: config[key] for key in KEYS[word] if config.get(key) is not None}}
    if isinstance(config.get("learning_rate"), (int, float)):
        entry["learning_rate"] = float(config["learning_rate"])
    return entry
