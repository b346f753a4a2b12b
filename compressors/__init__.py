"""The compressors by name, imported when first asked for; others come in through entry points."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

from ctxzip.choice import ModelChoice
from ctxzip.code.languages import by_suffix
from ctxzip.errors import UnknownName, UsageError
from ctxzip.protocols import Compressor
from ctxzip.text import Document

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "ctxzip.compressors"
"""Entry points of this group add compressors: `name = "package.module:Class"`; the class has `of(ModelChoice)`."""
BUILT_IN = {
    "llmlingua2": "ctxzip.compressors.llmlingua2:LLMLingua2",
    "exit": "ctxzip.compressors.exit:Exit",
    "recomp": "ctxzip.compressors.recomp:Recomp",
    "recomp-abstractive": "ctxzip.compressors.recomp_abstractive:RecompAbstractive",
    "longcodezip": "ctxzip.compressors.longcodezip:LongCodeZip",
    "scope": "ctxzip.compressors.scope:Scope",
}
SUMMARIES = {
    "longcodezip": "functions ranked by a query and shortened; source code, output parses",
    "llmlingua2": "words kept or dropped by a token classifier; any text, no query",
    "exit": "sentences that help to answer a query, each judged in its document",
    "recomp": "sentences nearest to a query by embeddings; may return nothing",
    "recomp-abstractive": "what the text says about a query, newly written; may return nothing",
    "scope": "chunks rewritten to their share of the budget, facts checked; query optional",
}
QUERY_FREE = ("llmlingua2",)
QUERY_AWARE = ("exit", "recomp", "recomp-abstractive")
EITHER_WAY = ("longcodezip", "scope")
WRITING = ("scope", "recomp-abstractive")
"""Methods that write, with a generator."""


def chosen(method: str, query: str | None, documents: Sequence[Document] = ()) -> str:
    """Return the name of the method to run: `auto` takes exit for a query, else llmlingua2.

    Files of code, told by their names alone, are for longcodezip with or without a query.
    """
    if method != "auto":
        return method
    if documents and all(document.path and by_suffix(document.path) for document in documents):
        return "longcodezip"
    return "llmlingua2" if query is None else "exit"


def agree(compressor: Compressor, query: str | None, generator: str | None = None) -> None:
    """Refuse a query or a generator that the method would ignore, and a query-aware method without a query."""
    if generator and compressor.name in BUILT_IN and compressor.name not in WRITING:
        raise UsageError(
            f"--method {compressor.name} does not write", hint=f"--generator is for --method {' or '.join(WRITING)}"
        )
    if compressor.name in QUERY_AWARE and query is None:
        raise UsageError(
            f"--method {compressor.name} needs a query",
            hint=f'add --query "…", or use a method that needs none: {", ".join(QUERY_FREE + EITHER_WAY)}',
        )
    if compressor.name in QUERY_FREE and query is not None:
        raise UsageError(
            f"--method {compressor.name} does not look at a query",
            hint=f"drop --query, or use a method that reads it: {', '.join(QUERY_AWARE + EITHER_WAY)}",
        )


def names() -> list[str]:
    """Return the names that `--method` takes, `auto` left out."""
    return [*BUILT_IN, *(point.name for point in _others() if point.name not in BUILT_IN)]


def _others() -> list[EntryPoint]:
    from importlib.metadata import entry_points

    return sorted(entry_points(group=GROUP), key=lambda point: point.name)


def begin(weights: ModelChoice) -> None:
    """Begin to open the encoder of `weights` while everything else starts: an exported one, or that of the wheel."""
    from ctxzip.models.runtimes import GRAPH, open_ahead
    from ctxzip.models.store import bundled, path_of

    file = (path_of(weights.model) if weights.model else bundled("encoder")) / GRAPH
    if file.is_file():
        open_ahead(file)


@lru_cache(maxsize=8)
def load(name: str, weights: ModelChoice | None = None) -> Compressor:
    """Return the compressor `name` scoring with `weights`, the same object for the same arguments.

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
    compressor: Compressor = factory.of(weights or ModelChoice())
    return compressor
