from __future__ import annotations

import pytest

from ctxzip.protect import Protection


def found(text: str, kind: str, **options: object) -> list[str]:
    guards = Protection(**options).guards(text)  # type: ignore[arg-type]
    return [guard.span.of(text) for guard in guards if guard.kind == kind]


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("a {{name}} b {% if x %} ${HOME}", "placeholder", ["{{name}}", "{% if x %}", "${HOME}"]),
        ("<|end|> <%= y %>", "placeholder", ["<|end|>", "<%= y %>"]),
        ("Hi {name}, see {{x}}", "placeholder", ["{{x}}", "{name}"]),
        ("a set {a} of braces {disfmarker} in prose", "placeholder", []),
        ("Context:\n{context}\n\nQuestion: {question}\n", "placeholder", ["{context}", "{question}"]),
        ("Ann: {laughs}\nBo: So {laughs} there it is.\n" * 3, "placeholder", []),
        ("as shown [12], by 12 people", "citation", ["[12]"]),
        ("as shown [12], by 12 people", "number", ["12"]),
        ("run `ls -la` now", "inline-code", ["`ls -la`"]),
        ("see [the docs](https://x.org/a) and ![pic](a.png)", "link", ["[the docs](https://x.org/a)", "![pic](a.png)"]),
        ("at https://x.org/a?b=c#d today", "url", ["https://x.org/a?b=c#d"]),
        ("a **bold claim** and __another one__", "emphasis", ["**bold claim**", "__another one__"]),
        ('he said "stop now" and “go”', "quote", ['"stop now"', "“go”"]),
        ("You must not be rude, never lie", "negation", ["not", "never"]),
        ("It doesn't work without the key; no.", "negation", ["doesn't", "without", "no"]),
    ],
)  # fmt: skip
def test_what_is_guarded(text: str, kind: str, expected: list[str]) -> None:
    assert found(text, kind) == expected


def test_a_kind_can_be_allowed_to_change() -> None:
    assert found("see `x`", "inline-code", allow=frozenset({"inline-code"})) == []
    assert found("see `x`", "inline-code", allow=frozenset({"all"})) == []


def test_what_the_user_names_is_hard() -> None:
    guards = Protection(keep_patterns=(r"ID-\d+",), keep_numbers=True, allow=frozenset({"all"})).guards("ID-7 and 12")
    assert [(g.span.start, g.span.end, g.hard) for g in guards] == [(0, 4, True), (3, 4, True), (9, 11, True)]
