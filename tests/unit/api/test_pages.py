"""The dashboard's files as they are served."""

import gzip

import pytest

import support_dashboard
from firstframe.api.pages import PAGES, POLICY

pytestmark = pytest.mark.engine

SCRIPT = b"export const answer = 42;\n" * 50


@pytest.fixture(scope="module")
def board(module_engine, tmp_path_factory):
    """A built dashboard of one page and one script."""
    site = tmp_path_factory.mktemp("site")
    (site / "static").mkdir()
    (site / "index.html").write_text("<!doctype html><script type=module src=/static/app-1.js></script>")
    (site / "static" / "app-1.js").write_bytes(SCRIPT)
    (site / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (site.parent / "secret.txt").write_text("not for anybody")
    with support_dashboard.running(module_engine, site.parent, site) as running:
        yield running


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_the_document_under_a_strict_policy(board, path) -> None:
    """Pages need no token, hold no data, and allow no script or style but files of ours."""
    answer = board.client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert answer.headers["cache-control"] == "no-cache"


def test_people_who_mistype_a_page_are_shown_one(board) -> None:
    """The document says what is there instead; programs, and whoever asks the API, are told as ever."""
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    answer = board.client.get("/overveiw", headers={**browser, "If-None-Match": "*"})
    assert (answer.status_code, answer.headers["content-security-policy"]) == (404, POLICY)
    assert answer.text == board.client.get("/").text
    tag = answer.headers["etag"]
    assert board.client.get("/overveiw", headers={**browser, "If-None-Match": tag}).status_code == 404
    for path, headers in (("/overveiw", {}), ("/v1/overveiw", browser), ("/static/x/y", browser)):
        answer = board.client.get(path, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    answer = board.client.post("/overveiw", headers=browser)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_a_script_is_compressed_and_kept_for_ever(board) -> None:
    """Its name changes with its content, so nobody need ask again."""
    answer = board.client.get("/static/app-1.js", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == SCRIPT
    assert "immutable" in answer.headers["cache-control"]
    plain = board.client.get("/static/app-1.js", headers={"Accept-Encoding": "identity"})
    assert plain.content == SCRIPT
    assert len(gzip.compress(SCRIPT)) < len(SCRIPT)


def test_a_page_that_did_not_change_is_not_sent_again(board) -> None:
    """The browser's copy is good for as long as its tag is."""
    tag = board.client.get("/").headers["etag"]
    answer = board.client.get("/", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")


@pytest.mark.parametrize("name", ["app-2.js", "..%2F..%2Fsecret.txt", "%2e%2e", "app-1.js%00"])
def test_only_what_was_built_can_be_asked_for(board, name) -> None:
    """There is no way from a name to any other file."""
    answer = board.client.get(f"/static/{name}")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


def test_without_a_build_a_page_says_so(module_engine, tmp_path) -> None:
    """A machine without Node serves everything but the dashboard, and says what is missing."""
    (tmp_path / "empty").mkdir()
    with support_dashboard.running(module_engine, tmp_path, tmp_path / "empty") as bare:
        answer = bare.client.get("/live")
        assert answer.status_code == 200
        assert "was not built" in answer.text
        assert "Node" in answer.text
