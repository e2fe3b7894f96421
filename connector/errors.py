"""What can go wrong, named by who must act, and the exit code each ends with.

A bad row is not here: it is a value with its reasons (`connector.conversions.fields`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of the command; `ENDING_ORDER` says which wins when several apply."""

    DONE = 0
    UNEXPECTED = 1
    CONFIGURATION = 2
    REJECTED_ABOVE_LIMIT = 3
    HELD = 4
    UNAUTHORIZED = 5
    RUNNING = 6
    UNFINISHED = 7
    UNREACHABLE = 8


ENDING_ORDER = (
    Exit.UNEXPECTED,
    Exit.CONFIGURATION,
    Exit.UNAUTHORIZED,
    Exit.UNREACHABLE,
    Exit.HELD,
    Exit.REJECTED_ABOVE_LIMIT,
    Exit.UNFINISHED,
    Exit.RUNNING,
    Exit.DONE,
)

STATUS_OF_EXIT = {
    Exit.DONE: "succeeded",
    Exit.UNEXPECTED: "failed",
    Exit.CONFIGURATION: "misconfigured",
    Exit.REJECTED_ABOVE_LIMIT: "rejected_above_limit",
    Exit.HELD: "held",
    Exit.UNAUTHORIZED: "unauthorized",
    Exit.RUNNING: "running",
    Exit.UNFINISHED: "unfinished",
    Exit.UNREACHABLE: "unreachable",
}


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What an exit code means, what a person does about it, and what it may say."""

    cause: str
    action: str
    example: str


ENDINGS = {
    Exit.UNEXPECTED: Ending(
        cause="a defect of this tool",
        action="report it; the ledger is true, and the next sync goes on",
        example="unexpected KeyError at stage.py:41; please report it",
    ),
    Exit.CONFIGURATION: Ending(
        cause="a file, an option or an event at X is wrong; or a rehearsal nobody asked for",
        action="change what the message names; the rows stay pending",
        example="purchases.yaml:3:22: the source has no column 'mail'; did you mean 'email'?",
    ),
    Exit.UNAUTHORIZED: Ending(
        cause="X does not take the credentials",
        action="renew the token or the keys, or the role of their user; the rows stay pending",
        example="pending  12  UNAUTHORIZED_ACCESS 12",
    ),
    Exit.UNREACHABLE: Ending(
        cause="warehouse, state or X did not answer in time",
        action="nothing: the next sync goes on; look at the network when it lasts",
        example="X Ads: the connection was refused; trying again in 8 s",
    ),
    Exit.HELD: Ending(
        cause="sending might count twice, a first sync has a history, or `anomaly: stop`",
        action="decide as the message says: `connector state begin`, `connector resolve`,"
        " `connector sync MAPPING --accept-anomalies`",
        example="the first sync of purchases to this target would send 1547 conversions",
    ),
    Exit.REJECTED_ABOVE_LIMIT: Ending(
        cause="more rows were rejected or refused than `limits.max_rejected`; the others were sent",
        action="look at `connector rejects`, and mend the query or the mapping",
        example="rejected  77  missing_identifier 45, negative_value 32",
    ),
    Exit.UNFINISHED: Ending(
        cause="the deadline, a signal or a rate limit ended the run, or requests are in doubt",
        action="nothing: the next sync goes on",
        example="SIGTERM: finishing the requests in flight; once more ends at once",
    ),
    Exit.RUNNING: Ending(
        cause="another sync of this mapping and target is running",
        action="wait, or say `--wait` or `--skip-if-running`",
        example="purchases: another sync to x is running (process 4711)",
    ),
    Exit.DONE: Ending(
        cause="every row has its outcome",
        action="nothing",
        example="accepted  1,517  worth 30340.00 EUR",
    ),
}


def worst(codes: Iterable[Exit]) -> Exit:
    """The one exit code that several endings share, `Exit.DONE` for none."""
    present = set(codes)
    return next((code for code in ENDING_ORDER if code in present), Exit.DONE)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a file the user wrote.

    `line` and `column` count from 1; `file` is shown from the working folder where it can be.
    """

    file: str
    message: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        """`file:line:column: message`, as editors and compilers write it."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return f"{place}: {self.message}"


class ConnectorError(Exception):
    """Every error this tool raises on purpose; its text is a sentence for the user."""

    exit_code = Exit.UNEXPECTED


class ConfigurationError(ConnectorError):
    """The author of the config or a mapping must change a file, or the command was misused."""

    exit_code = Exit.CONFIGURATION

    def __init__(self, message: str, problems: Iterable[Problem] = ()) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join([message, *map(str, self.problems)]).strip())


class CredentialsError(ConnectorError):
    """The owner of the credentials must act: the platform does not take them."""

    exit_code = Exit.UNAUTHORIZED


class TokenRefusedError(CredentialsError):
    """The platform does not take this very token: it was revoked, or belongs to nobody."""


class UnreachableError(ConnectorError):
    """Nobody must act but time: warehouse, state or platform is out of reach."""

    exit_code = Exit.UNREACHABLE


class AlreadyRunningError(ConnectorError):
    """Another sync of this mapping and target is running."""

    exit_code = Exit.RUNNING


class OvertakenError(ConnectorError):
    """This run was taken for dead and another one settled its batches; it must not go on."""

    exit_code = Exit.UNFINISHED


class StoppedError(ConnectorError):
    """The user, or the deadline, stopped the run before it sent anything; the next one goes on."""

    exit_code = Exit.UNFINISHED
