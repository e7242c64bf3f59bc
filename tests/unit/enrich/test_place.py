"""Places out of MMDB files of several shapes."""

import pytest

from firstframe.beacon import Place
from firstframe.enrich.place import PlaceFinder
from firstframe.errors import ConfigError
from support_mmdb import write_mmdb

NESTED = {
    "continent": {"code": "EU"},
    "country": {"iso_code": "CH", "names": {"en": "Switzerland"}},
    "subdivisions": [{"iso_code": "ZH", "names": {"en": "Zurich"}}],
    "city": {"names": {"en": "Zurich", "de": "Zürich"}},
    "location": {"time_zone": "Europe/Zurich"},
}
FLAT = {"country_code": "de", "state1": "Bavaria", "city": "Munich", "timezone": "Europe/Berlin"}
NAMED = {"country": "JP", "continent": "Asia", "asn": "AS2497", "as_name": "Example Net"}
NETWORK = {"autonomous_system_number": 64500, "autonomous_system_organization": "Example ISP"}


@pytest.fixture
def files(tmp_path):
    place = write_mmdb(
        tmp_path / "place.mmdb", {"192.0.2.0/24": NESTED, "198.51.100.0/24": FLAT, "203.0.113.0/24": NAMED}
    )
    network = write_mmdb(tmp_path / "network.mmdb", {"192.0.2.0/25": NETWORK})
    return place, network


def test_parts_come_from_the_file_that_knows_them(files):
    """A nested city record and a network record make one place."""
    finder = PlaceFinder(files)
    assert finder.find("192.0.2.7") == Place(
        continent="EU",
        country="CH",
        subdivision="ZH",
        city="Zurich",
        time_zone="Europe/Zurich",
        asn=64500,
        network="Example ISP",
    )
    assert finder.find("192.0.2.200").asn is None


def test_flat_shapes_are_read_too(files):
    """Flat records, with codes in lower case, names of continents and numbers as text, are understood."""
    finder = PlaceFinder.of(",".join(map(str, files)))
    flat = Place(country="DE", subdivision="Bavaria", city="Munich", time_zone="Europe/Berlin")
    assert finder.find("198.51.100.1") == flat
    named = Place(continent="AS", country="JP", asn=2497, network="Example Net")
    assert finder.find("203.0.113.1") == named


@pytest.mark.parametrize("address", [None, "", "8.8.8.8", "::1", "2001:db8::1", "nonsense", "192.0.2.7:80"])
def test_unknown_addresses_have_no_place(files, address):
    """What is in no file, of another family or no address is an empty place, never an error."""
    assert PlaceFinder(files).find(address) == Place()


def test_without_files_every_place_is_unknown():
    """The product works without any file."""
    finder = PlaceFinder.of("")
    assert finder.is_empty
    assert finder.find("192.0.2.7") == Place()


def test_unreadable_file_is_a_configuration_error(tmp_path):
    """A file that is missing or no MMDB is named at start."""
    broken = tmp_path / "broken.mmdb"
    broken.write_bytes(b"nothing")
    for path in (broken, tmp_path / "missing.mmdb"):
        with pytest.raises(ConfigError, match=path.name):
            PlaceFinder([path])
