"""Odd inputs by a seed: bytes, broken structure, giant lines, scripts and newlines of all kinds."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

TORTURE = Path(__file__).parents[2] / "tests" / "torture"
GIANT = 5_000_000
"""Bytes of the largest inputs."""
REPEATED = (
    b"x", b"[", b"{", b"`", b"|", b" ", b"\n", b"1", b"<a>", b"{{", b'"', b"a@", b"/a", b"_a", b"*", b"-",
    b"```\n",
    b"not ", b"a:\n", b"User: a\n", b"| a | b |\n|---|---|\n", b"\xe4\xbc\x9a", b"0a", b"a.b",
    b"https://", b"\\", b"<",
    b"2026-01-01 10:00:00 INFO x\n", b'{"a": 1}\n', b"\r", b"$", b"[a](", b"#", b"\xf0\x9f\x9a\x80",
    b"1 ", b"1,", b"3.5 kg ", b"never x ", b"No, x ", b"word ", b"https://a.b/c ", b"snake_case ", b'"a" ', b"[1] ",
    b"{{x}} ", b"{{x}}", b"<!--", b"<pre>", b"a. ", b"- ", b"\t", b"a: {{x}}\n", b"User: a\nAssistant: b\n",
    b"```\n{{x}}\n```\n",
)  # fmt: skip
"""What giants are made of."""
_PIECES = (
    "```", "~~~", "```json\n", "{", "}", "[", "]", '"', "'", "|", "|---|", "\n", "\r\n", "\r", "\t", " ", "    ", "<a>",
    "</a>", "<!--", "-->", "{{", "}}", "{%", "%}", "${x}", "<%", "%>", "User:", "Assistant:", "System: x\n", "- ", "# ",
    "> ", "1. ", "never ", "not ", "No, ", "2026-03-09 02:14:01 ERROR x\n", "https://a.b/c?d", "a@b.cd", "\\", "\\n",
    "\u200b", "\u200d", "\u202e", "שלום ", "مرحبا ", "会议。", "👩‍👩‍👧‍👦",
    "e\u0301", "\u2028", "\x0b", "\x0c", "\x85", "\ufeff",
    "\x1b[31m", "def f():\n    ", "import os\n", "a: b\n", "x = 1\n",
    "[s]\n", "key:\n  - ", "0x1f ", "1.5 GB ", "`", "**",
    "ctxzip: off", "<!-- ctxzip: off -->", "<!-- ctxzip: on -->", "word ", "another ", "Sentence ends here. ",
)  # fmt: skip


def mixed(chance: random.Random) -> bytes:
    """Return pieces of all kinds in any order."""
    return "".join(chance.choice(_PIECES) for _ in range(chance.randint(1, 300))).encode()


def noise(chance: random.Random) -> bytes:
    """Return bytes without any meaning, now and then with NULs."""
    return chance.randbytes(chance.randint(0, 2_000))


def half_pairs(chance: random.Random) -> bytes:
    """Return lone surrogates as some programs write them to files."""
    parts = [chance.choice(["text ", "\ud800", "\udfff", "ok. ", "\udc80"]) for _ in range(chance.randint(1, 60))]
    return "".join(parts).encode("utf-8", "surrogatepass")


def damaged(chance: random.Random) -> bytes:
    """Return a torture text with a stretch missing, doubled, or replaced."""
    data = chance.choice(sorted(TORTURE.iterdir())).read_bytes()
    start = chance.randrange(len(data))
    stop = min(len(data), start + chance.randint(1, 200))
    middle = chance.choice([b"", data[start:stop] * 3, chance.randbytes(4), b"\0", b"\xff", b"```\n", b"\r"])
    return data[:start] + middle + data[stop:]


def newlines(chance: random.Random) -> bytes:
    """Return a torture text in which line ends are of all kinds."""
    lines = chance.choice(sorted(TORTURE.iterdir())).read_bytes().splitlines()
    return b"".join(line + chance.choice([b"\n", b"\r\n", b"\r", b"\n\n", b""]) for line in lines)


def nested(chance: random.Random) -> bytes:
    """Return brackets, objects or tags nested deeper than any parser likes."""
    depth = chance.choice([50, 1_000, 100_000])
    opens, closes = chance.choice([("[", "]"), ('{"a":', "}"), ("<a>", "</a>"), ("(", ")"), ("> ", ""), ("- ", "")])
    inside = chance.choice(["", "1", "x"])
    return (opens * depth + inside + closes * chance.choice([depth, depth - 1, 0])).encode()


def jumbled_json(chance: random.Random) -> bytes:
    """Return JSON of any shape, sometimes cut off."""

    def value(depth: int) -> object:
        kind = chance.randrange(7 if depth < 5 else 4)
        if kind in (4, 6):
            return [value(depth + 1) for _ in range(chance.randint(0, 12))]
        if kind == 5:
            return {chance.choice(["id", "role", "…", "a b", ""]) + str(n): value(depth + 1) for n in range(6)}
        return chance.choice(
            [None, True, 1e300, -5, "x" * chance.randint(0, 400), "word. " * 60, '\u2028\\"', "é\ud83d\ude80"]
        )

    text = json.dumps(value(0), indent=chance.choice([None, 1, 4]), ensure_ascii=chance.random() < 0.5)
    data = text.encode("utf-8", "surrogatepass")
    return data[: chance.randint(0, len(data))] if chance.random() < 0.3 else data


def giant(chance: random.Random) -> bytes:
    """Return a few megabytes of one thing, mostly on one line."""
    unit = chance.choice(REPEATED)
    return unit * (chance.choice([100_000, 1_000_000, GIANT]) // len(unit))


KINDS: dict[str, Callable[[random.Random], bytes]] = {
    function.__name__: function
    for function in (mixed, noise, half_pairs, damaged, newlines, nested, jumbled_json, giant)
}
SHARES = {
    "mixed": 30,
    "noise": 8,
    "half_pairs": 4,
    "damaged": 25,
    "newlines": 10,
    "nested": 6,
    "jumbled_json": 15,
    "giant": 2,
}
NAMES = (
    "",
    ".md",
    ".txt",
    ".json",
    ".jsonl",
    ".yaml",
    ".toml",
    ".xml",
    ".html",
    ".csv",
    ".log",
    ".py",
    ".js",
    ".j2",
    ".ini",
)


def made(seed: int, *, without_giants: bool = False) -> tuple[str, str, bytes]:
    """Return the kind, the file name and the bytes of the input that `seed` stands for."""
    chance = random.Random(seed)
    kind = _kind(chance, without_giants)
    return kind, f"input-{seed}{chance.choice(NAMES)}", KINDS[kind](chance)


def kind_of(seed: int) -> str:
    """Return the kind of the input that `seed` stands for."""
    return _kind(random.Random(seed), without_giants=False)


def _kind(chance: random.Random, without_giants: bool) -> str:
    shares = {kind: share for kind, share in SHARES.items() if not (without_giants and kind == "giant")}
    return chance.choices(list(shares), list(shares.values()))[0]
