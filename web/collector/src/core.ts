// The core: one `Monitor` for one player. It turns emitted events into views and hands them to delivery.
//
// Heartbeats, the end of a view and everything about sending are its business; what the player does is told to it,
// either by an adapter or by an integration of the page's own: `init(player, options)`, then `emit(event, data)`.

import { outboxFor, type Outbox } from "./outbox.js";
import { align, asksForPrivacy, configured, cookieId, epoch, inPage, listen, now, quietly, randomId, surroundings } from "./page.js";
import { context, finite, read, type Data, type WireEvent } from "./vocabulary.js";

export type { Data };
export const VERSION = __VERSION__;

export interface Options {
  /** Base address of the collector. Default: `<meta name="firstframe" content="…">`, else where this script came from. */
  url?: string;
  /** The project's write key. */
  key?: string;
  /** Metadata of the view: video_id, video_title, viewer_user_id, custom_1 … A function is asked anew for each view. */
  data?: Data | (() => Data);
  /** Time between heartbeats while somebody watches. */
  heartbeatSeconds?: number;
  /** The playhead in milliseconds, where no timeupdate is emitted. */
  getPlayheadTime?: () => number | null | undefined;
  /** State of the player: player_width, player_height, video_source_url, video_source_duration … Only changes are sent. */
  getStateData?: () => Data;
  /** false: views are counted without viewer and session until `setConsent(true)`. */
  consent?: boolean;
  /** Remember the viewer in a cookie of this site; true or its name. */
  cookie?: boolean | string;
  /** Send nothing when the browser asks for privacy (Do Not Track, Global Privacy Control). Default: true. */
  respectPrivacySignals?: boolean;
  /** Keep the query of the page's address. */
  keepQuery?: boolean;
  /** Events that one view may send. */
  maxEvents?: number;
}

export interface Monitor {
  /** Tell what happened; `at` in epoch milliseconds, if it was not just now. */
  emit(event: string, data?: Data, at?: number): void;
  /** Say more of the present view. */
  update(data: Data): void;
  /** The viewer has decided. */
  setConsent(granted: boolean): void;
  /** Send what there is. */
  flush(): void;
  /** End the view and stop. */
  destroy(): void;
  /** The present view; null when there is none. */
  readonly viewId: string | null;
}

/** What an adapter adds: it is asked before anything is sent, and told when the page comes back. */
export interface Hooks {
  /** Tell what was not told yet. */
  sample?(): void;
  /** A fatal error was told. */
  failed?(): void;
  /** The page is shown again after it was left: a new view may begin. */
  resume?(): void;
  /** What is undone when the monitor is destroyed. */
  undo?: Array<() => void>;
  /** What the adapter says of each view, where the page does not. */
  about?: Data;
}

const SOON_MS = 1_000;
const BEAT_SECONDS = 10;
const MAX_EVENTS = 5_000;
const RECENT_MS = 2_000;
const YOUNG_PAGE_MS = 60_000;
const SESSION = randomId();
const OPENS = /^(viewinit|play(ing)?|adbreakstart|adplaying)$/;
const WATCHING = /^(play(ing)?|ad_playing|ad_break_start|stall_(start|end))$/;
const RESTING = /^(pause|ended|end|error|autoplay_blocked)$/;
/** What makes room first when a view has much to tell. */
const OPTIONAL = /^(request|latency|resize|rendition|rate)$/;
const ABOUT_VIDEO = /^(video_|source_|stream_|playback_id|cdn|duration)/;
const SIZES = [["resize", "player_"], ["rendition", "video_source_"]] as const;

let defaults: { url?: string; key?: string } = configured(import.meta.url);
let firstOfPage = true;

/** Say once where the collector is, for all players of the page. */
export function configure(settings: { url?: string; key?: string }): void {
  defaults = { ...defaults, ...settings };
}

/** Begin to watch a player of any kind; the first view begins now. Never throws. */
export function init(player: string, options: Options = {}, hooks: Hooks = {}): Monitor {
  return quietly(() => open(player, options, hooks)) || { emit() {}, update() {}, setConsent() {}, flush() {}, destroy() {}, viewId: null };
}

