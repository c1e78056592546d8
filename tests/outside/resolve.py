#!/usr/bin/env python3
"""What a manifest shows at an instant, worked out apart from the product.

Written from the rules alone (hours, periods, windows, level, lanes, fair pick, entries, list of the day) with Python's standard
library, slow and obvious, so that agreement with the product means something. It verifies no signature: that is not its job.

    resolve.py MANIFEST.json INSTANT [--list]

INSTANT is RFC 3339 or milliseconds since 1970. Prints one JSON object; with --list the whole broadcast day, one entry a line.
"""

import hashlib
import json
import sys
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

UTC = timezone.utc
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ONE_MS = timedelta(milliseconds=1)
UNIT = 2**32
DAY_STARTS = time(3, 0)
SHORTEST_REST_MS = 2000
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
ALWAYS = [(-(2**62), 2**62)]


# --- time: every instant is whole milliseconds since 1970, UTC ---


def ms(instant):
    return (instant - EPOCH) // ONE_MS


def parse_instant(text):
    if text.lstrip("-").isdigit():
        return int(text)
    return ms(datetime.fromisoformat(text.replace("Z", "+00:00")))


def show_instant(at):
    return None if at is None else (EPOCH + at * ONE_MS).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def local_to_instant(naive, zone):
    """Unique: it. Missing: the first instant after the gap. Twice: the first."""
    first = naive.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == naive:
        return ms(first)
    low, high = ms(naive.replace(tzinfo=zone, fold=1).astimezone(UTC)), ms(first)
    before = (EPOCH + low * ONE_MS).astimezone(zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if (EPOCH + middle * ONE_MS).astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def local_date(at, zone):
    return (EPOCH + at * ONE_MS).astimezone(zone).date()


def broadcast_day(at, zone):
    """The date, start and end of the broadcast day that holds this instant."""
    day = local_date(at, zone) + timedelta(days=1)
    while True:
        start = local_to_instant(datetime.combine(day, DAY_STARTS), zone)
        if start <= at:
            return day, start, local_to_instant(datetime.combine(day + timedelta(days=1), DAY_STARTS), zone)
        day -= timedelta(days=1)


# --- spans: sorted lists of (from, until) ---


def union(spans):
    merged = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def holds(spans, at):
    return any(start <= at < end for start, end in spans)


def without(spans, hole):
    rest = []
    for start, end in spans:
        rest += [(start, min(end, hole[0])), (max(start, hole[1]), end)]
    return union(rest)


def period(thing):
    start = parse_instant(thing["from"]) if thing.get("from") else ALWAYS[0][0]
    end = parse_instant(thing["until"]) if thing.get("until") else ALWAYS[0][1]
    return [(start, end)]


# --- rule 3: operating hours ---


def hour_minute(text):
    return time(int(text[:2]), int(text[3:5]))


def lit(hours, zone, first, last):
    """When the board is lit, for all local dates from `first` to `last`."""
    if hours is None:
        return ALWAYS
    exceptions = {entry["date"]: entry for entry in hours.get("exceptions", [])}
    spans, holes = [], []
    day = first
    while day <= last:
        exception = exceptions.get(day.isoformat())
        if exception is None:
            lists = [w["intervals"] for w in hours["weekly"] if DAYS[day.weekday()] in w["days"]]
        else:
            lists = [exception.get("intervals", [])]
        for interval in (interval for intervals in lists for interval in intervals):
            start, end = hour_minute(interval["from"]), hour_minute(interval["until"])
            ends_on = day if end > start else day + timedelta(days=1)
            spans.append((local_to_instant(datetime.combine(day, start), zone), local_to_instant(datetime.combine(ends_on, end), zone)))
        if exception is not None and exception.get("whole_day"):
            next_day = day + timedelta(days=1)
            hole = (local_to_instant(datetime.combine(day, time()), zone), local_to_instant(datetime.combine(next_day, time()), zone))
            holes.append(hole)
        day += timedelta(days=1)
    spans = union(spans)
    for hole in holes:
        spans = without(spans, hole)
    return spans


# --- rule 4: windows and the active set ---


def cron_field(text, low, high, names=()):
    """The numbers a field matches."""
    named = {name.lower(): low + place for place, name in enumerate(names)}

    def number(word):
        return named[word.lower()] if word.lower() in named else int(word)

    found = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if span == "*":
            start, end = low, high
        else:
            start, _, end = span.partition("-")
            start, end = number(start), number(end or start)
        found.update(range(start, end + 1, int(step or 1)))
    return found


class Cron:
    def __init__(self, text):
        minute, hour, day, month, weekday = text.split()
        self.minutes = sorted(cron_field(minute, 0, 59))
        self.hours = sorted(cron_field(hour, 0, 23))
        self.days = cron_field(day, 1, 31)
        self.months = cron_field(month, 1, 12, MONTHS)
        self.weekdays = {number % 7 for number in cron_field(weekday, 0, 7, [name.lower() for name in ["sun"] + DAYS[:6]])}
        self.either = day != "*" and weekday != "*"

    def on(self, day):
        by_day, by_weekday = day.day in self.days, (day.weekday() + 1) % 7 in self.weekdays
        return day.month in self.months and (by_day or by_weekday if self.either else by_day and by_weekday)

    def starts(self, first, last):
        day = first
        while day <= last:
            if self.on(day):
                for hour in self.hours:
                    for minute in self.minutes:
                        yield datetime.combine(day, time(hour, minute))
            day += timedelta(days=1)


def windows(campaign, zone, first, last):
    if not campaign.get("windows"):
        return ALWAYS
    spans = []
    for window in campaign["windows"]:
        lasts = window["duration_ms"]
        earliest = first - timedelta(days=lasts // 86_400_000 + 2)
        for start in Cron(window["cron"]).starts(earliest, last):
            at = local_to_instant(start, zone)
            spans.append((at, at + lasts))
    return union(spans)


# --- rule 7: the fair pick ---


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
            self.credits[one] += weight * UNIT // total if total else 0
        may = [one for one in weights if one != self.last or len(weights) == 1 or 2 * weights[one] > total]
        best = min(may, key=lambda one: (-self.credits[one], one.encode()))
        self.credits[best] -= UNIT
        self.last = best
        return best


# --- rule 8: entries ---


def first_place(owner, day, entries):
    """Entry π(d mod E) of E: π is a shuffle of its own for each block of E days."""
    d, count = (day - date(1970, 1, 1)).days, entries
    order = list(range(count))
    for i in range(count - 1, 0, -1):
        j = h("shuffle", owner, d // count, i) % (i + 1)
        order[i], order[j] = order[j], order[i]
    return order[d % count]


class Day:
    """One broadcast day of one manifest."""

    def __init__(self, manifest, at):
        self.manifest = manifest
        self.zone = ZoneInfo(manifest["time_zone"])
        self.date, self.start, self.end = broadcast_day(at, self.zone)
        first, last = self.date - timedelta(days=2), self.date + timedelta(days=2)
        self.items = {item["sha256"]: item for item in manifest["items"]}
        self.playlists = {playlist["id"]: playlist["entries"] for playlist in manifest["playlists"]}
        self.mix = manifest.get("languages") or {}
        self.lit = lit(manifest.get("hours"), self.zone, first, last)
        self.windows = [windows(campaign, self.zone, first, last) for campaign in manifest["campaigns"]]
        self.lanes, self.in_lane, self.versions = FairPick(self.date), {}, {}
        self.places, self.pending = {}, {}

    # what may play at an instant

    def usable_versions(self, entry, at):
        """Weight by language of the versions that may be shown now."""
        usable = {}
        for language, digest in entry["versions"].items():
            wanted = 1 if language == "und" or not self.mix else self.mix.get(language, 0)
            if wanted and holds(period(self.items[digest]), at):
                usable[language] = wanted
        return usable

    def is_valid(self, entry, at):
        if not holds(period(entry), at):
            return False
        if "playlist" in entry:
            return any(self.is_valid(inner, at) for inner in self.playlists[entry["playlist"]])
        return bool(self.usable_versions(entry, at))

    def validity(self, playlist, at):
        """Which entries, at any depth, and which versions of them may be shown now."""
        found = []
        for number, entry in enumerate(self.playlists[playlist]):
            if self.is_valid(entry, at):
                inner = self.validity(entry["playlist"], at) if "playlist" in entry else sorted(self.usable_versions(entry, at))
                found.append((number, inner))
        return found

    def state(self, at):
        """What may play: equal states in a row are one segment."""
        if not holds(self.lit, at):
            return None
        active = [
            campaign
            for campaign, spans in zip(self.manifest["campaigns"], self.windows)
            if holds(period(campaign), at)
            and holds(spans, at)
            and any(self.is_valid(entry, at) for entry in self.playlists[campaign["playlist"]])
        ]
        if any(campaign.get("level", "normal") == "priority" for campaign in active):
            active = [campaign for campaign in active if campaign.get("level", "normal") == "priority"]
        keys = ("id", "tier", "level", "playlist", "weight")
        campaigns = sorted(({key: c.get(key) for key in keys} for c in active), key=lambda c: c["id"].encode())
        played = [c["playlist"] for c in campaigns] or [self.manifest["default_playlist"]]
        return campaigns, [self.validity(playlist, at) for playlist in played]

    def boundaries(self):
        spans = list(self.lit)
        for campaign, own in zip(self.manifest["campaigns"], self.windows):
            spans += own + period(campaign)
        for thing in list(self.items.values()) + [e for entries in self.playlists.values() for e in entries]:
            spans += period(thing)
        inside = {edge for span in spans for edge in span if self.start < edge < self.end}
        return sorted(inside | {self.start, self.end})

    def segments(self):
        found = []
        edges = self.boundaries()
        for start, end in zip(edges, edges[1:]):
            state = self.state(start)
            if found and found[-1][2] == state:
                found[-1] = (found[-1][0], end, state)
            else:
                found.append((start, end, state))
        return found

    # whose turn it is

    def next_entry(self, owner, playlist, at):
        """The next valid entry of a playlist at this place of use; nested ones give `take` slots each time they are reached."""
        if owner in self.pending:
            reached, inner_owner, left = self.pending.pop(owner)
            if self.is_valid(reached, at):
                if left > 1:
                    self.pending[owner] = (reached, inner_owner, left - 1)
                return self.next_entry(inner_owner, reached["playlist"], at)
        entries = self.playlists[playlist]
        if not entries:
            return None
        # A nested playlist starts the day by its own id, at each place of use; `owner` is a campaign's id, or such a place.
        name = playlist if "/" in owner else owner
        place = self.places.setdefault(owner, first_place(name, self.date, len(entries)))
        for step in range(len(entries)):
            number = (place + step) % len(entries)
            entry = entries[number]
            if not self.is_valid(entry, at):
                continue
            self.places[owner] = (number + 1) % len(entries)
            if "playlist" not in entry:
                return entry
            inner_owner = f"{owner}/{number}"
            take = entry.get("take") or sum(self.is_valid(e, at) for e in self.playlists[entry["playlist"]])
            if take > 1:
                self.pending[owner] = (entry, inner_owner, take - 1)
            return self.next_entry(inner_owner, entry["playlist"], at)
        return None

    def slot(self, campaigns, at):
        """One turn in the loop: (campaign or None, asset, digest, duration)."""
        if campaigns:
            tiers = {c["tier"]: self.manifest["lanes"][c["tier"]] for c in campaigns}
            tier = self.lanes.choose(tiers)
            weights = {c["id"]: c["weight"] for c in campaigns if c["tier"] == tier}
            chosen = self.in_lane.setdefault(tier, FairPick(self.date)).choose(weights)
            playlist = next(c["playlist"] for c in campaigns if c["id"] == chosen)
            entry = self.next_entry(chosen, playlist, at)
        else:
            chosen, playlist = None, self.manifest["default_playlist"]
            entry = self.next_entry(playlist, playlist, at)
        if entry is None:
            return None
        asset, usable = entry["asset"], self.usable_versions(entry, at)
        picked = self.versions.setdefault(asset, FairPick(self.date)).choose({f"{asset}:{l}": w for l, w in usable.items()})
        return chosen, asset, entry["versions"][picked.rpartition(":")[2]], entry["duration_ms"]

    # rule 10

    def list(self):
        """All of the day: (since, until, campaign, asset, digest); the digest is None while dark."""
        out = []
        for start, end, state in self.segments():
            if state is None:
                out.append((start, end, None, None, None))
                continue
            at, first = start, True
            while at < end:
                if not first and end - at < SHORTEST_REST_MS:
                    out[-1] = (out[-1][0], end, *out[-1][2:])
                    break
                slot = self.slot(state[0], at)
                if slot is None:
                    out.append((at, end, None, None, self.manifest["safe_item"]))
                    break
                campaign, asset, digest, lasts = slot
                until = min(at + lasts, end)
                out.append((at, until, campaign, asset, digest))
                at, first = until, False
        return out


def resolve(manifest, at):
    """What is shown at an instant, since when and until when; dark stretches are one across days."""
    day = Day(manifest, at)
    since, until, campaign, asset, digest = next(e for e in day.list() if e[0] <= at < e[1])
    if digest is None:
        since, until = dark_around(manifest, day, since, until)
    return {
        "shows": "dark" if digest is None else "item",
        "item": digest,
        "asset": asset,
        "campaign": campaign,
        "since": show_instant(since),
        "until": show_instant(until),
    }


def dark_around(manifest, day, since, until, days=400):
    """Follows a dark stretch over the edges of its day."""
    before, after = day, day
    for _ in range(days):
        if since != before.start:
            break
        before = Day(manifest, before.start - 1)
        last = before.segments()[-1]
        if last[2] is not None:
            break
        since = last[0]
    for _ in range(days):
        if until != after.end:
            break
        after = Day(manifest, after.end)
        first = after.segments()[0]
        if first[2] is not None:
            break
        until = first[1]
    return since, until


def main(arguments):
    with open(arguments[0], encoding="utf-8") as file:
        manifest = json.load(file)
    at = parse_instant(arguments[1])
    if "--list" in arguments[2:]:
        for since, until, campaign, asset, digest in Day(manifest, at).list():
            print(json.dumps([show_instant(since), show_instant(until), campaign, asset, digest]))
    else:
        print(json.dumps(resolve(manifest, at)))


if __name__ == "__main__":
    main(sys.argv[1:])
