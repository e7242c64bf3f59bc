// The package's front door: `monitor` for elements, `addMediaMetrics` for pages that used Livepeer's, the core beside them.

import { init, type Monitor, type Options } from "./core.js";
import { watchElement } from "./element.js";
import { bare, quietly } from "./page.js";
import type { Data } from "./vocabulary.js";

export { configure, init, VERSION, type Monitor, type Options } from "./core.js";
export type { Data } from "./vocabulary.js";

/** Watch a `<video>` or `<audio>`, given itself or by a selector. Never throws. */
export function monitor(target: HTMLMediaElement | string | null | undefined, options: Options = {}): Monitor {
  const found = quietly(() => {
    const element = typeof target == "string" ? document.querySelector<HTMLMediaElement>(target) : target;
    if (element && "currentTime" in element && "addEventListener" in element) return watchElement(element, options || {});
  });
  if (found) return found;
  console.warn("firstframe: monitor() wants a media element, came", target);
  return init("", { ...options, url: undefined });
}

type Source = string | { src?: unknown } | Array<{ src?: unknown }> | null;

/** The options that Livepeer's newer call takes instead of a source. */
export interface MediaMetricsOptions extends Options {
  src?: Source;
  playbackId?: string;
  viewerId?: string;
  onError?: (error: Error) => void;
}

export interface MediaMetrics {
  metrics: Monitor | null;
  destroy: () => void;
}

/** Livepeer's documented call, for existing pages: only the import changes. */
export function addMediaMetrics(
  element: HTMLMediaElement | null | undefined,
  source?: Source | MediaMetricsOptions,
  onError?: (error: Error) => void,
  more: Options = {},
): MediaMetrics {
  const given = typeof source == "object" && source && !Array.isArray(source) ? (source as MediaMetricsOptions) : null;
  const { src = source, playbackId, viewerId, onError: tell = onError, ...options } = given || ({} as MediaMetricsOptions);
  try {
    if (!element) return { metrics: null, destroy() {} };
    const url = address(src as Source);
    const data: Data = { ...(typeof options.data == "object" ? options.data : {}) };
    data.playback_id = playbackId || (url && playbackIdOf(url));
    data.viewer_user_id ??= viewerId;
    if (url) data.video_source_url = bare(url);
    const metrics = watchElement(element, { ...options, ...more, data });
    if (!metrics.viewId) tell?.(new Error("firstframe: nothing is measured here"));
    return { metrics, destroy: () => metrics.destroy() };
  } catch (error) {
    tell?.(error as Error);
    return { metrics: null, destroy() {} };
  }
}

function address(source: Source): string | undefined {
  const first = Array.isArray(source) ? source[0] : source;
  const found = typeof first == "string" ? first : first?.src;
  return typeof found == "string" ? found : undefined;
}

/** The id in an address such as `…/hls/abcd1234/index.m3u8`; the server finds those of other forms. */
const playbackIdOf = (url: string): string | undefined => /\/(?:hls|asset|recordings|webrtc)\/([\w-]{8,})/.exec(url)?.[1];
