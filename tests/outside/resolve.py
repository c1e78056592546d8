#!/usr/bin/env python3
"""What a manifest shows at an instant, worked out apart from the product.

Written from the rules alone with Python's standard library (`rules/`, one part a module), slow and obvious, so that agreement with
the product means something. It verifies no signature: that is not its job.

    resolve.py MANIFEST.json INSTANT [INSTANT …] [--overrides OVERRIDES.json]
    resolve.py MANIFEST.json INSTANT --list | --tickers

INSTANT is RFC 3339 or milliseconds since 1970. Prints one JSON object for each instant; with --list all slots of the broadcast day,
one a line (since, until, campaign, asset, item, language, due), with --tickers its crossings (since, until, campaign, strip).
OVERRIDES holds what overrules the manifest: `recalled_items`, `recalled_campaigns`, `blackouts`, `notices`. Since and until are those
of the slot in the list, or of the dark stretch; with --overrides they are left out.
"""

import argparse
import json

from rules.active import Day
from rules.loop import Loop
from rules.overrides import Overrides
from rules.tickers import tickers_of_day
from rules.times import parse_instant, show_instant


class Days:
    """The days that are asked for, each listed once."""

    def __init__(self, manifest):
        self.manifest, self.known = manifest, []

    def of(self, at):
        for day, slots, tickers in self.known:
            if day.start <= at < day.end:
                return day, slots, tickers
        day = Day(self.manifest, at)
        self.known.append((day, Loop(day).list(), tickers_of_day(day)))
        return self.known[-1]


def answer(days, overrides, at):
    """What is shown at an instant, and what runs over it; without overrides also since when and until when."""
    day, slots, tickers = days.of(at)
    slot = next(slot for slot in slots if slot["since"] <= at < slot["until"])
    kind, notice, campaign, asset, item = Overrides(overrides).shows(day, slot, at)
    _, _, runner, ticker = next(run for run in tickers if run[0] <= at < run[1])
    strip_of, runner = Overrides(overrides).runs(day, runner, ticker, at)
    told = {"shows": kind, "item": item, "asset": asset, "campaign": campaign, "notice": notice}
    told |= {"ticker": runner, "ticker_notice": strip_of}
    if overrides is None:
        since, until = slot["since"], slot["until"]
        if kind == "dark":
            since, until = dark_around(days.manifest, day, since, until)
        told |= {"since": show_instant(since), "until": show_instant(until)}
    return told


def dark_around(manifest, day, since, until, days=400):
    """Follows a dark stretch over the edges of its day."""
    before, after = day, day
    for _ in range(days):
        if since != before.start:
            break
        before = Day(manifest, before.start - 1)
        start, _, state = before.stretches(before.state)[-1]
        if state is not None:
            break
        since = start
    for _ in range(days):
        if until != after.end:
            break
        after = Day(manifest, after.end)
        _, end, state = after.stretches(after.state)[0]
        if state is not None:
            break
        until = end
    return since, until


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest")
    parser.add_argument("instants", nargs="+", type=parse_instant)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--tickers", action="store_true")
    parser.add_argument("--overrides")
    asked = parser.parse_args()
    days = Days(read(asked.manifest))
    overrides = read(asked.overrides) if asked.overrides else None
    if asked.list:
        for slot in days.of(asked.instants[0])[1]:
            names = [slot[key] for key in ("campaign", "asset", "item", "language")]
            print(json.dumps([show_instant(slot["since"]), show_instant(slot["until"]), *names, show_instant(slot["due"])]))
    elif asked.tickers:
        for since, until, campaign, ticker in days.of(asked.instants[0])[2]:
            print(json.dumps([show_instant(since), show_instant(until), campaign, ticker and ticker["item"]]))
    else:
        for at in asked.instants:
            print(json.dumps(answer(days, overrides, at)))


if __name__ == "__main__":
    main()
