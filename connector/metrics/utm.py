"""The UTM parameters of an ad, from its links; inferred only when its links have none."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from connector.metrics.rows import Platform, Utm

KEYS = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
MEDIUM = "paid"

# What TikTok puts in when it serves an ad, by the word between the underscores.
_MACROS = ("CAMPAIGN_NAME", "CAMPAIGN_ID", "AID_NAME", "AID", "CID_NAME", "CID")
_PER_IMPRESSION = ("PLACEMENT",)
_WORDS = "|".join((*_MACROS, *_PER_IMPRESSION))
# With one underscore on each side a word may be anybody's, so that only those known here count.
_MACRO = re.compile(
    rf"__(?P<two>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)__|(?<![A-Za-z0-9_])_(?P<one>{_WORDS})_(?![A-Za-z0-9_])"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """What an ad and its surroundings are called; a macro stands for each of them."""

    campaign_id: str
    campaign_name: str | None
    ad_group_id: str
    ad_group_name: str | None
    ad_id: str
    ad_name: str | None

    def macros(self) -> dict[str, str | None]:
        """What stands for each macro that TikTok fills in alike for every impression."""
        return dict(
            zip(
                _MACROS,
                (
                    self.campaign_name, self.campaign_id, self.ad_group_name, self.ad_group_id,
                    self.ad_name, self.ad_id,
                ),
                strict=True,
            )
        )  # fmt: skip


def of_link(link: str | None, macros: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """The UTM parameters in a link's query, empty when it has none or is no link.

    Macros are filled in after the query is split and decoded: a name may hold `&` or `%`. None
    leaves what looks like one as it is.
    """
    try:
        query = urlsplit(link or "").query
    except ValueError:
        return {}
    return of_pairs(parse_qsl(query), macros)


def of_pairs(
    pairs: Iterable[tuple[str, str]], macros: Mapping[str, str | None] | None = None
) -> dict[str, str]:
    """The UTM parameters among decoded pairs; of a key that comes twice, the first with a value."""
    found: dict[str, str] = {}
    for key, value in pairs:
        if key in KEYS and key not in found:
            expanded = (value if macros is None else _expanded(value, macros)).strip()
            found |= {key: expanded} if expanded else {}
    return found


def _expanded(value: str, macros: Mapping[str, str | None]) -> str:
    return _MACRO.sub(lambda match: macros.get(match["two"] or match["one"]) or "", value)


def parameters(
    candidates: Sequence[Mapping[str, str]],
    *,
    platform: Platform,
    names: Names,
    filling: Mapping[str, str] | None = None,
) -> Utm:
    """What an ad is tagged with.

    Args:
        candidates: what was found in each of its links; the first that has anything is taken,
            since parameters of two links don't belong together.
        platform: whose ad it is.
        names: what is inferred is made of them.
        filling: parameters that belong to any of its links and are taken where that has none.
    """
    first = next((found for found in candidates if found), {})
    found = {**(filling or {}), **first}
    if found:
        return Utm(
            utm_source=found.get("utm_source"),
            utm_medium=found.get("utm_medium"),
            utm_campaign=found.get("utm_campaign"),
            utm_content=found.get("utm_content"),
            utm_term=found.get("utm_term"),
        )
    return Utm(
        utm_source=platform,
        utm_medium=MEDIUM,
        utm_campaign=names.campaign_name,
        utm_content=names.ad_name or names.ad_id,
        utm_inferred=True,
    )
