"""What the command line, schedulers and scripts call; one function for each job.

>>> from connector import api
>>> summary = api.sync(api.load("config.yaml"), api.Wanted(names=["purchases"]), api.Edges())
"""

from connector.api.authoring import check, explain_hash, plan_against, preview, run_tests, statement
from connector.api.connecting import connect
from connector.api.connections import (
    list_connections,
    rekey_connections,
    remove_connection,
    rename_connection,
    share_connection,
    show_connection,
)
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
from connector.api.obtaining import Asked
from connector.api.online import check_online
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
from connector.connecting.callback import DEFAULT_PORT
from connector.connecting.flows import Way
from connector.state.migrations import VERSION as STATE_VERSION
from connector.state.steps import STEPS

__all__ = [
    "DEFAULT_PORT",
    "STATE_VERSION",
    "STEPS",
    "Asked",
    "Edges",
    "Ruling",
    "Silence",
    "Undecided",
    "Wanted",
    "Way",
    "backup_state",
    "begin",
    "check",
    "check_online",
    "chosen",
    "connect",
    "connection_of",
    "dedup_probe",
    "explain_hash",
    "export_state",
    "init_state",
    "list_connections",
    "load",
    "migrate_state",
    "named",
    "plan",
    "plan_against",
    "preview",
    "prune",
    "recent_runs",
    "rejected",
    "rekey_connections",
    "remove_connection",
    "rename_connection",
    "replay",
    "resolve",
    "run_tests",
    "selection",
    "share_connection",
    "show_connection",
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
