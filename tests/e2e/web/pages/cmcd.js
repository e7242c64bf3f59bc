// hls.js, Shaka or dash.js as `player` says, each reporting CMCD events to `collector` by itself.
import Hls from "hls.js-1.7";
import * as dashjs from "dashjs";
import shaka from "shaka-player/dist/shaka-player.compiled.debug.js";
import compiled from "shaka-player/dist/shaka-player.compiled.js";
import { element, offer, options, video } from "./_stage.js";

const EVENTS = ["ps", "e", "t", "rr", "bc", "c", "h", "b", "m", "um", "pr", "abs", "abe", "as", "ae", "sk"];
const KEYS = [
  "br", "ab", "pb", "bl", "bs", "bsa", "bsd", "bsda", "bg", "cid", "dfa", "ec", "h", "ltc", "msd", "mtp", "nr", "ot", "pr",
  "pt", "rc", "sf", "sid", "sn", "st", "sta", "su", "tb", "ttfb", "ttfbb", "ttlb", "url", "e", "ts", "v", "d", "cen",
];
const sid = options.token;
const cid = options.cid ?? "e2e";
const target = () => ({ url: options.collector, events: EVENTS, interval: Number(options.interval ?? 10), batchSize: 1 });

function hls() {
  const player = (window.hls = new Hls({
    cmcd: { version: 2, sessionId: sid, contentId: cid, eventTargets: [{ ...target(), includeKeys: KEYS }] },
  }));
  player.attachMedia(video());
  return {
    load: (source) => player.loadSource(source.src),
    quality: (index) => { player.nextLevel = index; },
    destroy: () => player.destroy(),
  };
}

function shakaPlayer(build) {
  const player = (window.shakaPlayer = new build.Player());
  const attached = player.attach(video());
  player.configure({
    cmcd: {
      enabled: true, version: 2, sessionId: sid, contentId: cid,
      eventTargets: [{ ...target(), enabled: true, mode: "event", includeKeys: KEYS, useHeaders: false }],
    },
  });
  return {
    load: (source) => attached.then(() => player.load(source.src)).catch(() => {}),
    quality(index) {
      player.configure({ abr: { enabled: false } });
      player.selectVariantTrack(player.getVariantTracks().sort((a, b) => a.bandwidth - b.bandwidth)[index], true);
    },
    destroy: () => player.destroy(),
  };
}

function dash() {
  const player = (window.dashPlayer = dashjs.MediaPlayer().create());
  player.initialize(video(), undefined, false);
  player.updateSettings({
    streaming: {
      cmcd: {
        enabled: true, version: 2, sid, cid, mode: "query",
        eventTargets: [{ ...target(), enabled: true, enabledKeys: KEYS }],
      },
    },
  });
  return { load: (source) => player.attachSource(source.src), destroy: () => player.destroy() };
}

const PLAYERS = { hls, shaka: () => shakaPlayer(shaka), "shaka-compiled": () => shakaPlayer(compiled), dash };
let player;

offer({
  async load(stage, source) {
    if (!player) {
      stage.append(element(source));
      player = PLAYERS[options.player]();
    }
    await player.load(source);
  },
  quality: (index) => player.quality(index),
  destroy: () => player.destroy(),
});
