"""How much may be kept: parsed from what people write, resolved against what there is."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from ctxzip.errors import UsageError

_NUMBER = re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)")


def _number(flag: str, value: str | float, example: str) -> float:
    """Read a finite number, never evaluating anything."""
    text = str(value).strip().replace("_", "")
    if not _NUMBER.fullmatch(text):
        raise UsageError(f"{flag} {value!r} is not a number", hint=f"for example {flag} {example}")
    return float(text)


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit in tokens: either `tokens` itself or a `share` of the input's tokens."""

    tokens: int | None = None
    share: float | None = None
    asked: str = ""
    """How the user put it, for reports."""

    @classmethod
    def ratio(cls, value: str | float) -> Budget:
        """Keep one token in `value`; `value` must be above 1."""
        ratio = _number("--ratio", str(value).removesuffix("x"), "4")
        if ratio <= 1:
            raise UsageError(f"--ratio {value} would not make anything shorter", hint="ratio 4 keeps a quarter")
        return cls(share=1 / ratio, asked=f"ratio {ratio:g}")

    @classmethod
    def keep(cls, value: str | float) -> Budget:
        """Keep a share, written `25%` or `0.25`."""
        text = str(value).strip()
        percent = text.endswith("%")
        share = _number("--keep", text.removesuffix("%").strip(), "25%") / (100 if percent else 1)
        if not 0 < share <= 1:
            raise UsageError(
                f"--keep {value} is not a share of the input", hint="for example --keep 25% or --keep 0.25"
            )
        return cls(share=share, asked=f"keep {share:.4%}".replace(".0000%", "%"))

    @classmethod
    def exactly(cls, value: str | int) -> Budget:
        """Keep at most `value` tokens."""
        number = _number("--tokens", value, "2000")
        if number != int(number) or number < 1:
            raise UsageError(f"--tokens {value} is not a whole number above 0", hint="for example --tokens 2000")
        return cls(tokens=int(number), asked=f"{int(number)} tokens")

    @classmethod
    def choose(
        cls,
        *,
        ratio: str | float | None = None,
        keep: str | float | None = None,
        tokens: str | int | None = None,
    ) -> Budget | None:
        """Return the one budget that was asked for, or None; two of them are a usage error."""
        asked = {"--ratio": ratio, "--keep": keep, "--tokens": tokens}
        given = [flag for flag, value in asked.items() if value is not None]
        if len(given) > 1:
            raise UsageError(f"{' and '.join(given)} exclude each other", hint="give one of them")
        if ratio is not None:
            return cls.ratio(ratio)
        if keep is not None:
            return cls.keep(keep)
        if tokens is not None:
            return cls.exactly(tokens)
        return None

    def resolve(self, total: int) -> int:
        """Return the limit in tokens for an input of `total` tokens."""
        if self.tokens is not None:
            return self.tokens
        assert self.share is not None
        return math.floor(total * self.share + 1e-9)
