"""Rule 9: plays per hour, due by due."""

from .active import level
from .fair import h
from .times import both, holds, union

HOUR = 3_600_000
MOST = HOUR // 10 * 9
LEAST_WAIT = 120_000


def key_of(campaign):
    """Versions of a campaign that agree in these are one."""
    return campaign["id"], campaign["tier"], level(campaign), campaign["playlist"], campaign["per_hour"]


class Dues:
    """All plays that are due in a day, and which of them have been played or have lapsed."""

    def __init__(self, day):
        self.day, spans = day, {}
        for campaign, own in day.campaigns:
            if campaign.get("per_hour"):
                spans.setdefault(key_of(campaign), []).extend(own)
        inside = both(day.lit, [(day.start, day.end)])
        self.on = {key: both(union(own), inside) for key, own in spans.items()}
        self.waiting = [due for key, own in self.on.items() for stretch in own for due in self.of(key, stretch)]
        self.waiting.sort(key=lambda due: (due["at"], due["key"]))

    def rate(self, key, at):
        """Plays per hour at an instant, scaled down where all together ask for more than fits."""
        asking = [other for other, own in self.on.items() if holds(own, at)]
        asked = sum(other[4] * self.day.content.longest(other[3]) for other in asking)
        return key[4] if asked <= MOST else max(key[4] * MOST // asked, 1)

    def of(self, key, stretch):
        start, end = stretch
        edges = {edge for own in self.on.values() for span in own for edge in span}
        lot = h("stagger", key[0])
        for plays in sorted({self.rate(key, edge) for edge in edges if start <= edge < end}):
            offset = min(lot * HOUR // (plays << 65), lot * (end - start) >> 65)
            k = 0
            while (at := start + offset + k * HOUR // plays) < end:
                if self.rate(key, at) == plays:
                    yield {"key": key, "at": at, "until": end}
                k += 1

    def take(self, hourly, at, wait):
        """The play to start now, if one is due; those that have waited too long, or have left their stretch, lapse."""
        keys = {key_of(campaign) for campaign in hourly}
        best = None
        for due in list(self.waiting):
            if due["at"] > at:
                break
            if due["key"] not in keys:
                continue
            if at - due["at"] > wait or due["until"] <= at:
                self.waiting.remove(due)
                continue
            order = (due["key"][2] != "priority", due["at"], due["key"][0].encode())
            if best is None or order < best[0]:
                best = order, due
        if best:
            self.waiting.remove(best[1])
            return best[1]
        return None

    def next_after(self, hourly, at):
        keys = {key_of(campaign) for campaign in hourly}
        return next((due["at"] for due in self.waiting if due["at"] > at and due["key"] in keys), None)
