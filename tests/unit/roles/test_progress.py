"""Up to when everything can be seen, told and asked."""

import time

import pytest

from firstframe.engine.progress import fresh_as_of_ms
from firstframe.fold.worker import Progress
from firstframe.folder import Folder
from firstframe.journal.division import Partition
from firstframe.roles.progress import freshness, teller
from firstframe.settings import Settings


def tell(settings, folder, engine, number, fresh_as_of_ms):
    """A worker that has just begun tells at once."""
    teller(settings, folder, engine, Partition(number, 2))(Progress(fresh_as_of_ms, 1, 1.0, 1))


def test_freshness_is_that_of_the_slowest(tmp_path) -> None:
    """Several fold workers: the one furthest behind tells; one that has not told yet says nobody knows."""
    settings, folder = Settings(journal_partitions=2), Folder(tmp_path).make()
    fresh = freshness(settings, folder, str)
    tell(settings, folder, None, 0, 20)
    assert fresh() is None
    tell(settings, folder, None, 1, 10)
    assert fresh() == 10


@pytest.mark.engine
def test_workers_of_a_topic_tell_it_in_the_engine(tmp_path, engine) -> None:
    """They may run on other machines than who asks. The newest word counts, also of a clock that was set back."""
    settings = Settings(journal="kafka://host:9092/beacons", journal_partitions=2)
    folder = Folder(tmp_path).make()
    tell(settings, folder, engine, 0, 20_000)
    assert fresh_as_of_ms(engine, 2) is None
    tell(settings, folder, engine, 1, 10_000)
    assert fresh_as_of_ms(engine, 2) == 10_000
    tell(settings, folder, engine, 1, 30_000)
    assert fresh_as_of_ms(engine, 2) == 20_000
    time.sleep(0.01)
    tell(settings, folder, engine, 0, 15_000)
    assert fresh_as_of_ms(engine, 2) == 15_000
