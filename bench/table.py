"""From measured rates to a table: medians, the fastest peer, the ratio to it, and whether that is enough."""
import statistics

CONVOLUTIONAL = ("000-", "001-", "003-")
RECURRENT = ("002-lstm", "004-bilstm")
BESIDE = "Gaze on "  # and a name: rates of Gaze's own, on another device


def aim(model, mode, batch):
    """How many times the fastest peer's rate Gaze aims at."""
    convolutional, recurrent = model.startswith(CONVOLUTIONAL), model.startswith(RECURRENT)
    if mode == "train":
        return 3.0 if convolutional else 1.5
    if batch == 1:
        return 2.0 if model.startswith("000-") else 1.0
    return 2.5 if convolutional else 1.35 if recurrent else 1.5


def row(model, mode, batch, rates, taken=()):
    """`rates`: {"gaze", "Gaze on .." or a peer: rates of the rounds, none where it has no such mode}; `taken`: the part of each round that
    other guests of the machine took. Medians, ratio and verdict."""
    medians = {name: statistics.median(values) if values else None for name, values in rates.items()}
    peers = {name: value for name, value in medians.items() if name != "gaze" and not name.startswith(BESIDE) and value}
    fastest = max(peers, key=peers.get, default=None)
    ratio = medians["gaze"] / peers[fastest] if fastest and medians.get("gaze") else None
    wanted = aim(model, mode, batch)
    return {"model": model, "mode": mode, "batch": batch, "samples_per_second": medians, "rounds": rates, "taken": list(taken), "fastest_peer": fastest,
            "ratio": ratio, "aim": wanted, "reached": None if ratio is None else ratio >= wanted}


def verdict(entry):
    if entry["ratio"] is None:
        return "–"
    return f"{entry['ratio']:.2f}" if entry["reached"] else f"{entry['ratio']:.2f} (short)"


def cell(entry, name):
    rate, peer = entry["samples_per_second"].get(name), entry["samples_per_second"].get(entry["fastest_peer"])
    if not rate:
        return "–"
    return f"{rate:.0f} ({rate / peer:.2f})" if name.startswith(BESIDE) and peer else f"{rate:.0f}"


def markdown(entries, titles):
    """`titles`: {"gaze", "Gaze on .." or a peer: heading of its column}, in the columns' order. Other devices have their ratio there."""
    lines = [f"| model | mode | {' | '.join(titles.values())} | Gaze / fastest peer | aim |", "|---|---|" + "---:|" * (len(titles) + 2)]
    for e in entries:
        cells = [cell(e, name) for name in titles]
        lines.append(f"| {e['model']} | {e['mode']} {e['batch']} | {' | '.join(cells)} | {verdict(e)} | {e['aim']:g} |")
    return "\n".join(lines) + "\n"


def summary(entries):
    compared = [e for e in entries if e["ratio"] is not None]
    if not compared:
        return "nothing to compare with"
    reached, ahead = sum(e["reached"] for e in compared), sum(e["ratio"] > 1 for e in compared)
    taken = [share for e in compared for share in e["taken"]]
    others = f"; other guests of the machine took {100 * statistics.mean(taken):.0f} % of the time" if taken and max(taken) > 0 else ""
    return f"{reached} of {len(compared)} rows reach their aim, {ahead} are ahead of every peer{others}"
