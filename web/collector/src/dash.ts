// dash.js: renditions on the screen, requests, live latency, errors that are final and those it got over.

import { type Monitor } from "./core.js";
import { attach, type Attachment, type PlayerOptions } from "./player.js";
import type { Data } from "./vocabulary.js";

export type { Data, Monitor, PlayerOptions };

interface Representation {
  bandwidth?: number;
  bitrateInKbit?: number;
  width?: number;
  height?: number;
}
/** What is used of dash.js, 4 and 5. */
export interface DashPlayer {
  on(event: string, act: (data: any) => void, scope?: unknown): void;
  off(event: string, act: (data: any) => void, scope?: unknown): void;
  getVideoElement(): HTMLMediaElement;
  getSource(): unknown;
  getVersion(): string;
  isDynamic(): boolean;
  getCurrentLiveLatency(): number;
  getCurrentRepresentationForType?(kind: string): Representation | null;
  getBitrateInfoListFor?(kind: string): Array<{ bitrate: number; width: number; height: number }>;
}

const KINDS: Record<string, string> = { video: "video", audio: "audio", InitializationSegment: "video_init", MPD: "manifest" };
const LATENCY_MS = 10_000;

/** Watch a dash.js player; its element may be attached later. */
export function monitor(player: DashPlayer, options: PlayerOptions = {}): Monitor {
  return attach(options, (tell) => adapter(player, tell));
}

function adapter(player: DashPlayer, tell: Attachment): void {
  let told = 0;
  const quietly = <Result>(act: () => Result): Result | undefined => {
    try {
      return act(); // dash.js throws where nothing is attached or loaded yet
    } catch {
      return undefined;
    }
  };
  const source = (): string | undefined => {
    const found = quietly(() => player.getSource());
    return typeof found == "string" ? found : undefined;
  };
  const extra = {
    about: { player_software_name: "dash.js", player_software_version: quietly(() => player.getVersion()) },
    source,
    renditions: true,
    errors: true,
    state: (): Data => ({ video_source_is_live: quietly(() => player.isDynamic()) || undefined }),
  };
  const acts: Record<string, (data: any) => void> = {
    sourceInitialized: element,
    streamInitializing: element,
    manifestLoadingStarted: element,
    manifestLoaded: element,
    streamInitialized() {
      element();
      rendition("video");
    },
    qualityChangeRendered: ({ mediaType }) => rendition(mediaType),
    playbackPlaying: () => rendition("video"),
    fragmentLoadingCompleted: ({ request, error }) => fragment(request, error),
    fragmentLoadingAbandoned: ({ request }) =>
      tell.emit("requestcanceled", { request_type: "media", request_hostname: tell.host(request?.url) }),
    playbackTimeUpdated: latency,
    error: ({ error }) => failure(error, !/^(2[6-9]|3[0-9])$/.test(String(error?.code))),
    playbackError: ({ error }) => failure(error, true),
  };
  for (const [event, act] of Object.entries(acts)) {
    const listener = (data: any) => tell.quietly(() => act(data || {}));
    player.on(event, listener);
    tell.undo(() => player.off(event, listener));
  }
  element();

  function element(): void {
    tell.element(quietly(() => player.getVideoElement()), extra);
    tell.renew();
  }

  function rendition(kind: string): void {
    if (kind !== "video") return;
    const now = player.getCurrentRepresentationForType?.("video");
    if (!now) return;
    const bitrate = now.bandwidth || (now.bitrateInKbit || 0) * 1000;
    const sound = quietly(() => player.getCurrentRepresentationForType?.("audio"));
    tell.rendition(bitrate && bitrate + (sound?.bandwidth || 0), now.width, now.height);
  }

  function fragment(request: any, error: any): void {
    if (!request) return;
    const ms = (date?: Date) => date?.getTime();
    const { startDate, firstByteDate, requestEndDate, endDate = requestEndDate, bytesTotal, bytesLoaded, url, mediaType, type, duration } = request;
    const told: Data = {
      request_start: ms(startDate),
      request_type: KINDS[type] || KINDS[mediaType] || "media",
      request_hostname: tell.host(url),
    };
    if (error) {
      tell.emit("requestfailed", { ...told, request_error: "FragmentLoadError", request_error_code: error.data?.response?.status || error.code });
      return;
    }
    tell.emit("requestcompleted", {
      ...told,
      request_response_start: ms(firstByteDate),
      request_response_end: ms(endDate),
      request_bytes_loaded: bytesTotal || bytesLoaded,
      request_media_duration: duration,
    });
  }

  function latency(): void {
    if (Date.now() - told < LATENCY_MS || !player.isDynamic()) return;
    told = Date.now();
    const behind = player.getCurrentLiveLatency();
    if (behind > 0) tell.emit("latency", { player_live_latency: Math.round(behind * 1000) });
  }

  /** Download errors come again and again while dash.js retries: only what it cannot play without is final. */
  function failure(error: any, final: boolean): void {
    tell.error(final, error?.code ?? "unknown", error?.message ?? String(error));
  }
}
