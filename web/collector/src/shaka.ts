// Shaka Player: variants, requests, live latency, critical errors and those it got over, ads of its ad manager.

import { type AdBreaks } from "./ads.js";
import { type Monitor } from "./core.js";
import { attach, type Attachment, type PlayerOptions } from "./player.js";
import type { Data } from "./vocabulary.js";

export type { Data, Monitor, PlayerOptions };

interface Variant {
  active: boolean;
  bandwidth: number;
  width: number | null;
  height: number | null;
}
/** What is used of Shaka Player, 4 and 5. */
export interface ShakaPlayer extends EventTarget {
  getMediaElement(): HTMLMediaElement | null;
  getAssetUri(): string | null;
  getVariantTracks(): Variant[];
  isLive(): boolean;
  getStats(): { liveLatency?: number };
  getNetworkingEngine(): any;
  getAdManager?(): EventTarget | null;
  constructor: unknown;
}

const CRITICAL = 2;
const KINDS = ["manifest", "media", "license", "app", "timing"];
const LATENCY_MS = 10_000;
/** Events of the ad manager → what they are told as. */
const ADS: Record<string, (ads: AdBreaks, event: any) => void> = {
  "ad-break-started": (ads) => ads.start(),
  "ad-content-pause-requested": (ads) => ads.start(),
  "ad-started"(ads, { ad }) {
    const apart = ad?.isUsingAnotherMediaElement?.() ?? true;
    ads.start(!apart);
    ads.ad(apart);
  },
  "ad-complete": (ads) => ads.done(),
  "ad-skipped": (ads) => ads.done(),
  "ad-stopped": (ads) => ads.done(),
  "ad-error": (ads) => ads.tell("aderror"),
  "ad-paused": (ads) => ads.tell("adpause"),
  "ad-resumed"(ads) {
    ads.tell("adplay");
    ads.tell("adplaying");
  },
  "ad-first-quartile": (ads) => ads.tell("adfirstquartile"),
  "ad-midpoint": (ads) => ads.tell("admidpoint"),
  "ad-third-quartile": (ads) => ads.tell("adthirdquartile"),
  "ad-content-resume-requested": (ads) => ads.end(),
  "ad-break-ended": (ads) => ads.end(),
};

/** Watch a Shaka player; its element may be attached later. */
export function monitor(player: ShakaPlayer, options: PlayerOptions = {}): Monitor {
  return attach(options, (tell) => adapter(player, tell));
}

function adapter(player: ShakaPlayer, tell: Attachment): void {
  let told = 0;
  const extra = {
    about: { player_software_name: "Shaka Player", player_software_version: (player.constructor as { version?: string }).version },
    source: () => player.getAssetUri() ?? undefined,
    renditions: true,
    errors: true,
    state: (): Data => ({ video_source_is_live: player.isLive() || undefined }),
  };
  const element = () => {
    tell.element(player.getMediaElement(), extra);
    tell.renew();
  };
  const acts: Record<string, (event: any) => void> = {
    loading: element,
    manifestparsed: element,
    streaming: element,
    loaded() {
      element();
      rendition();
    },
    adaptation: rendition,
    variantchanged: rendition,
    mediaqualitychanged: rendition,
    error: ({ detail }) => tell.error(detail?.severity === CRITICAL, detail?.code, String(detail?.message ?? detail?.data ?? "")),
  };
  for (const [type, act] of Object.entries(acts)) tell.on(player, type, act);
  const manager = player.getAdManager?.();
  for (const [type, act] of Object.entries(ADS)) if (manager) tell.on(manager, type, (event) => tell.ads((ads) => act(ads, event)));
  requests();
  element();

  /** Shaka tells when it chooses a variant; it is on the screen once what was buffered has played. */
  function rendition(): void {
    const variant = player.getVariantTracks().find(({ active }) => active);
    if (variant) tell.rendition(variant.bandwidth, variant.width, variant.height);
  }

  function requests(): void {
    const network = player.getNetworkingEngine();
    const came = (kind: number, response: unknown) => tell.quietly(() => completed(kind, response));
    network?.registerResponseFilter(came);
    tell.undo(() => network?.unregisterResponseFilter(came));
    tell.on(player, "downloadfailed", ({ request, error, httpResponseCode }: any) =>
      tell.emit("requestfailed", {
        request_error: `${error?.code ?? "DownloadError"}`,
        request_error_code: httpResponseCode,
        request_hostname: tell.host(request?.uris?.[0]),
      }),
    );
  }

  function completed(kind: number, response: any): void {
    if (kind > 1) return; // licences, app requests and clocks are no media
    const end = performance.now();
    const start = end - (response.timeMs || 0);
    tell.emit("requestcompleted", {
      ...tell.start(start, undefined, end),
      request_bytes_loaded: response.data?.byteLength,
      request_type: KINDS[kind],
      request_hostname: tell.host(response.uri),
      request_response_headers: { "x-cdn": response.headers?.["x-cdn"] },
    });
    latency();
  }

  function latency(): void {
    if (Date.now() - told < LATENCY_MS || !player.isLive()) return;
    told = Date.now();
    const behind = player.getStats().liveLatency;
    if (behind && behind > 0) tell.emit("latency", { player_live_latency: Math.round(behind * 1000) });
  }
}
