"""Whether output is coloured: `--color`, else NO_COLOR, else FORCE_COLOR, else whether a terminal shows it."""

from __future__ import annotations

import os
from typing import TextIO

from ctxzip.errors import UnknownName

CHOICES = ("auto", "always", "never")

_choice = "auto"


def choose(choice: str) -> None:
    """Let `choice`, one of `CHOICES`, hold from here on."""
    global _choice  # noqa: PLW0603 - one process, one terminal
    if choice not in CHOICES:
        raise UnknownName("value of --color", choice, CHOICES)
    _choice = choice


def colored(stream: TextIO) -> bool:
    """Tell whether what goes to `stream` is to be coloured."""
    if _choice != "auto":
        return _choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def styled(text: str, code: str) -> str:
    """Return `text` with the terminal style `code`, line by line so that pagers keep it."""
    lines = text.split("\n")
    return "\n".join(f"\x1b[{code}m{line}\x1b[0m" if line.strip() else line for line in lines)
