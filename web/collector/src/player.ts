// What the players' adapters share: an element that may come later, and their words turned into the core's.

import { adBreaks, type AdBreaks } from "./ads.js";
import { type Monitor, type Options } from "./core.js";
import { watchElement, type Extra } from "./element.js";
import { epoch, listen, quietly } from "./page.js";
import type { Data } from "./vocabulary.js";

/** Options of a player that is given its element after it was told of. */
export interface PlayerOptions extends Options {
  /** The element, where the player does not have it yet: then nothing of a play that comes before it is missed. */
  element?: HTMLMediaElement;
}

export interface Attachment {
  /** The player has this element from now on. */
  element(element: HTMLMediaElement | null | undefined, extra: Extra): void;
  emit(event: string, data?: Data): void;
  /** Ads, once there is an element. */
  ads(act: (breaks: AdBreaks) => void): void;
  /** The source may be another. */
  renew(): void;
  /** An error of the player: final, mended by itself, or just a warning. */
  error(fatal: boolean, code: unknown, message: unknown, warning?: boolean): void;
  /** What is on the screen; told when it changed. */
  rendition(bitrate?: number | null, width?: number | null, height?: number | null): void;
  on(target: EventTarget, type: string, act: (event: any) => void): void;
  /** Instants of a request, from the page's clock. */
  start(start?: number, first?: number, end?: number): Data;
  host(url?: string): string | undefined;
  headers(details: unknown): Data;
  undo(act: () => void): void;
  quietly(act: () => unknown): void;
}

/** Watch a player as its adapter says. Never throws. */
export function attach(options: PlayerOptions, adapter: (tell: Attachment) => void): Monitor {
  const undo: Array<() => void> = [];
  let element: HTMLMediaElement | null = null;
  let inner: Monitor | null = null;
  let breaks: AdBreaks;
  let undoAds: () => void = () => {};
  let shown = "";
  let early: Array<(monitor: Monitor) => void> = [];
  const later = (act: (monitor: Monitor) => void) => void (inner ? act(inner) : early.length < 50 && early.push(act));
  const instant = (at?: number) => (at ? epoch(at) : undefined);
  const tell: Attachment = {
    element(found, extra) {
      found = found || options.element;
      if (!found || found === element) return;
      inner?.destroy();
      undoAds();
      element = found;
      const watched = (inner = watchElement(found, options, extra));
      [breaks, undoAds] = adBreaks(found, watched);
      early.forEach((act) => act(watched));
      early = [];
    },
    emit: (event, data) => later((monitor) => monitor.emit(event, data)),
    ads: (act) => later(() => act(breaks)),
    renew: () => element?.dispatchEvent(new Event("firstframe-source")),
    error(fatal, code, message, warning) {
      const player_error_severity = fatal ? "fatal" : warning ? "warning" : "error";
      tell.emit("error", { player_error_code: code, player_error_message: message, player_error_severity });
    },
    rendition(bitrate, width, height) {
      const news = `${bitrate} ${width} ${height}`;
      if (news === shown) return;
      shown = news;
      const size = { video_source_width: width || undefined, video_source_height: height || undefined };
      tell.emit("renditionchange", { video_source_bitrate: bitrate || undefined, ...size });
    },
    on: (target, type, act) => undo.push(listen(target, type, act)),
    start: (start, first, end) => ({
      request_start: instant(start),
      request_response_start: instant(first),
      request_response_end: instant(end),
    }),
    host: (url) => url && quietly(() => new URL(url, location.href).hostname),
    headers(details) {
      const header = quietly(() => (details as XMLHttpRequest)?.getResponseHeader?.("x-cdn") ?? (details as Response)?.headers?.get("x-cdn"));
      return header ? { "x-cdn": header } : {};
    },
    undo: (act) => undo.push(act),
    quietly: (act) => void quietly(act),
  };
  quietly(() => adapter(tell));
  return {
    emit: (event, data, at) => later((monitor) => monitor.emit(event, data, at)),
    update: (data) => later((monitor) => monitor.update(data)),
    setConsent(granted) {
      options.consent = granted;
      inner?.setConsent(granted);
    },
    flush: () => inner?.flush(),
    destroy() {
      undo.forEach((act) => quietly(act));
      undoAds();
      inner?.destroy();
    },
    get viewId() {
      return inner && inner.viewId;
    },
  };
}
