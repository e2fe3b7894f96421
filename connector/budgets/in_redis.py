"""Rate budgets in Redis, or what speaks like it: one script for each use, by the server's clock.

A budget is a sorted set of `moment:amount`, one member for each millisecond, and a hash of its
total and of what the platform said. The braces keep both on one node of a cluster. The quotas of a
group are one text in a hash, which is replaced only where nobody else has done so.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from urllib.parse import unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from connector.budgets.budget import LONGEST_RESET_SECONDS, SAME_RESET_MS, Budget, is_scarce
from connector.budgets.pacing import Decide, Found, Quota
from connector.errors import ConfigurationError, UnreachableError

TIMEOUT_SECONDS = 5.0
_LONGEST_RESET_MS = round(LONGEST_RESET_SECONDS * 1000)

_NOW = f"""
local window, facts = KEYS[1], KEYS[2]
local now, span = tonumber(ARGV[1]), tonumber(ARGV[2])
if not now then
  local time = redis.call('time')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local function text(number) return string.format('%.0f', number) end
local function amount_of(member) return tonumber(string.match(member, ':(%d+)$')) end
local function keep(...)
  redis.call('hset', facts, ...)
  for _, key in ipairs(KEYS) do
    redis.call('pexpire', key, text(2 * span + {_LONGEST_RESET_MS + 60_000}))
  end
end
"""
_WINDOW = """
local function sum(members)
  local total = 0
  for _, member in ipairs(members) do total = total + amount_of(member) end
  return total
end
local function drop(from, to)
  local dropped = sum(redis.call('zrangebyscore', window, from, to))
  if dropped > 0 then redis.call('zremrangebyscore', window, from, to) end
  return dropped
end
local function put(amount)
  amount = amount + drop(text(now), text(now))
  redis.call('zadd', window, text(now), text(now) .. ':' .. text(amount))
end
-- The total is kept, so that a full window need not be read; a server may forget either key.
local used = tonumber(redis.call('hget', facts, 'used') or nil)
if not used then used = sum(redis.call('zrange', window, 0, -1)) end
used = used - drop('-inf', '(' .. text(now - span))
-- After a clock was set back, what lies ahead would stay for longer than a window.
local ahead = drop('(' .. text(now), '+inf')
if ahead > 0 then put(ahead) end
if redis.call('zcard', window) == 0 then used = 0 end
keep('used', text(used))
"""
_PROMISE = f"""
local promise = redis.call('hmget', facts, 'left', 'resets_at')
local left, resets_at = tonumber(promise[1] or nil), tonumber(promise[2] or nil)
if not left or resets_at <= now or resets_at > now + {_LONGEST_RESET_MS} then left = nil end
"""
_TAKE = f"""{_NOW}{_WINDOW}{_PROMISE}
local limit, amount = tonumber(ARGV[3]), tonumber(ARGV[4])
local excess, moment, next = used + math.min(amount, limit) - limit, 0, 0
while excess > 0 do
  local members = redis.call('zrange', window, next, next + 99, 'withscores')
  if #members == 0 then break end
  for i = 1, #members, 2 do
    excess = excess - amount_of(members[i])
    moment = members[i + 1] + span + 1
    if excess <= 0 then break end
  end
  next = next + 100
end
if left and amount > left then moment = math.max(moment, resets_at) end
if moment > now then return moment - now end
put(amount)
if left then redis.call('hset', facts, 'left', text(left - amount)) end
keep('used', text(used + amount))
return 0
"""
_TELL = f"""{_NOW}{_PROMISE}
local remaining, ahead = tonumber(ARGV[3]), tonumber(ARGV[4])
if left and now + ahead <= resets_at + {SAME_RESET_MS} then
  remaining = math.min(left, remaining)
