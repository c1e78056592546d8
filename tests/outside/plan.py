#!/usr/bin/env python3
"""What a board of a plan plays from an instant to another, worked out apart from the product.

Reads a plan as `bangtin plan check --json` prints it, makes the board's manifest of it by the README of `playlists` ("The plan file")
alone, and lists its days by `rules/`. Prints what `bangtin timeline --plan … --step entry` prints: one JSON object a line.

    plan.py PLAN.json BOARD FROM TO [STRIPS.json]

FROM and TO are RFC 3339, whole milliseconds. How wide a running text is only its font tells: STRIPS holds the `strip` of each text by
`asset|language`, such as `{"text|vi": "1160x64"}`; a text that is missing there does not run.
"""

import hashlib
import json
import re
import sys
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rules.active import Day
from rules.loop import Loop
from rules.tickers import tickers_of_day
from rules.times import local_to_instant, parse_instant, show_instant
from rules.times import period as rules_period

LENGTH = re.compile(r"([0-9]+)(?:\.([0-9]+))?(ms|s|min|h|d)")
UNITS = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
SAFE, SAFE_ENTRY_MS = "safe-item", 10_000
# The date fields whose distance a template counts, and how many days before the last of them it is shown.
COUNTED, COUNTED_DAYS = {"countdown": ["day"]}, 60
FRAMES = 50


def length_ms(text):
    whole, part, unit = LENGTH.fullmatch(text).groups()
    part = part or "0"
    return int(whole) * UNITS[unit] + int(part) * UNITS[unit] // 10 ** len(part)


def instant(text, zone, end=False):
    """Milliseconds since 1970; a date as an end is included."""
    if re.search(r"(Z|[+-]\d\d:\d\d)$", text) and "T" in text:
        return parse_instant(text)
    if "T" in text:
        return local_to_instant(datetime.fromisoformat(text), zone)
    day = date.fromisoformat(text) + timedelta(days=1 if end else 0)
    return local_to_instant(datetime.combine(day, time(0)), zone)


def period(thing, zone):
    """`from` and `until` of something, as a manifest has them."""
    ends = {}
    if thing.get("from") is not None:
        ends["from"] = show_instant(instant(thing["from"], zone))
    if thing.get("until") is not None:
        ends["until"] = show_instant(instant(thing["until"], zone, end=True))
    return ends


def digest(*words):
    return hashlib.sha256("|".join(words).encode()).hexdigest()


def days_of(asset):
    """The days for each of which a slide has a picture of its own; none where it is the same on all days."""
    slide = asset.get("slide", {})
    counted = [slide["dates"][field] for field in COUNTED.get(slide.get("template"), []) if field in slide.get("dates", {})]
    if not counted:
        return []
    last, latest = date.fromisoformat(min(counted)), date.fromisoformat(max(counted))
    first = latest - timedelta(days=COUNTED_DAYS - 1)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def never(*things):
    """Whether the times of these have no instant in common."""
    spans = [rules_period(thing)[0] for thing in things]
    return max(span[0] for span in spans) >= min(span[1] for span in spans)


def languages(asset):
    found = list(asset.get("files", {})) or list(asset.get("slide", {}).get("texts", {}))
    return found or list(asset.get("ticker", {}).get("texts", {})) or ["und"]


def meant(targets, board):
    width, height = map(int, board["geometry"].split("x"))
    shape = "wide" if width >= height else "tall"
    if targets.get("shape", shape) != shape:
        return False
    named = board["id"] in targets.get("boards", []) or board.get("commune") in targets.get("communes", [])
    return targets.get("all", False) or named


def hours(written):
    def intervals(texts):
        return [dict(zip(("from", "until"), text.split("-"))) for text in texts]

    weekly = [{"days": line["days"], "intervals": intervals(line["intervals"])} for line in written["weekly"]]
    exceptions = [
        {"date": e["date"], "intervals": intervals(e.get("intervals", [])), "whole_day": e.get("whole_day", False)}
        for e in written.get("exceptions", [])
    ]
    return {"weekly": weekly, "exceptions": exceptions}


def window(written):
    made = {key: written[key] for key in ("cron", "lunar", "except", "weeks") if key in written}
    return made | {"duration_ms": length_ms(written["duration"])}


