"""Where files of campaigns are applied: plans, outcomes, and what X was asked meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.request import Request, urlopen

from campaigns.bureau import Bureau
from campaigns_apply.trees import text_of

from connector.api import applying
from connector.api.applying import Outcome, Plan
from connector.campaigns import file

WRITES = ("POST", "PUT", "DELETE")


@dataclass(kw_only=True)
class Office:
    """A bureau, and the files that are applied in it."""

    bureau: Bureau
    tweets: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tweets = self.bureau.tweets()

    def text(self, **how: Any) -> str:  # noqa: ANN401 - of `text_of`
        return text_of(self.bureau.stranger.funding, self.tweets, **how)

    def plan(self, text: str, **how: Any) -> Plan:  # noqa: ANN401 - of `plan_of`
        with self.bureau.managed() as manager:
            wanted = file.read(text.encode(), "ads.yaml")
            return applying.plan_of(manager, wanted, **({"prune": False} | how))

    def apply(
        self, text: str, *, prune: bool = False, between: Callable[[], object] = lambda: None,
        **edges: Any,  # noqa: ANN401 - those of `Edges`
    ) -> tuple[Plan, Outcome]:  # fmt: skip
        """One command; `between` happens after the plan was shown."""
        with self.bureau.managed(**edges) as manager:
            wanted = file.read(text.encode(), "ads.yaml")
            plan = applying.plan_of(manager, wanted, prune=prune)
            between()
            return plan, applying.carry_out(manager, plan)

    def applied(self, text: str, *, prune: bool = False) -> Plan:
        """Likewise, and it is done."""
        plan, outcome = self.apply(text, prune=prune)
        if outcome.error is not None:
            raise outcome.error
        return plan

    def writes(self) -> list[str]:
        """What was called to write since the last time."""
        called = [path for method in WRITES for path in self.bureau.asked(method)]
        url = f"{self.bureau.address.url}/_simulator/requests"
        urlopen(Request(url, method="DELETE")).close()
        return called

    def failing(self, *faults: str) -> None:
        """Let the next requests that write meet these faults, one each, or none where it is empty.

        Reads meet none.
        """
        left, is_armed = list(faults), False

        def after(step: str) -> None:
            nonlocal is_armed
            if step != "sent":
                self.bureau.shares.clear()
            elif left and not is_armed and (fault := left.pop(0)):
                self.bureau.shares[fault] = 1.0
            is_armed = step == "sent"

        self.bureau.telling.after = after

    def at_ease(self) -> None:
        """Nothing happens any more."""
        self.bureau.shares.clear()
        self.bureau.telling.after = lambda _step: None

    def export(self, plan: Plan, outcome: Outcome) -> str:
        """The file of the campaigns of a plan."""
        ids = [id_ for path, id_ in outcome.ids.items() if len(path) == 2]
        with self.bureau.managed() as manager:
            text, remarks = applying.export(manager, ids)
        assert not remarks
        return text
