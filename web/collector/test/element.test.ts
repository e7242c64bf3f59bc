import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeMedia, FakePage } from "./page";

let page: FakePage;
let video: FakeMedia;
let place = 0;

beforeEach(() => {
  page = new FakePage();
  video = new FakeMedia();
});
afterEach(() => page.close());

async function watch(more = {}) {
  const { watchElement } = await import("../src/element");
  return watchElement(video as never, { url: `https://qoe.example/element/${place++}`, ...more });
}

/** What was told of, each with the time since the first play. */
function story(): Array<[string, number]> {
  const told = page.events.filter(({ type }) => type !== "resize" && type !== "rendition");
  const zero = told.find(({ type }) => type === "play")?.at;
  return told.map(({ type, name, at }) => [name ?? type, at - zero]);
}

test("startup ends where the clock began to move, a stall is as long as the clock stood", async () => {
  const monitor = await watch();
  video.play();
  await video.pass(300);
  video.start();
  await video.pass(1_000);
  video.moving = false;
  await video.pass(100);
  video.tell("waiting");
  await video.pass(400);
  video.moving = true;
  await video.pass(500);
  video.pause();
  monitor.destroy();
  await video.pass(5);
  const told = story();
  expect(told.map(([name]) => name)).toEqual(["play", "playing", "stall_start", "stall_end", "pause", "end"]);
  for (const [place, at] of [300, 1_300, 1_800, 2_300].entries()) expect(Math.abs(told[place + 1]![1] - at)).toBeLessThanOrEqual(10);
});

test("a clock that leaps forward with the play is told of behind it", async () => {
  await watch();
  Object.defineProperty(video, "muted", { get: () => (vi.advanceTimersByTime(1), false) }); // the page is slow to tell
  video.play();
  video.currentTime = 0.08; // as where a page was frozen before its pause was complete
  video.start();
  await video.pass(500);
  page.hide(true);
  await video.pass(5);
  expect(story().slice(0, 2)).toEqual([["play", 0], ["playing", 0]]);
});

test("at twice the speed the clock's way is half as long", async () => {
  await watch();
  video.playbackRate = 2;
  video.tell("ratechange");
  video.play();
  await video.pass(200);
  video.start();
  await video.pass(300);
  video.pause();
  page.hide(true);
  await video.pass(5);
  expect(page.events.find(({ type }) => type === "rate").rate).toBe(2);
  const told = story();
  expect(Math.abs(told.find(([name]) => name === "playing")![1] - 200)).toBeLessThanOrEqual(10);
});

test("a play that the browser refuses is taken back, the next one is another", async () => {
  await watch();
  video.allowed = false;
  await video.play().catch(() => {});
  await video.pass(2_000);
  video.allowed = true;
  video.play();
  await video.pass(50);
  video.start();
  await video.pass(1_500);
  expect(story().map(([name]) => name)).toEqual(["play", "autoplay_blocked", "play", "playing"]);
});

test("a play that only a pause cut short is no refusal", async () => {
  await watch();
  video.play = function (this: FakeMedia) {
    this.paused = false;
    this.tell("play");
    return Promise.reject(Object.assign(new Error("interrupted"), { name: "AbortError" }));
  };
  (await import("../src/element")).watchElement(video as never, { url: `https://qoe.example/element/${place++}` });
  await video.play().catch(() => {});
  video.pause();
  await video.pass(1_500);
  expect(page.types).not.toContain("autoplay_blocked");
});

test("a seek lasts until frames move; a wait in it is not a stall", async () => {
  const monitor = await watch();
  video.play();
  await video.pass(10);
  video.start();
  await video.pass(500);
  Object.assign(video, { seeking: true, moving: false, currentTime: 40 });
  video.tell("seeking");
  video.tell("waiting");
  await video.pass(300);
  video.seeking = false;
  video.tell("seeked");
  await video.pass(200);
  video.start();
  await video.pass(500);
  monitor.destroy();
  await video.pass(5);
  const told = story();
  expect(told.map(([name]) => name)).toEqual(["play", "playing", "seeking", "seeked", "end"]);
  expect(Math.abs(told[3]![1] - told[2]![1] - 500)).toBeLessThanOrEqual(10);
});