def text_of(asset, board, strips):
    """The strip of a running text that a board runs: (language, width, pixels a second), or None. That in the language that weighs most;
    of equal weights without a language first, then Vietnamese, then by tag."""
    mix, width = board.get("languages", {}), int(board["geometry"].split("x")[0])

    def place(language):
        weight = mix.get(language, 1 if language == "und" or not mix else 0)
        return -weight, {"und": 0, "vi": 1}.get(language, 2), language

    ticker = asset["ticker"]
    made = sorted(place(language) for language in ticker["texts"] if f"{asset['id']}|{language}" in strips)
    for weight, _, language in made:
        if weight < 0:
            wide = int(strips[f"{asset['id']}|{language}"].split("x")[0])
            # A crossing takes a second at least.
            return language, wide, min(ticker.get("speed", 2) * FRAMES, wide + width)
    return None


class Composed:
    """A board's manifest, put together."""

    def __init__(self, plan, board, strips):
        self.plan, self.board, self.strips = plan, board, strips
        self.zone = ZoneInfo(plan.get("time_zone", "Asia/Ho_Chi_Minh"))
        self.local = ZoneInfo(board.get("time_zone") or plan.get("time_zone", "Asia/Ho_Chi_Minh"))
        self.assets = {asset["id"]: asset for asset in plan.get("assets", [])}
        self.written = {playlist["id"]: playlist["entries"] for playlist in plan.get("playlists", [])}
        self.safe = digest(SAFE)
        self.items = {self.safe: {"sha256": self.safe, "size": 1, "kind": "still"}}
        self.playlists = {}

    def whole_day(self, day):
        start = [local_to_instant(datetime.combine(day + timedelta(days=n), time(0)), self.local) for n in (0, 1)]
        return {"from": show_instant(start[0]), "until": show_instant(start[1])}

    def item(self, sha256, ends):
        self.items[sha256] = {"sha256": sha256, "size": 1, "kind": "still"} | ends
        return sha256

    def add(self, playlist):
        """Adds a playlist and those within it; whether there is anything to show. What can never be shown is left out."""
        if playlist not in self.playlists:
            entries = [self.entry(written) for written in self.written[playlist]]
            self.playlists[playlist] = [entry for entry in entries if entry]
        return bool(self.playlists[playlist])

    def entry(self, written):
        ends = period(written, self.zone)
        if "playlist" in written:
            nested = {"playlist": written["playlist"], "take": written.get("take")} | ends
            return nested if self.add(written["playlist"]) and not never(ends) else None
        asset = self.assets[written["asset"]]
        dates = period(asset, self.zone)
        if never(ends, dates):
            return None
        shown = {"asset": asset["id"], "duration_ms": length_ms(asset.get("length") or written["duration"])}
        days = days_of(asset)
        if not days:
            versions = {tag: self.item(digest(asset["id"], tag), dates) for tag in languages(asset)}
            return shown | {"versions": versions} | ends
        # One slot, of whichever day it is.
        inner = f"days of {asset['id']} for {shown['duration_ms']}"
        self.playlists[inner] = []
        for day in days:
            of_day = self.whole_day(day)
            versions = {tag: self.item(digest(asset["id"], tag, str(day)), of_day) for tag in languages(asset)}
            self.playlists[inner].append(shown | {"versions": versions} | of_day)
        # The asset's dates are no whole days, so its entry keeps them.
        both = [ends, dates]
        cut = {}
        if any("from" in one for one in both):
            cut["from"] = max((one["from"] for one in both if "from" in one), key=parse_instant)
        if any("until" in one for one in both):
            cut["until"] = min((one["until"] for one in both if "until" in one), key=parse_instant)
        return {"playlist": inner, "take": 1} | cut

    def campaign(self, written, tiers):
        """A campaign as a manifest has it; None where it has nothing to show."""
        unit = written.get("unit") or self.plan["unit"]
        made = {key: written[key] for key in ("id", "theme", "playlist", "weight", "per_hour") if key in written}
        made |= {"unit": unit, "tier": tiers[unit], "level": written.get("level", "normal")}
        made |= {"windows": [window(w) for w in written.get("windows", [])]} | period(written, self.zone)
        if "playlist" in written:
            return made if self.add(written["playlist"]) else None
        asset = self.assets[written["ticker"]]
        text = text_of(asset, self.board, self.strips)
        if text is None:
            return None
        language, width, speed = text
        item = self.item(digest(asset["id"], language), period(asset, self.zone))
        return made | {"ticker": {"item": item, "width": width, "speed": speed, "shown": (asset["id"], language)}}


