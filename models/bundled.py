"""The encoder in the wheel: its graph, its tokenizer and its manifest, loaded once for every head."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ctxzip.models.cache import default_cache
from ctxzip.models.manifest import MANIFEST, verify
from ctxzip.models.protocols import Backend
from ctxzip.models.runtimes import GRAPH, open_graph
from ctxzip.models.store import bundled
from ctxzip.models.tokenizers import read_tokenizer
from ctxzip.models.windows import Frame

if TYPE_CHECKING:
    import tokenizers


class Encoder:
    """One graph with the outputs `keep_logits`, `hidden` and `relevance`, and what feeds it.

    Graph and tokenizer load in the background from the start; whoever asks first waits for them.
    """

    def __init__(self, directory: Path) -> None:
        """Begin to load what is in `directory`, after comparing its files with the manifest."""
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
        self.directory = directory
        self.max_length = int(manifest["max_length"])
        """Tokens of a training window, special ones included."""
        pool = ThreadPoolExecutor(2)
        self._checked = pool.submit(verify, directory, manifest["files"], default_cache())
        self._graph = pool.submit(open_graph, directory / GRAPH)
        self._tokenizer = pool.submit(read_tokenizer, directory)
        pool.shutdown(wait=False)

    @property
    def graph(self) -> Backend:
        """The model; a call uses one thread: windows run side by side, which beats one window on several cores."""
        self._checked.result()
        return self._graph.result()

    @property
    def tokenizer(self) -> tokenizers.Tokenizer:
        """What makes tokens of a text."""
        return self._tokenizer.result()

    @cached_property
    def frame(self) -> Frame:
        """What stands around the tokens of a window."""
        return Frame.of(self.tokenizer, 0)


@lru_cache(maxsize=1)
def encoder() -> Encoder:
    """Return the bundled encoder, which begins to load when it is first asked for."""
    return Encoder(bundled("encoder"))
