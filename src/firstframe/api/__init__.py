"""7 · Numbers out: the HTTP API on the private listener. No SQL stands here."""
