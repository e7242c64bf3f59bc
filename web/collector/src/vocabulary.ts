// The events an integration may emit, and what each becomes on the wire: tables first, one reader behind them.

export type Data = Record<string, unknown>;

/** An event as the collector's server takes it. */
export interface WireEvent extends Data {
  type: string;
  /** Epoch milliseconds on this clock. */
  at: number;
  seq?: number;
}

/** Types on the wire that are emitted under the same name, but for the underscores. */
const SAME =
  "play playing pause seeking seeked ended error resize latency heartbeat page_request player_init player_ready autoplay_blocked " +
  "ad_request ad_response ad_break_start ad_playing ad_ended ad_break_end";
/** Emitted name → type on the wire. Names that are missing here are sent as heartbeats that carry their name. */
const TYPES: Record<string, string> = {
  rebufferstart: "stall_start",
  rebufferend: "stall_end",
  viewend: "end",
  renditionchange: "rendition",
  ratechange: "rate",
  visibilitychange: "visibility",
  requestcompleted: "request",
  requestfailed: "request",
  requestcanceled: "request",
  adplay: "ad_start",
  adpause: "pause",
  aderror: "error",
};
for (const type of SAME.split(" ")) TYPES[type.replace(/_/g, "")] = type;
const PREFIX = /^(player|video_source|view|request)_/;
/** Key of an event's data, without its prefix → key on the wire. Others describe the view, except `ad_…`, `request_…`. */
const KEYS: Record<string, string> = {
  playhead_time: "playhead_ms",
  duration: "duration_ms",
  is_live: "live",
  autoplay_on: "autoplay",
  is_muted: "muted",
  is_hidden: "hidden",
  error_code: "code",
  error_message: "message",
  error_severity: "severity",
  error_business_exception: "business",
  bitrate: "bitrate_bps",
  playback_rate: "rate",
  live_latency: "latency_ms",
  dropped_frame_count: "dropped_frames",
  bytes_loaded: "bytes",
  error: "message",
};
/** Metadata are named as in the context of a view, without some of their prefixes and endings. */
const PREFIXED = /^(video|viewer|player)_(?=source_url|stream_type|cdn$|application|connection|language_)/;
const ENDED = /(?:(software|experiment|application)_name|(language)_code|(sub_property)_id)$/;
/** What is told apart, or not at all. */
const APART = /^(viewer(_user)?_id|session_id|player_init_time|player_is_paused|view_dropped_frame_count)$|_(width|height)$/;
const TEXT_LIMIT = 1000;

export const finite = Number.isFinite as (value: unknown) => value is number;
/** Numbers and truth as they are, all else as text: what JSON cannot say would take with it what is said beside it. */
const text = (value: unknown) => (/^(n|bo)/.test(typeof value) ? value : String(value).slice(0, TEXT_LIMIT));

/** What describes the view in some metadata, under the wire's names; of the viewer only the core tells. */
export function context(data: Data): Data {
  const found: Data = {};
  for (const [name, value] of Object.entries(data)) {
    if (value != null && value !== "" && !APART.test(name)) found[name.replace(PREFIXED, "").replace(ENDED, "$1$2$3")] = text(value);
  }
  return found;
}

/** An emitted event as [the event on the wire, what its data say of the view]. */
export function read(name: string, data: Data, at: number): [WireEvent, Data] {
  const known = TYPES[name];
  const type = known || "heartbeat";
  const event: WireEvent = { type, at: Math.round(at) };
  const rest: Data = {};
  const sized = type === "rendition" ? "video_source_" : "player_";
  if (!known || name === "adpause") event.name = name;
  for (const [key, value] of Object.entries(data)) {
    if (value == null || value !== value) continue;
    const short = key.replace(PREFIX, "");
    const wire = KEYS[short];
    if (/^(width|height)$/.test(short)) {
      if (key.startsWith(sized)) event[short] = value;
    } else if (wire && short !== key) event[wire] = text(wire === "code" ? String(value) : value);
    else if (!/^(ad|request)_/.test(key)) rest[key] = value;
    else if (typeof value != "object" && !/_(start|end)$/.test(key)) event[key] = text(value);
  }
  if (event.type === "request") request(event, name, data, rest);
  if (name === "aderror") event.scope = "ad";
  return [event, rest];
}

function request(event: WireEvent, name: string, data: Data, rest: Data): void {
  const { request_start: start, request_response_start: first, request_response_end: end } = data;
  const headers = (data.request_response_headers || {}) as Data;
  if (name !== "requestcompleted") event.status = name.slice(7);
  if (finite(start) && finite(first)) event.ttfb_ms = Math.max(0, first - start);
  if (finite(start) && finite(end)) event.duration_ms = Math.max(0, end - start);
  for (const header of Object.keys(headers)) {
    if (/^x-cdn$/i.test(header)) rest.cdn = headers[header];
  }
}
