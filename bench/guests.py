"""What other guests of a machine take while something is measured: a virtual machine's processors may run for somebody else ("steal")."""
from pathlib import Path

LIMIT = 0.1  # of the time; a round that lost more is measured again


def times(text):
    """(ticks that this machine ran, ticks that others took) of /proc/stat's text; None where it doesn't tell."""
    words = text.split("\n", 1)[0].split()
    if len(words) < 9 or words[0] != "cpu":
        return None
    user, nice, system, _, _, irq, softirq, steal = map(int, words[1:9])
    return user + nice + system + irq + softirq, steal


def now():
    try:
        return times(Path("/proc/stat").read_text())
    except OSError:
        return None


def share(before, after):
    """The part of the time that this machine wanted and others took, 0 to 1; 0 where nothing is known."""
    if not before or not after:
        return 0.0
    ran, taken = after[0] - before[0], after[1] - before[1]
    return taken / (ran + taken) if ran + taken > 0 else 0.0


def rounds(count, patience, measure, clock=now):
    """What `measure()` gave in each of `count` rounds, and the share that others took of each. A round that lost more than LIMIT is
    measured again, up to `patience` times; the one that lost least counts."""
    results, shares = [], []
    for _ in range(count):
        tries = []
        while not tries or (tries[-1][0] > LIMIT and len(tries) <= patience):
            before = clock()
            result = measure()
            tries.append((share(before, clock()), result))
        least = min(tries, key=lambda t: t[0])
        shares.append(least[0])
        results.append(least[1])
    return results, shares
