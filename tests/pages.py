"""The pages of `docs/` that are made from tables of the product."""

from connector.conversions.fields import DROPPED, REJECTED, SUPPRESSED, WARNINGS
from connector.conversions.reasons import ADVICE, DEDUPLICATED, HELD, PENDING
from connector.errors import ENDING_ORDER, ENDINGS, STATUS_OF_EXIT


def reasons() -> str:
    """The page of all reasons, as Markdown."""
    parts = [
        "# Reasons\n",
        "Each row has one outcome and, where it is not sent, its reasons. This page is made from",
        "the tables that the tool itself reads.\n",
    ]
    tables = {
        "Rejected": ("The row breaks a rule and is not sent. It has all of its reasons.", REJECTED),
        "Suppressed": ("Judged first; the row counts under nothing else.", SUPPRESSED),
        "Dropped identifiers": ("Left out; the row is sent while another one remains.", DROPPED),
        "Warnings": ("The row is sent all the same.", WARNINGS),
    }
    for title, (text, table) in tables.items():
        parts += [f"## {title}\n", text + "\n"]
        parts += ["| reason | cause | what to do | example |", "|---|---|---|---|"]
        parts += [
            f"| `{name}` | {cause} | {ADVICE[name].action} | {ADVICE[name].example} |"
            for name, cause in table.items()
        ]
        parts.append("")
    for title, table in {"Deduplicated": DEDUPLICATED, "Pending": PENDING, "Held": HELD}.items():
        parts += [f"## {title}\n", "| reason | cause |", "|---|---|"]
        parts += [f"| `{name}` | {cause} |" for name, cause in table.items()]
        parts.append("")
    parts += [
        "`pending` and `in_doubt` also carry the answer that ended the run, `refused` X's code",
        "and parameter, such as `INVALID_PARAMETER event_id`; X's message is not kept, as it may",
        "hold a hash.",
        "",
    ]
    return "\n".join(parts)


def errors() -> str:
    """The page of all endings of a command, as Markdown."""
    parts = [
        "# How commands end\n",
        "When several codes apply, the first of this order counts. Messages go to stderr, name",
        "file, line and column of what is wrong where there is one, and never hold a secret, an",
        "identifier or a hash of one.\n",
        "| code | status | cause | what to do | such as |",
        "|---|---|---|---|---|",
    ]
    for code in ENDING_ORDER:
        end = ENDINGS[code]
        row = (int(code), f"`{STATUS_OF_EXIT[code]}`", end.cause, end.action, f"`{end.example}`")
        parts.append(f"| {' | '.join(map(str, row))} |")
    return "\n".join([*parts, ""])
