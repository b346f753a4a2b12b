"""Run by the peers' own Python: one JSON job a line in, the text each peer makes of it out."""

from __future__ import annotations

import json
import sys

import toktok

TRIES = 8


def tokens(text: str) -> int:
    """Return the o200k tokens of `text`."""
    return toktok.batch_count([text], "o200k_base")[0]


def trimwise(text: str, query: str, limit: int) -> str:
    """Trim with the reader's own tokens as the budget."""
    from trimwise import Trimmer

    return Trimmer().trim(text, limit=limit, query=query, token_counter=tokens).text


def llmslim(text: str, query: str, limit: int) -> str:
    """Compress to the ratio that comes nearest to the limit from below."""
    from llmslim import compress

    best, low, high = "", 0.0, 1.0
    share = limit / tokens(text)
    for _ in range(TRIES):
        made = compress(text, target_ratio=share, query=query)
        found = getattr(made, "compressed_text", None) or str(made)
        if tokens(found) <= limit:
            best = max(best, found, key=tokens)
            low = share
        else:
            high = share
        share = (low + high) / 2 if high < 1.0 or low > share * 0.99 else share * 0.9
    return best


for line in sys.stdin:
    job = json.loads(line)
    made = {"trimwise": trimwise, "llmslim": llmslim}[sys.argv[1]](job["text"], job["query"], job["limit"])
    sys.stdout.write(json.dumps({"text": made}) + "\n")
