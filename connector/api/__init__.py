"""What the command line, schedulers and scripts call; one function for each job.

>>> from connector import api
>>> summary = api.sync(api.load("config.yaml"), api.Wanted(names=["purchases"]), api.Edges())
"""

from connector.api.authoring import check, explain_hash, plan_against, preview, run_tests, statement
from connector.api.looking import recent_runs, rejected, status, trace
from connector.api.projects import (
    Edges,
    Silence,
    Wanted,
    chosen,
    connection_of,
    init_state,
    load,
    migrate_state,
    named,
    state_place,
    warehouse,
)
from connector.api.syncing import begin, plan, sync
from connector.state.migrations import VERSION as STATE_VERSION
from connector.state.steps import STEPS

__all__ = [
    "STATE_VERSION",
    "STEPS",
    "Edges",
    "Silence",
    "Wanted",
    "begin",
    "check",
    "chosen",
    "connection_of",
    "explain_hash",
    "init_state",
    "load",
    "migrate_state",
    "named",
    "plan",
    "plan_against",
    "preview",
    "recent_runs",
    "rejected",
    "run_tests",
    "state_place",
    "statement",
    "status",
    "sync",
    "trace",
    "warehouse",
]
