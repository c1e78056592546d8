"""Rules 1 and 2: recall, blackout and notices, over what a manifest alone gives."""

from .times import holds, parse_instant, period
from .tickers import crossing_ms

SEVERITIES = ["minor", "moderate", "severe", "extreme"]
TAKEOVER_TURN_MS = 10_000


class Overrides:
    """What overrules a manifest on one board; `None` overrules nothing."""

    def __init__(self, document=None):
        document = document or {}
        self.items = set(document.get("recalled_items", []))
        self.campaigns = set(document.get("recalled_campaigns", []))
        self.blackouts, self.notices = document.get("blackouts", []), document.get("notices", [])

    def blackouts_at(self, at):
        return [blackout for blackout in self.blackouts if holds(period(blackout), at)]

    def gravest(self, kind, at, lit):
        """The gravest notices of a kind that are not recalled, the newest first."""
        active = [
            n
            for n in self.notices
            if kind in n["shows"]
            and n["shows"][kind]["item"] not in self.items
            and parse_instant(n["effective"]) <= at < parse_instant(n["expires"])
            and (lit or n.get("lights"))
        ]
        most = max((SEVERITIES.index(n["severity"]) for n in active), default=None)
        gravest = [n for n in active if SEVERITIES.index(n["severity"]) == most]
        return sorted(gravest, key=lambda n: (-parse_instant(n["effective"]), n["id"].encode()))

    # what is on the screen

    def shows(self, day, slot, at):
        """What is on at an instant where the manifest alone gives `slot`: (kind, notice, campaign, asset, item)."""
        lit = holds(day.lit, at)
        blackouts = self.blackouts_at(at)
        if blackouts:
            return self.safe(day) if lit and all(b.get("safe_item") for b in blackouts) else DARK
        takeovers = self.gravest("takeover", at, lit)
        if takeovers:
            turns = (at - parse_instant(takeovers[0]["effective"])) // TAKEOVER_TURN_MS
            notice = takeovers[turns % len(takeovers)]
            return "notice", notice["id"], None, None, notice["shows"]["takeover"]["item"]
        if slot["item"] is None:
            return DARK
        recalled = slot["campaign"] in self.campaigns
        if not recalled and slot["item"] not in self.items:
            return "item", None, slot["campaign"], slot["asset"], slot["item"]
        if not recalled and slot["place"]:
            playlist, number = slot["place"]
            count = len(day.content.playlists[playlist])
            around = [(number + step) % count for step in range(1, count + 1)]
            found = self.instead(day, playlist, around, slot["language"], at) or self.of_campaign(day, slot, at)
            if found:
                return "item", None, slot["campaign"], *found
        default = day.manifest["default_playlist"]
        found = self.instead(day, default, range(len(day.content.playlists[default])), slot["language"], at)
        return ("item", None, None, *found) if found else self.safe(day)

    def of_campaign(self, day, slot, at):
        for campaign in day.manifest["campaigns"]:
            if campaign["id"] == slot["campaign"] and "playlist" in campaign and holds(period(campaign), at):
                playlist = campaign["playlist"]
                return self.instead(day, playlist, range(len(day.content.playlists[playlist])), slot["language"], at)
        return None

    def instead(self, day, playlist, order, language, at):
        """The first of these entries that is valid and not recalled, in this language if it has it: (asset, item)."""
        valid = day.content.validity(playlist, at)
        for number in order:
            entry = day.content.playlists[playlist][number]
            if number not in valid:
                continue
            if "playlist" in entry:
                nested = entry["playlist"]
                found = self.instead(day, nested, range(len(day.content.playlists[nested])), language, at)
                if found:
                    return found
                continue
            left = [entry["versions"][l] for l in valid[number] if entry["versions"][l] not in self.items]
            same = entry["versions"][language] if language in valid[number] else None
            if left:
                return entry["asset"], same if same in left else left[0]
        return None

    def safe(self, day):
        item = day.manifest["safe_item"]
        return DARK if item in self.items else ("item", None, None, None, item)

    # what runs over it

    def runs(self, day, campaign, ticker, at):
        """What runs at an instant where the manifest alone gives this campaign's ticker: (notice, campaign)."""
        if not holds(day.lit, at) or self.blackouts_at(at) or self.gravest("takeover", at, True):
            return None, None
        strips = self.gravest("ticker", at, True)
        if strips:
            end = parse_instant(strips[0]["effective"])
            lengths = [crossing_ms(day.manifest, notice["shows"]["ticker"]) for notice in strips]
            passed = (at - end) % sum(lengths)
            for notice, length in zip(strips, lengths):
                if passed < length:
                    return notice["id"], None
                passed -= length
        if campaign is None or campaign in self.campaigns or ticker["item"] in self.items:
            return None, None
        return None, campaign


DARK = ("dark", None, None, None, None)
