"""What EXIT and RECOMP share: whole sentences under their headings, and words lent by LLMLingua-2."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property

from ctxzip.companions import Company
from ctxzip.compressors.llmlingua2 import LLMLingua2
from ctxzip.errors import UsageError
from ctxzip.outline import outlined, settled
from ctxzip.passages import Passage, passages
from ctxzip.protocols import Inset
from ctxzip.sentences import sentences
from ctxzip.text import Document, Span


class SentenceCompressor(ABC):
    """Sentences judged against a query in the passage they stand in; a heading comes with what it introduces."""

    name = ""

    @cached_property
    def lender(self) -> LLMLingua2:
        """The compressor whose words fill what whole sentences leave of a budget."""
        return LLMLingua2()

    def segment(self, document: Document) -> list[Span]:
        """Return sentences, headings and the structure between them."""
        return settled(document.text, sentences(document.text))

    def arrange(self, document: Document, spans: Sequence[Span], insets: Sequence[Inset] = ()) -> Company:
        """Return the sentences under the headings that introduce them."""
        return outlined(document.text, spans, insets)

    def score(
        self, documents: Sequence[Document], spans: Sequence[Sequence[Span]], query: str | None
    ) -> list[list[float]]:
        """Return the worth of every sentence for `query`, which must be there."""
        if query is None:
            raise UsageError(f"--method {self.name} needs a query", hint='add --query "…"')
        cut = passages(documents, spans)
        worth = iter(self._worth([passage for own in cut for passage in own], query))
        return [[value for _ in own for value in next(worth)] for own in cut]

    @abstractmethod
    def _worth(self, passages: Sequence[Passage], query: str) -> list[list[float]]:
        """Return for every passage the worth, in [0, 1], of each of its sentences."""
