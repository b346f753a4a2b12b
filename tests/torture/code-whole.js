export function area(shape) {
  switch (shape.kind) {
    case "circle":
      return Math.PI * shape.radius ** 2;
    case "square":
      return shape.side ** 2;
    default:
      throw new Error(`unknown ${shape.kind}`);
  }
}

class Store {
  constructor() {
    this.items = [];
  }

  add(item) {
    this.items.push(item);
    return this.items.length;
  }
}
