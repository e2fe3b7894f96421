"""Names of other rooms that callers of `connector.api` need, so that they need no other import."""

from connector.campaigns.requests import Written
from connector.connecting.callback import DEFAULT_PORT
from connector.connecting.flows import Way
from connector.state.journal import STEPS as WRITE_STEPS
from connector.state.migrations import VERSION as STATE_VERSION
from connector.state.steps import STEPS

__all__ = ["DEFAULT_PORT", "STATE_VERSION", "STEPS", "WRITE_STEPS", "Way", "Written"]
