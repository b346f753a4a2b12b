"""Run by the peers' own Python: one JSON job a line in, the text each peer makes of it out."""

from __future__ import annotations

import json
import re
import sys
import zlib
from collections.abc import Callable

import toktok

TRIES = 8


def tokens(text: str) -> int:
    """Return the o200k tokens of `text`."""
    return toktok.batch_count([text], "o200k_base")[0]


class Words:
    """Stands in for trimwise's ranking vocabulary, a download, where there is no network: its BM25 sees words."""

    def encode(self, text: str, **_: object) -> list[int]:
        """Return a number for every word."""
        return [zlib.crc32(word.encode()) for word in re.findall(r"\w+", text.lower())]


def ranking_vocabulary() -> None:
    """Let trimwise rank by words if its vocabulary cannot be had."""
    import tiktoken
    import trimwise.measurement

    try:
        tiktoken.get_encoding("o200k_base")
    except OSError:
        trimwise.measurement.tiktoken.get_encoding = lambda _: Words()


def trimwise(text: str, query: str, share: float) -> str:
    """Trim to a share of the characters: its own token counts need a download."""
    from trimwise import Trimmer

    return Trimmer().trim(text, limit=max(1, int(share * len(text))), unit="characters", query=query).text


def llmslim(text: str, query: str, share: float) -> str:
    """Compress to a share of the tokens, as it estimates them."""
    from llmslim import compress

    return compress(text, target_ratio=share, query=query).compressed_text


def nearest(make: Callable[[str, str, float], str], text: str, query: str, limit: int) -> str:
    """Return the longest text within `limit` tokens that any share gives, found by halving."""
    best, low, high = "", 0.0, 1.0
    share = limit / tokens(text)
    for _ in range(TRIES):
        made = make(text, query, share)
        if tokens(made) <= limit:
            best, low = max(best, made, key=tokens), share
        else:
            high = share
        share = (low + min(high, 1.3 * low or high)) / 2 if low else (low + high) / 2
    return best


PEERS = {"trimwise": trimwise, "llmslim": llmslim}

if sys.argv[1] == "trimwise":
    ranking_vocabulary()
for line in sys.stdin:
    job = json.loads(line)
    made = nearest(PEERS[sys.argv[1]], job["text"], job["query"], job["limit"])
    sys.stdout.write(json.dumps({"text": made}) + "\n")
