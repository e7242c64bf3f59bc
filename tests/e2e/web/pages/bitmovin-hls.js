// hls.js with the Bitmovin collector's hls.js adapter; `collector` is its base address (backendUrl).
import * as bitmovin from "bitmovin-analytics";
import Hls from "hls.js";
import { element, offer, options, video } from "./_stage.js";

const { HlsAdapter } = bitmovin.adapters ?? bitmovin;
let hls;

offer({
  async load(stage, source) {
    if (!hls) {
      stage.append(element(source));
      window.Hls = Hls;
      hls = window.hls = new Hls({ ...source.hls });
      const { key = "e2e-licence", videoId = "e2e", ...more } = source.analytics ?? {};
      window.adapter = new HlsAdapter({ key, videoId, ...more, config: { backendUrl: options.collector } }, hls);
      hls.attachMedia(video());
    }
    hls.loadSource(source.src);
  },
  quality: (index) => { hls.nextLevel = index; },
  destroy: () => hls.destroy(),
});
