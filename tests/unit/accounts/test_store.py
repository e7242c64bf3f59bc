"""Projects, write keys, tokens and share links, on a real SQLite file."""

import pytest
from sqlalchemy.exc import SQLAlchemyError

from firstframe.accounts.account import DEFAULT_PROJECT
from firstframe.accounts.keybook import KeyBook, picture_of
from firstframe.accounts.store import Accounts
from firstframe.errors import BadRequest, ConfigError, NotFound


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'accounts.db'}"


@pytest.fixture
def accounts(url):
    opened = Accounts(url, now_ms=lambda: 1_000)
    yield opened
    opened.close()


def book_of(accounts):
    """What a collector knows of them."""
    return KeyBook.of(picture_of(accounts))


def test_any_key_is_good_until_the_first_is_created(accounts):
    """At first every key, and none, writes to the default project; after the first key only known ones do."""
    for before in (None, "anything"):
        assert book_of(accounts).find(before).project == DEFAULT_PROJECT
    accounts.create_project("films")
    key = accounts.create_write_key("films")
    book = book_of(accounts)
    assert book.find(key.key).project == "films"
    assert book.find("anything") is book.find(None) is None


def test_revoking_the_last_key_opens_no_door(accounts):
    """A revoked key is refused, and so is everybody else."""
    key = accounts.create_write_key()
    accounts.revoke_write_key(key.key)
    assert book_of(accounts).find(key.key) is book_of(accounts).find(None) is None
    assert [each.revoked_ms for each in accounts.write_keys()] == [1_000]
    with pytest.raises(NotFound):
        accounts.revoke_write_key(key.key)


def test_a_key_that_players_have_can_be_taken_over(accounts):
    """A licence or environment key of another service can be a write key; taken and unusable ones are refused."""
    assert accounts.create_write_key(key="licence-1").key == "licence-1"
    for bad in ("licence-1", "with/slash", "", "x" * 129):
        with pytest.raises(BadRequest):
            accounts.create_write_key(key=bad or " ")
    with pytest.raises(NotFound):
        accounts.create_write_key("nowhere")


def test_token_is_kept_hashed_and_checked(accounts, tmp_path):
    """A token is known by its text, its text is nowhere in the database, and a revoked one is unknown."""
    token, text = accounts.create_token(label="dashboard")
    assert accounts.check_token(text) == token
    assert accounts.check_token(text + "x") is None
    assert accounts.check_token("") is None
    accounts.close()
    assert all(text.encode() not in path.read_bytes() for path in tmp_path.iterdir())
    accounts.revoke_token(token.id)
    assert accounts.check_token(text) is None


def test_cors_token_names_its_origins(accounts):
    """A token for pages needs origins, and keeps them as browsers spell them."""
    with pytest.raises(BadRequest):
        accounts.create_token("cors")
    token, _ = accounts.create_token("cors", allowed_origins=["https://A.example:443/"])
    assert token.allowed_origins == ["https://a.example"]


def test_a_secret_token_names_no_origins(accounts):
    """It may be used from anywhere, so a list of pages would only seem to bind it."""
    with pytest.raises(BadRequest, match="from anywhere"):
        accounts.create_token("secret", allowed_origins=["https://a.example"])
    assert accounts.tokens() == []


def test_ensure_token_is_idempotent(accounts):
    """The token of the settings is created once, however often the product starts."""
    assert accounts.ensure_token("a-token-of-the-operator") == accounts.ensure_token(
        "a-token-of-the-operator"
    )
    with pytest.raises(BadRequest):
        accounts.ensure_token(" ")


def test_share_link_expires(url):
    """A link is good until its time, and not after."""
    now = [1_000]
    accounts = Accounts(url, now_ms=lambda: now[0])
    share, text = accounts.create_share(scope={"video_id": "v1"}, expires_ms=2_000)
    assert accounts.check_share(text) == share
    now[0] = 2_000
    assert accounts.check_share(text) is None
    endless, other = accounts.create_share()
    assert accounts.check_share(other) == endless
    accounts.revoke_share(endless.id)
    assert accounts.check_share(other) is None


def test_projects_are_unique_and_well_named(accounts):
    """A project name is taken once and is lower-case letters, digits, - and _."""
    accounts.create_project("films", allowed_origins=["*.films.example"])
    for bad in ("films", "Films", "", "a b", "x" * 65):
        with pytest.raises(BadRequest):
            accounts.create_project(bad)
    assert [each.name for each in accounts.projects()] == ["default", "films"]
    assert accounts.project("films").allowed_origins == ["*.films.example"]


def test_what_is_stored_is_there_after_a_restart(url):
    """Another process on the same database sees the same."""
    first = Accounts(url)
    key = first.create_write_key()
    assert book_of(Accounts(url)).find(key.key).project == DEFAULT_PROJECT


def test_unusable_database_is_a_configuration_error():
    """A wrong URL says what is wanted."""
    for bad in ("nonsense", "sqlite:////nowhere/at/all/x.db", "strange://x"):
        with pytest.raises(ConfigError, match="SQLAlchemy URL"):
            Accounts(bad)


def test_keybook_follows_the_database(accounts, url):
    """The edge's picture changes with the next refresh, and a key's own origins go before the project's."""
    book = KeyBook(url)
    assert not book.is_ready
    assert book.refresh()
    assert book.find(None).project == DEFAULT_PROJECT
    accounts.create_project("films", allowed_origins=["https://films.example"])
    loose = accounts.create_write_key("films")
    strict = accounts.create_write_key("films", allowed_origins=["https://only.example"])
    assert book.find("x").project == DEFAULT_PROJECT
    book.refresh()
    assert book.find("x") is None
    assert book.find(None) is None
    assert book.find(loose.key).allowed_origins == ["https://films.example"]
    assert book.find(strict.key).allowed_origins == ["https://only.example"]
    accounts.revoke_write_key(loose.key)
    book.refresh()
    assert book.find(loose.key) is None


def test_keybook_survives_without_the_database(accounts, url, tmp_path, monkeypatch):
    """With the database away the last picture stays, and a copy on disk serves the next start."""
    key = accounts.create_write_key().key
    book = KeyBook(url, tmp_path / "keys.json")
    book.refresh()

    def away(_accounts):
        raise SQLAlchemyError("away")

    monkeypatch.setattr("firstframe.accounts.keybook.picture_of", away)
    assert not book.refresh()
    assert book.find(key).project == DEFAULT_PROJECT
    restarted = KeyBook(url, tmp_path / "keys.json")
    assert not restarted.refresh()
    assert restarted.is_ready
    assert restarted.find(key).project == DEFAULT_PROJECT
    assert restarted.find("unknown") is None


def test_keybook_without_any_picture_knows_nobody(tmp_path):
    """A first start without a database can answer nothing, and says so."""
    (tmp_path / "keys.json").write_text("{broken")
    book = KeyBook("sqlite:////nowhere/at/all/x.db", tmp_path / "keys.json")
    assert not book.refresh()
    assert not book.is_ready
    assert book.find(None) is None
