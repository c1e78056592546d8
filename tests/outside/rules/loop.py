"""Rules 6 to 10: the list of a broadcast day."""

from .active import Day
from .dues import LEAST_WAIT, Dues
from .fair import FairPick, first_place

SHORTEST_REST_MS = 2000


class Loop:
    """Credits and places of one broadcast day, and the list that they give."""

    def __init__(self, day):
        self.day, self.content = day, day.content
        self.lanes, self.in_lane, self.of_asset = FairPick(day.date), {}, {}
        self.places = {}
        self.dues = Dues(day)

    def list(self):
        """All of the day, a slot each: since, until, campaign, asset, item, language, due, place. The item is None while dark; the
        place is the playlist and number of the entry."""
        out = []
        for start, end, state in self.day.stretches(self.day.state):
            if state is None:
                out.append(slot(start, end))
            else:
                self.fill(start, end, *state, out)
        return out

    def fill(self, start, end, weighted, hourly, default, out):
        wait, at = self.wait(weighted, hourly, default), start
        while at < end:
            if end - at < SHORTEST_REST_MS and at != start:
                out[-1]["until"] = end
                return
            due = self.dues.take(hourly, at, wait)
            if due:
                campaign = next(c for c in hourly if c["id"] == due["key"][0])
                shown = self.entry(campaign["id"], campaign["playlist"], campaign["valid"]) | {"due": due["at"]}
            elif weighted:
                campaign = self.campaign(weighted)
                shown = self.entry(campaign["id"], campaign["playlist"], campaign["valid"])
            elif default:
                shown = self.entry(None, self.day.manifest["default_playlist"], default)
            else:
                until = self.dues.next_after(hourly, at) or end
                shown = {"item": self.day.manifest["safe_item"], "language": "und", "length": until - at}
            until = min(at + shown.pop("length"), end)
            out.append(slot(at, until) | shown)
            at = until

    def wait(self, weighted, hourly, default):
        beside = [c["playlist"] for c in weighted] or ([self.day.manifest["default_playlist"]] if default else [])
        longest = max((self.content.longest(playlist) for playlist in beside), default=0)
        return max(LEAST_WAIT, longest + sum(self.content.longest(c["playlist"]) for c in hourly))

    def campaign(self, weighted):
        tier = self.lanes.choose({c["tier"]: self.day.manifest["lanes"][c["tier"]] for c in weighted})
        within = {c["id"]: c for c in weighted if c["tier"] == tier}
        pick = self.in_lane.setdefault(tier, FairPick(self.day.date))
        return within[pick.choose({name: c["weight"] for name, c in within.items()})]

    def entry(self, campaign, playlist, valid):
        """The next entry of a campaign, or of the default playlist where that is None."""
        owner = ("default" if campaign is None else "campaign", campaign or playlist)
        path, number, languages = self.next(owner, campaign or self.content.starts_by[playlist], playlist, valid)
        entry = self.content.playlists[path][number]
        asset = entry["asset"]
        pick = self.of_asset.setdefault(asset, FairPick(self.day.date))
        language = pick.choose({f"{asset}:{l}": self.content.weight(l) for l in languages}).rpartition(":")[2]
        shown = {"campaign": campaign, "asset": asset, "item": entry["versions"][language], "language": language}
        return shown | {"length": entry["duration_ms"], "place": (path, number)}

    def next(self, owner, name, playlist, valid):
        """The next valid entry at this place of use: (playlist, number, languages). A nested playlist gives `take` slots each time it
        is reached, or as many as it has valid entries then, and keeps its own place."""
        entries = self.content.playlists[playlist]
        place, left, before = self.places.get(owner) or (first_place(name, self.day.date, len(entries)), None, playlist)
        if before != playlist:
            place, left = place % len(entries), None
        number = next((n for n in sorted(valid) if n >= place), min(valid))
        if number != place:
            left = None
        after = (number + 1) % len(entries)
        entry = entries[number]
        if "playlist" not in entry:
            self.places[owner] = (after, None, playlist)
            return playlist, number, valid[number]
        left = (left or entry.get("take") or len(valid[number])) - 1
        self.places[owner] = (number, left, playlist) if left else (after, None, playlist)
        nested = entry["playlist"]
        return self.next((owner, number, nested), self.content.starts_by[nested], nested, valid[number])


def slot(since, until):
    empty = dict.fromkeys(("campaign", "asset", "item", "language", "due", "place"))
    return {"since": since, "until": until} | empty


def list_of_day(manifest, at):
    return Loop(Day(manifest, at)).list()
