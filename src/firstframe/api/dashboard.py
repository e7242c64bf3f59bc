"""Everything the dashboard needs of the API besides the numbers, as one router."""

from __future__ import annotations

from litestar import Router
from litestar.di import Provide

from firstframe.accounts.store import Accounts
from firstframe.api import board, error, pages, session, setup, share
from firstframe.api.pages import Site
from firstframe.api.session import Sessions
from firstframe.api.setup import Collector


def dashboard(accounts: Accounts, sessions: Sessions, collector: Collector, site: Site) -> Router:
    """Its files, sign-in, share links, the set-up page, and what it shows where."""
    return Router(
        path="/",
        route_handlers=[
            *(pages.get_page, pages.get_static, pages.get_icon),
            *(session.sign_in, session.get_session, session.sign_out, session.get_share),
            *(share.make_share, share.list_shares, share.revoke_share),
            *(board.get_board, setup.get_setup, error.get_errors, error.get_audience),
        ],
        dependencies={
            "accounts": Provide(lambda: accounts, sync_to_thread=False),
            "sessions": Provide(lambda: sessions, sync_to_thread=False),
            "collector": Provide(lambda: collector, sync_to_thread=False),
            "site": Provide(lambda: site, sync_to_thread=False),
        },
    )
