"""Assets and refusals, as they are kept and read back."""

import pytest

from firstframe.engine.rows import REJECT_COLUMNS, reject_row
from firstframe.errors import NotFound
from firstframe.metrics.asset import Asset, list_assets, one_asset, put_assets
from firstframe.metrics.refusal import last_rejects
from support_question import wait

pytestmark = pytest.mark.engine


def test_the_last_word_counts(engine) -> None:
    """An asset that is told of again takes the place of the first; projects are apart."""
    for number, title in enumerate(("first", "second")):
        asset = Asset(playback_id="p", title=title, tags={"a": "b"}, duration_ms=1.5)
        wait(engine, lambda wrapped, a=asset, n=number: put_assets(wrapped, "default", [a], n))
    found = wait(engine, lambda wrapped: one_asset(wrapped, "default", "p"))
    assert found == Asset(playback_id="p", title="second", tags={"a": "b"}, duration_ms=1.5)
    with pytest.raises(NotFound):
        wait(engine, lambda wrapped: one_asset(wrapped, "other", "p"))


def test_lists_go_on_after_an_id(engine) -> None:
    """Assets come by playback id, from after the one named; a search looks into ids and titles."""
    assets = [
        Asset(playback_id="c", title="Title ç", creator_id="Zoë"),
        Asset(playback_id="a", title="Title a", stream_id="S-1"),
        Asset(playback_id="b", title="Title b", asset_id="A-1"),
    ]
    wait(engine, lambda wrapped: put_assets(wrapped, "default", assets, 1))

    def ids(**asked):
        return [asset.playback_id for asset in wait(engine, lambda w: list_assets(w, "default", **asked))]

    assert ids() == ["a", "b", "c"]
    assert ids(after="a", limit=1) == ["b"]
    for search, expected in (("TITLE Ç", "c"), ("zOË", "c"), ("s-1", "a"), ("a-1", "b"), ("B", "b")):
        assert ids(search=search) == [expected]


def test_rejects(engine) -> None:
    """What could not be used comes latest first, of one's own project, from an instant on."""
    rows = [
        reject_row(at, project, dialect, reason="bad_event", message="no time", sample="{}")
        for at, project, dialect in ((1, "default", "mux"), (2, "default", "native"), (3, "other", "mux"))
    ]
    engine.insert("rejects", REJECT_COLUMNS, rows)
    found = wait(engine, lambda wrapped: last_rejects(wrapped, "default", since_ms=0))
    assert [one.received_at_ms for one in found] == [2, 1]
    late = wait(engine, lambda wrapped: last_rejects(wrapped, "default", since_ms=2, dialect="mux"))
    assert late == []