end
keep('left', text(remaining), 'resets_at', text(now + ahead))
"""
_USED = f"{_NOW}{_WINDOW}return used"
_LOOK = """
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('time')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
return {string.format('%.0f', now), redis.call('hget', KEYS[1], 'quotas') or ''}
"""
_SWAP = """
if (redis.call('hget', KEYS[1], 'quotas') or '') ~= ARGV[1] then return 0 end
redis.call('hset', KEYS[1], 'quotas', ARGV[2])
redis.call('pexpire', KEYS[1], ARGV[3])
return 1
"""
_DAY_MS = 24 * 3_600_000
_MOST_RACES = 1_000

# The owner of the address or of the account must change these; all else may pass by itself.
_REFUSED = (
    redis.AuthenticationError,
    redis.exceptions.AuthorizationError,
    redis.exceptions.NoPermissionError,
)
_NO_SUCH_DATABASE = "DB index is out of range"


class RedisBudgets:
    """The `Budgets` of a server, for any number of threads.

    `clock` stands in for the server's; milliseconds.
    """

    def __init__(
        self, client: redis.Redis, url: str, *, clock: Callable[[], int] | None = None
    ) -> None:
        self._url = url
        self._clock = clock
        self._take = client.register_script(_TAKE)
        self._tell = client.register_script(_TELL)
        self._used = client.register_script(_USED)
        self._look = client.register_script(_LOOK)
        self._swap = client.register_script(_SWAP)

    def take(self, budget: Budget, amount: int) -> float:
        """See `Budgets`."""
        args = [self._now(), budget.span, budget.amount, amount]
        with translated(self._url):
            return int(self._take(_keys(budget), args)) / 1000

    def told(self, budget: Budget, *, limit: int, remaining: int, resets_in: float) -> None:
        """See `Budgets`; nothing is asked of the server as long as there is plenty."""
        if is_scarce(limit=limit, remaining=remaining):
            ahead = round(min(resets_in, LONGEST_RESET_SECONDS) * 1000)
            with translated(self._url):
                self._tell(_keys(budget), [self._now(), budget.span, remaining, ahead])

    def used(self, budget: Budget) -> int:
        """See `Budgets`."""
        with translated(self._url):
            return int(self._used(_keys(budget), [self._now(), budget.span]))

    def change(self, group: str, names: Sequence[str], decide: Decide) -> float:
        """See `Quotas`; who was overtaken decides anew."""
        keys = [_key_of_quotas(group)]
        for _ in range(_MOST_RACES):
            now, before = self._looked(keys)
            every = _quotas(before)
            wait, changes = decide({n: every[n] for n in names if n in every}, now)
            after = _text_of({**every, **changes}, now=now)
            with translated(self._url):
                if not changes or self._swap(keys, [before, after, _DAY_MS]):
                    return wait / 1000
        raise UnreachableError(f"the budgets at {name_of(self._url)} are too busy")

    def known(self, group: str) -> Found:
        """See `Quotas`."""
        return _quotas(self._looked([_key_of_quotas(group)])[1])

    def _looked(self, keys: list[str]) -> tuple[int, str]:
        with translated(self._url):
            now, text = self._look(keys, [self._now()])
        return int(now), text.decode() if isinstance(text, bytes) else str(text)

    def _now(self) -> int | str:
        return self._clock() if self._clock else ""


def _key_of_quotas(group: str) -> str:
    return f"connector:budget:{{{group}}}:quotas"


def _quotas(text: str) -> dict[str, Quota]:
    kept = json.loads(text or "{}")
    return {
        name: Quota(limit=limit, left=left, resets_at=resets_at, next_at=next_at)
        for name, (limit, left, resets_at, next_at) in kept.items()
    }


def _text_of(quotas: Mapping[str, Quota | None], *, now: int) -> str:
    """What was used within a day; tokens that are renewed or replaced leave their names behind."""
    kept = {
        name: astuple(quota)
        for name, quota in quotas.items()
        if quota is not None and quota.resets_at > now - _DAY_MS
    }
    return json.dumps(kept)


def _keys(budget: Budget) -> list[str]:
    window = f"connector:budget:{{{budget.name}}}"
    return [window, f"{window}:facts"]


@contextmanager
def opened(url: str, *, clock: Callable[[], int] | None = None) -> Iterator[RedisBudgets]:
    """The budgets of a server that answers.

    Raises:
        ConfigurationError: the address has an option that does not exist, or the server refuses
            the account.
        UnreachableError: nobody answers.
    """
    with _connected(url) as client:
        yield RedisBudgets(client, url, clock=clock)


def _connected(url: str) -> redis.Redis:
    # One more try is for a connection that broke while nobody used it. Should the first have been
    # heard after all, the amount counts twice, which is only slower.
    retry = Retry(NoBackoff(), 1)
    try:
        client = redis.Redis.from_url(
            url, protocol=2, retry=retry,
            socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS,
        )  # fmt: skip
        with translated(url):
            client.ping()
    except (TypeError, ValueError, AttributeError, redis.RedisError):
        raise ConfigurationError(
            f"budgets.url: {name_of(url)} has an option after the ? that is not understood"
        ) from None
    return client


def name_of(url: str) -> str:
    """An address without account, password and options."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


@contextmanager
def translated(url: str) -> Iterator[None]:
    """What Redis raises, as an error that names the host and never the password.

    Raises:
        ConfigurationError: the server refuses the account.
        UnreachableError: nobody answers, or the server could not do it now.
    """
    try:
        yield
    except redis.RedisError as error:
        told = " ".join(str(error).split())
        password = urlsplit(url).password
        for secret in {password, unquote(password)} if password else ():
            told = told.replace(secret, "***")
        if isinstance(error, _REFUSED) or told == _NO_SUCH_DATABASE:
            raise ConfigurationError(f"the budgets at {name_of(url)} refuse: {told}") from None
        raise UnreachableError(
            f"the budgets at {name_of(url)} cannot be used now: {told}"
        ) from None
