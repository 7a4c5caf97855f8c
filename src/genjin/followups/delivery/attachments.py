"""Where the bytes of attachments come from: one loader for each kind, registered by its domain.

So a PDF stands once, with its domain, and not again in every message that carries it.
"""

from collections.abc import Callable, Iterable, Mapping

from genjin.followups.channels.mime import Part

Loader = Callable[[str], bytes]

_loaders: dict[str, Loader] = {}


class AttachmentMissing(Exception):
    """The file of a message is not to be had: there is no such kind, or no such row."""


def register(kind: str, loader: Loader) -> None:
    """Says how files of this kind are loaded: `loader(id)` gives the bytes, or raises
    AttachmentMissing. Called in the worker, outside any transaction."""
    _loaders[kind] = loader


def load(named: Iterable[Mapping[str, str]]) -> list[Part]:
    """The files of a message with their bytes. Raises AttachmentMissing."""
    parts = []
    for one in named:
        loader = _loaders.get(one["kind"])
        if loader is None:
            raise AttachmentMissing(f"no loader for {one['kind']}")
        parts.append(Part(one["name"], one["type"], loader(one["id"])))
    return parts
