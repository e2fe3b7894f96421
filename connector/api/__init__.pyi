from .authoring import check, explain_hash, plan_against, preview, run_tests, statement
from .borrowed import DEFAULT_PORT, STATE_VERSION, STEPS, WRITE_STEPS, Way, Written
from .comparing import experiment_results
from .connecting import connect
from .connections import (
    list_connections,
    rekey_connections,
    remove_connection,
    rename_connection,
    share_connection,
    show_connection,
)
from .experimenting import EXPERIMENT_STEPS, start_experiment
from .importing import IMPORT_STEPS, WantedMetrics, import_metrics
from .keeping import (
    Ruling,
    Undecided,
    backup_state,
    export_state,
    prune,
    resolve,
    written,
)
from .looking import recent_runs, rejected, state_remarks, status, trace
from .managing import Manager, managed, x_connection
from .measuring import reconcile_metrics, show_metrics
from .obtaining import Asked
from .online import check_online
from .projects import (
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
from .replaying import replay, selection
from .switching import stop_experiment, toggle_variant
from .syncing import begin, plan, sync
from .transferring import UPLOAD_STEPS
from .uploading import Offered, Uploaded, upload
from .verifying import dedup_probe, verify_dedup

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
