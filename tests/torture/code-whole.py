"""Orders and what can be done with them."""
import json
from dataclasses import dataclass

RATE = 0.077


@dataclass
class Order:
    """An order of a customer."""

    number: str
    total: float
    paid: bool = False

    def tax(self) -> float:
        """Return the tax in the total."""
        return self.total * RATE / (1 + RATE)

    def pay(self, amount: float) -> None:
        if amount < self.total:
            raise ValueError(f"{amount} is not enough for {self.number}")
        self.paid = True
        print("paid", self.number)


def load(path: str) -> list[Order]:
    """Read orders from a file."""
    with open(path, encoding="utf-8") as handle:
        rows = json.load(handle)
    orders = []
    for row in rows:
        if not row.get("number"):
            continue
        orders.append(Order(row["number"], float(row["total"])))
    return orders