def manifest_of(plan, board, strips):
    made = Composed(plan, board, strips)
    tiers = {unit["id"]: unit["tier"] for unit in plan.get("units", [])}
    plays = [c for c in plan.get("campaigns", []) if c.get("approved") and not c.get("paused") and meant(c["targets"], board)]
    campaigns = [campaign for campaign in (made.campaign(written, tiers) for written in plays) if campaign]
    default = board.get("default_playlist")
    if default is None or not made.add(default):
        default = SAFE
        made.playlists[SAFE] = [{"asset": SAFE, "versions": {"und": made.safe}, "duration_ms": SAFE_ENTRY_MS}]
    width, height = map(int, board["geometry"].split("x"))
    manifest = {
        "time_zone": board.get("time_zone") or plan.get("time_zone", "Asia/Ho_Chi_Minh"),
        "geometry": {"width": width, "height": height},
        "lanes": board.get("lanes", {"province": 3, "commune": 2}),
        "languages": board.get("languages", {}),
        "items": list(made.items.values()),
        "playlists": [{"id": id, "entries": entries} for id, entries in made.playlists.items()],
        "campaigns": campaigns,
        "ranks": board.get("ranks", {}),
        "stand_downs": [{"themes": s["themes"]} | period(s, made.zone) for s in plan.get("stand_downs", [])],
        "default_playlist": default,
        "safe_item": made.safe,
    }
    if "hours" in board:
        manifest["hours"] = hours(board["hours"])
    return manifest


def line(slot):
    """A slot as `bangtin timeline` tells it, without its ends."""
    if slot["item"] is None:
        return {"shows": "dark"}
    if slot["asset"] is None:
        return {"shows": "safe-item"}
    told = {"shows": "campaign", "campaign": slot["campaign"]} if slot["campaign"] else {"shows": "default"}
    told |= {"asset": slot["asset"], "language": slot["language"]}
    if slot["due"] is not None:
        told["due"] = show_instant(slot["due"])
    return told


def crossing(campaign, ticker, strips):
    """A crossing as `bangtin timeline` tells it, without its ends."""
    asset, language = ticker["shown"]
    told = {"shows": "ticker", "campaign": campaign, "asset": asset, "language": language, "zone": "bottom"}
    return told | {"strip": strips[f"{asset}|{language}"], "speed": ticker["speed"]}


def timeline(manifest, strips, first, last):
    """(from, until, line): slots, dark ones that follow one another made one; and crossings in their time."""
    told, over_it, at = [], [], first
    while at < last:
        day = Day(manifest, at)
        for slot in Loop(day).list():
            since, until = max(slot["since"], first), min(slot["until"], last)
            if since >= until:
                continue
            shown = line(slot)
            if told and told[-1][2] == shown == {"shows": "dark"}:
                told[-1] = (told[-1][0], until, shown)
            else:
                told.append((since, until, shown))
        for since, until, campaign, ticker in tickers_of_day(day):
            since, until = max(since, first), min(until, last)
            if since < until and campaign is not None:
                over_it.append((since, until, crossing(campaign, ticker, strips)))
        at = day.end
    return sorted(told + over_it, key=lambda row: (row[0], "zone" in row[2]))


def main():
    path, board_id, first, last, *strips = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        plan = json.load(file)
    known = {}
    for given in strips:
        with open(given, encoding="utf-8") as file:
            known = json.load(file)
    board = next(board for board in plan["boards"] if board["id"] == board_id)
    for since, until, shown in timeline(manifest_of(plan, board, known), known, parse_instant(first), parse_instant(last)):
        print(json.dumps({"from": show_instant(since), "until": show_instant(until)} | shown, ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()
