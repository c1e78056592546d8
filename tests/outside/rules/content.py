"""What a manifest holds: its playlists, and which of their entries are valid at an instant."""

from .times import holds, period


class Content:
    def __init__(self, manifest):
        self.items = {item["sha256"]: item for item in manifest["items"]}
        self.playlists = {playlist["id"]: playlist["entries"] for playlist in manifest["playlists"]}
        # The id by which each starts the day as the default playlist, or within another.
        self.starts_by = {playlist["id"]: playlist.get("of") or playlist["id"] for playlist in manifest["playlists"]}
        self.mix = manifest.get("languages") or {}

    def weight(self, language):
        """Of a language on this board; 0: it is not shown."""
        return self.mix.get(language, 1 if language == "und" or not self.mix else 0)

    def item_is_valid(self, digest, at):
        return holds(period(self.items[digest]), at)

    def versions(self, entry, at):
        """The languages in which an asset's entry may be shown now, in order."""
        return [l for l, digest in sorted(entry["versions"].items()) if self.weight(l) and self.item_is_valid(digest, at)]

    def validity(self, playlist, at):
        """The valid entries by number: of an asset its languages, of a nested playlist its valid entries."""
        found = {}
        for number, entry in enumerate(self.playlists[playlist]):
            if holds(period(entry), at):
                inner = self.validity(entry["playlist"], at) if "playlist" in entry else self.versions(entry, at)
                if inner:
                    found[number] = inner
        return found

    def longest(self, playlist):
        """The longest entry that the board shows, however deep and whatever its dates."""
        lengths = [0]
        for entry in self.playlists[playlist]:
            if "playlist" in entry:
                lengths.append(self.longest(entry["playlist"]))
            elif any(self.weight(language) for language in entry["versions"]):
                lengths.append(entry["duration_ms"])
        return max(lengths)

    def edges(self):
        """Every instant at which an entry or an item begins or ends to be valid."""
        things = list(self.items.values()) + [entry for entries in self.playlists.values() for entry in entries]
        return [edge for thing in things for span in period(thing) for edge in span]
