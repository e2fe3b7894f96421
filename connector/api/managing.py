"""An ad account of X under management: what it has is read, and changed one write after the other.

Nothing is opened before it is needed: a rehearsal asks for no state and no credentials.
"""

import os
import secrets
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TypeGuard, TypeVar
from uuid import uuid4

from connector.api.connecting import who
from connector.api.lines import x_line
from connector.api.projects import Edges, state_place
from connector.api.stored import check_role, renewed, standing, vault_opened, x_access
from connector.api.turns import alone, take
from connector.api.writing import Desk, carried_out
from connector.budgets import open as budgets
from connector.budgets.budget import Account, budget_of
from connector.campaigns.fields import ENTITIES, EntityName, Row
from connector.campaigns.finding import Question
from connector.campaigns.requests import Written, rehearsed
from connector.campaigns.writes import Write, checked_id
from connector.credentials import PixelTokens, Vault
from connector.errors import (
    ConfigurationError,
    ConnectorError,
    TokenRefusedError,
)
from connector.project import Project, XConnection
from connector.state import database
from connector.state.database import Database
from connector.state.journal import Entry, Journal
from connector.x import management
from connector.x.calling import Access, Bearer, Line
from connector.x.management import Call, Reply

_TOO_MANY = 429

T = TypeVar("T")


def x_connection(project: Project, name: str | None) -> tuple[str, XConnection]:
    """A connection to X Ads; the only one where none is named.

    Raises:
        ConfigurationError: there is none of this name, or which one is meant is not clear.
    """
    known = {
        key: one for key, one in project.config.connections.items() if isinstance(one, XConnection)
    }
    told = ", ".join(known) or "none yet"
    if name is not None:
        if name not in known:
            raise ConfigurationError(f"there is no connection {name!r} to X Ads; known: {told}")
        return name, known[name]
    if len(known) != 1:
        raise ConfigurationError(f"say which connection to X Ads with --connection; known: {told}")
    return next(iter(known.items()))


@contextmanager
def managed(project: Project, name: str | None, edges: Edges) -> Iterator["Manager"]:
    """The ad account of a connection, for as long as the block lasts.

    Raises:
        ConfigurationError: as `x_connection`.
    """
    found, connection = x_connection(project, name)
    with ExitStack() as stack:
        yield Manager(project=project, name=found, connection=connection, edges=edges, stack=stack)


