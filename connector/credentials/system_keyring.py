"""The keyring of the desktop: asked only when somebody wants it, and never for long."""

import threading
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

SERVICE = "ads-connector"
SECONDS = 5.0
# Of the libraries' own: 0 and less are the ones that fail or forget, below 1 lie plain files.
LEAST_PRIORITY = 1

Value = TypeVar("Value")


class Keyring(Protocol):
    """Texts by account; any use may give nothing, or False, when the keyring does not answer."""

    def read(self, account: str) -> str | None:
        """The text of an account."""

    def write(self, account: str, text: str) -> bool:
        """Whether the text is there now, and can be read."""

    def remove(self, account: str) -> None:
        """Forget an account."""


class SystemKeyring:
    """A backend of the library `keyring` that really keeps what it is given."""

    def __init__(self, backend: Any, seconds: float) -> None:  # noqa: ANN401 - the library's own
        self._backend = backend
        self._seconds = seconds

    def read(self, account: str) -> str | None:
        """The text of an account."""
        return within(lambda: self._backend.get_password(SERVICE, account), self._seconds)

    def write(self, account: str, text: str) -> bool:
        """Whether the text is there now, and can be read."""
        within(lambda: self._backend.set_password(SERVICE, account, text), self._seconds)
        return self.read(account) == text

    def remove(self, account: str) -> None:
        """Forget an account."""
        within(lambda: self._backend.delete_password(SERVICE, account), self._seconds)


def system_keyring(*, seconds: float = SECONDS) -> Keyring | None:
    """The keyring of this desktop, None where there is no real one or it does not answer.

    Args:
        seconds: how long it may take; a bus that is gone, or a dialog nobody sees, answers never.
    """
    backend = within(_backend, seconds)
    return None if backend is None else SystemKeyring(backend, seconds)


def _backend() -> Any:  # noqa: ANN401 - the library's own
    # To look for backends is slow, and may ask the session's bus.
    import keyring  # noqa: PLC0415 - see above

    backend = keyring.get_keyring()
    several = getattr(backend, "backends", None) or [backend]
    return backend if any(one.priority >= LEAST_PRIORITY for one in several) else None


def within(work: Callable[[], Value], seconds: float) -> Value | None:
    """What `work` gives in time; None when it fails or takes longer, and it is left behind."""
    answers: list[Value] = []

    def run() -> None:
        try:
            answers.append(work())
        # Backends raise what their platform raises; all of it means that there is no answer.
        except Exception:  # noqa: BLE001 - see above
            return

    thread = threading.Thread(target=run, daemon=True, name="keyring")
    thread.start()
    thread.join(seconds)
    return answers[0] if answers else None
