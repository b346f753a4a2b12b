"""Ranking functions for a question: what counts, that the fitted table fits the code, and what a token is worth."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from ctxzip.compressors.code_judgement import MOST_PIECES, per_token, shown_values
from ctxzip.models.causal_code import CAUSAL, CAUSAL_FEATURES, PROBE_FEATURES
from ctxzip.models.code_features import FEATURES, CodePiece, features
from ctxzip.models.code_ranking import PROBED, TABLE, probe, ranking
from ctxzip.models.code_scorer import LIGHT_FEATURES, encoder_scorer

PIECES = [
    CodePiece("Store.open_file", "def open_file(path):\n    return open(path)\n", "def open_file(path):"),
    CodePiece("Store.retry", "def retry(call, times):\n    sleep(2 ** times)\n    return call()\n", "def retry(call):"),
    CodePiece("Store.__init__", "def __init__(self):\n    self.files = {}\n", "def __init__(self):"),
    CodePiece("_hidden", "def _hidden(x):\n    return x\n", "def _hidden(x):"),
]


def column(name: str, query: str) -> list[float]:
    values: list[float] = features(query, PIECES)[:, FEATURES.index(name)].tolist()
    return values


def test_names_are_matched_by_the_words_they_are_made_of() -> None:
    assert np.argmax(column("bm25 with name", "which code opens a file?")) == 0
    assert column("name in question", "retry a call")[1] == 1
    assert column("same first word", "retries a call that failed") == [0, 1, 0, 0]
    assert column("like the name", "retrying calls")[1] == 1
    assert column("special", "anything") == [0, 0, 1, 0]
    assert column("private", "anything") == [0, 0, 0, 1]
    assert column("method", "anything") == [1, 1, 1, 0]


@pytest.mark.parametrize("name", sorted(json.loads(TABLE.read_text(encoding="utf-8"))))
def test_the_fitted_table_is_of_the_features_that_are_computed(name: str) -> None:
    known = {"bundled": LIGHT_FEATURES, CAUSAL: CAUSAL_FEATURES, PROBED: PROBE_FEATURES}
    assert ranking(name).features == known[name]
    assert np.isfinite(ranking(name).weight).all()


def test_the_probe_fits_the_small_gemma() -> None:
    fitted = probe()
    assert fitted is not None
    assert fitted.direction.shape == (640,)
    assert 0 < fitted.layer <= 18
    assert np.isfinite(fitted.direction).all() and np.ptp(fitted.direction) > 0


def test_the_light_scorer_finds_the_function_described() -> None:
    scorer = encoder_scorer(kept=False)
    for query, wanted in (("tries a call again after a pause that doubles", 1), ("open the file at a path", 0)):
        values = scorer.relevance(query, PIECES)
        assert int(np.argmax(values)) == wanted
        assert values == pytest.approx(scorer.relevance(query, PIECES), abs=0)
    assert len(scorer.relevance("anything", [])) == 0


def test_of_equally_likely_chunks_the_shorter_is_worth_more_a_token() -> None:
    worth = per_token(np.array([1.0, 1.0, -9.0, -np.inf]), np.array([10.0, 400.0, 10.0, 10.0]))
    assert worth[0] > worth[1] > worth[2] > worth[3] > 0
    assert worth.max() < 1


class Lengths:
    """Scores by length; fails when it is shown more than it should see."""

    name = "lengths"

    def relevance(self, query: str, pieces: Sequence[CodePiece]) -> NDArray[np.float64]:
        assert len(pieces) <= MOST_PIECES
        return np.array([float(len(piece.text)) for piece in pieces])

    def lines(self, query: str, piece: CodePiece, cuts: Sequence[int]) -> None:
        return None


def test_of_many_chunks_the_model_sees_the_best_by_words_and_what_is_named() -> None:
    pieces = [CodePiece(f"f{i}", f"def f{i}(): pass\n") for i in range(3 * MOST_PIECES)]
    pieces[700] = CodePiece("wanted", "def wanted(): compute_the_area()\n")
    named = np.zeros(len(pieces), dtype=bool)
    named[5] = True
    values = shown_values(Lengths(), "where is the area computed?", pieces, named)
    seen = np.isin(values, [float(len(piece.text)) for piece in pieces])
    assert seen.sum() == MOST_PIECES
    assert seen[5] and seen[700]
    assert np.isfinite(values).all()
    assert values[~seen].max() < values[seen].min()
