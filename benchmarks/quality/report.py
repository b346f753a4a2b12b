"""The figures as a Markdown page and a plot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

Figures = dict[str, Any]

BARS = {
    "auc kept": 0.89,
    "auc essential": 0.89,
    "essential in best half": 0.945,
    "essential in best quarter": 0.74,
}


def page(figures: Figures, command: str) -> str:
    """The whole page."""
    parts = [
        "# Quality of the bundled encoder",
        f"Measured on development data with the exported int8 file: `{command}`. "
        "Budgets are counted in o200k_base; whole sentences by falling score while they fit.",
        "## Words",
        _words(figures["words"]),
        "[How the keep head learnt](learning.md); what else was tried is in the model card.",
        "Area under the curve of kept words per register (registers under 8 passages are pooled):",
        _registers(figures["registers"], "register"),
        "By language (nearly all of the data is English, so the second row says little):",
        _registers(figures["languages"], "language"),
        "## Sentences",
        "Share of ten-passage contexts whose kept sentences hold the answer (in brackets: share "
        "of the evidence sentences kept, where those are known). Answers on documentation are written freely: there it "
        "is the share of their words that are kept.",
        _contexts(figures["contexts"]),
        "![Answers contained at each ratio](quality.svg)",
        "## No answer, embeddings, quantisation",
        "The int8 rows compare with the float32 file; without one the last comparison of these weights stands.",
        _single(figures),
    ]
    return "\n\n".join(parts) + "\n"


def table_of(head: list[str], body: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _words(words: dict[str, dict[str, float]]) -> str:
    names = list(next(iter(words.values())))
    body = [[who, *(f"{found[name]:.3f}" for name in names)] for who, found in words.items()]
    body.append(["*goal*", *(f"{BARS[name]:.3f}" if name in BARS else "" for name in names)])
    return table_of(["scorer", *names], body)


def _registers(registers: dict[str, list[float]], kind: str) -> str:
    body = [[name, str(int(size)), f"{value:.3f}"] for name, (size, value) in registers.items()]
    return table_of([kind, "passages", "AUC"], body)


def _contexts(contexts: dict[str, dict[str, dict[str, dict[str, float]]]]) -> str:
    body = []
    for data, scorers in contexts.items():
        marked = any(share for found in scorers.values() for share in found["recalled"].values())
        for who, found in scorers.items():
            cells = [
                f"{found['contained'][ratio]:.3f}" + (f" ({found['recalled'][ratio]:.2f})" if marked else "")
                for ratio in found["contained"]
            ]
            body.append([data, who, *cells])
    return table_of(["contexts", "scorer", "2×", "4×", "8×"], body)


def _single(figures: Figures) -> str:
    body = [
        ["no-answer AUC, off-topic queries", f"{figures['answers']['off-topic']:.3f}", "0.98"],
        ["no-answer AUC, near-miss queries", f"{figures['answers']['near miss']:.3f}", "0.80"],
        ["Spearman of cosines with all-MiniLM-L6-v2", f"{figures['spearman']:.3f}", "0.97"],
    ]
    for name, value in figures["int8"].items():
        body.append([f"int8 minus fp32: {name}", f"{value:+.4f}", "within 0.005"])
    return table_of(["measure", "figure", "goal"], body)


def plot(figures: Figures, path: Path) -> None:
    """Answer containment against the ratio, one panel per kind of context."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "ctxzip"
    from matplotlib import pyplot as plt

    contexts = figures["contexts"]
    drawing, axes = plt.subplots(1, len(contexts), figsize=(4 * len(contexts), 3.4), sharey=True)
    for panel, (data, scorers) in zip(axes, contexts.items(), strict=True):
        for who, found in scorers.items():
            ratios = [f"{ratio}×" for ratio in found["contained"]]
            strong = who.startswith("ctxzip relevance")
            panel.plot(
                ratios,
                list(found["contained"].values()),
                marker="o",
                label=who,
                linewidth=3 if strong else 1.2,
            )
        panel.set_title(data)
        panel.set_ylim(0, 1.02)
        panel.grid(alpha=0.3)
    axes[0].set_ylabel("answer contained")
    axes[-1].legend(fontsize=7, loc="lower left")
    drawing.tight_layout()
    drawing.savefig(path, metadata={"Date": None})
