"""Rule 11: the list of a day's tickers."""

from .fair import FairPick
from .loop import SHORTEST_REST_MS


def crossing_ms(manifest, ticker):
    """How long a strip takes across the board, rounded up."""
    return -(-(manifest["geometry"]["width"] + ticker["width"]) * 1000 // ticker["speed"])


def tickers_of_day(day):
    """All of the day: (since, until, campaign, ticker), the last two None where nothing runs."""

    def running(at):
        own = [c for c in day.standing(at) if "ticker" in c and day.content.item_is_valid(c["ticker"]["item"], at)]
        return [(c["id"], c["weight"], c["ticker"]) for c in own]

    out, pick = [], FairPick(day.date)
    for start, end, active in day.stretches(running):
        if not active:
            out.append((start, end, None, None))
            continue
        at = start
        while at < end:
            if end - at < SHORTEST_REST_MS and at != start:
                since, _, *what = out[-1]
                out[-1] = (since, end, *what)
                break
            chosen = pick.choose({name: weight for name, weight, _ in active})
            ticker = next(ticker for name, _, ticker in active if name == chosen)
            until = min(at + crossing_ms(day.manifest, ticker), end)
            out.append((at, until, chosen, ticker))
            at = until
    return out
