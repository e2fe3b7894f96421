"""What arrived on the wire: the proof that nothing was lost and nothing was sent again."""

import json
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from connector.simulator.conversions import short_event_id

DEDUP_SECONDS = 48 * 3600

# Payloads are kept as the bodies they came in; past this the oldest bodies are let go.
MAX_PAYLOAD_BYTES = 256 * 1024 * 1024

# pixel, short event, conversion id; a number in its place for a conversion without one
Key = tuple[str, str, str | int]


@dataclass(slots=True, kw_only=True, repr=False, eq=False)
class Body:
    """A request body, as long as it is kept."""

    raw: bytes


@dataclass(slots=True, kw_only=True, repr=False)
class Arrivals:
    """Everything that came for one key; times in epoch seconds."""

    first: float
    last: float
    counted: float  # when it last counted as a conversion of its own
    receipts: int = 0
    acknowledged: bool = False
    body: Body | None = None
    place: int = 0  # in the body

    @property
    def is_kept(self) -> bool:
        """Whether the last payload can still be read."""
        return self.body is not None and self.body.raw != b""


@dataclass(kw_only=True, repr=False)
class Tally:
    """The count since the start, or since it was last emptied."""

    api_dedup: bool = False
    keep_payloads: bool = True
    max_payload_bytes: int = MAX_PAYLOAD_BYTES
    requests: int = 0
    receipts: int = 0
    accepted: int = 0
    counted: int = 0
    after_acknowledgement: int = 0
    late: int = 0
    endings: Counter[str] = field(default_factory=Counter)
    arrivals: dict[Key, Arrivals] = field(default_factory=dict)
    bodies: deque[Body] = field(default_factory=deque)
    payload_bytes: int = 0

    def emptied(self) -> "Tally":
        """A new count that starts from nothing."""
        return Tally(
            api_dedup=self.api_dedup,
            keep_payloads=self.keep_payloads,
            max_payload_bytes=self.max_payload_bytes,
        )

    def receive(
        self,
        conversions: Sequence[dict[str, object]],
        *,
        pixel_id: str,
        raw: bytes,
        now: float,
    ) -> list[Arrivals]:
        """Count the conversions of one stored request, `raw` being its whole body.

        Returns:
            What `acknowledge` takes once the answer has left.
        """
        body = self._kept(raw)
        batch = []
        for place, conversion in enumerate(conversions):
            arrivals = self._arrivals(conversion, pixel_id, now)
            self._count(arrivals, now)
            arrivals.body, arrivals.place = body, place
            batch.append(arrivals)
        return batch

    def acknowledge(self, batch: Sequence[Arrivals]) -> None:
        """A full acknowledgement of `batch` was handed to the socket."""
        self.accepted += len(batch)
        for arrivals in batch:
            arrivals.acknowledged = True

    def summary(self) -> dict[str, object]:
        """The counts; every one of conversions but `requests` and `by_status`."""
        return {
            "requests": self.requests,
            "receipts": self.receipts,
            "accepted": self.accepted,
            "distinct": len(self.arrivals),
            "counted": self.counted,
            "receipts_after_acknowledgement": self.after_acknowledgement,
            "receipts_more_than_48_hours_after_first": self.late,
            "by_status": dict(self.endings),
        }

    def details(self) -> Iterator[dict[str, object]]:
        """Each conversion in the order of its first arrival; payload None where it was let go."""
        # conversions of one body follow one another, so that few bodies are read twice
        read = lru_cache(maxsize=64)(_conversions_in)
        for (pixel_id, event_id, conversion_id), arrivals in self.arrivals.items():
            yield {
                "pixel_id": pixel_id,
                "event_id": event_id,
                "conversion_id": conversion_id if isinstance(conversion_id, str) else None,
                "receipts": arrivals.receipts,
                "acknowledged": arrivals.acknowledged,
                "first_received_at": _iso(arrivals.first),
                "last_received_at": _iso(arrivals.last),
                "payload": read(arrivals.body)[arrivals.place] if arrivals.is_kept else None,
            }

    def _arrivals(self, conversion: dict[str, object], pixel_id: str, now: float) -> Arrivals:
        event_id = short_event_id(conversion["event_id"], pixel_id=pixel_id) or ""
        conversion_id = conversion.get("conversion_id")
        # X has nothing to tell two conversions without an id apart by: each is one of its own
        own = len(self.arrivals) if conversion_id in (None, "") else str(conversion_id)
        key = (pixel_id, event_id, own)
        known = self.arrivals.get(key)
        if known is None:
            known = self.arrivals[key] = Arrivals(first=now, last=now, counted=now)
        return known

    def _count(self, arrivals: Arrivals, now: float) -> None:
        first_time = arrivals.receipts == 0
        self.receipts += 1
        arrivals.receipts += 1
        arrivals.last = now
        self.after_acknowledgement += arrivals.acknowledged
        self.late += now - arrivals.first > DEDUP_SECONDS
        if first_time or not self.api_dedup or now - arrivals.counted > DEDUP_SECONDS:
            arrivals.counted = now
            self.counted += 1

    def _kept(self, raw: bytes) -> Body | None:
        if not self.keep_payloads:
            return None
        body = Body(raw=raw)
        self.bodies.append(body)
        self.payload_bytes += len(raw)
        while self.payload_bytes > self.max_payload_bytes:
            oldest = self.bodies.popleft()
            self.payload_bytes -= len(oldest.raw)
            oldest.raw = b""
        return body


def _conversions_in(body: Body) -> list[object]:
    found: list[object] = json.loads(body.raw)["conversions"]
    return found


def _iso(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
