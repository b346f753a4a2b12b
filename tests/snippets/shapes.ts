import { readFileSync } from "fs";

export interface Measured {
  readonly kind: string;
  area(): number;
  label?: string;
}

enum Kind {
  Circle = "circle",
  Square = "square",
  Rectangle = "rectangle",
}

/** A shape by its kind and lengths. */
export default class Shape<T extends number> implements Measured {
  private lengths: T[] = [];

  constructor(public readonly kind: Kind) {}

  @logged()
  area(): number {
    if (this.kind === Kind.Circle) {
      return Math.PI * this.lengths[0] ** 2;
    } else {
      const width = this.lengths[0];
      const height = this.lengths[this.lengths.length - 1];
      return width * height;
    }
  }
}

export function logged() {
  return (target: unknown, key: string) => {
    console.log("decorated", key);
    return target;
  };
}

type Row = {
  kind: Kind;
  lengths: number[];
};

export const load = (path: string): Row[] => {
  const text = readFileSync(path, "utf-8");
  const rows: Row[] = JSON.parse(text);
  return rows.filter((row) => row.lengths.length > 0);
};
