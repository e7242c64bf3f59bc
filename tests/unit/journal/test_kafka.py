"""The journal in a Kafka topic: what the files promise, it promises."""

import asyncio
import ctypes
import os
import time
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import confluent_kafka
import msgspec
import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from structlog.testing import capture_logs

from firstframe.errors import ConfigError, JournalError, TooLarge, Unavailable
from firstframe.journal import check_journal, open_appender, open_consumer, retained_beacons
from firstframe.journal.base import Lag
from firstframe.journal.kafka import appender as appender_module
from firstframe.journal.kafka import client as client_module
from firstframe.journal.kafka import consumer as consumer_module
from firstframe.journal.kafka.consumer import KafkaConsumer
from firstframe.journal.kafka.note import Note, write_note
from firstframe.journal.kafka.topic import read_topic
from firstframe.settings import Settings
from support_journal import beacon, numbers, views_of
from support_kafka import PARTITIONS, Broker, broker

pytestmark = pytest.mark.flaky(reruns=2)
"""A broker that shares two cores with everything else is starved now and then; what is wrong fails every time."""
NAMES = iter(f"journal-{number}" for number in range(1_000))
VIEWS = views_of(PARTITIONS)
WAIT_SECONDS = 10.0


@pytest.fixture(scope="module", name="kafka")
def _kafka():
    with broker() as running:
        yield running


@pytest.fixture
def settings(kafka: Broker) -> Settings:
    """A journal of its own."""
    return Settings(journal=kafka.topic(next(NAMES)), journal_partitions=PARTITIONS, journal_commit_ms=1)


def write(settings, numbers_, *, keys=lambda number: [VIEWS[0]], body=b"{}"):
    """Append these beacons and close; how each ended."""
    appender = open_appender(settings, "edge")

    async def append():
        kept = [appender.append(beacon(n, body), keys(n)) for n in numbers_]
        ends = await asyncio.gather(*(_end_of(each) for each in kept))
        await appender.close()
        return ends

    return asyncio.run(append())


async def _end_of(kept):
    try:
        await kept
    except Unavailable as refusal:
        return refusal.code
    except TooLarge:
        return "too_large"
    return None


@contextmanager
def reading(settings, partition=0, **options):
    """A worker of one partition; between two of them the first lets go."""
    consumer = KafkaConsumer(read_topic(settings.journal), partition, **options)
    try:
        yield consumer
    finally:
        consumer.close()


def take(consumer, count):
    """Chunks until so many beacons came."""
    chunks = []
    until = time.monotonic() + WAIT_SECONDS
    while sum(len(chunk.beacons) for chunk in chunks) < count and time.monotonic() < until:
        chunk = consumer.next(0.5)
        if chunk is not None:
            chunks.append(chunk)
    return chunks


def test_what_was_acknowledged_is_read_in_order(settings):
    """Beacons of a view, by any number of chunks, and then nothing more."""
    assert write(settings, range(100)) == [None] * 100
    with reading(settings, chunk_beacons=30) as consumer:
        chunks = take(consumer, 100)
        assert numbers(chunks) == list(range(100))
        assert [chunk.number for chunk in chunks] == list(range(1, len(chunks) + 1))
        assert max(len(chunk.beacons) for chunk in chunks) <= 30
        assert consumer.next(0.1) is None


def test_chunk_is_the_same_until_it_is_committed(settings):
    """What was handed out and not committed comes again: same number, token and beacons, whatever came since."""
    write(settings, range(10))
    with reading(settings, chunk_beacons=4) as first:
        before = take(first, 10)
        first.commit(before[0].number)
    write(settings, [10, 11])
    with reading(settings, chunk_beacons=100) as second:
        after = take(second, 8)
        assert after[: len(before) - 1] == before[1:]
        assert numbers(after) == list(range(len(before[0].beacons), 12))
        second.commit(after[-1].number)
    with reading(settings) as third:
        assert third.next(0.3) is None
        write(settings, [12])
        assert [(chunk.number, numbers([chunk])) for chunk in take(third, 1)] == [
            (after[-1].number + 1, [12])
        ]


