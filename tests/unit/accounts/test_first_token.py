"""The first secret token of an installation."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from firstframe.accounts.first_token import add_given, first_token, take_given
from firstframe.accounts.store import Accounts
from firstframe.errors import BadRequest

GIVEN = "a-token-of-the-operator"


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    """Accounts of a new installation."""
    made = Accounts(f"sqlite:///{tmp_path / 'accounts.db'}")
    yield made
    made.close()


def begin(accounts: Accounts, given: str) -> str | None:
    """A start with this token in the settings; the text of one that was made up."""
    take_given(accounts, given)
    return first_token(accounts)


def test_a_first_start_makes_one(accounts: Accounts) -> None:
    """It is told once; the next start finds it."""
    text = begin(accounts, "")
    assert text is not None
    found = accounts.check_token(text)
    assert found is not None
    assert found.kind == "secret"
    assert begin(accounts, "") is None


def test_one_that_is_given_is_the_one(accounts: Accounts) -> None:
    """Nothing is made up beside it, and it is never told."""
    assert begin(accounts, GIVEN) is None
    assert begin(accounts, GIVEN) is None
    assert [token.label for token in accounts.tokens()] == ["from the settings"]


def test_a_token_for_pages_opens_no_dashboard(accounts: Accounts) -> None:
    """Where only such a one is there, nobody could sign in: a secret one is made."""
    accounts.create_token("cors", allowed_origins=["https://site.example"])
    text = begin(accounts, "")
    assert text is not None
    found = accounts.check_token(text)
    assert found is not None
    assert found.kind == "secret"


def test_a_revoked_one_in_the_settings_does_not_stop_the_start(accounts: Accounts) -> None:
    """It is warned of and stays revoked; who has another secret token uses that."""
    begin(accounts, GIVEN)
    accounts.revoke_token(accounts.tokens()[0].id)
    accounts.create_token("secret")
    with capture_logs() as logs:
        assert begin(accounts, GIVEN) is None
    assert [(one["log_level"], "was revoked" in one["event"]) for one in logs] == [("warning", True)]
    assert GIVEN not in str(logs)
    assert accounts.check_token(GIVEN) is None
    add_given(accounts, GIVEN)  # as every other role that has the same settings does


def test_without_any_other_a_revoked_one_is_replaced(accounts: Accounts) -> None:
    """Somebody must be able to sign in."""
    begin(accounts, GIVEN)
    accounts.revoke_token(accounts.tokens()[0].id)
    text = begin(accounts, GIVEN)
    assert text is not None
    assert text != GIVEN
    assert begin(accounts, GIVEN) is None


def test_what_cannot_be_a_token_is_still_refused(accounts: Accounts) -> None:
    """Only a revoked one is passed over."""
    with pytest.raises(BadRequest, match="blanks"):
        begin(accounts, f"{GIVEN} ")
