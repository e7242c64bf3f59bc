// video.js: its element, the renditions and requests of VHS, errors of the player, ads of the contrib-ads family.

import { type AdBreaks } from "./ads.js";
import { type Monitor } from "./core.js";
import { attach, type Attachment, type PlayerOptions } from "./player.js";
import type { Data } from "./vocabulary.js";

export type { Data, Monitor, PlayerOptions };

/** What is used of video.js, 7 and 8. */
export interface VideoJsPlayer {
  on(event: string, act: (event: any) => void): void;
  off(event: string, act: (event: any) => void): void;
  el(): Element;
  tech(allowed: { IWillNotUseThisInPlugins: boolean }): any;
  currentSource(): unknown;
  error(): { code: number; message: string } | null | undefined;
  duration(): number | undefined;
  version?(): Record<string, string>;
  /** Of contrib-ads. */
  ads?: { isInAdMode?(): boolean };
}

/** Events of contrib-ads and its plugins → what they are told as; `paused`: the content's element stands still. */
const ADS: Record<string, (ads: AdBreaks, paused: boolean) => void> = {
  "ads-request": (ads) => ads.tell("adrequest"),
  "ads-load": (ads) => ads.tell("adresponse"),
  "ads-pod-started": (ads) => ads.start(true),
  adstart: (ads) => ads.start(true),
  "ads-ad-started"(ads, paused) {
    ads.start(true);
    ads.ad(paused);
  },
  "ads-pause": (ads) => ads.tell("adpause"),
  "ads-first-quartile": (ads) => ads.tell("adfirstquartile"),
  "ads-midpoint": (ads) => ads.tell("admidpoint"),
  "ads-third-quartile": (ads) => ads.tell("adthirdquartile"),
  "ads-ad-ended": (ads) => ads.done(),
  "ads-ad-skipped": (ads) => ads.done(),
  "ads-pod-ended": (ads) => ads.end(),
  adend: (ads) => ads.end(),
  adserror: (ads) => ads.tell("aderror"),
};

/** Watch a video.js player. */
export function monitor(player: VideoJsPlayer, options: PlayerOptions = {}): Monitor {
  return attach(options, (tell) => adapter(player, tell));
}

function adapter(player: VideoJsPlayer, tell: Attachment): void {
  let playing: unknown;
  let hooked: unknown;
  let content: string | undefined;
  /** The content's: an ad in the same element is no other video. */
  const source = () => (player.ads?.isInAdMode?.() ? content : (content = (player.currentSource() as { src?: string } | undefined)?.src));
  const extra = {
    about: { player_software_name: "video.js", player_software_version: player.version?.()["video.js"] },
    source,
    errors: true,
    state: (): Data => ({ video_source_is_live: player.duration() === Infinity || undefined }),
  };
  const vhs = () => player.tech({ IWillNotUseThisInPlugins: true })?.vhs;
  const paused = () => player.el().querySelector<HTMLMediaElement>("video, audio")?.paused ?? true;
  const element = () => {
    tell.element(player.el().querySelector<HTMLMediaElement>("video, audio"), extra);
    tell.renew();
    requests();
  };
  const acts: Record<string, () => void> = {
    loadstart: element,
    sourceset: element,
    loadedmetadata: element,
    ready: element,
    timeupdate: rendition,
    playing: rendition,
    error() {
      const error = player.error();
      if (error) tell.error(true, error.code, error.message);
    },
    dispose: () => tell.emit("destroy"),
  };
  for (const [event, act] of Object.entries(ADS)) acts[event] = () => tell.ads((ads) => act(ads, paused()));
  for (const [event, act] of Object.entries(acts)) {
    const listener = () => tell.quietly(act);
    player.on(event, listener);
    tell.undo(() => player.off(event, listener));
  }
  element();

  /** The playlist whose segment is at the playhead. */
  function rendition(): void {
    const media = vhs()?.playlists?.media?.();
    const { BANDWIDTH: bitrate, RESOLUTION: size } = media?.attributes || {};
    if (!bitrate || media === playing) return;
    playing = media;
    tell.rendition(bitrate, size?.width, size?.height);
  }

  function requests(): void {
    const xhr = vhs()?.xhr;
    if (!xhr?.onResponse || xhr === hooked) return;
    hooked = xhr;
    const answered = (request: any, error: any, response: any) => void tell.quietly(() => request_(request, error, response));
    xhr.onResponse(answered);
    tell.undo(() => xhr.offResponse(answered));
  }

  function request_(request: any, error: any, response: any): void {
    const end = performance.now();
    const start = request.requestTime ? request.requestTime - performance.timeOrigin : undefined;
    const url = request.uri || request.url || response?.url;
    const told: Data = { request_type: /\.m3u8|\.mpd/.test(url) ? "manifest" : "media", request_hostname: tell.host(url) };
    if (request.aborted) tell.emit("requestcanceled", { ...told, ...tell.start(start) });
    else if (error || response?.statusCode >= 400) {
      tell.emit("requestfailed", { ...told, ...tell.start(start), request_error: "LoadError", request_error_code: response?.statusCode });
    } else {
      tell.emit("requestcompleted", {
        ...told,
        ...tell.start(start, undefined, end),
        request_bytes_loaded: response?.body?.byteLength || request.bytesReceived,
        request_response_headers: { "x-cdn": response?.headers?.["x-cdn"] },
      });
    }
  }
}
