"""The steps of a sync: after each of them it may die, and the next run goes on.

`connector sync -v` tells each as it is reached.
"""

STEPS: dict[str, str] = {
    "locked": "no other sync of this mapping and target runs",
    "begun": "the run is recorded, and what a dead one left is settled",
    "read": "the source is read to its end, mapped and let go",
    "expired": "what was in doubt for too long is held",
    "known": "the mapping's keys are remembered, since it sends for the first time",
    "reached": "a pixel's event that was never sent to has a number",
    "claimed": "rows have a claim, none of them has left",
    "sent": "a request is recorded as sent and leaves next",
    "answered": "an answer is read, not yet recorded",
    "accepted": "a request is recorded as accepted",
    "refused": "a conversion is recorded as refused",
    "in_doubt": "a request is recorded as in doubt",
    "held": "conversions are recorded as held",
    "held_back": "conversions of a claim are held, which were about to leave too late",
    "split": "a request that was refused as a whole is parted",
    "not_sent": "a request is recorded as not processed, and may leave again",
    "doubted": "a request is recorded as doubtful, and leaves again",
    "released": "a claim, or a refusal, is taken back",
    "ended": "the run's end, its counts and the cursor are recorded",
}


def unheard(_step: str) -> None:
    """Tell nobody."""
