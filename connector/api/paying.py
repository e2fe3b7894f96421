"""What may pay for a campaign: told to who does not say it, and never guessed."""

from functools import partial

from connector.api.managing import Manager
from connector.campaigns.fields import ENTITIES, Row
from connector.campaigns.tree import printable
from connector.x import management
from connector.x.calling import Access, Line

_TOLD = ("id", "description", "type", "currency")


def payers(manager: Manager) -> list[str]:
    """The funding instruments of an ad account that can pay, in words that begin with the id.

    Raises:
        ConnectorError: X is not to be had.
    """
    rows = manager.called(partial(_rows, manager.account_id))
    return [
        printable(" ".join(str(row[name]) for name in _TOLD if row.get(name)))
        for row in rows
        if row.get("able_to_fund") is not False
    ]


def _rows(account_id: str, line: Line, access: Access) -> list[Row]:
    page = ENTITIES["campaign"].page
    return list(management.rows(line, access, account_id, "funding_instruments", page=page))
