"""Words as the released LLMLingua-2 implementation cuts them: by the vocabulary's own marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctxzip.text import Span

if TYPE_CHECKING:
    from ctxzip.models.windows import Encoded


def reference_words(encoded: Encoded, family: str) -> list[Span]:
    """Return spans that tile the text, one per word that the released implementation sees."""
    raise ValueError(family)
