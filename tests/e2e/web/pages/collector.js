// firstframe's own collector on a plain <video>, or with the player that `player` names; `collector` is its base address.
// The package and the players are loaded from `/bundle/collector/`, where the tests put what was built.
import { element, offer, options, video } from "./_stage.js";

const player = options.player ?? "html5";
const loaded = import(`/bundle/collector/${player}.js`);
let built;

const settings = (source) => ({
  url: options.collector,
  key: "e2e",
  data: { video_id: "e2e", viewer_user_id: "someone", custom_1: "c", player_name: "e2e", ...source.data },
  ...source.collector,
});

// A preroll as the plugins on contrib-ads play it: in the content's element, by another source.
function preroll(player, { src, ad }) {
  player.ads();
  player.on("readyforpreroll", () => {
    player.ads.startLinearAdMode();
    player.src({ src: new URL(ad, src).href, type: "video/mp4" });
    player.one("adplaying", () => player.trigger("ads-ad-started"));
    player.one("adended", () => {
      player.trigger("ads-ad-ended");
      player.ads.endLinearAdMode();
    });
  });
  player.trigger("adsready");
}

const players = {
  html5: ({ monitor }, source) => {
    const given = element(source);
    given.src = source.src;
    return { given, monitor: monitor(given, settings(source)), load: (next) => { given.src = next.src; } };
  },
  hls: ({ monitor, Hls }, source) => {
    const given = element(source);
    const hls = (window.hlsPlayer = new Hls({ ...source.hls }));
    const watched = monitor(hls, settings(source));
    hls.attachMedia(given);
    hls.loadSource(source.src);
    return { given, monitor: watched, load: (next) => hls.loadSource(next.src), quality: (index) => { hls.nextLevel = index; } };
  },
  dash: ({ monitor, dashjs }, source) => {
    const given = element(source);
    const dash = dashjs.MediaPlayer().create();
    dash.updateSettings({ streaming: { abr: { autoSwitchBitrate: { video: false } } } });
    const watched = monitor(dash, { ...settings(source), element: given });
    dash.initialize(given, source.src, Boolean(source.autoplay));
    return { given, monitor: watched, load: (next) => dash.attachSource(next.src),
      quality: (index) => dash.setRepresentationForTypeByIndex("video", index, true) };
  },
  shaka: ({ monitor, shaka }, source) => {
    const given = element(source);
    const made = new shaka.Player();
    if (source.apart) {
      const apart = document.createElement("div");
      document.getElementById("stage").after(apart);
      made.getAdManager().setContainers(apart);
    }
    const watched = monitor(made, { ...settings(source), element: given });
    made.attach(given).then(() => made.load(source.src)).catch((error) => console.log("shaka", error.code));
    return { given, monitor: watched, load: (next) => made.load(next.src).catch(() => {}),
      quality(index) {
        made.configure({ abr: { enabled: false } });
        made.selectVariantTrack(made.getVariantTracks().sort((a, b) => a.bandwidth - b.bandwidth)[index], true);
      } };
  },
  videojs: ({ monitor, videojs }, source) => {
    const given = element(source);
    given.className = "video-js";
    document.getElementById("stage").append(given);
    const made = videojs(given, { autoplay: Boolean(source.autoplay), muted: Boolean(source.muted), width: 640, height: 360 });
    if (source.ad) preroll(made, source);
    const watched = monitor(made, settings(source));
    made.src({ src: source.src, type: source.type });
    return { given: null, monitor: watched, load: (next) => made.src({ src: next.src, type: next.type }),
      quality: (index) => {
        const found = made.tech(true).vhs.representations().sort((a, b) => a.bandwidth - b.bandwidth);
        found.forEach((each, place) => each.enabled(place === index));
      } };
  },
};

offer({
  async load(stage, source) {
    const module = await loaded;
    if (built) {
      built.load(source);
      return;
    }
    window.firstframe = module;
    built = window.built = players[player](module, source);
    if (built.given) stage.append(built.given);
    window.monitor = built.monitor;
  },
  play: () => video().play(),
  quality: (index) => built.quality(index),
  destroy: () => built.monitor.destroy(),
});

// A page that plays by itself, without anybody's gesture, and again when it is clicked.
if (options.start) {
  const src = new URL(`/media/${options.token}/${options.start}`, location.href).href;
  window.page.load({ src, type: "video/mp4" }).then(() => setTimeout(() => window.page.play(), 300));
  addEventListener("click", () => window.page.play());
}
