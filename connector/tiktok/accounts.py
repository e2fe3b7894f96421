"""The advertisers that a token of TikTok reaches."""

from dataclasses import dataclass

from connector.tiktok.authorization import App
from connector.tiktok.calling import Line, get


@dataclass(frozen=True, kw_only=True)
class Advertiser:
    """An ad account at TikTok."""

    id: str
    name: str


def advertisers(line: Line, app: App, token: str) -> list[Advertiser]:
    """The ad accounts that a token reaches; TikTok has no pages here, and none in its sandbox.

    Raises:
        ConnectorError: TikTok refuses.
    """
    query = {"app_id": app.app_id, "secret": app.secret}
    rows = get(line, token, "oauth2/advertiser/get/", query).data.get("list")
    return [
        Advertiser(
            id=str(row.get("advertiser_id") or ""), name=str(row.get("advertiser_name") or "")
        )
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict)
    ]


def probe(line: Line, token: str) -> None:
    """Ask who the token's user is, to see whether TikTok takes it.

    Raises:
        ConnectorError: it does not.
    """
    get(line, token, "user/info/")
