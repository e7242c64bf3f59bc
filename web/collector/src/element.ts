// The HTML5 adapter: what a video or audio element does, told to a monitor in the core's words.
//
// Events say what is wanted; the element's own clock says when frames move. The clock is read at every event and time
// update, and the instant at which it began or ceased to move follows from how far it got, so nothing is polled.

import { init, type Monitor, type Options } from "./core.js";
import { bare, epoch, listen, now, quietly } from "./page.js";
import type { Data } from "./vocabulary.js";

/** What a player's adapter knows better than the element. */
export interface Extra {
  /** Its name and version. */
  about?: Data;
  /** The media's address, where the element only has a blob. */
  source?: () => string | undefined;
  /** Renditions are told by the adapter. */
  renditions?: boolean;
  /** More of the state: live, latency … */
  state?: () => Data;
  /** Errors of the element are the player's business: it tells those that are final. */
  errors?: boolean;
}

const POLL_MS = 8; // only while frames are awaited
const LEAP_MS = 500; // a player may set the clock while it loads; beyond this it did

const NO_SOURCE = 3; // the element's networkState when all its <source>s have failed
const ENOUGH = "firstframe-end";

type Play = HTMLMediaElement["play"];

/**
 * Watch an element. The monitor's `destroy` undoes everything. An element has one monitor: a second call ends the first.
 *
 * One closure, so that the minifier can shorten the names of its state.
 */