test("a video that loops is not sought in", async () => {
  const monitor = await watch();
  Object.assign(video, { loop: true, currentTime: 59.2 });
  video.play();
  video.start();
  await video.pass(500);
  Object.assign(video, { seeking: true, currentTime: 0 });
  video.tell("seeking");
  video.seeking = false;
  video.tell("seeked");
  await video.pass(500);
  monitor.destroy();
  await video.pass(5);
  expect(story().map(([name]) => name)).toEqual(["play", "playing", "end"]);
});

test("full screen of a box around the element and picture-in-picture are told, with the sizes", async () => {
  const monitor = await watch();
  video.play();
  video.start();
  await video.pass(100);
  const box = Object.assign(new EventTarget(), { contains: (other: unknown) => other === video });
  video.box = { width: 1920, height: 1080 };
  const event = new Event("fullscreenchange");
  Object.defineProperty(event, "target", { value: box });
  page.document.dispatchEvent(event);
  video.box = { width: 320, height: 180 };
  video.tell("enterpictureinpicture");
  monitor.flush();
  await video.pass(5);
  const told = page.events.filter(({ type, name }) => name || type === "resize").map(({ name, width }) => name ?? width);
  expect(told).toEqual([640, 1920, "fullscreenchange", 320, "enterpictureinpicture"]);
});

test("another player's full screen is none of ours", async () => {
  const monitor = await watch();
  video.play();
  const event = new Event("fullscreenchange");
  Object.defineProperty(event, "target", { value: { contains: () => false } });
  page.document.dispatchEvent(event);
  monitor.flush();
  await video.pass(5);
  expect(page.types).not.toContain("fullscreenchange");
});

test("another source is another view, which ends where the first was taken away", async () => {
  await watch();
  video.play();
  video.start();
  await video.pass(1_000);
  Object.assign(video, { paused: true, moving: false, currentTime: 0, src: "https://cdn.example/b.mp4" });
  const emptied = new Event("emptied");
  Object.defineProperty(emptied, "timeStamp", { value: performance.now() });
  await video.pass(200); // the page is busy
  video.dispatchEvent(emptied);
  video.tell("loadstart");
  await video.pass(1_500);
  const views = new Map<string, any[]>();
  for (const { view_id, events } of page.bodies) views.set(view_id, [...(views.get(view_id) ?? []), ...events]);
  const [first] = views.values();
  const pause = first!.find(({ type }) => type === "pause");
  expect(Math.abs(pause.at - first!.find(({ type }) => type === "play").at - 1_000)).toBeLessThanOrEqual(5);
  expect([first!.at(-1).type, first!.at(-1).at]).toEqual(["end", pause.at]);
});

test("a hidden page sends what it has at once, and says that it was hidden", async () => {
  await watch();
  video.play();
  video.start();
  await video.pass(200);
  page.hide(true);
  await vi.advanceTimersByTimeAsync(0);
  expect(page.events.map(({ type, hidden }) => hidden ?? type)).toEqual(expect.arrayContaining(["play", "playing", true]));
  page.hide(false);
  await video.pass(10_500);
  expect(page.events.filter(({ type }) => type === "visibility").map(({ hidden }) => hidden)).toEqual([true, false]);
});

test("a page that is left ends the view; one that comes back begins another", async () => {
  await watch();
  video.play();
  video.start();
  await video.pass(500);
  page.window.dispatchEvent(new Event("pagehide"));
  expect(page.types.at(-1)).toBe("end");
  page.window.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
  await video.pass(1_500);
  expect(new Set([...page.bodies, ...page.beacons].map(({ view_id }) => view_id)).size).toBe(2);
});