function open(player: string, options: Options, hooks: Hooks): Monitor | undefined {
  const { url, key } = { ...defaults, ...options };
  if (options.respectPrivacySignals !== false && asksForPrivacy()) return;
  if (url) return observe(player, { ...options, key }, hooks, outboxFor(`${url.replace(/\/+$/, "")}/v1/beacons`, key));
  console.warn("firstframe: no url");
}

/** One closure, so that the minifier can shorten the names of its state. */
function observe(player: string, options: Options, hooks: Hooks, outbox: Outbox): Monitor {
  const beatMs = 1000 * (options.heartbeatSeconds || BEAT_SECONDS);
  const metadata: Data = { player_name: player, ...hooks.about, ...asked() };
  const { undo = [] } = hooks;
  // the view: its id, its news, and what was told of it
  let id: string | null = null;
  let events: WireEvent[];
  let fresh: Data;
  let told: Data;
  let identity: string;
  let sequence: number;
  let count: number;
  let dropped: unknown;
  let playhead: unknown;
  let playheadAt = 0;
  let watching = false;
  let announced: string | undefined; // another video, by the page
  let adShown = false;
  let adPaused = false;
  let over = false;
  let beat: ReturnType<typeof setInterval> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let due = Infinity;

  function emit(name: string, data: Data = {}, at?: number): void {
    if (!over) quietly(() => take(name, data, at));
  }

  function take(name: string, data: Data, at?: number): void {
    if (name === "timeupdate") {
      playhead = data.player_playhead_time;
      playheadAt = at ?? now();
      return;
    }
    if (name === "destroy") destroy();
    else if (/^(video|program)change$/.test(name)) change(data, at);
    else if (name === "viewend") end(at);
    else {
      if (!id && !OPENS.test(name)) return;
      if (!id) begin();
      if (name !== "viewinit") put(name, data, at);
    }
  }

  /** One event into the view, if there is room. */
  function put(name: string, data: Data, at: number = now()): void {
    const resumed = name === "adplay" && adShown && adPaused;
    const [event, rest] = read(resumed ? "adresume" : name, { ...position(at), ...data }, at);
    const { type } = event;
    const room = (options.maxEvents || MAX_EVENTS) * (OPTIONAL.test(type) ? 0.8 : 1);
    describe(rest);
    if (count >= room && !/^(viewend|heartbeat)$/.test(name)) return;
    look(event);
    add(event);
    if (/^ad/.test(name)) {
      adPaused = name === "adpause";
      if (/^adplay/.test(name)) adShown = true;
    }
    const resting = RESTING.test(type);
    const watched = WATCHING.test(type);
    if (watched) {
      watch(true);
      announced = "";
    } else if (resting && !event.scope && (event.severity || "fatal") === "fatal") {
      watch(false);
      if (type === "error") hooks.failed?.();
    }
    plan(resting || (watched && !/^st|br/.test(type)) ? SOON_MS : beatMs); // stalls and breaks can wait
    if (name === "aderror" && adShown) put("adended", {}, at);
    if (/^ad(ended|breakend)$/.test(name)) adShown = false;
  }

  function add(event: WireEvent): void {
    events.push(event);
    count++;
  }

  function position(at: number): Data {
    const recent = at - playheadAt < RECENT_MS ? playhead : null;
    const found = quietly(() => options.getPlayheadTime?.()) ?? recent;
    return finite(found) ? { player_playhead_time: Math.max(0, Math.round(found)) } : {};
  }

  /** Keep what is new of the view. */
  function describe(data: Data): void {
    for (const [name, value] of Object.entries(context(data))) {
      if (told[name] !== value) told[name] = fresh[name] = value;
    }
  }

  /** What changed in the state that the player shows, as of an event. */
  function look(event: WireEvent): void {
    const state = quietly(() => options.getStateData?.());
    if (!state) return;
    const { video_source_duration: duration_ms, video_source_is_live: live, view_dropped_frame_count: frames, ...rest } = state;
    describe({ duration_ms, live, ...rest });
    if (frames !== dropped) event.dropped_frames = dropped = frames;
    for (const [type, of] of SIZES) {
      const [width, height] = [state[of + "width"], state[of + "height"]];
      const size = `${width}x${height}`;
      if (width && height && told[type] !== size) {
        told[type] = size;
        add({ type, at: event.at, width, height });
      }
    }
  }

  function begin(): void {
    align();
    id = randomId();
    events = [];
    fresh = {};
    told = {};
    identity = "{}";
    sequence = count = dropped = 0;
    playheadAt = 0;
    adShown = adPaused = false;
    quietly(identify);
    describe({ ...surroundings(options.keepQuery), sdk_name: "firstframe", sdk_version: VERSION, ...metadata });
    if (inPage && document.hidden) put("visibilitychange", { player_is_hidden: true });
    plan(beatMs);
  }

  /** Another video: its own view, described by what is told now and by what did not speak of the video before. */
  function change(data: Data, at?: number): void {
    const named = Object.keys({ ...data })[0];
    if (announced && !named) return; // the element has it now
    announced = named;
    end(at);
    for (const name of Object.keys(metadata)) if (ABOUT_VIDEO.test(name)) delete metadata[name];
    Object.assign(metadata, typeof options.data == "function" && asked(), data);
    begin();
  }

  function end(at: number = now()): void {
    if (!id) return;
    sample();
    put("viewend", {}, Math.max(at, ...events.map((event) => event.at)));
    flush();
    id = null;
  }

  function destroy(): void {
    if (over) return;
    quietly(end);
    over = true;
    clearTimeout(timer);
    undo.forEach((act) => act());
  }

  function sample(): void {
    quietly(() => hooks.sample?.());
  }

  function asked(): Data {
    const { data } = options;
    return (typeof data == "function" ? quietly(data) : data) || {};
  }

  // who

  function identify(): void {
    const { consent, cookie } = options;
    if (!cookie || !inPage || consent === false || metadata.viewer_user_id || metadata.viewer_id) return;
    metadata.viewer_id = cookieId(cookie === true ? "firstframe_viewer" : cookie);
  }

  /** Who watches, as far as the viewer agreed, where it was not told yet. */
  function who(): Data {
    const { viewer_id, viewer_user_id, session_id = SESSION } = metadata;
    const found = options.consent === false ? {} : { viewer_id: viewer_user_id ?? viewer_id, session_id };
    const before = identity;
    identity = JSON.stringify(found);
    return identity === before ? {} : found;
  }

  // when

  function watch(wanted: boolean): void {
    if (wanted === watching) return;
    watching = wanted;
    clearInterval(beat);
    if (wanted) beat = setInterval(pulse, beatMs);
  }

  function pulse(): void {
    sample();
    emit("heartbeat");
    flush();
  }

  function plan(wait: number): void {
    if (Date.now() + wait >= due) return;
    clearTimeout(timer);
    due = Date.now() + wait;
    timer = setTimeout(flush, wait);
  }

  /** Send the news of the view. Frames are seen moving a little after they began to, so the order is that of time. */
  function flush(): void {
    clearTimeout(timer);
    due = Infinity;
    if (!id) return;
    sample();
    quietly(() => {
      const said = { view_id: id, write_key: options.key, ...who(), context: fresh, events };
      if (!events[0] && !Object.keys(fresh)[0] && !("session_id" in said)) return;
      events.sort((one, other) => one.at - other.at);
      for (const event of events) event.seq = ++sequence;
      events = [];
      fresh = {};
      outbox.push(JSON.stringify(said));
    });
  }

  // the page

  function leave(): void {
    flush();
    outbox.leave();
  }

  if (inPage) {
    undo.push(
      listen(document, "visibilitychange", () => {
        if (id) emit("visibilitychange", { player_is_hidden: document.hidden });
        if (document.hidden) leave();
      }),
      listen(window, "pagehide", () => {
        end();
        leave();
      }),
      listen(window, "pageshow", (event) => (event as PageTransitionEvent).persisted && hooks.resume?.()),
    );
  }
  begin();
  const start = metadata.player_init_time;
  if (finite(start)) {
    if (firstOfPage && inPage && start - epoch(0) < YOUNG_PAGE_MS) emit("pagerequest", {}, epoch(0));
    emit("playerinit", {}, start);
  }
  firstOfPage = false;
  return {
    emit,
    update(data) {
      Object.assign(metadata, data);
      quietly(() => id && describe(data));
    },
    setConsent(granted) {
      options.consent = granted;
      quietly(identify);
    },
    flush,
    destroy,
    get viewId() {
      return id;
    },
  };
}
