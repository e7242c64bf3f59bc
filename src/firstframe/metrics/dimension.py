"""Every dimension, one row each: what questions may group by and filter on.

Most are fields of the record under their own name; custom and asset dimensions are looked up. The other fields of
the record (durations, counts …) can be filtered on too, but not grouped by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Literal, get_args

import msgspec

from firstframe.errors import BadRequest
from firstframe.metrics.bind import Binder
from firstframe.metrics.catalogue import METRIC_BY_ID
from firstframe.metrics.metric import Metric, each_view
from firstframe.view.record import FIELDS, Approx, EndReason, Field, NamedField, Outcome

Kind = Literal["text", "number", "flag", "list"]
EXTRA = "extra."
"""``extra.<key>`` is the dialect's own metadata under its own name."""
OF_METRIC = "metric."
"""``metric.<id>`` is a view's own number of a metric, to filter on."""
CUSTOM_COUNT = 20
_EXTRA_LIMIT = 128


class Dimension(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that tells views apart."""

    id: str
    title: str
    sql: str
    """An expression over `views` and `asset`; ``{key}`` stands for the bound `key`."""
    kind: Kind = "text"
    group: Literal[
        "video", "viewer", "page", "player", "device", "place", "network", "outcome", "custom", "view"
    ]
    description: str
    values: tuple[str, ...] | None = None
    """All there can be, where the list is closed."""
    groupable: bool = True
    joined: bool = False
    """It needs the join with `assets`."""
    identifying: bool = False
    """It can tell one view, viewer or asset from all others: not for tokens that stand in pages."""
    key: str | None = None

    def expression(self, binder: Binder) -> str:
        """Its SQL, with a key that a person named bound as a parameter."""
        return self.sql if self.key is None else self.sql.replace("{key}", binder.bind(self.key, "String"))


_RECORD: Mapping[str, tuple[str, ...]] = {
    "view": ("project", "dialect", "view_id", "native_view_id", "session_id", "closed", "sample_rate", "bot"),
    "video": (
        *("video_id", "video_title", "video_series", "playback_id", "dstorage_id", "stream_type", "live"),
        *("source_url", "source_host", "protocol", "video_codec", "audio_codec", "drm_type"),
        *("audio_language", "subtitle_language"),
    ),
    "viewer": ("viewer_id", "language", "experiment", "sub_property"),
    "page": ("page_url", "page_host", "application", "application_version"),
    "player": (
        *("player_name", "player_version", "player_software", "player_software_version"),
        *(
            "sdk_name",
            "sdk_version",
            "autoplay",
            "muted",
            "preroll_played",
            "has_ad",
            "startup_in_background",
        ),
        *("player_width_px", "player_height_px", "video_width_px", "video_height_px"),
    ),
    "device": (
        *("browser", "browser_version", "browser_engine", "os", "os_version"),
        *("device_type", "device_vendor", "device_model", "user_agent"),
    ),
    "place": ("continent", "country", "subdivision", "city", "time_zone"),
    "network": ("asn", "network", "cdn", "connection_type"),
    "outcome": (
        *("outcome", "attempted", "started", "completed", "end_reason"),
        *("fatal_error_code", "error_code", "error_class", "error_message"),
    ),
}
"""Fields of the record by the heading under which people look for them."""

_TITLES = {
    "asn": "ASN",
    "cdn": "CDN",
    "os": "Operating system",
    "os_version": "Operating system version",
    "dstorage_id": "Decentralised storage id",
    "drm_type": "DRM",
    "fatal_error_code": "Fatal error code",
    "has_ad": "Has ads",
    "bot": "Robot",
    "live": "Live",
    "sub_property": "Sub-property",
}
_ACRONYMS = {"id": "id", "url": "URL", "sdk": "SDK", "px": "(px)", "ms": "(ms)"}
_CLOSED: Mapping[str, tuple[str, ...]] = {
    "outcome": tuple(Outcome),
    "end_reason": tuple(EndReason),
    "stream_type": ("live", "on_demand"),
    "error_class": ("technical", "business"),
    "approx": tuple(Approx),
}
_IDENTIFYING = frozenset(
    (
        *("view_id", "native_view_id", "session_id", "viewer_id", "user_agent"),
        *("page_url", "source_url", "error_message", "city"),
    )
)
"""Ids of a view or a viewer; what is nearly one, as a user agent is; addresses and messages, which are free text in which
sites and players put ids; and a city, which may have one viewer: a place is told down to the subdivision."""
_EPOCHS = ("view_start_ms", "view_end_ms", "received_first_ms", "received_last_ms")
_CONTAINERS = ("custom", "extra", "spans", "played_ranges")


def _title(name: str) -> str:
    if name in _TITLES:
        return _TITLES[name]
    words = [_ACRONYMS.get(word, word) for word in name.split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def _kind(field: NamedField) -> Kind:
    types = get_args(field.type) or (field.type,)
    if field.name == "approx":
        return "list"
    if bool in types:
        return "flag"
    return "number" if int in types or float in types else "text"


def _column(name: str) -> str:
    if name in _EPOCHS:
        return f"toUnixTimestamp64Milli({name.removesuffix('_ms')})"
    return name


def _of_field(field: NamedField, group: str, *, groupable: bool) -> Dimension:
    about: Field = field.field
    return msgspec.convert(
        {
            "id": field.name,
            "title": _title(field.name),
            "sql": _column(field.name),
            "kind": _kind(field),
            "group": group,
            "description": about.meaning,
            "values": _CLOSED.get(field.name),
            "groupable": groupable,
            "identifying": field.name in _IDENTIFYING,
        },
        Dimension,
    )


def _size(name: str, title: str, description: str) -> Dimension:
    width, height = f"{name}_width_px", f"{name}_height_px"
    return Dimension(
        id=f"{name}_size",
        title=title,
        sql=f"concat(toString({width}), '×', toString({height}))",
        group="player",
        description=description,
    )


def _custom(number: int) -> Dimension:
    return Dimension(
        id=f"custom_{number}",
        title=f"Custom {number}",
        sql=f"nullIf(custom['custom_{number}'], '')",
        group="custom",
        description="what the site put there",
        identifying=True,
    )


def _asset(name: str, title: str, description: str) -> Dimension:
    return Dimension(
        id=name,
        title=title,
        sql=f"asset.{name}",
        group="video",
        description=description,
        joined=True,
        identifying=True,
    )


def _went(name: str, title: str, description: str, *outcomes: Outcome) -> Dimension:
    among = ", ".join(f"'{one.value}'" for one in outcomes)
    return Dimension(
        id=name,
        title=title,
        sql=f"toBool(outcome IN ({among}))",
        kind="flag",
        group="outcome",
        description=description,
    )


_BY_FIELD = {field.name: field for field in FIELDS}
_COMPUTED = (
    _size("player", "Player size", "last size of the player, width × height"),
    _size("video", "Rendition size", "last size of the rendition, width × height"),
    _asset("asset_id", "Asset id", "the asset that the playback id belongs to, as told to firstframe"),
    _asset(
        "stream_id", "Stream id", "the live stream that the playback id belongs to, as told to firstframe"
    ),
    _asset("creator_id", "Creator id", "who made the asset, as told to firstframe"),
    _asset("asset_title", "Asset title", "title of the asset, as told to firstframe"),
    _went(
        "exited_before_start",
        "Exited before start",
        "given up before the first frame, without a fatal error",
        Outcome.EXITED_BEFORE_START,
    ),
    _went("start_failed", "Start failed", "a technical error before the first frame", Outcome.START_FAILED),
    _went(
        "failed",
        "Failed",
        "a technical error ended it, before or after the first frame",
        *(Outcome.START_FAILED, Outcome.PLAYBACK_FAILED),
    ),
    _went("start_blocked", "Start blocked", "refused before the first frame", Outcome.START_BLOCKED),
    _went(
        "blocked",
        "Blocked",
        "refused for a business reason, before or after the first frame",
        *(Outcome.START_BLOCKED, Outcome.PLAYBACK_BLOCKED),
    ),
    _went("dropped", "Dropped", "reports stopped while the viewer was watching", Outcome.DROPPED),
)

DIMENSIONS: tuple[Dimension, ...] = (
    *(
        _of_field(_BY_FIELD[name], group, groupable=True)
        for group, names in _RECORD.items()
        for name in names
    ),
    *_COMPUTED,
    *(_custom(number) for number in range(1, CUSTOM_COUNT + 1)),
)
"""Everything a question may group by, in the order the docs show it."""

DIMENSION_BY_ID: Mapping[str, Dimension] = {dimension.id: dimension for dimension in DIMENSIONS}

FILTERABLE: Mapping[str, Dimension] = {
    **DIMENSION_BY_ID,
    **{
        field.name: _of_field(field, "view", groupable=False)
        for field in FIELDS
        if field.name not in DIMENSION_BY_ID and field.name not in _CONTAINERS
    },
}
"""Every scalar field of the record besides: filters and the list of views take them too."""


def split_names(parts: Iterable[str]) -> list[str]:
    """Names that may be repeated, or hold commas between them; blanks are nobody's name."""
    return [name.strip() for part in parts for name in part.split(",") if name.strip()]


def find_groups(names: Iterable[str]) -> tuple[Dimension, ...]:
    """The dimensions to group by, each once. Raises `BadRequest`."""
    return tuple(find_dimension(name, "group_by", groupable=True) for name in dict.fromkeys(names))


def find_dimension(name: str, parameter: str, *, groupable: bool) -> Dimension:
    """The dimension of this id. Raises `BadRequest` that names the parameter and the nearest ids."""
    if name.startswith(EXTRA) and len(EXTRA) < len(name) <= _EXTRA_LIMIT and name.isprintable():
        return _extra(name.removeprefix(EXTRA))
    if not groupable and (metric := METRIC_BY_ID.get(name.removeprefix(OF_METRIC))) and name != metric.id:
        return _of_metric(metric, parameter)
    known = DIMENSION_BY_ID if groupable else FILTERABLE
    found = known.get(name)
    if found is not None:
        return found
    if groupable and name in FILTERABLE:
        raise BadRequest(
            f"{parameter} names {name!r}, which can be filtered on but not grouped by",
            parameter=parameter,
            got=name,
            allowed="any id of GET /v1/dimensions, or extra.<key>",
        )
    raise unknown(parameter, name, known, "any id of GET /v1/dimensions, or extra.<key>")


def unknown(parameter: str, got: str, known: Iterable[str], allowed: object, *, of: str = "") -> BadRequest:
    """The refusal of a name that is not in a registry, with the nearest that are."""
    near = get_close_matches(got[:100], list(known), n=3, cutoff=0.6)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return BadRequest(
        f"{parameter}{f' of {of}' if of else ''} names {got[:100]!r}, which does not exist{hint}",
        parameter=parameter,
        got=got[:100],
        did_you_mean=near,
        allowed=allowed,
    )


def _extra(key: str) -> Dimension:
    return Dimension(
        id=EXTRA + key,
        title=key,
        sql="nullIf(extra[{key}], '')",
        group="custom",
        description="the dialect's own metadata",
        key=key,
        identifying=True,
    )


def _of_metric(metric: Metric, parameter: str) -> Dimension:
    """A view's own number. Raises `BadRequest` for a metric that no single view has."""
    sql = each_view(metric.shape)
    if sql is None:
        raise BadRequest(
            f"{parameter} names {OF_METRIC}{metric.id}, but no single view has a {metric.id}",
            parameter=parameter,
            got=OF_METRIC + metric.id,
            allowed="a metric that each view has a number of, such as metric.rebuffer_percentage",
        )
    return Dimension(
        id=OF_METRIC + metric.id,
        title=metric.title,
        sql=sql,
        kind="number",
        group="view",
        description="the view's own number of this metric",
        groupable=False,
    )
