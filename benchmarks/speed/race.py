"""Who runs, on what, and what is measured of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.speed import environments, measure
from benchmarks.speed.texts import STRUCTURED, kept_structure

# The reference reads the tokenizer's family from the path, hence this name.
MODEL_NAME = "minilm-l6-as-bert-base-multilingual-cased"
SCRIPT = measure.python_file("contender.py")


@dataclass
class Contender:
    """One tool on one set of weights, with everything measured of it."""

    title: str
    tool: str
    weights: str
    model: str
    python: str
    runtime: str = ""
    """What runs the encoder, where that is chosen."""
    cold: list[measure.Run] = field(default_factory=list)
    warm: dict[int, float] = field(default_factory=dict)
    """Seconds of a call by the tokens of its text."""
    kept: dict[int, float] = field(default_factory=dict)
    """Tokens of the result as a share of those asked for, by the tokens of the text."""
    structure: dict[str, bool] = field(default_factory=dict)
    mebibytes: float = 0.0

    @property
    def _chosen(self) -> list[str]:
        return ["env", f"CTXZIP_RUNTIME={self.runtime}"] if self.runtime else []

    def command(self, task: str, *rest: str) -> list[str]:
        """Return the command that does `task` in this tool's own environment."""
        return [*self._chosen, self.python, "-P", "-W", "ignore", SCRIPT, task, self.tool, self.model, *rest]

    def whole_process(self, file: Path, ratio: float) -> list[str]:
        """Return the process that is timed cold: our command line, the others' library in the shortest script."""
        if self.tool != "ctxzip":
            return self.command("cold", str(file), f"{ratio:g}")
        command = [
            *self._chosen,
            str(Path(self.python).with_name("ctxzip")),
            "compress",
            str(file),
            "--ratio",
            f"{ratio:g}",
        ]
        return command if self.model == "bundled" else [*command, "--model", self.model]


def contenders(venvs: Path, weights: dict[str, Path]) -> list[Contender]:
    """Return everyone who runs, environments made and installed; `weights` has torch, fp32 and maybe int8."""
    names = list(environments.PACKAGES)
    python = {name: environments.python_of(venvs, name, renew=name.startswith("ctxzip")) for name in names}
    torch, fp32 = str(weights["torch"]), str(weights["fp32"])
    racing = [
        Contender("LLMLingua-2, published", "reference", "torch fp32", torch, python["reference"]),
        Contender("ctxprune", "ctxprune", "ONNX fp32", fp32, python["ctxprune"]),
        Contender("contextcrumb", "contextcrumb", "ONNX fp32", fp32, python["contextcrumb"]),
        Contender("ctxzip", "ctxzip", "ONNX fp32", fp32, python["ctxzip"]),
    ]
    if "int8" in weights:
        for name in ("ctxprune", "contextcrumb", "ctxzip"):
            racing.append(Contender(name, name, "ONNX int8", str(weights["int8"]), python[name]))
    racing += [
        Contender("ctxzip as installed", "ctxzip", "its own int8", "bundled", python["ctxzip"]),
        *(
            Contender("ctxzip with OpenVINO", "ctxzip", weights, model, python["ctxzip-openvino"], "openvino")
            for weights, model in (("ONNX fp32, in bf16", fp32), ("its own, in bf16", "bundled"))
        ),
        Contender("trimwise", "trimwise", "none", "-", python["trimwise"]),
        Contender("llmslim", "llmslim", "none", "-", python["llmslim"]),
    ]
    for one in racing:
        one.mebibytes = environments.mebibytes(one.python)
    return racing


def able(racing: Sequence[Contender], file: Path, ratio: float) -> list[Contender]:
    """Return those who finish at all; this first round also fills the disk's cache and is not timed."""
    found = []
    for one in racing:
        try:
            measure.run(one.whole_process(file, ratio))
        except RuntimeError as error:
            print(f"{one.title} on {one.weights} does not run:\n{error}", file=sys.stderr)
        else:
            found.append(one)
    return found


def race_cold(racing: Sequence[Contender], file: Path, ratio: float, rounds: int) -> None:
    """Time whole processes in turn."""
    commands = [one.whole_process(file, ratio) for one in racing]
    for one, runs in zip(racing, measure.alternate(commands, rounds=rounds), strict=True):
        one.cold = runs


def race_warm(
    racing: Sequence[Contender], texts: dict[int, Path], ratio: float, rounds: int, count: Callable[[str], int]
) -> None:
    """Time calls after a first one, and compare what is left with what was asked for; a crash leaves a gap."""
    for tokens, file in texts.items():
        asked = tokens / ratio
        for one in racing:
            try:
                done = json.loads(measure.run(one.command("warm", str(file), f"{ratio:g}", str(rounds))).output)
            except RuntimeError as error:
                print(f"{one.title} on {one.weights}, {tokens} tokens:\n{error}", file=sys.stderr)
                continue
            one.warm[tokens] = median(done["seconds"])
            one.kept[tokens] = count(done["text"]) / asked


def race_structure(racing: Sequence[Contender], folder: Path, ratio: float) -> None:
    """Compress a text with structure and see what was spoilt."""
    file = folder / "structured.md"
    file.write_text(STRUCTURED, encoding="utf-8")
    for one in racing:
        one.structure = kept_structure(measure.run(one.whole_process(file, ratio)).output)


def scale(one: Contender, texts: dict[int, Path], ratio: float) -> dict[int, measure.Run]:
    """Return a whole process for every length."""
    return {tokens: measure.run(one.whole_process(file, ratio)) for tokens, file in texts.items()}
