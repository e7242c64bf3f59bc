// One playback measured at once by our own collector and by the four vendors' SDKs, each reporting to `collector`.
// Pillarbox brings the player; all others watch its element.
import { addMediaMetrics } from "@livepeer/core-web/browser";
import pillarbox, { PillarboxMonitoring } from "@srgssr/pillarbox-web";
import * as bitmovin from "bitmovin-analytics";
import mux from "mux-embed";
import { element, offer, options, video } from "./_stage.js";

const own = import(`/bundle/collector/${options.own ?? "html5"}.js`);
const { HTMLVideoElementAdapter } = bitmovin.adapters ?? bitmovin;
const base = options.collector;
let player;

offer({
  async load(stage, source) {
    const { monitor } = await own;
    const made = element(source);
    made.className = "pillarbox-js";
    stage.append(made);
    player = pillarbox(made, { muted: Boolean(source.muted), preload: "auto", width: 640, height: 360, trackers: { srgAnalytics: false } });
    const pillar = new PillarboxMonitoring(player, { beaconUrl: `${base}/pillarbox/api/events`, playerName: "Pillarbox", playerVersion: "1.32.2" });
    player.options({ trackers: { pillarboxMonitoring: pillar } });
    const watched = video();
    window.monitor = monitor(watched, { url: base, key: "e2e", data: { video_id: "compare" } });
    mux.monitor(watched, {
      beaconCollectionDomain: `${new URL(base).host}/mux/e2eenvkey0123456789abcdef#localhost`,
      data: { env_key: "e2eenvkey0123456789abcdef", video_id: "compare", player_init_time: Date.now() },
    });
    window.adapter = new HTMLVideoElementAdapter({ key: "e2e-licence", videoId: "compare", config: { backendUrl: `${base}/bitmovin` } }, watched);
    player.src({ src: source.src, type: source.type });
    const metrics = addMediaMetrics(watched, { src: source.src, playbackId: "compare0compare0", interval: 1000 });
    metrics.legacyMetrics.store.getState().__controlsFunctions.setMetricsReportingUrl(`${base}/livepeer/analytics/log`);
  },
  play: () => player.play(),
});
