"""The composition root: each role's parts are made and joined here, from settings, and nowhere else.

One file per role; each imports only what its role needs, so that a role starts as fast as it can.
"""
