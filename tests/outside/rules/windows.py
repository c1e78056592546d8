"""Rule 4's windows: when a campaign may play by its cron expressions and lunar dates."""

import csv
import functools
from datetime import date, datetime, time, timedelta
from pathlib import Path

from .hours import DAYS
from .times import ALWAYS, dates, hour_minute, local_to_instant, union

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
WEEKDAYS = ["sun"] + [name.lower() for name in DAYS[:6]]
# The law of lunar months: first day, year, month, whether it is a leap month, how many days.
TABLE = Path(__file__).parents[3] / "playlists" / "data" / "lunar_months_1970_2100.csv"


def cron_field(text, low, high, names=()):
    """The numbers a field matches."""
    named = {name: low + place for place, name in enumerate(names)}

    def number(word):
        return named[word.lower()] if word.lower() in named else int(word)

    found = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if span == "*":
            start, end = low, high
        else:
            start, _, end = span.partition("-")
            # A range may end with Sunday by its name, too: that is day 7 there.
            start, end = number(start), high if end.lower() == "sun" else number(end or start)
        found.update(range(start, end + 1, int(step or 1)))
    return found


class Cron:
    def __init__(self, text):
        minute, hour, day, month, weekday = text.split()
        self.minutes = sorted(cron_field(minute, 0, 59))
        self.hours = sorted(cron_field(hour, 0, 23))
        self.days = cron_field(day, 1, 31)
        self.months = cron_field(month, 1, 12, MONTHS)
        self.weekdays = {number % 7 for number in cron_field(weekday, 0, 7, WEEKDAYS)}
        self.either = day != "*" and weekday != "*"

    def on(self, day):
        """The local times of a date."""
        by_day, by_weekday = day.day in self.days, (day.weekday() + 1) % 7 in self.weekdays
        if day.month in self.months and (by_day or by_weekday if self.either else by_day and by_weekday):
            return [time(hour, minute) for hour in self.hours for minute in self.minutes]
        return []


@functools.cache
def lunar_days():
    """By civil date: month, whether it is a leap month, day, days of the month."""
    days = {}
    with open(TABLE, encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        for first, _, month, leap, count in rows:
            for day in range(int(count)):
                days[date.fromisoformat(first) + timedelta(days=day)] = (int(month), leap == "1", day + 1, int(count))
    return days


class Lunar:
    def __init__(self, wanted):
        self.month, self.day, self.at = str(wanted["month"]), str(wanted["day"]), hour_minute(wanted["at"])

    def on(self, day):
        if day not in lunar_days():
            return []
        month, leap, number, count = lunar_days()[day]
        right_month = self.month == "*" or (self.month == str(month) and not leap)
        right_day = number == count if self.day == "last" else self.day == str(number)
        return [self.at] if right_month and right_day else []


def monday(day):
    return day - timedelta(days=day.weekday())


def counts(window, day):
    """Whether starts on this date are left after excluded dates and weeks."""
    if day.isoformat() in window.get("except", []):
        return False
    weeks = window.get("weeks")
    return weeks is None or (monday(day) - monday(date.fromisoformat(weeks["of"]))).days // 7 % weeks["every"] == 0


def windows(campaign, zone, first, last):
    """The union of a campaign's windows that reach into the dates from `first` to `last`."""
    if not campaign.get("windows"):
        return ALWAYS
    spans = []
    for window in campaign["windows"]:
        lasts = window["duration_ms"]
        starts = Cron(window["cron"]) if "cron" in window else Lunar(window["lunar"])
        for day in dates(first - timedelta(days=lasts // 86_400_000 + 2), last):
            for clock in starts.on(day) if counts(window, day) else []:
                at = local_to_instant(datetime.combine(day, clock), zone)
                spans.append((at, at + lasts))
    return union(spans)
