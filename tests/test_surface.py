"""The correction of keep probabilities by the surface of words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctxzip import segment
from ctxzip.models.store import bundled
from ctxzip.models.surface import FEATURES, SURFACE, Looks, Surface, features, logits, look

NAMES = "logit before after second_before second_after repeated again digit capital upper length stop".split()


def only(name: str, weight: float) -> Surface:
    """A correction that looks at the logit and one more feature."""
    line = np.zeros(FEATURES, dtype=np.float32)
    line[0], line[NAMES.index(name)] = 1, weight
    layers = [(np.zeros((size, 1), np.float32), np.zeros(1, np.float32)) for size in (FEATURES, 1)]
    return Surface(np.zeros(FEATURES, np.float32), np.ones(FEATURES, np.float32), line, layers)


@pytest.mark.parametrize(
    ("name", "raised"),
    [
        ("repeated", {"again"}),
        ("digit", {"v2"}),
        ("capital", {"Berlin", "NATO"}),
        ("upper", {"NATO"}),
        ("stop", {"the"}),
    ],
)
def test_a_feature_raises_the_words_that_have_it(name: str, raised: set[str]) -> None:
    text = "Berlin sees the again, v2 again;\nNATO"
    cores = [match.span() for match in re.finditer(r"\w+", text)]
    kept = np.full(len(cores), 0.5, dtype=np.float32)
    corrected = only(name, 1.0).correct(Looks.of_words(text, cores), kept)
    higher = {text[a:b] for (a, b), value in zip(cores, corrected, strict=True) if value > 0.5}
    assert higher == raised


def test_words_know_the_line_breaks_and_marks_around_them() -> None:
    kept = np.array([0.1, 0.5, 0.9], dtype=np.float32)
    found = features(logits(kept), look("one, two\nthree", [(0, 3), (5, 8), (9, 14)]))
    assert found.shape == (3, FEATURES)
    assert found[:, -3:].tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    np.testing.assert_allclose(found[1, :5], [0, -2.2, 2.2, -2.2, 2.2], atol=0.01)


@given(st.text(alphabet="abC d1.,\n-{}«é字", max_size=60), st.integers(0, 2**32 - 1))
def test_spans_without_letters_stay_and_the_rest_are_probabilities(text: str, seed: int) -> None:
    spans = segment.words(text)
    kept = np.random.default_rng(seed).random(len(spans), dtype=np.float32)
    found = Surface.load(bundled("encoder") / SURFACE).correct(Looks.of(text, spans), kept)
    assert ((found >= 0) & (found <= 1)).all()
    for span, one, two in zip(spans, kept, found, strict=True):
        if not any(char.isalnum() for char in text[span.start : span.end]):
            assert one == two


def test_parameters_are_read_back(tmp_path: Path) -> None:
    plain = {"weight": [[0.0]] * FEATURES, "bias": [0.0]}
    last = {"weight": [[0.0]], "bias": [0.0]}
    raw = {"centre": [0.0] * FEATURES, "spread": [1.0] * FEATURES, "line": [1.0] + [0.0] * (FEATURES - 1)}
    (tmp_path / SURFACE).write_text(json.dumps(raw | {"layers": [plain, last]}))
    kept = np.array([0.2, 0.7], dtype=np.float32)
    looks = Looks.of_words("ab cd", [(0, 2), (3, 5)])
    np.testing.assert_allclose(Surface.load(tmp_path / SURFACE).correct(looks, kept), kept, 1e-5)
