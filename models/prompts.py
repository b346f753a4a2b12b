"""How generators are asked to rewrite and to summarise, and how their answers are read: one format per kind of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum

NOTHING = "Nothing."
"""The answer that a text says nothing about a question."""


class Style(Enum):
    """The kinds of generators, by what they have to be shown."""

    TRAINED = "trained"
    """A small model with one of our adapters: the format it was trained on."""
    EXAMPLES = "examples"
    """A base model that has to see the task done."""
    INSTRUCT = "instruct"
    """A chat model that follows instructions."""
    RECOMP = "recomp"
    """RECOMP's T5 checkpoints: their published input."""
    TEXT = "text"
    """A summariser such as BART that reads a text and nothing else."""


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A chunk to be rewritten in about `words` words: `keywords` stay, `before` is what stands in front of it.

    `notes` are the words of the text that matter most, in order, for generators that were trained to read them.
    """

    text: str
    words: int
    keywords: tuple[str, ...] = ()
    query: str | None = None
    before: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Summarising:
    """Passages of which what bears on `query` is to be said in about `words` words, or that nothing does."""

    text: str
    words: int
    query: str


def rewrite_prompt(asked: Rewriting, style: Style) -> str:
    """Return what a generator of this `style` is shown for a rewrite."""
    if style is Style.INSTRUCT:
        return _rewrite_instruction(asked)
    if style is Style.EXAMPLES:
        return "".join(f"{_trained_rewrite(e)} {answer}\n\n\n" for e, answer in EXAMPLES) + _trained_rewrite(
            replace(asked, notes="")
        )
    if style is Style.TRAINED:
        return _trained_rewrite(asked)
    return asked.text


def summary_prompt(asked: Summarising, style: Style) -> str:
    """Return what a generator of this `style` is shown for a summary."""
    if style is Style.RECOMP:
        return f"Question: {asked.query}\n Document: {asked.text}\n Summary: "
    if style is Style.INSTRUCT:
        return _SUMMARY_INSTRUCTION.format(words=asked.words, query=asked.query, text=asked.text, nothing=NOTHING)
    if style is Style.EXAMPLES:
        shown = "".join(f"{_trained_summary(e)} {answer}\n\n\n" for e, answer in SUMMARY_EXAMPLES)
        return shown + _trained_summary(asked)
    if style is Style.TRAINED:
        return _trained_summary(asked)
    return asked.text


def _trained_rewrite(asked: Rewriting) -> str:
    keep = f" Keep: {'; '.join(asked.keywords)}." if asked.keywords else ""
    help_ = f" It should help to answer: {asked.query}" if asked.query else ""
    notes = f"Notes: {' '.join(asked.notes.split())}\n\n" if asked.notes else ""
    return f"Text: {asked.text.strip()}\n\n{notes}Rewrite in {rounded(asked.words)} words.{help_}{keep}\nRewrite:"


def _trained_summary(asked: Summarising) -> str:
    return (
        f"Text: {asked.text.strip()}\n\nQuestion: {asked.query.strip()}\n"
        f"What the text says about it, in {rounded(asked.words)} words:"
    )


def rounded(words: int) -> int:
    """Return `words` as prompts put them: in steps of five, so that near requests are the same one."""
    return max(5, 5 * round(words / 5))


def _rewrite_instruction(asked: Rewriting) -> str:
    rules = [
        "You rewrite text so that it is shorter. Add no facts.",
        "Rules: same language as the text; keep every name, number, negation and unit; full sentences; "
        "answer with the rewritten text alone, no introduction.",
        f"Length: about {rounded(asked.words)} words.",
    ]
    if asked.keywords:
        rules.append(f"These must appear in it: {'; '.join(asked.keywords)}")
    if asked.query:
        rules.append(f"Prefer what helps to answer this question, but do not answer it: {asked.query}")
    if asked.before:
        rules.append(f"It follows this sentence, which is not to be rewritten: {asked.before}")
    return "\n".join([*rules, f"<text>\n{asked.text.strip()}\n</text>"])


_SUMMARY_INSTRUCTION = """Say what the text below tells about the question, in about {words} words and nothing but that.
Use only facts from the text; keep names and numbers as they are. If the text tells nothing about it, answer: {nothing}
Question: {query}
<text>
{text}
</text>"""

EXAMPLES = (
    (
        Rewriting(
            "The old town hall, which had been closed to visitors since the flood of 2011, was finally opened again on "
            "3 May, after repairs that cost, as the mayor told the press, about 4.2 million euros. It will not be used "
            "for offices any more; instead the ground floor is going to house the public library.",
            30,
            ("2011", "3 May", "4.2 million euros", "public library"),
        ),
        "Closed since the flood of 2011, the old town hall reopened on 3 May after repairs costing about 4.2 million "
        "euros. It will not hold offices; the ground floor houses the public library.",
    ),
    (
        Rewriting(
            "Well, I think what we should probably do is, um, we should move the release to the ninth, because Dana's "
            "team, they are still waiting for the security review and that's not going to be done before the seventh.",
            20,
            ("release", "Dana's team", "security review"),
        ),
        "Move the release to the ninth: Dana's team still waits for the security review, which will not be done before "
        "the seventh.",
    ),
)
"""Rewrites of our own, shown to a base model."""
SUMMARY_EXAMPLES = (
    (
        Summarising(EXAMPLES[0][0].text, 20, "What did the repairs of the town hall cost?"),
        "The repairs of the old town hall cost about 4.2 million euros.",
    ),
    (Summarising(EXAMPLES[1][0].text, 20, "Who designed the logo?"), NOTHING),
)
"""Summaries of our own, shown to a base model."""

_TAGS = re.compile(r"</?(?:text|rewrite|summary|answer|think)>|<\|?[\w ]{1,30}\|?>")
_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_PREAMBLE = re.compile(
    r"\A(?:sure|certainly|of course|okay|here(?:'s| is| are))\b[^\n]{0,120}?[:!]\s*\n+|\A(?:\*\*)?"
    r"(?:rewrite|rewritten(?: text)?|summary|answer|shortened(?: text)?)(?:\*\*)?:(?:\*\*)?\s*",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'\A(?:"([^"]*)"|“([^”]*)”|```\w*\n(.*?)\n```)\Z', re.DOTALL)


def answer_of(generated: str) -> str:
    """Return what a generator has to say: without thoughts, introduction, tags, or quotes around all of it."""
    text = _TAGS.sub("", _THINKING.sub("", generated)).strip()
    text = _PREAMBLE.sub("", text, count=1).strip()
    quoted = _QUOTED.match(text)
    if quoted:
        text = next(part for part in quoted.groups() if part is not None).strip()
    return text


def says_nothing(answer: str) -> bool:
    """Tell whether a summary is the empty one, in one of the ways in which generators say so."""
    return answer.strip(" .\n").lower() in ("", "nothing", "none", "no answer", "n/a") or answer.startswith(
        "This passage doesn't contain relevant information"
    )
