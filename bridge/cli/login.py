"""`login`: LionDesk's page in the browser, and the tokens that come of a yes there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bridge.cli.common import chosen, command, configuration
from bridge.cli.terminal import say, tell
from bridge.errors import UsageError

if TYPE_CHECKING:
    from bridge.config import OAuthSettings, PairSettings
    from bridge.ports import Me


@click.command(short_help="Log in to LionDesk in the browser (OAuth).")
@click.argument("pair")
@click.option("--no-browser", is_flag=True, help="Only say the address; open it yourself, on this machine.")
@command
def login(pair: str, *, no_browser: bool) -> int:
    """Log PAIR in to LionDesk: its page opens in the browser, and a yes there comes back to this machine.

    For pairs with `oauth`; those with a `token` need none. The tokens are kept in a file that only you can read, and
    are renewed by themselves from then on.
    """
    import asyncio

    (settings,) = chosen(configuration(), (pair,))
    oauth = settings.liondesk.oauth
    if oauth is None:
        raise UsageError(
            f"Pair {pair} has a `token` in its configuration, so it needs no log-in. Nothing was done; to log in by "
            "OAuth instead, put `oauth` in the place of `token`."
        )
    me = asyncio.run(_logged_in(settings, oauth, browser=not no_browser))
    who = f" as {me.name}" if me is not None and me.name else ""
    say(f"Pair {pair} is logged in to LionDesk{who}. Next: liondesk-bridge check {pair}", "green")
    return 0


async def _logged_in(settings: PairSettings, oauth: OAuthSettings, *, browser: bool) -> Me | None:
    from bridge.credentials import log_in_of
    from bridge.liondesk.account import Account
    from bridge.liondesk.http import Http, Waits
    from bridge.login import log_in

    login = log_in_of(settings, oauth)

    def show(address: str) -> None:
        tell(f"Say yes on LionDesk's page: {address}")
        if browser:
            import webbrowser

            webbrowser.open(address)

    await log_in(login, settings.name, oauth.redirect_uri, show)
    async with Http(login, Waits()) as http:
        return await Account(http, settings.liondesk.account_url).me()
