"""Rules 7 and 8's arithmetic: lots, the fair pick, and where a playlist starts the day."""

import hashlib
from datetime import date

UNIT = 2**32


def h(*arguments):
    return int.from_bytes(hashlib.sha256("|".join(str(a) for a in arguments).encode()).digest()[:8], "big")


class FairPick:
    """Credits of one broadcast day, in units of 2**-32."""

    def __init__(self, day):
        self.day, self.credits, self.last = day.isoformat(), {}, None

    def choose(self, weights):
        """`weights`: of every active candidate, by its id."""
        total = sum(weights.values())
        for one, weight in weights.items():
            if one not in self.credits:
                self.credits[one] = h("credit", one, self.day) >> 32
            # A lane of no weight that is alone has all turns.
            self.credits[one] += weight * UNIT // total if total else UNIT
        may = [one for one in weights if one != self.last or len(weights) == 1 or 2 * weights[one] > total]
        best = min(may, key=lambda one: (-self.credits[one], one.encode()))
        self.credits[best] -= UNIT
        self.last = best
        return best


def first_place(owner, day, entries):
    """Entry π(d mod E) of E: π is a shuffle of its own for each block of E days."""
    d, count = (day - date(1970, 1, 1)).days, entries
    order = list(range(count))
    for i in range(count - 1, 0, -1):
        j = h("shuffle", owner, d // count, i) % (i + 1)
        order[i], order[j] = order[j], order[i]
    return order[d % count]
