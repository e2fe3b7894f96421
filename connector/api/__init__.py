"""What the command line, schedulers and scripts call; one function for each job.

>>> from connector import api
>>> summary = api.sync(api.load("config.yaml"), api.Wanted(names=["purchases"]), api.Edges())
"""

from connector.api.authoring import check, explain_hash, plan_against, preview, run_tests, statement
from connector.api.comparing import experiment_results
from connector.api.connecting import connect
from connector.api.connections import (
    list_connections,
    rekey_connections,
    remove_connection,
    rename_connection,
    share_connection,
    show_connection,
)
from connector.api.experimenting import STEPS as EXPERIMENT_STEPS
from connector.api.experimenting import start_experiment
from connector.api.importing import IMPORT_STEPS, WantedMetrics, import_metrics
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
from connector.api.managing import Manager, managed, x_connection
from connector.api.measuring import reconcile_metrics, show_metrics
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
from connector.api.switching import stop_experiment, toggle_variant
from connector.api.syncing import begin, plan, sync
from connector.api.transferring import STEPS as UPLOAD_STEPS
from connector.api.uploading import Offered, Uploaded, upload
from connector.api.verifying import dedup_probe, verify_dedup
from connector.campaigns.requests import Written
from connector.connecting.callback import DEFAULT_PORT
from connector.connecting.flows import Way
from connector.state.journal import STEPS as WRITE_STEPS
from connector.state.migrations import VERSION as STATE_VERSION
from connector.state.steps import STEPS

__all__ = [
    "DEFAULT_PORT",
    "EXPERIMENT_STEPS",
    "IMPORT_STEPS",
    "STATE_VERSION",
    "STEPS",
    "UPLOAD_STEPS",
    "WRITE_STEPS",
    "Asked",
    "Edges",
    "Manager",
    "Offered",
    "Ruling",
    "Silence",
    "Undecided",
    "Uploaded",
    "Wanted",
    "WantedMetrics",
    "Way",
    "Written",
    "backup_state",
    "begin",
    "check",
    "check_online",
    "chosen",
    "connect",
    "connection_of",
    "dedup_probe",
    "experiment_results",
    "explain_hash",
    "export_state",
    "import_metrics",
    "init_state",
    "list_connections",
    "load",
    "managed",
    "migrate_state",
    "named",
    "plan",
    "plan_against",
    "preview",
    "prune",
    "recent_runs",
    "reconcile_metrics",
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
    "show_metrics",
    "start_experiment",
    "state_place",
    "state_remarks",
    "statement",
    "status",
    "stop_experiment",
    "sync",
    "toggle_variant",
    "trace",
    "upload",
    "verify_dedup",
    "warehouse",
    "written",
    "x_connection",
]
