"""The texts of the race: one document for whole processes, longer ones of any length, one with structure to lose."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parent / "document.txt"
SENTENCES = 9
"""Sentences of a paragraph."""

STRUCTURED = """# Release notes, draft for {{reviewer}}

The importer now reads files of any size, and it no longer stops at the first broken row; broken rows go to a list.

- Before: at most 2,000 rows, then nothing.
- Now: every row, 40 ms each 1,000 of them.
    - The limit can be set with `--max-rows`.

```python
def rows(path, limit=None):
    for number, line in enumerate(open(path), 1):
        if limit and number > limit:
            return
        yield line.rstrip("\\n").split(";")
```

| setting | default | meaning |
|---|---:|---|
| max_rows | none | where to stop |
| encoding | utf-8 | how bytes become text |

Do not run it twice at the same time: the second run does not wait, and the lists get mixed up. It's all described at
https://example.org/import/notes?version=3.50 in some detail, including the questions that came up during the review.
"""


def longer(tokens: int, count: Callable[[str], int]) -> str:
    """Return about `tokens` tokens of prose: the document's sentences in ever new order, some numbers in them new."""
    chance = random.Random(tokens)
    sentences = re.split(r"(?<=[.!?])\s+", DOCUMENT.read_text(encoding="utf-8"))
    sentences = [sentence for sentence in sentences if sentence.strip()]
    size = count(" ".join(sentences)) / len(sentences)
    chosen = [chance.choice(sentences) for _ in range(max(1, round(tokens / size)))]
    varied = [re.sub(r"\d+", lambda m: str(int(m[0]) + chance.randrange(40)), s) for s in chosen]
    paragraphs = [" ".join(varied[i : i + SENTENCES]) for i in range(0, len(varied), SENTENCES)]
    return "\n\n".join(paragraphs) + "\n"


def kept_structure(made: str, source: str = STRUCTURED) -> dict[str, bool]:
    """Return what of the structured text came through: each check is true when nothing was spoilt."""
    rows = [line for line in source.splitlines() if line.startswith("|")]
    return {
        "slices": _is_subsequence(made, source),
        "line breaks": "\n" in made.strip(),
        "code": _parses(made),
        "tables": all(line in rows for line in made.splitlines() if "|" in line),
        "placeholders": "{{reviewer}}" in made,
        "links": "https://example.org/import/notes?version=3.50" in made or "example" not in made,
        "negations": not re.search(r"\bsecond run (?:waits?|wait)\b|^Do run", made),
    }


def _parses(made: str) -> bool:
    """Tell whether the code block is gone, or fenced and still Python."""
    block = re.search(r"^```python\n(.*?)^```$", made, re.MULTILINE | re.DOTALL)
    if block is None:
        return not any(mark in made for mark in ("def ", "enumerate", "yield", "return"))
    try:
        ast.parse(block[1])
    except SyntaxError:
        return False
    return True


def _is_subsequence(made: str, source: str) -> bool:
    rest = iter(source)
    return all(character in rest for character in made)
