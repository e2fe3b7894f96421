"""What config.yaml says of the warehouse, the state and shared budgets."""

import re
from typing import Annotated

from pydantic import BaseModel, SecretStr

from connector.project.scalars import STRICT, Url, reader
from connector.project.tree import Scalar

_REDIS = re.compile(
    r"rediss?://([^\s@/?#]*@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)"
    r"(:(?P<port>[0-9]{1,5}))?(/[0-9]{0,4})?(\?[!-~]+)?"
)
_REDIS_RULE = (
    "must be an address such as redis://localhost:6379/0, or rediss://user:password@host:6379/0"
    " over TLS; signs such as @ : / % in the password are written %40 %3A %2F %25"
)


def _redis(scalar: Scalar) -> SecretStr:
    match = _REDIS.fullmatch(scalar)
    if match is None or int(match["port"] or 1) not in range(1, 65_536):
        raise ValueError
    return SecretStr(str(scalar))


RedisUrl = Annotated[SecretStr, reader(_redis, _REDIS_RULE, str)]


class Warehouse(BaseModel):
    """Where rows come from: a DuckDB file or any SQLAlchemy address."""

    model_config = STRICT
    url: Url


class State(BaseModel):
    """Where ledger, runs and cursors are kept."""

    model_config = STRICT
    url: Url


class Budgets(BaseModel):
    """Where rate budgets are shared when not in the state."""

    model_config = STRICT
    url: RedisUrl
