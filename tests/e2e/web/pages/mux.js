// mux-embed on a plain <video>, or with hls.js when the source is HLS; `collector` is the beaconCollectionDomain.
import mux from "mux-embed";
import Hls from "hls.js-1.7";
import { element, offer, options, video } from "./_stage.js";

let hls;
let monitored = false;

function start(source) {
  const { env_key = "e2eenvkey0123456789abcdef", ...data } = source.analytics ?? {};
  mux.monitor(video(), {
    debug: false,
    beaconCollectionDomain: options.collector,
    ...(hls ? { hlsjs: hls, Hls } : {}),
    ...source.mux,
    data: { env_key, player_name: "e2e", player_init_time: Date.now(), video_id: "e2e", ...data },
  });
  monitored = true;
}

offer({
  async load(stage, source) {
    const isHls = source.src.includes(".m3u8");
    if (!video()) stage.append(element(source));
    if (isHls && !hls) {
      hls = window.hls = new Hls({ ...source.hls });
      hls.attachMedia(video());
    }
    if (monitored) mux.emit(video(), "videochange", { video_id: "e2e", ...source.analytics });
    else start(source);
    if (isHls) hls.loadSource(source.src);
    else video().src = source.src;
  },
  quality: (index) => { hls.nextLevel = index; },
  emit: (name, data) => mux.emit(video(), name, data),
  destroy: () => video().mux?.destroy(),
});
