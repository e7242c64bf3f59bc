"""The OpenAPI document says what the routes do."""

import pytest

from firstframe.metrics.query import PARAMETERS

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def paths(api):
    """The paths of the document."""
    return api.nobody.ask("/schema/openapi.json").json()["paths"]


def test_every_parameter_of_a_question(paths) -> None:
    """Query string and body are documented whole, each parameter with words."""
    get, post = paths["/v1/query"]["get"], paths["/v1/query"]["post"]
    assert tuple(one["name"] for one in get["parameters"]) == PARAMETERS
    assert all(one["description"] for one in get["parameters"])
    schema = post["requestBody"]["content"]["application/json"]["schema"]
    assert tuple(schema["properties"]) == PARAMETERS


def test_all_formats(paths) -> None:
    """The kinds of answer are named."""
    content = paths["/v1/query"]["get"]["responses"]["200"]["content"]
    assert {"application/json", "text/csv", "application/vnd.apache.parquet"} <= set(content)


def test_failures_have_the_error_shape(paths) -> None:
    """Each documented failure refers to the one shape of errors."""
    for path, verbs in paths.items():
        for verb, operation in verbs.items():
            for status, answer in operation["responses"].items():
                if int(status) >= 400 and path != "/v1/health":
                    schema = answer["content"]["application/json"]["schema"]
                    assert schema["$ref"].endswith("/ErrorAnswer"), (path, verb, status)


def test_bodies_of_assets(paths) -> None:
    """What a video may be told as is documented."""
    one = paths["/v1/assets/{playback_id}"]["put"]["requestBody"]["content"]["application/json"]["schema"]
    assert "dstorage_url" in one["properties"]
