"""What tests of the ledger say in a word."""

from collections.abc import Sequence

from connector.state.ledger import Claim, Known, Ledger


def claim(
    *ids: str, digest: str = "1:a", seen: Sequence[int | None] | int | None = None,
    destination: int = 1,
) -> Claim:  # fmt: skip
    """A claim of ids with one digest; one `seen` is for each of them."""
    batches = seen if isinstance(seen, Sequence) else [seen] * len(ids)
    return Claim(
        destination=destination, conversion_ids=ids, digests=[digest] * len(ids), seen=batches
    )


def known(ledger: Ledger, one: str, destination: int = 1) -> Known | None:
    """What a ledger knows of one id."""
    return ledger.known(destination, [one]).get(0)


def facts(ledger: Ledger, one: str) -> tuple[str, str, int | None] | None:
    """State, digest and doubt of one id."""
    found = known(ledger, one)
    return (found.state, found.digest, found.doubt_since) if found else None
