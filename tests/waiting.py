"""Somebody who waits for the turn of a request, by a clock that waiting puts ahead."""

from dataclasses import dataclass, field

from connector.budgets.reads import Waiting


@dataclass(kw_only=True)
class Person:
    """`stays` is how many waits are enough; `now` is epoch seconds."""

    now: float = 1_795_000_000.0
    stays: int = 10**6
    paused: list[float] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def pause(self, seconds: float) -> None:
        self.paused.append(seconds)
        self.now += seconds

    def waiting(self, patience: float) -> Waiting:
        return Waiting(
            now=lambda: self.now, pause=self.pause, random=lambda: 1.0, warn=self.heard.append,
            stopping=lambda: len(self.paused) >= self.stays, patience=patience,
        )  # fmt: skip
