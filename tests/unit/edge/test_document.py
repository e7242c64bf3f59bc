"""The collector's OpenAPI document says what the router does."""

from firstframe.dialects import DIALECTS
from firstframe.edge.document import PATH, document
from firstframe.edge.route import Router
from support_edge import Clerk


def test_every_route_is_documented_and_every_documented_route_exists() -> None:
    """Router and document name the same paths and methods; sockets are no HTTP operations."""
    own = {("get", "/"), ("get", "/health"), ("get", PATH)}
    told = {(verb, path) for path, verbs in document(DIALECTS)["paths"].items() for verb in verbs}
    known = {
        (method.lower(), path)
        for methods, path in (one.split(" ", 1) for one in Router(DIALECTS).known)
        for method in methods.split("|")
        if methods != "WebSocket"
    }
    assert told == known | own


def test_segments_of_paths_are_parameters() -> None:
    """Each name in braces is a required parameter."""
    path = "/livepeer/{write_key}/json_video+{playback_id}.js"
    parameters = document(DIALECTS)["paths"][path]["get"]["parameters"]
    assert [(one["name"], one["in"], one["required"]) for one in parameters] == [
        ("write_key", "path", True),
        ("playback_id", "path", True),
    ]


def test_it_is_served_to_anybody(tmp_path) -> None:
    """The collector answers with its document, readable by any page, and keeps nothing."""
    clerk = Clerk(tmp_path)
    answer = clerk.ask("GET", PATH, headers={"Origin": "https://a.example"})
    assert answer.status_code == 200
    assert answer.json()["paths"]["/tiny/{write_key}/events"]["post"]["responses"]["202"]
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
    assert clerk.kept() == []