def test_a_beacon_of_several_views_is_in_each_partition_and_first_in_one(settings):
    """As in files."""
    write(settings, [1], keys=lambda number: [VIEWS[2], VIEWS[1], VIEWS[2]])
    for partition, copies in ((0, None), (1, {0}), (2, set()), (3, None)):
        with reading(settings, partition) as consumer:
            chunks = take(consumer, 1) if copies is not None else []
            assert [set(chunk.copies) for chunk in chunks] == ([] if copies is None else [copies])
            assert consumer.next(0.1) is None


def test_the_newest_worker_has_the_partition(settings):
    """Two would write the same views: the first ends as soon as it would note anything."""
    write(settings, range(3))
    with reading(settings) as first, reading(settings) as second:
        chunks = take(first, 3)
        assert take(second, 3) == chunks
        with pytest.raises(JournalError, match="taken over by another fold worker"):
            first.commit(chunks[-1].number)
        second.commit(chunks[-1].number)
        write(settings, [3])
        with pytest.raises(JournalError, match="taken over"):
            take(first, 1)
        assert numbers(take(second, 1)) == [3]


def test_who_must_look_again_what_is_left_does_not_take_the_partition_back(settings):
    """What one was to read next left the topic, and meanwhile another worker has begun."""
    write(settings, range(3))
    with reading(settings) as first, reading(settings) as second:
        take(first, 3)
        chunks = take(second, 3)
        first._has_begun = False
        with pytest.raises(JournalError, match="taken over"):
            first.next(0.1)
        second.commit(chunks[-1].number)


def test_what_left_the_topic_is_seen_among_other_troubles(settings):
    """After that the client reads no further by itself."""
    write(settings, range(3))
    with reading(settings) as consumer:
        take(consumer, 3)
        client = consumer._client
        errors = [KafkaError(KafkaError._TRANSPORT), KafkaError(KafkaError._AUTO_OFFSET_RESET)]
        came = [SimpleNamespace(error=lambda each=each: each) for each in errors]
        consumer._client = SimpleNamespace(consume=lambda most, timeout: came)
        with pytest.raises(OSError, match="Kafka"):
            consumer.next(0.1)
        consumer._client = client
        assert numbers([consumer.next(0.1)]) == [0, 1, 2], "it has begun again"


def test_a_note_is_written_again_now_and_then(settings, monkeypatch):
    """Brokers forget one that is old, also of a worker that has nothing to do: so the second here is found."""
    monkeypatch.setattr(consumer_module, "KEEP_SECONDS", 0.0)
    with reading(settings) as first, reading(settings) as second:
        assert first.next(0.0) is None
        assert second.next(0.0) is None
        with pytest.raises(JournalError, match="taken over"):
            first.next(0.0)


def test_a_note_that_the_brokers_forgot_is_nobody_elses(settings, monkeypatch):
    """The worker knows what stood there, and goes on."""
    write(settings, range(3))
    with reading(settings) as consumer:
        chunk = take(consumer, 3)[0]
        monkeypatch.setattr(consumer, "_committed", lambda: (None, Note()))
        consumer.commit(chunk.number)
        write(settings, [3])
        assert [(each.number, numbers([each])) for each in take(consumer, 1)] == [(chunk.number + 1, [3])]


def test_lag(settings):
    """Beacons that are not committed, and since when; nothing where all is done."""
    with reading(settings) as consumer:
        assert consumer.lag() == Lag(0, None)
        write(settings, [1_000, 2_000, 3_000])
        assert consumer.lag() == Lag(3, 1_000)
        chunk = take(consumer, 3)[-1]
        write(settings, [4_000])
        assert consumer.lag() == Lag(4, 1_000)
        consumer.commit(chunk.number)
        assert consumer.lag() == Lag(1, 4_000)
        consumer.commit(take(consumer, 1)[-1].number)
        assert consumer.lag() == Lag(0, None)


def test_lag_of_what_comes_again(settings):
    """It is no younger than its oldest beacon, which stands in the note."""
    write(settings, [1_000, 500, 2_000])
    with reading(settings) as consumer:
        take(consumer, 3)
    with reading(settings) as consumer:
        assert consumer.lag() == Lag(3, 500)


