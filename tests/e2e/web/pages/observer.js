// What a <video> element did, seen without any SDK: media events in the capture phase and the clock of the element.
// `window.observer.read()` is the truth; it is also sent to the static server when the page goes away.
// Times are epoch milliseconds with fractions; one entry of `views` for each source that the page asked for.

const TICK_MS = 10;
const FREEZE_MS = 80; // shorter stops of the clock belong to playing
const LEAP_MS = 500;
const EVENTS = [
  "loadstart", "loadedmetadata", "loadeddata", "canplay", "play", "playing", "pause", "waiting", "stalled",
  "seeking", "seeked", "ended", "error", "emptied", "ratechange", "resize", "abort",
];

const now = () => performance.timeOrigin + performance.now();
const views = [];
let view = null;
let last = null; // the last sample: {t, position, moving}

function open(source) {
  close();
  view = {
    source, asked_at: now(), loadstart: null, loadeddata: null, canplay: null, play_called: null, play_event: null,
    first_frame_presented: null, first_advance: null, playing_ms: 0, paused_ms: 0, seeking_ms: 0, stalled_ms: 0,
    startup_wait_ms: 0, stalls: [], seek_spans: [], pauses: 0, seeks: 0, ended: false, ended_at: null, error: null,
    renditions: [], rates: [], duration: null, max_position: 0, muted: null, autoplay: null, events: [], spans: [],
    left_at: null,
  };
  views.push(view);
  last = null;
}

function close() {
  if (view && view.left_at === null) {
    tick();
    view.left_at = now();
  }
}

const video = () => document.querySelector("video");

// The state of the element between two samples; `moved` says that its clock went on.
function stateOf(element, moved) {
  if (element.error || view.error) return "failed";
  if (element.seeking) return view.first_advance === null && view.play_called !== null ? "starting" : "seeking";
  if (element.ended) return "ended";
  if (element.paused) return view.play_called === null ? "idle" : "paused";
  if (moved) return "playing";
  if (view.first_advance === null) return "starting";
  return element.readyState < 3 ? "frozen" : "hiccup"; // for want of data, or of a processor
}

function mark(state, from, to) {
  const spans = view.spans;
  const previous = spans[spans.length - 1];
  if (previous && previous.state === state) previous.t1 = to;
  else spans.push({ state, t0: from, t1: to });
}

function tick() {
  const element = video();
  if (!view || !element) return;
  const t = now();
  const position = element.currentTime;
  const sample = { t, position, seeking: element.seeking };
  if (last && t > last.t) {
    const jumped = element.seeking || last.seeking || last.reset;
    const possible = (t - last.t) * (element.playbackRate || 1) + LEAP_MS; // a player may set the clock while it loads
    const advance = (position - last.position) * 1000;
    const moved = !jumped && element.readyState >= 2 && advance > 0 && advance <= possible;
    const state = stateOf(element, moved);
    const played = Math.min(t - last.t, advance / (element.playbackRate || 1));
    if (moved && view.first_advance === null) {
      view.first_advance = t - played;
      mark("starting", last.t, t - played);
      mark("playing", t - played, t);
    } else if (moved && (state !== "playing" || t - last.t - played > FREEZE_MS)) {
      // The clock stopped within this sample: what moved before was playing.
      mark("playing", last.t, last.t + played);
      mark(state === "playing" ? "hiccup" : state, last.t + played, t);
    } else mark(state, last.t, t);
  }
  view.max_position = Math.max(view.max_position, position);
  last = sample;
}

function onEvent(event) {
  const element = event.target;
  if (!(element instanceof HTMLMediaElement)) return;
  if (!view) return;
  tick();
  const t = now();
  const type = event.type;
  view.events.push({ t, type, position: element.currentTime, ready: element.readyState, paused: element.paused });
  if (["loadstart", "loadeddata", "canplay"].includes(type)) view[type] ??= t;
  if (type === "emptied" && last) last.reset = true;
  if (type === "play") {
    view.play_event ??= t;
    view.play_called ??= t; // the autoplay attribute
    view.muted ??= element.muted;
    view.autoplay ??= element.autoplay;
  }
  if (type === "pause" && !element.ended && !element.error) view.pauses += 1;
  if (type === "seeking") view.seeks += 1;
  if (type === "ended") { view.ended = true; view.ended_at ??= t; }
  if (type === "error" && element.error) view.error ??= { t, code: element.error.code, message: element.error.message };
  if (type === "resize") view.renditions.push([t, element.videoHeight]);
  if (type === "ratechange") view.rates.push([t, element.playbackRate]);
  if (Number.isFinite(element.duration)) view.duration = element.duration;
  if (type === "loadeddata" && element.requestVideoFrameCallback) {
    const current = view;
    element.requestVideoFrameCallback(() => { current.first_frame_presented ??= now(); });
  }
}

// Short freezes belong to playing; the others are stalls (hiccups, with data), or a part of the seek they touch.
function settle(raw) {
  const joined = [];
  for (const span of raw) {
    const previous = joined[joined.length - 1];
    const stopped = ["frozen", "hiccup"].includes(span.state);
    const short = span.t1 - span.t0 < FREEZE_MS;
    let state = span.state;
    if (stopped && previous?.state === "seeking") state = "seeking";
    else if (stopped && short && previous && previous.state !== "paused") state = previous.state;
    if (previous && previous.state === state) previous.t1 = span.t1;
    else joined.push({ ...span, state });
  }
  return joined;
}

function summary(raw) {
  const spans = settle(raw.spans);
  const total = (state) => spans.filter((s) => s.state === state).reduce((sum, s) => sum + s.t1 - s.t0, 0);
  const of = (state) => spans.filter((s) => s.state === state).map(({ t0, t1 }) => ({ t0, t1 }));
  return {
    ...raw,
    spans,
    playing_ms: total("playing"),
    paused_ms: total("paused"),
    seeking_ms: total("seeking"),
    stalled_ms: total("frozen"),
    hiccup_ms: total("hiccup"),
    startup_wait_ms: total("starting"),
    stalls: of("frozen"),
    seek_spans: of("seeking"),
    startup_ms_from_play: raw.first_advance !== null && raw.play_called !== null ? raw.first_advance - raw.play_called : null,
    ready_ms_from_loadstart: raw.loadeddata !== null && raw.loadstart !== null ? raw.loadeddata - raw.loadstart : null,
  };
}

function playCalled() {
  if (!view || view.play_called !== null) return;
  tick();
  view.play_called = now();
}

const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function (...rest) {
  if (this === video()) playCalled();
  return play.apply(this, rest);
};

for (const type of EVENTS) document.addEventListener(type, onEvent, true);
setInterval(tick, TICK_MS);

window.observer = {
  open,
  playCalled,
  get view() { return view; },
  // What it does now, once it has done so for longer than a hiccup.
  state() {
    const span = view?.spans[view.spans.length - 1];
    return span && (span.state !== "frozen" || span.t1 - span.t0 > FREEZE_MS) ? span.state : "unsure";
  },
  read() {
    tick();
    return { page_url: location.href, user_agent: navigator.userAgent, left_at: now(), views: views.map(summary) };
  },
};
function leave() {
  const truth = window.observer.read();
  navigator.sendBeacon(`/truth?token=${new URLSearchParams(location.search).get("token")}`, JSON.stringify(truth));
}
addEventListener("beforeunload", leave);
addEventListener("pagehide", leave);
