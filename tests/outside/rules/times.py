"""Instants, local times and spans. Every instant is whole milliseconds since 1970, UTC."""

from datetime import datetime, time, timedelta, timezone

UTC = timezone.utc
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ONE_MS = timedelta(milliseconds=1)
DAY_STARTS = time(3, 0)
ALWAYS = [(-(2**62), 2**62)]


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


def at_local(day, clock, zone):
    return local_to_instant(datetime.combine(day, clock), zone)


def hour_minute(text):
    return time(int(text[:2]), int(text[3:5]))


def broadcast_day(at, zone):
    """The date, start and end of the broadcast day that holds this instant."""
    day = (EPOCH + at * ONE_MS).astimezone(zone).date() + timedelta(days=1)
    while at_local(day, DAY_STARTS, zone) > at:
        day -= timedelta(days=1)
    return day, at_local(day, DAY_STARTS, zone), at_local(day + timedelta(days=1), DAY_STARTS, zone)


def dates(first, last):
    while first <= last:
        yield first
        first += timedelta(days=1)


# --- spans: sorted lists of (from, until) ---


def union(spans):
    merged = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def both(spans, others):
    return union((max(a, c), min(b, d)) for a, b in spans for c, d in others)


def without(spans, hole):
    rest = []
    for start, end in spans:
        rest += [(start, min(end, hole[0])), (max(start, hole[1]), end)]
    return union(rest)


def holds(spans, at):
    return any(start <= at < end for start, end in spans)


def period(thing):
    """The span of something with `from` and `until`, either of them open."""
    start = parse_instant(thing["from"]) if thing.get("from") else ALWAYS[0][0]
    end = parse_instant(thing["until"]) if thing.get("until") else ALWAYS[0][1]
    return [(start, end)]