export function watchElement(element: HTMLMediaElement, options: Options = {}, extra: Extra = {}): Monitor {
  let wanted = false;
  let started = false;
  /** What is told when frames move. */
  let pending: "playing" | "rebufferend" | null = null;
  let seeking = false;
  let jumping = false;
  let broken = false;
  let last: { at: number; position: number } | null = null;
  let source = address();
  let dropped = 0;
  let framed = false;
  let taken: number | undefined; // when the media was, while it played
  let poll: ReturnType<typeof setTimeout>;
  const undo: Array<() => void> = [];

  /** `play()` is the intent itself, and its promise says when the browser refuses. */
  function overridePlay(): void {
    const before: Play = element.play;
    const play: Play = () => {
      if (element.paused) quietly(intent);
      const promise = before.call(element);
      promise?.catch((error?: Error) => error?.name === "NotAllowedError" && refused());
      return promise;
    };
    element.play = play;
    undo.push(() => {
      if (element.play === play) element.play = before;
    });
  }

  const acts: Record<string, (event: Event) => void> = {
    play: () => intent(),
    playing: sample,
    timeupdate: sample,
    canplay: sample,
    resize: sample,
    pause,
    waiting: wait,
    seeking: seek,
    seeked,
    ended: () => finish("ended"),
    error: fail,
    abort: gone,
    emptied: gone,
    loadstart: renew,
    loadedmetadata: renew,
    "firstframe-source": renew,
    [ENOUGH]: () => monitor.destroy(),
    ratechange() {
      sample();
      monitor.emit("ratechange", { player_playback_rate: element.playbackRate });
    },
    enterpictureinpicture: picture,
    leavepictureinpicture: picture,
    webkitbeginfullscreen: picture, // of an iPhone
    webkitendfullscreen: picture,
  };

  /** The media is taken away. It stopped when the event was made; the event may be told of much later. */
  function gone({ timeStamp }: Event): void {
    last = null;
    if (wanted && element.paused) finish("pause", (taken = epoch(timeStamp)));
  }

  /** The picture went to another place; its size is told with it. */
  function picture(event: Event): void {
    monitor.emit(event.type);
  }

  function intent(at?: number): void {
    renew();
    if (wanted) return;
    broken = false;
    taken = undefined;
    const active = (navigator as { userActivation?: { isActive: boolean } }).userActivation?.isActive;
    wanted = true;
    jumping = element.ended; // a replay goes back by itself: no seek
    pending = "playing";
    monitor.emit("play", {
      player_autoplay_on: element.autoplay || active === false,
      player_is_muted: element.muted || !element.volume,
    }, at);
    mark(); // no frame is told of before this, so it comes after the play
    fail(); // what failed before it was wanted tells it no second time
    expectFrame();
  }

  function refused(): void {
    if (!wanted || pending !== "playing") return;
    monitor.emit("autoplayblocked");
    wanted = false;
    pending = null;
  }

  /** Where the clock stands now. */
  function mark(): void {
    last = { at: now(), position: element.currentTime };
  }

  /** Read the clock: have frames begun to move? */
  function sample(): void {
    const before = last;
    mark();
    if (!before || element.paused || element.seeking) return;
    const { at, position } = last!;
    const moved = advance(before.position, position);
    if (moved <= 0 || moved > at - before.at + LEAP_MS) return;
    const since = Math.max(before.at, at - moved);
    if (!wanted && !broken) intent(since); // frames may come before the event that says so
    if (!wanted) pending = "playing"; // it plays in spite of an error
    wanted = started = true;
    broken = false;
    moves(since);
  }

  /** Wall time in which the clock gets from one position to another. */
  function advance(from: number, to: number): number {
    return ((to - from) * 1000) / (element.playbackRate || 1);
  }

  function moves(since: number): void {
    if (seeking) monitor.emit("seeked", {}, since);
    if (pending) monitor.emit(pending, {}, since);
    pending = null;
    seeking = jumping = false;
  }

  /** Have the first frames looked at as soon as they are on the screen, and the clock before that. */
  function expectFrame(): void {
    if (!framed) (element as HTMLVideoElement).requestVideoFrameCallback?.(shown);
    framed = true;
    clearTimeout(poll);
    poll = setTimeout(look, POLL_MS);
  }

  function shown(): void {
    framed = false;
    look();
  }

  function look(): void {
    quietly(sample);
    if (monitor.viewId && wanted && (pending || seeking)) expectFrame();
  }

  function pause(): void {
    if (!wanted || element.ended) return;
    sample();
    finish("pause");
  }

  function finish(event: "pause" | "ended", at = now()): void {
    if (event === "ended") {
      at = stopped();
      sample();
    }
    if (seeking && !element.seeking) closeSeek();
    wanted = false;
    pending = null;
    monitor.emit(event, {}, at);
  }

  /** When the clock ceased to move. */
  function stopped(): number {
    const at = now();
    const moved = last ? advance(last.position, element.currentTime) : -1;
    return moved >= 0 ? Math.min(at, last!.at + moved) : at;
  }

  function wait(): void {
    if (!wanted || !started || pending || seeking || jumping || element.seeking) return;
    const since = stopped();
    pending = "rebufferend";
    mark();
    monitor.emit("rebufferstart", {}, since);
    expectFrame();
  }

  function seek(): void {
    const looped = element.loop && element.currentTime < 1 && last && last.position > element.duration - 1;
    last = null;
    if (looped) jumping = true;
    if (!started || jumping || seeking) return;
    seeking = true;
    if (pending === "rebufferend") pending = null;
    monitor.emit("seeking");
  }

  function seeked(): void {
    mark();
    jumping = false;
    if (!wanted) closeSeek();
    else expectFrame();
  }

  function closeSeek(): void {
    if (seeking) monitor.emit("seeked");
    seeking = false;
  }

  function fail(event?: Event): void {
    const error: { code: number; message?: string } | null | undefined | false =
      element.error || (event && element.networkState >= NO_SOURCE && { code: 4 });
    if (!error || error.code === 1 || extra.errors) return;
    sample();
    renew();
    last = null;
    monitor.emit("error", { player_error_code: error.code, player_error_message: error.message });
  }

  /** Should frames move again, it is told anew. */
  function failed(): void {
    wanted = false;
    broken = true;
    pending = null;
  }

  function reset(): void {
    wanted = started = seeking = broken = false;
    last = pending = null;
  }

  /** The page is back from the cache of pages, or was playing before we came. */
  function resume(): void {
    reset();
    if (!element.paused) intent();
  }

  function address(): string | undefined {
    const url = extra.source ? extra.source() : element.getAttribute("src") ? element.src : element.currentSrc;
    return url && !/^(blob|data):/.test(url) ? url : undefined;
  }

  /** Another source is another view. */
  function renew(): void {
    const found = address();
    if (!found || found === source) return;
    if (!source) {
      source = found;
      return;
    }
    reset();
    monitor.emit("videochange", {}, taken); // the view that ends still had the source before
    dropped = framesDropped();
    source = found;
  }

  function framesDropped(): number {
    return (element as HTMLVideoElement).getVideoPlaybackQuality?.().droppedVideoFrames || 0;
  }

  function state(): Data {
    const { videoWidth, videoHeight } = element as HTMLVideoElement;
    const { width, height } = element.getBoundingClientRect();
    const { duration } = element;
    return {
      video_source_width: extra.renditions ? 0 : videoWidth,
      video_source_height: videoHeight,
      player_width: Math.round(width),
      player_height: Math.round(height),
      video_source_url: source && bare(source),
      video_source_duration: (duration < 1e9 && Math.round(duration * 1000)) || null,
      video_source_is_live: duration === Infinity || null,
      view_dropped_frame_count: framesDropped() - dropped,
      ...extra.state?.(),
    };
  }

  const monitor = init(
    element.id || "player",
    { getPlayheadTime: () => element.currentTime * 1000, getStateData: state, ...options },
    { sample, resume, failed, undo, about: extra.about || { player_software_name: "HTML5" } },
  );
  if (monitor.viewId) {
    element.dispatchEvent(new Event(ENOUGH));
    for (const type in acts) undo.push(listen(element, type, acts[type]!));
    // what goes to full screen is mostly a box around the element
    undo.push(listen(document, "fullscreenchange", (event) => (event.target as Node).contains(element) && picture(event)));
    overridePlay();
    if (!element.paused && element.currentTime > 0) resume();
  }
  return monitor;
}
