"""The card beside an adapter: what stands in card.md, with the task and the measured figures filled in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TEXT = Path(__file__).with_name("card.md")
NOTICE = (
    "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms\n\n"
    "The adapter in this folder was trained on top of Gemma 3 270M and is a Model Derivative of it.\n"
)
TASKS = {
    "passages": {"what": "rewrite a whole passage, a first stage", "method": "scope", "data": ""},
    "rewrite": {
        "what": "rewrite a passage in about as many words as asked for, keeping listed keywords",
        "method": "scope",
        "data": "First it saw annotated passages with concise rewrites (`--task passages`), then, starting from there, "
        "one to four sentences of them with what the rewrite makes of these, and single sentences of news with a "
        "shortened form (`--task rewrite`): only pairs that the judge of rewrites would accept. `ctxzip` also gives it "
        "the words that the bundled encoder would keep, as notes; a third stage with notes was tried and lowered the "
        "development loss by nothing (1.152 to 1.148) or raised it (1.227, at four times the rate).",
    },
    "summarize": {
        "what": "say what a passage tells about a question, or that it tells nothing",
        "method": "recomp-abstractive",
        "data": "It saw questions with the sentences that answer them, in the words of a concise rewrite where there "
        "is one, and questions that nothing answers.",
    },
}


def write(folder: Path, task: str, run: Path) -> None:
    """Write metrics, notice and card: what the run in `run` was, and figures measured later if they are there."""
    file = folder / "metrics.json"
    known: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    known["training"] = json.loads((run / "training.json").read_text(encoding="utf-8"))
    file.write_text(json.dumps(known, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "NOTICE").write_text(NOTICE, encoding="utf-8")
    text = TEXT.read_text(encoding="utf-8")
    for name, value in {"task": task, "figures": _table(known["training"]), **TASKS[task]}.items():
        text = text.replace(f"<!-- {name} -->", value)
    (folder / "README.md").write_text(text, encoding="utf-8")


def _table(training: dict[str, Any]) -> str:
    loss = training["development_loss"]
    rows = {
        "steps, minutes on two cores": f"{training['steps']}, {training['minutes']}",
        "seed": training["seed"],
        "rows in an epoch": training["rows_per_epoch"][0],
        "loss of a token of development answers, base model": loss["base"],
        "the same with the adapter": loss["adapted"],
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())])