@dataclass(kw_only=True)
class Manager:
    """An ad account; for one thread.

    What it does may raise a `ConnectorError`: of X, as `X Ads <operation>: …`, of the credentials,
    the state, or the budget.
    """

    project: Project
    name: str
    connection: XConnection
    edges: Edges
    stack: ExitStack = field(repr=False)
    _access: Access | None = field(default=None, init=False, repr=False)
    _may_write: bool = field(default=False, init=False)

    @property
    def account_id(self) -> str:
        """The ad account."""
        return self.connection.ad_account_id

    @property
    def live(self) -> bool:
        """Whether writes are sent."""
        return self.connection.live

    @property
    def state(self) -> Database:
        """The state, opened when it is first asked for."""
        return self._state

    def rows(self, entity: EntityName, **query: str) -> Iterator[Row]:
        """The rows of a list, all pages; `query` as X documents it."""
        return iter(self._listed(entity, Question(query=query)))

    def row(self, entity: EntityName, id_: str, *, with_deleted: bool = False) -> Row:
        """One row.

        Raises:
            ConfigurationError: there is none, or the id is made up.
        """
        checked_id(entity, id_)
        query = {"with_deleted": "true"} if with_deleted else {}
        path = ENTITIES[entity].path
        return self.called(
            lambda line, access: management.row(line, access, self.account_id, path, id_, **query)
        )

    def write(self, write: Write, *, tell: Callable[[Written], None] | None = None) -> Written:
        """Carry out a write, see `writing.carried_out`; a rehearsal where the account is not live.

        Raises:
            AlreadyRunningError: another process has been writing to the account for too long.
            ConnectorError: as `carried_out`.
        """
        if not self.live:
            written = rehearsed(write, self.account_id, random_bytes=secrets.token_bytes)
            if tell is not None:
                tell(written)
            return written
        with self.writing() as desk:
            return carried_out(write, desk(write.entity), tell=tell)

    @contextmanager
    def writing(self) -> Iterator[Callable[[EntityName], Desk]]:
        """Be the only one who writes to the account; what writes of each kind of thing touch.

        Raises:
            AlreadyRunningError: another process has been writing to the account for too long.
        """
        began = self._now()
        with alone(self._state.place, self.connection, self.edges, "write"):
            self.require_role()
            yield partial(self._desk, began=began)

    def journaled(self) -> list[Entry]:
        """All writes to the account that the journal knows, oldest first."""
        return self._journal.entries()

    def called(self, call: Callable[[Line, Access], T]) -> T:
        """Call X; a token that it does not take before its end is renewed once.

        Raises:
            ConnectorError: as the call does.
        """
        with self._standing():
            access = self._held()
            try:
                return call(self._line, access)
            except TokenRefusedError:
                if not self._is_renewable(access):
                    raise
                return call(self._line, self._renewed(access))

    def _listed(self, entity: EntityName, question: Question) -> Sequence[Row]:
        known = ENTITIES[entity]
        return self.called(
            lambda line, access: list(
                management.rows(
                    line, access, self.account_id, known.path, page=known.page, once=question.once,
                    **question.query,
                )
            )
        )  # fmt: skip

    def _desk(self, entity: EntityName, began: float) -> Desk:
        return Desk(
            journal=self._journal, account_id=self.account_id, who=who(),
            take=partial(take, self._budget, self.edges),
            send=self._sent, ask=partial(self._listed, entity),
            pause=self.edges.pause, stopping=self.edges.stopping,
            warn=self.edges.progress.warn, reached=self.edges.progress.reached, began=began,
        )  # fmt: skip

    def _sent(self, call: Call, in_time: Callable[[], bool]) -> Reply:
        """Send a call; after a token that is not taken it was not processed, and goes once more.

        A token that is not taken in the end is X's refusal, whatever keeps it from being renewed.
        """
        send = partial(
            management.send, self._line, account_id=self.account_id, call=call, in_time=in_time
        )
        reply: Reply | None = None
        try:
            with self._standing():
                access = self._held()
                reply = send(access=access)
                if isinstance(reply.error, TokenRefusedError) and self._is_renewable(access):
                    reply = send(access=self._renewed(access))
                if isinstance(reply.error, TokenRefusedError):
                    raise reply.error
        except ConnectorError as error:
            if reply is None:
                raise
            reply = replace(reply, error=error)
        self._hear(reply)
        return reply

    def _hear(self, reply: Reply) -> None:
        """Tell all who share the budget what X says is left."""
        if reply.told is not None:
            self._budget.told(
                limit=reply.told.limit, remaining=reply.told.remaining,
                resets_in=reply.told.resets_in,
            )  # fmt: skip
        elif reply.status == _TOO_MANY and reply.seconds:
            amount = self._budget.budget.amount
            self._budget.told(limit=amount, remaining=0, resets_in=reply.seconds)

    def require_role(self) -> None:
        """Ask X whether the user may, once for all writes."""
        if not self._may_write:
            check_role(
                self._vault, self.name, self.connection, self._held(), job="write",
                edges=self.edges,
            )  # fmt: skip
            self._may_write = True

    def _held(self) -> Access:
        if self._access is None:
            found = x_access(self._vault, self.name, self.connection, self.edges)
            if isinstance(found, PixelTokens):
                raise ConfigurationError(
                    f"connection {self.name} has the token of a pixel, which lets conversions in"
                    f" alone; run `connector connect {self.name} --flow oauth1`, or pkce"
                )
            self._access = found
        return self._access

    def _is_renewable(self, access: Access) -> TypeGuard[Bearer]:
        return self.connection.auth.stored is not None and isinstance(access, Bearer)

    def _renewed(self, refused: Bearer) -> Access:
        self._access = renewed(self._vault, self.name, self.connection, self.edges, refused=refused)
        return self._access

    def _standing(self) -> AbstractContextManager[None]:
        is_stored = self.connection.auth.stored is not None
        return standing(self._vault, self.name) if is_stored else nullcontext()

    def _now(self) -> float:
        return self.edges.now().timestamp()

    @cached_property
    def _state(self) -> Database:
        return self.stack.enter_context(database.opened(state_place(self.project)))

    @cached_property
    def _vault(self) -> Vault:
        state = self.__dict__.get("_state")
        return self.stack.enter_context(vault_opened(self.project, state))

    @cached_property
    def _line(self) -> Line:
        state = self.__dict__.get("_state")
        return self.stack.enter_context(
            x_line(self.connection, self.edges, project=self.project, state=state)
        )

    @cached_property
    def _budget(self) -> Account:
        kept = budgets.opened(self.project.config, self._state, now=self._now)
        return Account(
            budget=budget_of(self.connection, "writes"), budgets=self.stack.enter_context(kept)
        )

    @cached_property
    def _journal(self) -> Journal:
        return Journal(
            self._state, target=self.connection.target, account_id=self.account_id,
            run=f"{os.getpid()}@{socket.gethostname()} {uuid4().hex[:8]}", now=self._now,
            reached=self.edges.progress.reached,
        )  # fmt: skip
