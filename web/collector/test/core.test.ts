import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

type Body = { view_id: string; viewer_id?: string; session_id?: string; context: any; events: any[] };
let bodies: Body[] = [];
let status = 202;
let core: typeof import("../src/core");
let place = 0;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "setInterval", "clearTimeout", "clearInterval", "Date", "performance"] });
  vi.resetModules();
  bodies = [];
  status = 202;
  vi.stubGlobal("fetch", async (_url: string, { body }: { body: string }) => {
    if (status === 0) throw new TypeError("offline");
    if (status < 300) bodies.push(...[JSON.parse(body)].flat());
    return { status, headers: new Map() };
  });
  core = await import("../src/core");
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const start = (more = {}) => core.init("player", { url: `https://qoe.example/${place++}`, ...more });
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const types = () => bodies.flatMap(({ events }) => events.map(({ type }) => type));

test("heartbeats come every ten seconds while somebody watches, and only then", async () => {
  const monitor = start();
  monitor.emit("play");
  monitor.emit("playing");
  await pass(30_500);
  monitor.emit("pause");
  await pass(60_000);
  expect(types()).toEqual(["play", "playing", "heartbeat", "heartbeat", "heartbeat", "pause"]);
});

test("sequence numbers run through a view and begin anew in the next", async () => {
  const monitor = start();
  monitor.emit("play");
  monitor.emit("playing");
  monitor.emit("videochange", { video_id: "two" });
  monitor.emit("play");
  monitor.destroy();
  await pass(0);
  expect(bodies.map(({ events }) => events.map(({ seq }) => seq))).toEqual([[1, 2, 3], [1, 2]]);
  expect(new Set(bodies.map(({ view_id }) => view_id)).size).toBe(2);
});

test("what is seen late is put where it was", async () => {
  const monitor = start();
  monitor.emit("play", {}, 1_000);
  monitor.emit("resize", { player_width: 6, player_height: 4 }, 1_500);
  monitor.emit("playing", {}, 1_200);
  monitor.flush();
  await pass(0);
  expect(bodies[0]!.events.map(({ type, seq }) => [type, seq])).toEqual([["play", 1], ["playing", 2], ["resize", 3]]);
});

test("a collector in trouble gets the same bytes again, later and later", async () => {
  status = 503;
  const monitor = start();
  monitor.emit("play");
  await pass(20_000);
  expect(bodies).toEqual([]);
  status = 202;
  await pass(60_000);
  expect(types().filter((type) => type === "play")).toEqual(["play"]);
});

test("a refusal is final", async () => {
  let asked = 0;
  vi.stubGlobal("fetch", async () => ({ status: 401 + 0 * ++asked, headers: new Map() }));
  const monitor = start();
  monitor.emit("play");
  await pass(9_000);
  expect(asked).toBe(1);
});

test("a view has a cap; its end is told all the same", async () => {
  const monitor = start({ maxEvents: 50 });
  monitor.emit("play");
  for (let count = 0; count < 500; count++) monitor.emit("requestcompleted", { request_bytes_loaded: 1 });
  for (let count = 0; count < 500; count++) monitor.emit("pause");
  monitor.destroy();
  await pass(0);
  expect(types().filter((type) => type === "request").length).toBe(39);
  expect(types().length).toBe(51);
  expect(types().at(-1)).toBe("end");
});

test("without consent neither viewer nor session is told, in no field", async () => {
  const monitor = start({ consent: false, data: { viewer_user_id: "me", video_id: "v" } });
  monitor.emit("play", { viewer_user_id: "me" });
  monitor.flush();
  await pass(0);
  expect(JSON.stringify(bodies)).not.toMatch(/"me"|session/);
  monitor.setConsent(true);
  monitor.flush();
  await pass(0);
  expect(bodies[1]!.viewer_id).toBe("me");
});

