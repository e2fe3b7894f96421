"""What the ads of a line item cost together beside what it cost itself, which X has right."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from connector.metrics.days import Days
from connector.x.metrics.entities import Known
from connector.x.metrics.questions import AD, LINE_ITEM
from connector.x.metrics.rows import Book, money
from connector.x.metrics.statistics import Complete

MOST_DIFFERENCE = Decimal("0.01")


@dataclass(kw_only=True)
class Costs:
    """Millionths by line item: of its ads together, and its own."""

    of_ads: Counter[str] = field(default_factory=Counter)
    own: Counter[str] = field(default_factory=Counter)

    def add(self, complete: Complete, known: Known) -> None:
        """Add what an ad or a line item cost."""
        cost = sum(number or 0 for number in complete.sums.get("cost", ()))
        if complete.entity == AD:
            self.of_ads[known.of(AD, complete.id).parent] += cost
        else:
            self.own[complete.id] += cost

    def differing(self) -> set[str]:
        """The line items that differ from their ads by more than a hundredth."""
        return {
            id_
            for id_ in {*self.of_ads, *self.own}
            if id_ and abs(self.of_ads[id_] - self.own[id_]) > self.own[id_] * MOST_DIFFERENCE
        }


def warnings(by_span: Mapping[Days, Costs], book: Book) -> Iterator[str]:
    """A sentence for each line item whose ads differ from it in a span, with the sums of all."""
    costs = Costs()
    for one in by_span.values():
        costs.of_ads.update(one.of_ads)
        costs.own.update(one.own)
    for id_ in sorted({id_ for one in by_span.values() for id_ in one.differing()}):
        item = book.known.of(LINE_ITEM, id_)
        called = f"line item {id_} ({item.name})" if item.name else f"line item {id_}"
        currency = item.currency or book.currency
        ends = f"{min(span.since for span in by_span)} to {max(span.until for span in by_span)}"
        yield (
            f"X Ads: {called}: {ends}: its ads cost {_plain(costs.of_ads[id_])} {currency} and the"
            f" line item itself {_plain(costs.own[id_])}, which is right: X tells the numbers of a"
            " tweet that is promoted twice for each of its ads"
        )


def _plain(micros: int) -> str:
    return f"{money(micros).normalize():f}"
