"""Who may write and who may read: projects, write keys, API tokens and share links."""
