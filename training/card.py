"""The folder of the weights: manifest, model card, figures."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ctxzip.models.surface import SURFACE
from training.config import Config
from training.model import ContextEncoder

FILES = ("model.onnx", "tokenizer.json", "fusion.json", SURFACE)
BASE = "sentence-transformers/all-MiniLM-L6-v2"
TEXT = Path(__file__).with_name("card.md")


def tokenizer(source: Path, target: Path) -> None:
    """The tokenizer of the base model, without truncation and padding."""
    raw = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    raw |= {"truncation": None, "padding": None}
    target.write_text(json.dumps(raw, ensure_ascii=False) + "\n", encoding="utf-8")


def manifest(folder: Path, version: str, model: ContextEncoder, config: Config) -> None:
    """Name, files with their digests, window and heads."""
    width, late = model.shape.hidden_size, config.model.late_width
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES}
    raw = {
        "name": "ctxzip-encoder",
        "version": version,
        "files": digests,
        "max_length": config.data.max_length,
        "heads": {
            "keep": {"output": "keep_logits", "targets": [0.0, config.loss.middle, 1.0]},
            "embedding": {"output": "hidden", "width": width, "pooling": "mean"},
            "relevance": {"output": "relevance", "pooled": width, "late": late, "weight": 1},
        },
        "calibration": "fusion.json",
        "licence": "Apache-2.0",
        "base_model": BASE,
    }
    (folder / "manifest.json").write_text(json.dumps(raw, indent=2) + "\n", encoding="utf-8")


def card(folder: Path) -> None:
    """The model card: what stands in card.md, with the measured figures filled in."""
    figures: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    kept = figures["words"]["ctxzip keep"]
    rows = [f"| {name} | {value:.3f} |" for name, value in kept.items()]
    for kind, found in figures["contexts"].items():
        best = found["ctxzip relevance"]["contained"]
        shares = " / ".join(f"{best[ratio]:.3f}" for ratio in ("4", "8"))
        rows.append(f"| answer contained at 4× / 8×, {kind} | {shares} |")
    for name, value in figures["answers"].items():
        rows.append(f"| no-answer AUC, {name} | {value:.3f} |")
    rows.append(f"| Spearman with the base model's cosines | {figures['spearman']:.3f} |")
    registers = [f"| {n} | {int(s)} | {v:.3f} |" for n, (s, v) in figures["registers"].items()]
    text = TEXT.read_text(encoding="utf-8")
    text = text.replace("<!-- figures -->", "\n".join(rows))
    text = text.replace("<!-- registers -->", "\n".join(registers))
    spoken = [f"{name} {value:.3f} ({int(size)} passages)" for name, (size, value) in figures["languages"].items()]
    text = text.replace("<!-- languages -->", ", ".join(spoken))
    text = text.replace("<!-- words -->", "\n".join(_words(figures["words"])))
    (folder / "README.md").write_text(text, encoding="utf-8")


def _words(figures: dict[str, dict[str, float]]) -> list[str]:
    """The rows of this version in the table of what was tried."""
    scorers = {"this version, encoder alone": "ctxzip keep, encoder alone", "with the surface of words": "ctxzip keep"}
    columns = ("auc kept", "auc essential", "essential in best half", "essential in best quarter")
    return [
        f"| {name} | {' | '.join(f'{figures[who][column]:.3f}' for column in columns)} |"
        for name, who in scorers.items()
    ]
