// Pillarbox web player with its monitoring, pointed at `collector` (the full address of the events).
import pillarbox, { PillarboxMonitoring } from "@srgssr/pillarbox-web";
import { element, offer, options } from "./_stage.js";

let player;
let monitor;

function build(stage, source) {
  const made = element(source);
  made.className = "pillarbox-js";
  stage.append(made);
  player = pillarbox(made, {
    muted: Boolean(source.muted), autoplay: Boolean(source.autoplay), preload: "auto", width: 640, height: 360,
    trackers: { srgAnalytics: false },
  });
  const configuration = { beaconUrl: options.collector, playerName: "Pillarbox", playerVersion: "1.32.2" };
  if (options.heartbeat) configuration.heartbeatInterval = Number(options.heartbeat);
  monitor = new PillarboxMonitoring(player, configuration);
  player.options({ trackers: { pillarboxMonitoring: monitor } });
}

offer({
  ids: () => ({ session: monitor?.sessionId }),
  async load(stage, source) {
    if (!player) build(stage, source);
    player.src({ src: source.src, type: source.type });
  },
  play: () => player.play(),
  destroy: () => player.dispose(),
  quality(index) {
    const representations = player.tech(true).vhs.representations().sort((a, b) => a.bandwidth - b.bandwidth);
    representations.forEach((each, place) => each.enabled(place === index));
  },
});
