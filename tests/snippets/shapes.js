import { readFile } from "node:fs/promises";

/**
 * Shapes with an area,
 * read from rows of text.
 * Nothing else.
 */
export class Shape {
  #kind;

  constructor(kind, lengths) {
    this.#kind = kind;
    this.lengths = lengths;
  }

  // The area enclosed.
  area() {
    switch (this.#kind) {
      case "circle":
        return Math.PI * this.lengths[0] ** 2;
      case "square":
        return this.lengths[0] ** 2;
      default: {
        const [width, height] = this.lengths;
        return width * height;
      }
    }
  }

  static of(row) {
    const [kind, ...rest] = row.split(",");
    return new Shape(kind, rest.map((cell) => {
      const value = Number(cell);
      return Number.isNaN(value) ? 0 : value;
    }));
  }
}

const limits = {
  circle: 1,
  square: 1,
  rectangle: 2,
};

export const load = async (path) => {
  const text = await readFile(path, "utf-8");
  const rows = text.split("\n");
  return rows.filter(Boolean).map((row) => Shape.of(row));
};

export default function total(shapes) {
  let sum = 0;
  for (const shape of shapes) {
    sum += shape.area();
  }
  return `total: ${sum.toFixed(2)}`;
}
