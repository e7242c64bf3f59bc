// A custom integration by hand: mux.init and every event of the public list, each time written to the console.
import mux from "mux-embed";
import { offer, options } from "./_stage.js";

const ID = "by-hand";
const state = { playhead: 0, moving: false, paused: true, since: 0, rendition: {} };

const playhead = () => state.playhead + (state.moving ? Date.now() - state.since : 0);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function emit(name, data = {}) {
  console.log(`emitted ${JSON.stringify({ name, at: Date.now(), data })}`);
  mux.emit(ID, name, data);
}

function move(moving) {
  state.playhead = playhead();
  state.since = Date.now();
  state.moving = moving;
}

async function watch(ms) {
  const until = Date.now() + ms;
  while (Date.now() < until) {
    await sleep(Math.min(100, until - Date.now()));
    mux.emit(ID, "timeupdate", { player_playhead_time: playhead() });
  }
}

function rendition(bitrate, width, height) {
  state.rendition = { video_source_bitrate: bitrate, video_source_width: width, video_source_height: height };
  emit("renditionchange", state.rendition);
}

function request(number, bytes) {
  const start = Date.now() - 500;
  emit("requestcompleted", {
    request_start: start, request_response_start: start + 40 * number, request_response_end: start + 400,
    request_bytes_loaded: bytes, request_type: "media", request_hostname: "cdn.example",
    request_response_headers: { "X-CDN": "edge-one" }, request_media_duration: 4,
    request_video_width: 640, request_video_height: 360,
  });
}

function start(source) {
  mux.init(ID, {
    beaconCollectionDomain: options.collector,
    getPlayheadTime: playhead,
    getStateData: () => ({
      player_is_paused: state.paused, player_width: 640, player_height: 360,
      video_source_url: source.src, video_source_duration: 60000, ...state.rendition,
    }),
    data: { env_key: "e2eenvkey0123456789abcdef", player_name: "by hand", player_software_name: "none",
      player_software_version: "0", video_id: "one", video_title: "First", custom_1: "c", sub_property_id: "s",
      player_init_time: Date.now() - 70, viewer_user_id: "someone" },
  });
}

async function ad(id, ms, end = "adended", data = {}) {
  const told = { ad_id: id, ad_asset_url: `https://ads.example/${id}.mp4` };
  emit("adplay", told);
  await sleep(200);
  emit("adplaying", told);
  for (const quarter of ["adfirstquartile", "admidpoint", "adthirdquartile"]) {
    await sleep(ms / 4);
    emit(quarter, told);
  }
  await sleep(ms / 4);
  emit(end, { ...told, ...data });
}

function play() {
  state.paused = false;
  emit("play");
}

function playing() {
  move(true);
  emit("playing");
}

function stop(name) {
  move(false);
  state.paused = true;
  emit(name);
}

async function everything() {
  emit("playerready");
  emit("adrequest", { ad_request_id: "1", ad_tag_url: "https://ads.example/tag" });
  await sleep(200);
  emit("adresponse", { ad_request_id: "1", ad_tag_url: "https://ads.example/tag" });
  play();
  await sleep(100);
  emit("adbreakstart");
  await ad("preroll", 1200);
  emit("adbreakend");
  play();
  await sleep(300);
  rendition(1000000, 640, 360);
  playing();
  [100000, 200000, 300000].forEach((bytes, index) => request(index + 1, bytes));
  emit("requestfailed", { request_start: Date.now() - 90, request_type: "media", request_hostname: "cdn.example",
    request_error: "FragLoadError", request_error_code: 404, request_error_text: "gone" });
  emit("requestcanceled", { request_start: Date.now() - 90, request_type: "media", request_hostname: "cdn.example" });
  await watch(2000);
  move(false);
  emit("rebufferstart");
  await sleep(800);
  move(true);
  emit("rebufferend");
  await watch(1000);
  emit("orientationchange", { viewer_device_orientation: "(0,0,90)" });
  rendition(3000000, 1280, 720);
  await watch(1000);
  move(false);
  emit("seeking");
  await sleep(400);
  state.playhead = 30000;
  move(true);
  emit("seeked");
  await watch(800);
  stop("pause");
  await sleep(600);
  play();
  await sleep(100);
  playing();
  await watch(800);
  stop("pause");
  emit("adbreakstart");
  emit("adrequest", { ad_request_id: "2", ad_tag_url: "https://ads.example/tag2" });
  await sleep(100);
  emit("adresponse", { ad_request_id: "2", ad_tag_url: "https://ads.example/tag2" });
  await ad("mid-1", 800);
  emit("adplay", { ad_id: "mid-2" });
  await sleep(100);
  emit("adplaying", { ad_id: "mid-2" });
  await sleep(300);
  emit("adpause", { ad_id: "mid-2" });
  await sleep(400);
  emit("adplay", { ad_id: "mid-2" });
  emit("adplaying", { ad_id: "mid-2" });
  await sleep(300);
  emit("aderror", { ad_id: "mid-2", player_error_code: 303, player_error_message: "no more ads" });
  emit("adbreakend");
  play();
  playing();
  await watch(600);
  stop("ended");
}

async function next(id) {
  state.playhead = 0;
  state.rendition = {};
  emit("videochange", { video_id: id, video_title: id });
  await sleep(100);
}

offer({
  async load(_stage, source) { start(source); },
  async play() {
    await everything();
    await next("two");
    play();
    await sleep(300);
    emit("error", { player_error_code: 7, player_error_message: "cannot play" });
    stop("pause");
    await next("three");
    play();
    await sleep(100);
    playing();
    await watch(1000);
    emit("destroy");
    document.documentElement.dataset.over = "yes";
  },
});
