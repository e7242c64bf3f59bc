// addMediaMetrics of @livepeer/core-web 4.1: reports over a WebSocket only, found from the host of the source.
import { addMediaMetrics } from "livepeer-core-web-4/browser";
import { element, offer, video } from "./_stage.js";

let metrics;

offer({
  async load(stage, source) {
    metrics?.destroy?.();
    if (!video()) stage.append(element(source));
    video().src = source.src;
    metrics = window.metrics = addMediaMetrics(video(), {
      src: source.src, playbackId: source.playbackId, viewerId: source.viewerId, ...source.livepeer,
    });
  },
  destroy: () => metrics.destroy(),
});