test("no address, no player, no callback and no event can throw", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  core.init("player").emit("play");
  const monitor = start({ getPlayheadTime: () => { throw new Error("no"); }, getStateData: () => null as never });
  monitor.emit("play", null as never);
  monitor.emit("nonsense", { a: { b: 1 } });
  monitor.emit("error", { player_error_code: {} });
  monitor.destroy();
  monitor.emit("play");
  monitor.destroy();
  await pass(0);
  expect(types().at(-1)).toBe("end");
});

test("state is told when it changes, and only then", async () => {
  const state = { player_width: 640, player_height: 360, video_source_url: "https://cdn.example/a.mp4", view_dropped_frame_count: 0 };
  const monitor = start({ getStateData: () => state });
  monitor.emit("play");
  monitor.emit("playing");
  Object.assign(state, { player_width: 1280, player_height: 720, view_dropped_frame_count: 4 });
  monitor.emit("pause");
  monitor.flush();
  await pass(0);
  expect(types()).toEqual(["resize", "play", "playing", "resize", "pause"]);
  expect(bodies[0]!.events.at(-1).dropped_frames).toBe(4);
  expect(bodies[0]!.context.source_url).toBe("https://cdn.example/a.mp4");
});

test("an ad that goes on after a pause is not another one", async () => {
  const monitor = start();
  for (const name of ["play", "adbreakstart", "adplay", "adplaying", "adpause", "adplay", "adplaying", "aderror", "adbreakend"]) monitor.emit(name);
  monitor.flush();
  await pass(0);
  expect(types()).toEqual(
    ["play", "ad_break_start", "ad_start", "ad_playing", "pause", "heartbeat", "ad_playing", "error", "ad_ended", "ad_break_end"],
  );
});

test("every event of the public list is taken", async () => {
  const names =
    "playerready viewinit play playing pause timeupdate seeking seeked rebufferstart rebufferend error ended renditionchange orientationchange " +
    "adrequest adresponse adbreakstart adplay adplaying adpause adfirstquartile admidpoint adthirdquartile adended adbreakend aderror " +
    "requestcompleted requestfailed requestcanceled";
  const monitor = start();
  for (const name of names.split(" ")) monitor.emit(name, { player_playhead_time: 5 });
  monitor.emit("viewend");
  await pass(0);
  const told = bodies.flatMap(({ events }) => events);
  expect(told.filter(({ type }) => type === "heartbeat").map(({ name }) => name)).toEqual(
    ["orientationchange", "adfirstquartile", "admidpoint", "adthirdquartile"],
  );
  expect(told.filter(({ type }) => type === "request").map(({ status }) => status ?? "ok")).toEqual(["ok", "failed", "canceled"]);
});

test("what JSON cannot say is told as text, and takes nothing with it", async () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const monitor = start({ data: { video_id: 10n, custom_1: circle, custom_2: new Date(0) } });
  monitor.emit("play", { player_error_message: 5n });
  monitor.flush();
  await pass(0);
  expect(types()).toEqual(["play"]);
  expect(bodies[0]!.context.video_id).toBe("10");
});

test("a view that is full still says that somebody watches", async () => {
  const monitor = start({ maxEvents: 20 });
  monitor.emit("play");
  for (let count = 0; count < 50; count++) monitor.emit("playing");
  await pass(25_000);
  expect(types().filter((type) => type === "heartbeat").length).toBe(2);
});

test("after the computer slept the next view is told of at the right time, the present one goes on", async () => {
  const monitor = start();
  monitor.emit("play");
  vi.setSystemTime(Date.now() + 8 * 3600_000); // the page's clock stood still
  monitor.emit("ended");
  monitor.emit("videochange", { video_id: "two" });
  monitor.emit("play");
  monitor.flush();
  await pass(0);
  const [first, second] = bodies.map(({ events }) => events.map(({ at }) => at));
  expect(first!.at(-1) - first![0]).toBeLessThan(1_000);
  expect(Math.abs(second![0] - Date.now())).toBeLessThan(1_000);
});
