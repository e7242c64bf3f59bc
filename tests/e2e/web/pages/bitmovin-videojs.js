// video.js with the Bitmovin collector's adapter for it; `collector` is its base address (backendUrl).
import * as bitmovin from "bitmovin-analytics";
import videojs from "video.js";
import { element, offer, options } from "./_stage.js";

const { VideojsAdapter } = bitmovin.adapters ?? bitmovin;
let player;

offer({
  async load(stage, source) {
    if (!player) {
      const made = element(source);
      made.className = "video-js";
      stage.append(made);
      player = window.player = videojs(made, { width: 640, height: 360, preload: "auto" });
      const { key = "e2e-licence", videoId = "e2e", ...more } = source.analytics ?? {};
      window.adapter = new VideojsAdapter({ key, videoId, ...more, config: { backendUrl: options.collector } }, player);
    }
    player.src({ src: source.src, type: source.type });
  },
  play: () => player.play(),
});
