"""Counts what storage is asked for: what history costs, told without a clock."""

from obstore.store import LocalStore

PAGE = 1000
"""So many names one listing of an S3 server returns."""


class Requests(list[str]):
    """What storage was asked for since the last `clear`: `get files/…`, `list rows`, …"""

    def of(self, kind: str) -> list[str]:
        """Return the requests that begin so."""
        return [request for request in self if request.startswith(kind)]


def counted(monkeypatch) -> Requests:
    """Return the list of all requests from now on; a listing of several pages is several."""
    requests = Requests()

    def note(verb: str):
        ask = getattr(LocalStore, verb)

        def asked(store, path, *words, **options):
            requests.append(f"{verb} {path}")
            return ask(store, path, *words, **options)

        monkeypatch.setattr(LocalStore, verb, asked)

    for verb in ("get", "head", "put", "list_with_delimiter"):
        note(verb)
    pages = LocalStore.list

    def listed(store, prefix=None, **options):
        items = [item for some in pages(store, prefix, **options) for item in some]
        requests.extend([f"list {prefix or ''}"] * max(1, -(-len(items) // PAGE)))
        return [items]

    monkeypatch.setattr(LocalStore, "list", listed)
    return requests
