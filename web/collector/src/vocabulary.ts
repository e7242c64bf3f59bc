// The events an integration may emit, and what each becomes on the wire: tables first, one reader behind them.

export type Data = Record<string, unknown>;

/** An event as the collector's server takes it. */
export interface WireEvent extends Data {
  type: string;
  /** Epoch milliseconds on this clock. */
  at: number;
  seq?: number;
}

/** Emitted names that are types on the wire as they are. */
const SAME = "play playing pause seeking seeked ended error resize latency heartbeat".split(" ");
/** Emitted name → type on the wire. Names that are missing here are sent as heartbeats that carry their name. */
const TYPES: Record<string, string> = {
  pagerequest: "page_request",
  playerinit: "player_init",
  playerready: "player_ready",
  autoplayblocked: "autoplay_blocked",
  rebufferstart: "stall_start",
  rebufferend: "stall_end",
  viewend: "end",
  renditionchange: "rendition",
  ratechange: "rate",
  visibilitychange: "visibility",
  requestcompleted: "request",
  requestfailed: "request",
  requestcanceled: "request",
  adrequest: "ad_request",
  adresponse: "ad_response",
  adbreakstart: "ad_break_start",
  adplay: "ad_start",
  adplaying: "ad_playing",
  adpause: "pause",
  adended: "ad_ended",
  adbreakend: "ad_break_end",
  aderror: "error",
};
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
const TEXT_LIMIT = 1000;

const finite = (value: unknown): value is number => typeof value === "number" && isFinite(value);
const text = (value: unknown) => (typeof value === "string" ? value.slice(0, TEXT_LIMIT) : value);

/** What describes the view in some metadata, under the wire's names. */
export function context(data: Data): Data {
  const found: Data = {};
  for (const [name, value] of Object.entries(data)) {
    if (value != null && value !== "") found[name.replace(PREFIXED, "").replace(ENDED, "$1$2$3")] = text(value);
  }
  return found;
}

/** An emitted event as [the event on the wire, what its data say of the view]. */
export function read(name: string, data: Data, at: number): [WireEvent, Data] {
  const type = TYPES[name] || (SAME.includes(name) ? name : "heartbeat");
  const event: WireEvent = { type, at: Math.round(at) };
  const rest: Data = {};
  const sized = type === "rendition" ? "video_source_" : "player_";
  if (TYPES[name] !== type && name !== type || name === "adpause") event.name = name;
  for (const [key, value] of Object.entries(data)) {
    if (value == null || value !== value) continue;
    const short = key.replace(PREFIX, "");
    const wire = KEYS[short];
    if (/^(width|height)$/.test(short)) {
      if (key.startsWith(sized)) event[short] = value;
    } else if (wire && short !== key) event[wire] = wire === "code" ? String(value) : text(value);
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
    if (header.toLowerCase() === "x-cdn") rest.cdn = headers[header];
  }
}
