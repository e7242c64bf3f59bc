import { afterEach, beforeEach, expect, test } from "vitest";
import type { AdBreaks } from "../src/ads";
import { FakeMedia, FakePage } from "./page";

let page: FakePage;
let video: FakeMedia;
let told: string[];
let monitor: { emit(event: string, data?: unknown, at?: number): void };
let ads: AdBreaks;
let undo: () => void;

beforeEach(async () => {
  page = new FakePage();
  video = new FakeMedia();
  told = [];
  monitor = { emit: (event) => void told.push(event) };
  [ads, undo] = (await import("../src/ads")).adBreaks(video as never, monitor as never);
});
afterEach(() => page.close());

const say = (...events: string[]) => events.forEach((event) => monitor.emit(event));

test("in the element of the content its words are the ad's, and what brings the content back is nobody's", () => {
  say("play", "playing");
  ads.start(true);
  ads.ad();
  say("pause", "play", "rebufferstart", "rebufferend", "pause", "play", "playing", "ended");
  ads.done();
  ads.end();
  say("play", "seeking", "seeked", "playing", "pause");
  expect(told).toEqual(
    ["play", "playing", "adbreakstart", "adplay", "adplaying", "adpause", "adplay", "adplaying", "adended", "adbreakend", "play", "playing", "playing", "pause"],
  );
});

test("a break that waits for the viewer begins when somebody wants to play", () => {
  ads.start(true);
  ads.ad();
  expect(told).toEqual([]);
  say("play", "playing");
  expect(told).toEqual(["play", "adbreakstart", "adplay", "adplaying"]);
});

test("a break that nobody waited for never was", () => {
  ads.start(true);
  ads.ad();
  ads.end();
  say("play", "playing");
  expect(told).toEqual(["play", "playing"]);
});

test("in an element of its own the ad's manager says all, the content's element nothing", () => {
  say("play", "playing");
  ads.start();
  say("pause");
  ads.start(false);
  ads.ad(true);
  ads.tell("adpause");
  ads.done();
  ads.done();
  ads.end();
  ads.end();
  say("play", "playing");
  expect(told).toEqual(
    ["play", "playing", "adbreakstart", "adplay", "adplaying", "adpause", "adended", "adbreakend", "play", "playing"],
  );
});

test("two ads of one break are two, also where frames moved before the ad was told of", () => {
  say("play", "playing");
  ads.start(true);
  say("playing");
  ads.ad();
  ads.done();
  ads.ad();
  say("playing");
  ads.end();
  expect(told.slice(2)).toEqual(
    ["adbreakstart", "adplay", "adplaying", "adended", "adplay", "adplaying", "adended", "adbreakend"],
  );
});

test("where the element says nothing, its clock does", async () => {
  say("play", "playing");
  Object.assign(video, { paused: false, moving: true });
  ads.start(true);
  ads.ad();
  await video.pass(600);
  ads.end();
  await video.pass(600);
  expect(told).toEqual(["play", "playing", "adbreakstart", "adplay", "adplaying", "adended", "adbreakend", "playing"]);
});

test("a viewer who pauses before the content is back has paused", async () => {
  say("play", "playing");
  ads.start(true);
  ads.end();
  say("pause");
  video.paused = true;
  await video.pass(1_100);
  expect(told.at(-1)).toBe("pause");
  undo();
});

test("an ad that fails ends without another word, requests and errors pass all the time", () => {
  say("play");
  ads.start(true);
  ads.ad();
  ads.tell("aderror");
  say("requestcompleted", "error");
  ads.end();
  expect(told).toEqual(["play", "adbreakstart", "adplay", "aderror", "requestcompleted", "error", "adbreakend"]);
});
