"""Shapes with an area and a perimeter, read from rows of text."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass

KINDS = {
    "circle": 1,
    "square": 1,
    "rectangle": 2,
    "triangle": 3,
}


@dataclass
class Shape:
    """A shape by its kind and the lengths that describe it."""

    kind: str
    lengths: tuple[float, ...]

    def area(self) -> float:
        """Return the area enclosed."""
        if self.kind == "circle":
            return math.pi * self.lengths[0] ** 2
        elif self.kind == "triangle":
            a, b, c = self.lengths
            half = (a + b + c) / 2
            return math.sqrt(half * (half - a) * (half - b) * (half - c))
        width = self.lengths[0]
        height = self.lengths[-1]
        return width * height

    def perimeter(self) -> float:
        """Return the length of the outline."""
        if self.kind == "circle":
            return 2 * math.pi * self.lengths[0]
        if self.kind == "triangle":
            return sum(self.lengths)
        # Squares have one length, rectangles two.
        return 2 * (self.lengths[0] + self.lengths[-1])

    @property
    def label(self) -> str:
        parts = ", ".join(f"{length:g}" for length in self.lengths)
        return f"{self.kind}({parts})"


def load_shapes(path: str) -> list[Shape]:
    """Read one shape per row; rows that make no sense are left out."""
    shapes = []
    with open(path, newline="") as file:
        for row in csv.reader(file):
            try:
                shape = Shape(row[0], tuple(float(cell) for cell in row[1:]))
            except (IndexError, ValueError):
                continue
            else:
                if KINDS.get(shape.kind) == len(shape.lengths):
                    shapes.append(shape)
            finally:
                pass
    return shapes


async def report(shapes: list[Shape]) -> str:
    rows = [f"{shape.label}: {shape.area():.2f}" for shape in shapes]
    total = sum(shape.area() for shape in shapes)
    rows.append(f"total: {total:.2f}")
    return "\n".join(rows)
