"""Synthetic viewers that look like life: a world in tables, stories of views, and a voice for each dialect."""
