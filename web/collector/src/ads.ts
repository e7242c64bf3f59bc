// Ads between the element and the core: while one is shown in the element, the element's words are the ad's.
//
// A player that shows ads takes the content away and puts it back: what the element tells of that is nobody's seek,
// stall or pause. The break itself is told by the player's adapter.

import { type Monitor } from "./core.js";
import { listen, now } from "./page.js";
import type { Data } from "./vocabulary.js";

/** Where the words of the element go: `back` is the time from the end of a break until content frames move again. */
type Mode = "content" | "ad" | "back";

const LEAP_SECONDS = 0.5; // what is further than the clock can have gone is a jump
const PAUSE_MS = 1_000;
const OF_ELEMENT = /^(play|playing|pause|ended|seeking|seeked|rebufferstart|rebufferend)$/;
const MOVES = /^(playing|seeked|rebufferend)$/;

export interface AdBreaks {
  /** A break begins, in the content's own element or in another one; told again when that is known. */
  start(shared?: boolean): void;
  /** It is over; `moving`: the content goes on without any word of its element. */
  end(moving?: boolean): void;
  /** One ad is tried; `moving`: its frames are on the screen without any word of the content's element. */
  ad(moving?: boolean): void;
  /** The ad is over. */
  done(): void;
  /** Whatever else is told of ads. */
  tell(event: string, data?: Data): void;
}

/** Stand between an element and its monitor; gives what is told of ads, and what undoes it. */
export function adBreaks(element: HTMLMediaElement, monitor: Monitor): [AdBreaks, () => void] {
  const emit = monitor.emit;
  let mode: Mode = "content";
  let shared = false;
  let played = false;
  let held: Array<() => void> | null = null; // a break before anybody wanted to play
  let open = false; // an ad
  let frames = false; // of the ad
  let paused = false; // the ad
  let early: number | undefined; // frames of an ad that was not told of yet
  let position = 0;
  let seen = 0; // when the element was there
  let over = 0; // the end of the last break
  let timer: ReturnType<typeof setTimeout> | undefined;
  const told = (act: () => void) => void (held ? held.push(act) : act());

  function mark(): void {
    position = element.currentTime;
    seen = now();
  }

  /** Frames move in the element: of the ad, or of the content again. */
  function moves(at?: number): void {
    if (mode === "back") {
      mode = "content";
      emit("playing", {}, at && Math.max(at, over));
    } else if (mode === "ad" && shared && !frames && !held) {
      if (open) shows(at);
      else early ??= at ?? now();
    }
  }

  function shows(at?: number): void {
    frames = true;
    emit("adplaying", {}, at);
  }

  function inAd(event: string, data?: Data, at?: number): void {
    if (event === "play" && held) {
      const before = held;
      held = null;
      emit(event, data, at);
      before.forEach((act) => act());
    } else if (!shared) return;
    else if (event === "pause" && open && frames) {
      paused = true;
      emit("adpause", {}, at);
    } else if (event === "play" && paused) {
      paused = frames = false;
      emit("adplay", {}, at);
    } else if (MOVES.test(event)) moves(at);
  }

  function goingBack(event: string, data?: Data, at?: number): void {
    if (MOVES.test(event)) moves(at);
    else if (event === "pause") timer = setTimeout(() => mode === "back" && element.paused && emit(event, data, at), PAUSE_MS);
    else if (/^(play|ended)$/.test(event)) emit(event, data, at);
  }

  monitor.emit = (event, data, at) => {
    if (event === "play") played = true;
    if (mode === "content" || !OF_ELEMENT.test(event)) emit(event, data, at);
    else if (mode === "ad") inAd(event, data, at);
    else goingBack(event, data, at);
  };
  const undo = listen(element, "timeupdate", () => {
    const [step, most] = [element.currentTime - position, (now() - seen) / 1000 + LEAP_SECONDS];
    mark();
    if (step > 0 && step < most && !element.paused && !element.seeking) moves();
  });
  const breaks: AdBreaks = {
    start(here) {
      shared = here ?? (mode === "ad" && shared);
      if (mode === "ad") return;
      mode = "ad";
      open = frames = paused = false;
      early = undefined;
      clearTimeout(timer);
      if (!played) held = [];
      told(() => emit("adbreakstart"));
    },
    ad(moving) {
      open = true;
      frames = paused = false;
      const at = early;
      early = undefined;
      told(() => {
        emit("adplay", {}, at);
        if (moving || at) shows(at);
      });
    },
    done() {
      if (open) told(() => emit("adended"));
      open = false;
      frames = true; // what moves from now on is the end of it
    },
    tell(event, data) {
      if (event === "aderror") open = false; // the core ends it
      told(() => emit(event, data));
    },
    end(moving) {
      if (mode !== "ad") return;
      breaks.done();
      told(() => emit("adbreakend"));
      mode = held ? "content" : "back";
      held = null;
      mark();
      over = seen;
      if (moving) moves();
    },
  };
  return [breaks, undo];
}
