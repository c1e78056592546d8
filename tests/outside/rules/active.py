"""Rules 3 to 5: which campaigns are active at an instant, and the segments that this makes of a day."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from .content import Content
from .hours import lit
from .times import both, broadcast_day, holds, period
from .windows import windows

KEYS = ("id", "tier", "level", "playlist", "weight", "per_hour")


class Day:
    """One broadcast day of one manifest, and what may play in it."""

    def __init__(self, manifest, at):
        self.manifest, self.content = manifest, Content(manifest)
        self.zone = ZoneInfo(manifest["time_zone"])
        self.date, self.start, self.end = broadcast_day(at, self.zone)
        first, last = self.date - timedelta(days=2), self.date + timedelta(days=2)
        self.lit = lit(manifest.get("hours"), self.zone, first, last)
        # With each version of a campaign, when its period and windows let it play.
        self.campaigns = [
            (campaign, both(windows(campaign, self.zone, first, last), period(campaign))) for campaign in manifest["campaigns"]
        ]
        self.campaigns.sort(key=lambda pair: pair[0]["id"].encode())

    def stood_down(self, campaign, at):
        stand_downs = self.manifest.get("stand_downs", [])
        return any(campaign.get("theme") in held["themes"] and holds(period(held), at) for held in stand_downs)

    def standing(self, at):
        """The campaigns within their periods and windows, on a lit board, not stood down."""
        if not holds(self.lit, at):
            return []
        return [c for c, spans in self.campaigns if holds(spans, at) and not self.stood_down(c, at)]

    def state(self, at):
        """What may play: (campaigns that share by weight, those with plays per hour, validity of the default playlist where no
        campaign has a weight). Each campaign comes with its valid entries. Equal states in a row are one segment."""
        if not holds(self.lit, at):
            return None
        active = []
        for campaign in self.standing(at):
            if "playlist" in campaign:
                valid = self.content.validity(campaign["playlist"], at)
                if valid:
                    active.append({key: campaign.get(key) for key in KEYS} | {"level": level(campaign), "valid": valid})
        if any(c["weight"] and c["level"] == "priority" for c in active):
            active = [c for c in active if c["level"] == "priority"]
        weighted, hourly = [c for c in active if c["weight"]], [c for c in active if c["per_hour"]]
        if weighted and weighted[0]["level"] == "priority":
            ranks = self.manifest.get("ranks", {})
            ranked = [c for c in weighted if c["id"] in ranks]
            if ranked:
                weighted = [min(ranked, key=lambda c: (ranks[c["id"]], c["id"].encode()))]
        return weighted, hourly, None if weighted else self.content.validity(self.manifest["default_playlist"], at)

    def edges(self):
        """Every instant of the day at which something may change, its first and its last among them."""
        spans = list(self.lit)
        for _, own in self.campaigns:
            spans += own
        for held in self.manifest.get("stand_downs", []):
            spans += period(held)
        edges = {edge for span in spans for edge in span} | set(self.content.edges())
        return sorted({edge for edge in edges if self.start < edge < self.end} | {self.start, self.end})

    def stretches(self, state):
        """Stretches of the day in which `state` stays the same: (from, until, state)."""
        found, edges = [], self.edges()
        for start, end in zip(edges, edges[1:]):
            now = state(start)
            if found and found[-1][2] == now:
                found[-1] = (found[-1][0], end, now)
            else:
                found.append((start, end, now))
        return found


def level(campaign):
    return campaign.get("level", "normal")