test("time zone, language and kind of network are the browser's; the page is told without its query", async () => {
  page.navigator.connection = { type: "ethernet" };
  const monitor = await watch();
  video.play();
  monitor.flush();
  await video.pass(5);
  const { context } = page.bodies[0]!;
  expect(context).toMatchObject({ language: "de", connection_type: "wired", page_url: "https://site.example/watch" });
  expect(context.time_zone).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
});

test.each(["doNotTrack", "globalPrivacyControl"])("a browser that says %s is left alone", async (signal) => {
  page.navigator[signal] = signal === "doNotTrack" ? "1" : true;
  const before = video.play;
  const monitor = await watch();
  video.play();
  await video.pass(20_000);
  expect([monitor.viewId, page.events, video.play === before]).toEqual([null, [], true]);
});

test("destroy gives back the element as it was", async () => {
  const before = video.play;
  const removed = vi.spyOn(video, "removeEventListener");
  const added = vi.spyOn(video, "addEventListener");
  const monitor = await watch();
  monitor.destroy();
  expect(video.play).toBe(before);
  expect(removed.mock.calls.length).toBe(added.mock.calls.length);
});

test("nothing runs on once a monitor is destroyed, also where frames were still awaited", async () => {
  const monitor = await watch();
  video.play();
  await video.pass(100);
  monitor.destroy();
  await video.pass(100);
  expect(vi.getTimerCount()).toBe(0);
});

test("an element has one monitor: the second ends the first", async () => {
  const first = await watch();
  video.play();
  video.start();
  await video.pass(500);
  const second = await watch();
  await video.pass(1_500);
  expect([first.viewId, second.viewId === null]).toEqual([null, false]);
  video.pause();
  second.flush();
  await video.pass(5);
  expect(page.types.filter((type) => type === "pause").length).toBe(1);
  expect(page.types.filter((type) => type === "end").length).toBe(1);
});

test("a monitor that measures nothing leaves the one before alone", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const first = await watch();
  const second = await watch({ url: "" });
  expect([first.viewId === null, second.viewId]).toEqual([false, null]);
});

test("destroy may also be emitted", async () => {
  const before = video.play;
  (await watch()).emit("destroy");
  expect(video.play).toBe(before);
});

test("a view that the page tells of is not told of again by the element's new source", async () => {
  for (const first of [true, false]) {
    page.bodies = [];
    video.src = "https://cdn.example/a.mp4";
    const monitor = await watch({ data: { video_id: "one" } });
    video.play();
    video.start();
    await video.pass(500);
    const source = () => void Object.assign(video, { paused: true, moving: false, currentTime: 0, src: "https://cdn.example/b.mp4" });
    if (!first) source();
    monitor.emit("videochange", { video_id: "two" });
    if (first) source();
    video.tell("emptied");
    video.tell("loadstart");
    video.play();
    video.start();
    await video.pass(500);
    monitor.destroy();
    await video.pass(5);
    const ids = page.bodies.map(({ view_id }) => view_id);
    expect(new Set(ids).size).toBe(2);
    const second = page.bodies.filter(({ view_id }) => view_id === ids.at(-1));
    expect(Object.assign({}, ...second.map(({ context }) => context))).toMatchObject({ video_id: "two", source_url: "https://cdn.example/b.mp4" });
    expect(second.flatMap(({ events }) => events.map(({ type }) => type))).toEqual(expect.arrayContaining(["play", "playing", "end"]));
  }
});

test("when the last of several sources fails, that is an error", async () => {
  const monitor = await watch();
  video.play();
  await video.pass(50);
  video.tell("error"); // of the first, on its way to the element
  video.networkState = 3;
  video.tell("error");
  monitor.flush();
  await video.pass(5);
  expect(page.events.filter(({ type }) => type === "error").map(({ code }) => code)).toEqual(["4"]);
});

test("no target and no options can throw", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const { monitor } = await import("../src/index");
  page.document.querySelector = () => {
    throw new SyntaxError("no selector");
  };
  for (const target of ["#1", null, 5, {}]) monitor(target as never).emit("play");
  expect(monitor(video as never, null as never).viewId).toBe(null);
});
