"""What a view is: its record, the timeline that makes one from events, its outcome, scores and place in time."""