def test_what_did_not_come_in_time_is_not_the_end(settings, monkeypatch):
    """A fetch takes its time, most of all the first: nothing is fresh that stands behind what has come."""
    write(settings, [1_000])
    with reading(settings) as consumer:
        with monkeypatch.context() as slow:
            slow.setattr(consumer, "_take", lambda most, wait_seconds: 0)
            assert consumer.next(0.0) is None
        assert consumer.lag() == Lag(1, 1_000, is_stuck=True)
        take(consumer, 1)
        assert consumer.lag() == Lag(1, 1_000)


def test_so_many_chunks_are_handed_out_and_no_more(settings, monkeypatch):
    """Their bounds must find room in the note; what is committed makes room for more."""
    monkeypatch.setattr(consumer_module, "MOST_CHUNKS", 5)
    write(settings, range(8))
    with reading(settings, chunk_beacons=1) as consumer:
        chunks = take(consumer, 5)
        assert consumer.next(0.1) is None
        consumer.commit(chunks[1].number)
        more = take(consumer, 2)
        assert numbers(more) == [5, 6]
        assert consumer.next(0.1) is None
    with reading(settings) as consumer:
        assert take(consumer, 5) == [*chunks[2:], *more]
        consumer.commit(chunks[2].number)
        assert numbers(take(consumer, 1)) == [7]


def test_large_beacons_make_small_chunks(settings):
    """A worker must have them all in memory."""
    write(settings, range(5), body=os.urandom(900_000))
    with reading(settings) as consumer:
        chunks = take(consumer, 5)
        assert numbers(chunks) == list(range(5))
        assert len(chunks) > 1


def test_of_large_beacons_no_more_is_taken_than_is_wanted(settings, monkeypatch):
    """Each step took all that the client had fetched, until it held as many large ones as make a chunk of small ones."""
    monkeypatch.setattr(consumer_module, "CHUNK_BYTES", 100_000)
    write(settings, range(160), body=os.urandom(25_000))
    with reading(settings) as consumer:
        chunks = []
        while sum(len(chunk.beacons) for chunk in chunks) < 160:
            held = len(consumer._ahead)
            chunks += take(consumer, 1)
            assert held < 8 or len(consumer._ahead) < held
            time.sleep(0.02)
    assert numbers(chunks) == list(range(160))


def test_what_is_no_beacon_is_passed_over(settings):
    """Somebody wrote into the topic."""
    write(settings, [1])
    topic = read_topic(settings.journal)
    stranger = Producer({"bootstrap.servers": topic.servers, "log_level": 0})
    stranger.produce(topic.name, b"hello", partition=0)
    stranger.produce(topic.name, None, partition=0)
    stranger.flush(10)
    write(settings, [2])
    with reading(settings) as consumer:
        chunks = take(consumer, 2)
        assert numbers(chunks) == [1, 2]
        consumer.commit(chunks[-1].number)
        assert consumer.lag() == Lag(0, None)


def test_what_left_the_topic_is_told_of_and_all_else_is_read(settings, capsys):
    """The broker of these tests keeps five megabytes: what came first is gone."""
    write(settings, range(3))
    with reading(settings) as consumer:
        take(consumer, 3)
    write(settings, range(3, 15), body=os.urandom(900_000))
    with reading(settings) as consumer:
        found = []
        while not found or found[-1] < 14:
            found += numbers(take(consumer, 1))
        assert found == list(range(found[0], 15))
        assert found[0] > 3
    assert "left the topic before they were folded" in capsys.readouterr().out


def test_all_that_left_the_topic_is_told_of(settings):
    """What was handed out and what was not."""
    write(settings, range(3))
    with reading(settings, chunk_beacons=2) as consumer:
        consumer.next(WAIT_SECONDS)
    write(settings, range(3, 15), body=os.urandom(900_000))
    with reading(settings) as consumer, capture_logs() as said:
        assert numbers([consumer.next(0.1)]) == []
        first = numbers(take(consumer, 1))[0]
    gone = [each["beacons"] for each in said if "left the topic" in each["event"]]
    assert sum(gone) == first


