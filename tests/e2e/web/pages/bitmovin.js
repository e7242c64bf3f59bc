// A plain <video> with the Bitmovin collector's HTML5 adapter; `collector` is its base address (backendUrl).
import * as bitmovin from "bitmovin-analytics";
import { element, offer, options } from "./_stage.js";

const { HTMLVideoElementAdapter } = bitmovin.adapters ?? bitmovin;
let made;

offer({
  async load(stage, source) {
    if (!made) {
      made = element(source);
      stage.append(made);
      made.src = source.src;
      const { key = "e2e-licence", videoId = "e2e", userId, title, ...more } = source.analytics ?? {};
      window.adapter = new HTMLVideoElementAdapter(
        { key, videoId, userId, title, ...more, config: { backendUrl: options.collector } }, made);
    } else {
      made.src = source.src;
    }
  },
});
