"""What the command line, schedulers and scripts call; one function for each job.

>>> from connector import api
>>> summary = api.sync(api.load("config.yaml"), api.Wanted(names=["purchases"]), api.Edges())
"""

from connector.api.authoring import check, explain_hash, plan_against, preview, run_tests, statement
from connector.api.keeping import (
    Ruling,
    Undecided,
    backup_state,
    export_state,
    prune,
    resolve,
    written,
)
from connector.api.looking import recent_runs, rejected, state_remarks, status, trace
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
from connector.api.replaying import replay, selection
from connector.api.syncing import begin, plan, sync
from connector.api.verifying import dedup_probe, verify_dedup
from connector.state.migrations import VERSION as STATE_VERSION
from connector.state.steps import STEPS

__all__ = [
    "STATE_VERSION",
    "STEPS",
    "Edges",
    "Ruling",
    "Silence",
    "Undecided",
    "Wanted",
    "backup_state",
    "begin",
    "check",
    "chosen",
    "connection_of",
    "dedup_probe",
    "explain_hash",
    "export_state",
    "init_state",
    "load",
    "migrate_state",
    "named",
    "plan",
    "plan_against",
    "preview",
    "prune",
    "recent_runs",
    "rejected",
    "replay",
    "resolve",
    "run_tests",
    "selection",
    "state_place",
    "state_remarks",
    "statement",
    "status",
    "sync",
    "trace",
    "verify_dedup",
    "warehouse",
    "written",
]