def test_a_topic_that_ends_within_what_was_handed_out_is_read_anew(settings):
    """It was made anew: what stands there now is not what the note speaks of, and would be waited for for ever."""
    write(settings, range(3))
    topic = read_topic(settings.journal)
    stranger = Consumer({"bootstrap.servers": topic.servers, "group.id": topic.group, "log_level": 0})
    note = write_note(Note("before", 7, 2, 1, (5,)))
    stranger.commit(offsets=[TopicPartition(topic.name, 0, 1, metadata=note)], asynchronous=False)
    stranger.close()
    with reading(settings) as consumer:
        chunks = take(consumer, 3)
        assert numbers(chunks) == [0, 1, 2]
        assert chunks[0].number == 8


def test_retained_beacons(settings):
    """Those of a time range, each once, whoever has read them."""
    write(settings, range(50), keys=lambda number: [VIEWS[number % 4], VIEWS[(number + 1) % 4]])
    with reading(settings) as consumer:
        consumer.commit(take(consumer, 25)[-1].number)
    found = [each.received_at_ms for each in retained_beacons(settings, 10, 40)]
    assert sorted(found) == list(range(10, 40))
    assert list(retained_beacons(settings, 100, 200)) == []


def test_a_topic_that_is_not_as_wanted_is_said_at_the_start(settings, kafka):
    """Its number of partitions says where a view goes, and a topic that is not there is the operator's to make."""
    with pytest.raises(ConfigError, match="has 4 partitions, but journal_partitions is 2"):
        check_journal(Settings(journal=settings.journal, journal_partitions=2))
    with pytest.raises(ConfigError, match=r"does not exist; make it, for instance with `kafka-topics\.sh"):
        check_journal(Settings(journal=f"kafka://{kafka.address}/nobody-made-it"))


def test_brokers_that_do_not_answer(settings, kafka, monkeypatch):
    """Nothing is acknowledged, nothing is told to be fresh, and all goes on where they answer again."""
    monkeypatch.setattr(appender_module, "PATIENCE_MS", 1_500)
    write(settings, [1_000])
    with reading(settings) as consumer:
        chunk = take(consumer, 1)[0]
        kafka.stand_still()
        try:
            assert write(settings, [2_000]) == ["journal_failed"]
        finally:
            kafka.go_on()
        consumer.commit(chunk.number)
        assert write(settings, [3_000]) == [None]
        assert numbers(take(consumer, 1))[-1] == 3_000


def test_a_broker_that_stands_still_in_the_middle_of_a_note(settings, kafka, monkeypatch):
    """The client would wait for it, for ever and deaf to signals; what it does of it in the end does no harm."""
    monkeypatch.setattr(consumer_module, "ASK_SECONDS", 0.5)
    write(settings, range(6))
    with reading(settings, chunk_beacons=3) as consumer:
        chunks = take(consumer, 3)
        monkeypatch.setattr(consumer, "_check_still_ours", lambda: None)
        kafka.stand_still()
        try:
            for step in (partial(consumer.next, 0.0), partial(consumer.commit, 1), consumer.close):
                began = time.monotonic()
                with suppress(OSError):
                    step()
                assert time.monotonic() - began < 1.5
        finally:
            kafka.go_on()
        monkeypatch.undo()
        chunks += take(consumer, 3)
        consumer.commit(chunks[0].number)
    with reading(settings) as consumer:
        assert take(consumer, 3) == chunks[1:]


def test_trouble_is_told_and_not_again_and_again(monkeypatch):
    """Brokers that are away are two troubles by turns; when they are away another time it is told again."""
    tell = client_module.told_once(read_topic("kafka://host:9092/beacons"))
    troubles = [KafkaError(KafkaError._ALL_BROKERS_DOWN), KafkaError(KafkaError._TRANSPORT)]
    with capture_logs() as said:
        for trouble in troubles * 3:
            tell(trouble)
        assert len(said) == 2
        later = time.monotonic() + client_module.SILENT_SECONDS
        monkeypatch.setattr(client_module, "time", SimpleNamespace(monotonic=lambda: later))
        tell(troubles[0])
        assert len(said) == 3


