"""What is known of a view at each of its events: most events only carry what changed."""

from __future__ import annotations

from typing import Any

from firstframe.beacon import Event
from firstframe.dialects.mux.vocabulary import CARRIES_NEXT

Fields = dict[str, Any]
Change = tuple[int, str, Any]

OWN = ("player_error_", "request_", "ad_")
"""Fields that belong to their own event, by how they begin. The SDK repeats stale ones on later events."""

ONE_SHOT = frozenset({"player_startup_time", "page_load_time", "video_previous_cdn", "mux_view_message"})
"""Fields that are said once and hold for their event only."""

SOURCE = (
    "video_source_url",
    "video_source_hostname",
    "video_source_duration",
    "video_source_is_live",
    "video_source_width",
    "video_source_height",
    "video_source_bitrate",
    "video_source_fps",
    "video_source_codec",
    "video_source_rendition_name",
)
"""Fields read from the player at the instant of the event."""

NAMES = ("video_", "custom_")
"""How the fields begin by which a page names its video."""
PLAYERS = ("video_source_", "video_playback_range")
"""How those begin that are the player's word."""

_NEXT_MS = 500
"""A page that goes on to another video does it in one go."""


class FieldMap:
    """The fields of one view, carried from event to event."""

    def __init__(self) -> None:
        self.fields: Fields = {}
        """What was said last of each; for all fields that outlive their event see `lasting`."""
        self.one_shot: Fields = {}
        self._opened = False
        self._renamed: list[Change] = []
        """When the page named the video anew: at what time, and what each field had said before."""

    def apply(self, event: Event) -> None:
        """Take over what an event says; events must come in their order."""
        said = event.payload
        for name in ONE_SHOT & said.keys():
            self.one_shot.setdefault(name, said[name])
        if event.name in CARRIES_NEXT and self._opened:
            return  # it ends this view, and describes the video that comes next
        self._opened = True
        if event.name == "viewend":
            # After a change of source the player already shows the next one.
            said = said | {name: self.fields[name] for name in SOURCE if self.fields.get(name)}
            said = self._named(said, event.at_ms)
        elif event.name == "hb":
            self._note_names(event.at_ms, said)
        if "mux_embed" in said:
            self.fields = dict(said)  # a full event: what it leaves out is no more
        else:
            self.fields.update(said)

    def _note_names(self, at_ms: int, said: Fields) -> None:
        """What a page says anew while a video plays comes with an `hb`."""
        recent = [change for change in self._renamed if at_ms - change[0] <= _NEXT_MS]
        for name, value in said.items():
            before = self.fields.get(name)
            if name.startswith(NAMES) and not name.startswith(PLAYERS) and value != before:
                recent.append((at_ms, name, before))
        self._renamed = recent

    def _named(self, said: Fields, ended_ms: int) -> Fields:
        """The last word of a view, by the names that its own video had.

        `<mux-player>` and `<mux-video>` hand each attribute on as it is set: where a page names the next video before it
        sets the source, the names come just before the old view's end [mux-player 3.14.0, driven].
        """
        late = [change for change in self._renamed if ended_ms - change[0] <= _NEXT_MS]
        if all(before is None for _, _, before in late):
            return said
        return said | {name: before for _, name, before in reversed(late)}

    def lasting(self) -> Fields:
        """What describes the view: without what belongs to single events."""
        return {
            name: value
            for name, value in self.fields.items()
            if name not in ONE_SHOT and not name.startswith(OWN)
        }
