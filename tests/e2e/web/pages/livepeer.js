// addMediaMetrics of @livepeer/core-web on a plain <video>. `route=store`: the reporting address is set on the store
// to `collector`; otherwise the SDK finds it from the host of the source, as in the wild.
import { addMediaMetrics } from "@livepeer/core-web/browser";
import { element, offer, options, video } from "./_stage.js";

let metrics;

offer({
  async load(stage, source) {
    metrics?.destroy?.();
    if (!video()) stage.append(element(source));
    video().src = source.src;
    metrics = window.metrics = addMediaMetrics(video(), {
      src: source.src, playbackId: source.playbackId, viewerId: source.viewerId, interval: source.interval ?? 2000,
      onError: (error) => console.warn("metrics", String(error)), ...source.livepeer,
    });
    if (options.collector) {
      metrics.legacyMetrics.store.getState().__controlsFunctions.setMetricsReportingUrl(options.collector);
    }
  },
  destroy: () => metrics.destroy(),
});
