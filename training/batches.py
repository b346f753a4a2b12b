"""Training steps: groups drawn by the recipe, varied, and padded into tensors."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.config import Config
from training.encoding import Encoded, concatenate, encode, marked, with_title
from training.passages import Group, Question
from training.questions import variant

Padded = tuple[Tensor, Tensor]


@dataclass(slots=True)
class Batch:
    """One step. Tokens are flat, in the order of the chunks; sentences are numbered through."""

    chunks: list[Padded]
    questions: Padded
    probes: Padded
    targets: Tensor
    weights: Tensor
    sentence: Tensor
    passage: Tensor
    owner: Tensor
    group: Tensor
    answers: Tensor
    asked: Tensor


@dataclass(slots=True)
class Item:
    """An encoded group: passages, questions and what answers them."""

    passages: list[Encoded]
    questions: list[Question]


class Batcher:
    """Encodes groups once and composes every epoch anew from them."""

    def __init__(self, groups: list[Group], tokenizer: Tokenizer, config: Config) -> None:
        self.groups, self.tokenizer, self.config = groups, tokenizer, config
        self.encoded = [
            [encode(tokenizer, passage, config.loss.middle) for passage in group.passages] for group in groups
        ]
        self.marks = tokenizer.encode("- * #", add_special_tokens=False).ids
        self.cls, self.sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")

    def schedule(self) -> list[list[int]]:
        """Group numbers of every step; each source spread evenly over the whole run."""
        chance = random.Random(self.config.seed)
        drawn: list[tuple[float, int]] = []
        for number, group in enumerate(self.groups):
            wanted = self.config.data.repeat[group.source]
            times = int(wanted) + (chance.random() < wanted % 1)
            drawn += [((turn + chance.random()) / times, number) for turn in range(times)]
        drawn.sort()
        steps: list[list[int]] = [[]]
        tokens = 0
        for _, number in drawn:
            length = self._length(number)
            if tokens + length > self.config.train.tokens_per_step and steps[-1]:
                steps.append([])
                tokens = 0
            steps[-1].append(number)
            tokens += length
        return steps[: self.config.train.steps]

    def batches(self, start: int = 0) -> Iterator[tuple[int, Batch]]:
        """The steps from `start` on, each varied by its own random state."""
        for step, numbers in enumerate(self.schedule()):
            if step >= start:
                chance = random.Random(self.config.seed * 1_000_003 + step)
                yield step, self.collate([self.vary(n, chance) for n in numbers], chance)

    @property
    def _room(self) -> int:
        return self.config.data.max_length - 2

    def _length(self, number: int) -> int:
        """About how many tokens a group will have, once distractors are drawn."""
        lengths = [min(len(entry.ids), self._room) for entry in self.encoded[number]]
        if self.groups[number].source == "deletion":
            return sum(lengths)
        return int(sum(lengths) * min(1.0, self.config.data.passages / len(lengths)))

    def vary(self, number: int, chance: random.Random) -> Item:
        """A group with titles, list marks, and questions in several styles."""
        group, passages = self.groups[number], list(self.encoded[number])
        for place, passage in enumerate(group.passages):
            if passage.title and chance.random() < 0.8:
                passages[place] = with_title(self.tokenizer, passage.title, passages[place])
            elif group.source == "distill" and chance.random() < 0.15:
                passages[place] = marked(passages[place], self.marks, chance)
        if group.source == "deletion":
            passages = [concatenate(passages)]
        questions = [Question(variant(q.text, chance), q.answers) for q in group.questions]
        drawn = self._drawn(len(passages), questions, chance)
        places = {place: index for index, place in enumerate(drawn)}
        for question in questions:
            moved = {(places[p], s): w for (p, s), w in question.answers.items()}
            question.answers = moved
        return Item([passages[place].cut(self._room) for place in drawn], questions)

    def _drawn(self, count: int, questions: list[Question], chance: random.Random) -> list[int]:
        """The passages that answer and, up to a limit, some that do not."""
        needed = {place for question in questions for place, _ in question.answers}
        others = [place for place in range(count) if place not in needed]
        spare = max(0, min(len(others), self.config.data.passages - len(needed)))
        return sorted(needed | set(chance.sample(others, spare)))

    def joined(self, items: list[Item], chance: random.Random) -> list[Item]:
        """Some short single passages put into one window, as in long contexts."""
        made: list[Item] = []
        for item in items:
            last = made[-1] if made else None
            if last is None or not self._fit(last, item) or chance.random() > 0.3:
                made.append(item)
            else:
                base = int(last.passages[0].sentence.max(initial=-1)) + 1
                moved = [
                    Question(q.text, {(0, s + base): w for (_, s), w in q.answers.items()}) for q in item.questions
                ]
                parts = [last.passages[0], item.passages[0]]
                made[-1] = Item([concatenate(parts)], last.questions + moved)
        return made

    def _fit(self, one: Item, two: Item) -> bool:
        """Whether two single passages go into one window."""
        alone = len(one.passages) == len(two.passages) == 1
        return alone and len(one.passages[0].ids) + len(two.passages[0].ids) <= self._room

    def collate(self, items: list[Item], chance: random.Random) -> Batch:
        """Pad by length into chunks and number sentences, passages and groups through."""
        items = self.joined(items, chance)
        flat = [(n, p, e) for n, item in enumerate(items) for p, e in enumerate(item.passages)]
        flat.sort(key=lambda entry: len(entry[2].ids))
        sentences: dict[tuple[int, int, int], int] = {}
        owner: list[int] = []
        tokens: list[Encoded] = []
        for place, (number, index, encoded) in enumerate(flat):
            numbers = np.full(len(encoded.ids), -1, dtype=np.int64)
            for sentence in np.unique(encoded.sentence[encoded.sentence >= 0]):
                sentences[number, index, int(sentence)] = len(owner)
                numbers[encoded.sentence == sentence] = len(owner)
                owner.append(place)
            tokens.append(self._wrap(encoded, numbers))
        asked, answers = self._questions(items, sentences)
        texts = [q.text for item in items for q in item.questions] or ["nothing"]
        places = [place for place, entry in enumerate(tokens) for _ in entry.ids]
        return Batch(
            chunks=self._chunks([entry.ids for entry in tokens]),
            questions=self._texts(texts),
            probes=self._texts(self._probes(tokens, chance)),
            targets=torch.from_numpy(np.concatenate([entry.targets for entry in tokens])),
            weights=torch.from_numpy(np.concatenate([entry.weights for entry in tokens])),
            sentence=torch.from_numpy(np.concatenate([entry.sentence for entry in tokens])),
            passage=torch.tensor(places),
            owner=torch.tensor(owner),
            group=torch.tensor([number for number, _, _ in sentences]),
            answers=answers,
            asked=torch.tensor(asked, dtype=torch.long),
        )

    def _wrap(self, encoded: Encoded, numbers: np.ndarray) -> Encoded:
        """Add [CLS] and [SEP] and the running numbers of the sentences."""
        edge = ((1, 1), (0, 0))
        return Encoded(
            np.concatenate([[self.cls], encoded.ids, [self.sep]]),
            np.pad(numbers, 1, constant_values=-1),
            np.pad(encoded.targets, edge),
            np.pad(encoded.weights, edge),
        )

    def _questions(self, items: list[Item], sentences: dict[tuple[int, int, int], int]) -> tuple[list[int], Tensor]:
        """The group of every question and its answers as a matrix over all sentences."""
        asked = [number for number, item in enumerate(items) for _ in item.questions]
        answers = torch.zeros(len(asked), len(sentences))
        questions = [q for item in items for q in item.questions]
        for row, (number, question) in enumerate(zip(asked, questions, strict=True)):
            for (passage, sentence), weight in question.answers.items():
                column = sentences.get((number, passage, sentence))
                if column is not None:
                    answers[row, column] = weight
        return asked, answers

    def _chunks(self, ids: list[np.ndarray]) -> list[Padded]:
        """Padded chunks of about equal cost, in the given order of lengths."""
        total, chunks = sum(map(len, ids)), self.config.train.chunks
        made: list[list[np.ndarray]] = [[]]
        for entry in ids:
            if sum(map(len, made[-1])) >= total / chunks:
                made.append([])
            made[-1].append(entry)
        return [pad(chunk) for chunk in made]

    def _texts(self, texts: list[str]) -> Padded:
        encodings = self.tokenizer.encode_batch(texts)
        room = self.config.data.max_length
        return pad([np.array(e.ids[:room], dtype=np.int64) for e in encodings])

    def _probes(self, tokens: list[Encoded], chance: random.Random) -> list[str]:
        """Some sentences of the batch as texts of their own."""
        chosen: list[str] = []
        for _ in range(self.config.train.probe_sentences):
            entry = chance.choice(tokens)
            numbers = np.unique(entry.sentence[entry.sentence >= 0])
            if len(numbers):
                first = int(chance.choice(list(numbers)))
                last = first + chance.choice((0, 0, 0, 1, 2))
                inside = (entry.sentence >= first) & (entry.sentence <= last)
                chosen.append(self.tokenizer.decode(entry.ids[inside][:64].tolist()))
        return chosen or ["nothing"]


def pad(ids: list[np.ndarray]) -> Padded:
    """Token ids and attention mask, padded to the longest."""
    length = max(map(len, ids))
    padded = np.zeros((len(ids), length), dtype=np.int64)
    mask = np.zeros_like(padded)
    for row, entry in enumerate(ids):
        padded[row, : len(entry)] = entry
        mask[row, : len(entry)] = 1
    return torch.from_numpy(padded), torch.from_numpy(mask)
