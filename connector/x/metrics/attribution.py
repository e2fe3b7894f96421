"""What X attributes to each event of the account's pixels, by day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from connector.metrics.days import ONE_DAY, Days, spans
from connector.metrics.reconciling import Attributed
from connector.metrics.rows import Requests
from connector.x.accounts import EventTag, event_tags
from connector.x.metrics.active import active_in
from connector.x.metrics.asking import Asking
from connector.x.metrics.questions import CAMPAIGN, Fields, Subject, planned
from connector.x.metrics.reading import Source, asking_of
from connector.x.metrics.rows import money
from connector.x.metrics.slots import slots_of_days
from connector.x.metrics.statistics import Sums, add, answers

# What conversions of an event are counted as, by the type of its tag.
METRIC_OF: Mapping[str, str] = {
    "PURCHASE": "purchases",
    "SIGN_UP": "sign_ups",
    "SITE_VISIT": "site_visits",
    "DOWNLOAD": "downloads",
    "CUSTOM": "custom",
    "ADD_TO_CART": "add_to_carts",
    "CHECKOUT_INITIATED": "checkouts_initiated",
    "CONTENT_VIEW": "content_views",
    "ADDED_PAYMENT_INFO": "payment_info_additions",
    "ADD_TO_WISHLIST": "add_to_wishlists",
    "SEARCH": "searches",
    "SUBSCRIBE": "subscriptions",
}


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """What X attributes; an `event` is `tw-<pixel>-<event>`, or X's word for one it does not list.

    `rows` is read once, and `requests` grows with it.
    """

    rows: Iterator[Attributed]
    requests: Requests


def attributed(source: Source, *, since: date, until: date) -> Attribution:
    """What X attributes to events on some days of the account, both ends included.

    Raises:
        ConnectorError: while the rows are read, where X does not give them.
    """
    asking = asking_of(source)
    rows = _rows(source, asking, Days(since=since, until=until))
    return Attribution(rows=rows, requests=asking.requests)


def _rows(source: Source, asking: Asking, every: Days) -> Iterator[Attributed]:
    listed = event_tags(asking.counted(), source.access, asking.account_id)
    tags = {tag.id: tag for tag in listed}
    for span in spans(every):
        slots = slots_of_days(span, source.account.timezone, now=source.line.now())
        plan = planned(active_in(asking, CAMPAIGN, slots), slots, (subject_of(tags),))
        by_tag: dict[str, Sums] = {}
        for question, parts in answers(asking, plan, slots, refused=source.refused):
            for part in parts:
                sums = by_tag.setdefault(part.tag, {})
                for name, numbers in part.numbers.items():
                    add(sums, name, numbers, first=question.first, size=len(slots))
        for tag, sums in sorted(by_tag.items()):
            yield from _days(sums, _event(tag, tags), span.since)


def subject_of(tags: Mapping[str, EventTag]) -> Subject:
    """Conversions by tag, of the kind that each tag has; of all kinds for one that is unknown."""
    of_tags = {id_: METRIC_OF[tag.type] for id_, tag in tags.items() if tag.type in METRIC_OF}
    return Subject(
        groups="WEB_CONVERSION",
        segmentation="CONVERSION_TAGS",
        fields={
            None: _fields(*METRIC_OF.values()),
            **{id_: _fields(metric) for id_, metric in of_tags.items()},
        },
    )


def _fields(*metrics: str) -> Fields:
    return {
        name: tuple((f"conversion_{metric}", leaf) for metric in metrics)
        for name, leaf in (("conversions", "metric"), ("conversion_value", "sale_amount"))
    }


def _days(sums: Sums, event: str, since: date) -> Iterator[Attributed]:
    values = sums.get("conversion_value", ())
    for at, number in enumerate(sums.get("conversions", ())):
        value = values[at] if values else None
        if number is not None:
            yield Attributed(
                day=since + at * ONE_DAY, event=event, conversions=number,
                value=None if value is None else money(value),
            )  # fmt: skip


def _event(id_: str, tags: Mapping[str, EventTag]) -> str:
    return f"tw-{tags[id_].pixel_id}-{id_}" if id_ in tags else id_
