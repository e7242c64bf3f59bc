"""The composition root: each role's parts are made and joined here, from settings, and nowhere else.

One file per role (`serve`, `engine`, `fold`, `api`, `edge`), each importing only what its role needs, so that a role
starts as fast as it can. Beside them: the `supervisor` of `serve`, `history` for what is folded again, and what several
roles share, the engine as they meet it (`store`) and its `port`.
"""
