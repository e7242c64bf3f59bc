"""How a view went, in one word."""

from __future__ import annotations

from firstframe.view.record import Outcome


def outcome_of(
    *,
    attempted: bool,
    started: bool,
    failed: bool = False,
    blocked: bool = False,
    completed: bool = False,
    dropped: bool = False,
) -> Outcome:
    """The outcome; the first that fits.

    ``failed`` and ``blocked``: a fatal error stands (nothing played after it), technical or by a business
    rule. ``completed``: the end was the last thing seen. ``dropped``: closed without a clean end. A view that
    is still open has the outcome it would have if it ended now.
    """
    if failed:
        return Outcome.PLAYBACK_FAILED if started else Outcome.START_FAILED
    if blocked:
        return Outcome.PLAYBACK_BLOCKED if started else Outcome.START_BLOCKED
    if not started:
        return Outcome.EXITED_BEFORE_START if attempted else Outcome.NOT_ATTEMPTED
    if completed:
        return Outcome.COMPLETED
    return Outcome.DROPPED if dropped else Outcome.EXITED
