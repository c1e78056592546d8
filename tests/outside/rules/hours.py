"""Rule 3: operating hours."""

from datetime import time, timedelta

from .times import ALWAYS, at_local, dates, hour_minute, union, without

DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def lit(hours, zone, first, last):
    """When the board is lit, for the intervals of all local dates from `first` to `last`."""
    if hours is None:
        return ALWAYS
    exceptions = {}
    for exception in hours.get("exceptions", []):
        exceptions.setdefault(exception["date"], []).append(exception)
    spans, holes = [], []
    for day in dates(first, last):
        own = exceptions.get(day.isoformat())
        if own is None:
            lists = [weekly["intervals"] for weekly in hours["weekly"] if DAYS[day.weekday()] in weekly["days"]]
        else:
            lists = [exception.get("intervals", []) for exception in own]
        for interval in (interval for intervals in lists for interval in intervals):
            start, end = hour_minute(interval["from"]), hour_minute(interval["until"])
            ends_on = day if end > start else day + timedelta(days=1)
            spans.append((at_local(day, start, zone), at_local(ends_on, end, zone)))
        if any(exception.get("whole_day") for exception in own or []):
            holes.append((at_local(day, time(), zone), at_local(day + timedelta(days=1), time(), zone)))
    spans = union(spans)
    for hole in holes:
        spans = without(spans, hole)
    return spans
