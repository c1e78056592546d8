#!/usr/bin/env python3
"""What a board of a plan plays from an instant to another, worked out apart from the product.

Reads a plan as `bangtin plan check --json` prints it, makes the board's manifest of it by the README of `playlists` ("The plan file")
alone, and lists its days by `rules/`. Prints what `bangtin timeline --plan … --step entry` prints: one JSON object a line.

    plan.py PLAN.json BOARD FROM TO

FROM and TO are RFC 3339, whole milliseconds.
"""

import hashlib
import json
import re
import sys
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rules.active import Day
from rules.loop import Loop
from rules.times import local_to_instant, parse_instant, show_instant

LENGTH = re.compile(r"([0-9]+)(?:\.([0-9]+))?(ms|s|min|h|d)")
UNITS = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
SAFE, SAFE_ENTRY_MS = "safe-item", 10_000


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


def digest(asset, language):
    return hashlib.sha256(f"{asset}|{language}".encode()).hexdigest()


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


def manifest_of(plan, board):
    zone = ZoneInfo(plan.get("time_zone", "Asia/Ho_Chi_Minh"))
    assets = {asset["id"]: asset for asset in plan.get("assets", [])}
    tiers = {unit["id"]: unit["tier"] for unit in plan.get("units", [])}
    safe = hashlib.sha256(SAFE.encode()).hexdigest()

    def entry(written):
        ends = period(written, zone)
        if "playlist" in written:
            return {"playlist": written["playlist"], "take": written.get("take")} | ends
        asset = assets[written["asset"]]
        duration = asset.get("length") or written["duration"]
        versions = {language: digest(asset["id"], language) for language in languages(asset)}
        return {"asset": asset["id"], "versions": versions, "duration_ms": length_ms(duration)} | ends

    def campaign(written):
        unit = written.get("unit") or plan["unit"]
        made = {key: written[key] for key in ("id", "theme", "playlist", "weight", "per_hour") if key in written}
        made |= {"unit": unit, "tier": tiers[unit], "level": written.get("level", "normal")}
        return made | {"windows": [window(w) for w in written.get("windows", [])]} | period(written, zone)

    playlists = [
        {"id": playlist["id"], "entries": [entry(e) for e in playlist["entries"]]} for playlist in plan.get("playlists", [])
    ]
    if "default_playlist" not in board:
        still = {"asset": SAFE, "versions": {"und": safe}, "duration_ms": SAFE_ENTRY_MS}
        playlists.append({"id": SAFE, "entries": [still]})
    items = [{"sha256": safe, "size": 1, "kind": "still"}]
    for asset in assets.values():
        if "ticker" not in asset:
            ends = period(asset, zone)
            items += [{"sha256": digest(asset["id"], tag), "size": 1, "kind": "still"} | ends for tag in languages(asset)]
    plays = [
        c
        for c in plan.get("campaigns", [])
        if c.get("approved") and not c.get("paused") and "playlist" in c and meant(c["targets"], board)
    ]
    width, height = map(int, board["geometry"].split("x"))
    manifest = {
        "time_zone": board.get("time_zone") or plan.get("time_zone", "Asia/Ho_Chi_Minh"),
        "geometry": {"width": width, "height": height},
        "lanes": board.get("lanes", {"province": 3, "commune": 2}),
        "languages": board.get("languages", {}),
        "items": items,
        "playlists": playlists,
        "campaigns": [campaign(c) for c in plays],
        "ranks": board.get("ranks", {}),
        "stand_downs": [{"themes": s["themes"]} | period(s, zone) for s in plan.get("stand_downs", [])],
        "default_playlist": board.get("default_playlist", SAFE),
        "safe_item": safe,
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


def timeline(manifest, first, last):
    """(from, until, line): slots, dark ones that follow one another made one."""
    told, at = [], first
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
        at = day.end
    return told


def main():
    path, board_id, first, last = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        plan = json.load(file)
    board = next(board for board in plan["boards"] if board["id"] == board_id)
    for since, until, shown in timeline(manifest_of(plan, board), parse_instant(first), parse_instant(last)):
        print(json.dumps({"from": show_instant(since), "until": show_instant(until)} | shown, ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()
