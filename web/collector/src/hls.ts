// hls.js: renditions on the screen, requests, live latency, errors that are final and those it got over,
// interstitials.

import { type Monitor } from "./core.js";
import { attach, type Attachment, type PlayerOptions } from "./player.js";
import type { Data } from "./vocabulary.js";

export type { Data, Monitor, PlayerOptions };

interface Level {
  bitrate: number;
  width: number;
  height: number;
}
interface Stats {
  loaded: number;
  total: number;
  loading: { start: number; first: number; end: number };
}
/** What is used of hls.js, 1.x. */
export interface HlsPlayer {
  media: HTMLMediaElement | null;
  levels: Level[];
  url: string | null;
  latency: number;
  playingDate: Date | null;
  on(event: string, act: (event: string, data: any) => void): void;
  off(event: string, act: (event: string, data: any) => void): void;
  constructor: unknown;
}

/** Errors that are a stall or its mending: the stall itself is measured. */
const PASSING = /^buffer(Stalled|Nudge|Seek|Full|AppendingS)/;
const LATENCY_MS = 10_000;

/** Watch an hls.js player; its element may be attached later. */
export function monitor(hls: HlsPlayer, options: PlayerOptions = {}): Monitor {
  return attach(options, (tell) => adapter(hls, tell));
}

function adapter(hls: HlsPlayer, tell: Attachment): void {
  let live: boolean | undefined;
  let told = 0;
  /** An ad among the content's segments: the element's clock just goes on. */
  const inPlace = (event: { appendInPlace?: boolean }) => Boolean(event?.appendInPlace) && !hls.media?.paused;
  const acts: Record<string, (data: any) => void> = {
    hlsMediaAttaching: (data) => tell.element(data.media ?? hls.media, extra),
    hlsManifestLoading: () => tell.renew(),
    hlsLevelSwitched: ({ level }) => rendition(hls.levels[level]),
    hlsLevelLoaded: ({ details, stats, networkDetails }) => {
      live = details.live;
      request("manifest", stats, networkDetails, details.url);
    },
    hlsManifestLoaded: ({ stats, networkDetails, url }) => request("manifest", stats, networkDetails, url),
    hlsFragLoaded: ({ frag, networkDetails }) => {
      request(frag.sn === "initSegment" ? "video_init" : frag.type === "audio" ? "audio" : "media", frag.stats, networkDetails, frag.url, frag.duration);
      latency();
    },
    hlsFragLoadEmergencyAborted: ({ frag }) =>
      tell.emit("requestcanceled", { ...tell.start(frag.stats?.loading.start), request_type: "media", request_hostname: tell.host(frag.url) }),
    hlsError: error,
    hlsInterstitialStarted: () => tell.ads((ads) => ads.start(true)),
    hlsInterstitialAssetStarted: ({ event }) => tell.ads((ads) => ads.ad(inPlace(event))),
    hlsInterstitialAssetEnded: () => tell.ads((ads) => ads.done()),
    hlsInterstitialAssetError: ({ details, error: { message } }) =>
      tell.ads((ads) => ads.tell("aderror", { player_error_code: details, player_error_message: message })),
    hlsInterstitialEnded: ({ event }) => tell.ads((ads) => ads.end(inPlace(event))),
  };
  const extra = {
    about: { player_software_name: "hls.js", player_software_version: (hls.constructor as { version?: string }).version },
    source: () => hls.url ?? undefined,
    renditions: true,
    errors: true,
    state: (): Data => ({ video_source_is_live: live }),
  };

  for (const [event, act] of Object.entries(acts)) {
    const listener = (_: string, data: any) => tell.quietly(() => act(data));
    hls.on(event, listener);
    tell.undo(() => hls.off(event, listener));
  }
  if (hls.media) tell.element(hls.media, extra);

  function rendition(level: Level | undefined): void {
    if (level) tell.rendition(level.bitrate, level.width, level.height);
  }

  function request(kind: string, stats: Stats | undefined, details: any, url?: string, seconds?: number): void {
    if (!stats) return;
    const { start, first, end } = stats.loading;
    tell.emit("requestcompleted", {
      ...tell.start(start, first, end),
      request_bytes_loaded: stats.loaded || stats.total,
      request_type: kind,
      request_hostname: tell.host(url),
      request_media_duration: seconds,
      request_response_headers: tell.headers(details),
    });
  }

  /** By the wall clock of the segments, where they carry one. */
  function latency(): void {
    if (!live || Date.now() - told < LATENCY_MS || hls.media?.paused) return;
    told = Date.now();
    const date = hls.playingDate;
    const behind = date ? Date.now() - date.getTime() : hls.latency * 1000;
    if (behind > 0) tell.emit("latency", { player_live_latency: Math.round(behind) });
  }

  function error(data: any): void {
    const code = data.response?.code || undefined;
    if (/Load(Error|TimeOut)$/.test(data.details)) {
      tell.emit("requestfailed", {
        ...tell.start(data.frag?.stats?.loading.start),
        request_error: data.details,
        request_error_code: code,
        request_hostname: tell.host(data.url || data.frag?.url),
      });
    }
    tell.error(data.fatal, data.fatal ? data.type : data.details, [data.details, code, data.error?.message].filter(Boolean).join(": "), PASSING.test(data.details));
  }
}
