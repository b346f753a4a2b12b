"""The compressors by name, imported when first asked for; others come in through entry points."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from ctxzip.errors import UnknownName
from ctxzip.protocols import Compressor

GROUP = "ctxzip.compressors"
"""Entry points of this group add compressors: `name = "package.module:Class"`."""
BUILT_IN = {
    "llmlingua2": "ctxzip.compressors.llmlingua2:LLMLingua2",
}
SUMMARIES = {
    "llmlingua2": "words kept or dropped by a token classifier; any text, no query",
}


def names() -> list[str]:
    """Return the names that `--method` takes, `auto` left out."""
    return [*BUILT_IN, *(point.name for point in _others() if point.name not in BUILT_IN)]


def _others() -> list[EntryPoint]:
    return sorted(entry_points(group=GROUP), key=lambda point: point.name)


@lru_cache(maxsize=8)
def load(name: str, model: str | None = None, *, compat: bool = False) -> Compressor:
    """Return the compressor `name` scoring with `model`, the same object for the same arguments.

    Raises `UnknownName` for a name nobody registered.
    """
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        factory = getattr(import_module(module), attribute)
    else:
        found = [point for point in _others() if point.name == name]
        if not found:
            raise UnknownName("method", name, ["auto", *names()])
        factory = found[0].load()
    compressor: Compressor = factory(model=model, compat=compat)
    return compressor