def test_a_start_without_brokers(monkeypatch):
    """The collector starts and says 503; the fold waits."""
    for module in (client_module, consumer_module):
        monkeypatch.setattr(module, "ASK_SECONDS", 0.5)
    monkeypatch.setattr(appender_module, "PATIENCE_MS", 1_500)
    settings = Settings(journal="kafka://127.0.0.1:1/beacons", journal_partitions=PARTITIONS)
    consumer = open_consumer(settings, 0)
    with pytest.raises(OSError, match="Kafka: "):
        consumer.next(0.1)
    assert consumer.lag() == Lag(0, 0, is_stuck=True)
    consumer.close()
    assert write(settings, [1]) == ["journal_failed"]


@pytest.mark.parametrize(("partitions", "said"), [(PARTITIONS, None), (2, "has 4 partitions")])
def test_a_topic_is_looked_at_as_soon_as_a_broker_answers(settings, kafka, monkeypatch, partitions, said):
    """Where none did at the start: what went to a partition that nobody reads would be folded by nobody."""
    for module in (client_module, consumer_module):
        monkeypatch.setattr(module, "ASK_SECONDS", 0.5)
    settings = msgspec.structs.replace(settings, journal_partitions=partitions)
    kafka.stand_still()
    try:
        appender, consumer = open_appender(settings, "edge"), open_consumer(settings, 0)
    finally:
        kafka.go_on()

    async def append():
        assert appender.lack is not None
        assert await _end_of(appender.append(beacon(1), [VIEWS[0]])) == "journal_failed"
        await appender.look()
        assert said in appender.lack if said else appender.lack is None
        assert await _end_of(appender.append(beacon(2), [VIEWS[0]])) == ("journal_failed" if said else None)
        await appender.close()

    asyncio.run(append())
    if said:
        with pytest.raises(ConfigError, match=said):
            consumer.next(0.1)
    else:
        monkeypatch.undo()
        assert numbers(take(consumer, 1)) == [2]
    consumer.close()


def test_what_the_topic_does_not_take_is_refused_for_good(settings, monkeypatch):
    """A sender that is told to come again would come again for ever."""
    monkeypatch.setattr(appender_module, "RECORD_BYTES", 10_000)
    appender = open_appender(settings, "edge")

    async def append():
        with pytest.raises(TooLarge):
            appender.append(beacon(1, os.urandom(20_000)), [VIEWS[0]])
        await appender.append(beacon(2), [VIEWS[0]])
        await appender.close()
        with pytest.raises(Unavailable):
            appender.append(beacon(3), [VIEWS[0]])

    asyncio.run(append())


def test_a_client_that_failed_for_good_is_made_anew(settings, monkeypatch):
    """It takes nothing more, and the collector would refuse all that comes until somebody starts it again."""
    monkeypatch.setattr(appender_module, "POLL_SECONDS", 0.05)
    appender = open_appender(settings, "edge")
    _fail_for_good(appender._producer)

    async def append():
        await asyncio.sleep(0.5)
        assert await _end_of(appender.append(beacon(1), [VIEWS[0]])) is None
        await appender.close()

    asyncio.run(append())


def _fail_for_good(producer):
    """As librdkafka lets its own tests do, which the client for Python does not show."""
    library = next(
        (Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs").glob("librdkafka*")
    )
    handle = ctypes.c_void_p.from_address(id(producer) + object.__basicsize__)
    fail = ctypes.CDLL(str(library)).rd_kafka_test_fatal_error
    assert fail(handle, KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER, b"for a test") == 0


def test_the_collectors_health_is_that_of_the_brokers(settings, kafka, monkeypatch):
    """Once they did not take a beacon it is bad, until they answer again, which is looked for without a beacon."""
    monkeypatch.setattr(appender_module, "PATIENCE_MS", 1_500)
    appender = open_appender(settings, "edge")

    async def append():
        assert await _end_of(appender.append(beacon(1), [VIEWS[0]])) is None
        assert appender.lack is None
        kafka.stand_still()
        try:
            assert await _end_of(appender.append(beacon(2), [VIEWS[0]])) == "journal_failed"
            await appender.look()
            assert appender.lack is not None
            assert appender.lack.startswith("the journal cannot be written")
        finally:
            kafka.go_on()
        await appender.look()
        assert appender.lack is None
        await appender.close()

    asyncio.run(append())
