import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakePage } from "./page";
import { SHELF_LIMIT, shelfFor } from "../src/shelf";

let page: FakePage;

beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  page = new FakePage();
});
afterEach(() => page.close());

const URL = "https://qoe.example/v1/beacons";
const kept = (from = shelfFor(URL)): Promise<string[]> => new Promise((done) => from.take(new Set(), done));
const body = (number: number, padding = "") => JSON.stringify({ view_id: "v", padding, events: [{ type: "heartbeat", at: number }] });
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((done) => setImmediate(done));
};

/** A page's delivery, as a new visit to the site has it. */
async function visit(key?: string) {
  vi.resetModules();
  return (await import("../src/outbox")).outboxFor(URL, key);
}

test("the shelf holds so many bodies and no more; the oldest give way", async () => {
  const shelf = shelfFor(URL);
  await kept(shelf);
  for (let number = 0; number < 3 * SHELF_LIMIT; number++) {
    vi.setSystemTime(1_000_000 + number);
    shelf.keep([String(number)]);
  }
  const found = await kept(shelf);
  expect(found.length).toBe(SHELF_LIMIT);
  expect([found[0], found.at(-1)]).toEqual([String(2 * SHELF_LIMIT), String(3 * SHELF_LIMIT - 1)]);
  expect(await new Promise((done) => shelf.take(new Set(found.slice(1)), done))).toEqual([found[0]]);
  expect(await kept()).toEqual([found[0]]);
});

test("what is kept within a millisecond stays in order, wherever on the shelf it comes to lie", async () => {
  for (let first = 0; first < SHELF_LIMIT; first++) {
    vi.stubGlobal("indexedDB", new IDBFactory());
    vi.spyOn(Math, "random").mockReturnValue(first / SHELF_LIMIT);
    const shelf = shelfFor(URL);
    shelf.keep(["1", "2"]);
    shelf.keep(["3"]);
    expect(await kept()).toEqual(["1", "2", "3"]);
  }
  vi.restoreAllMocks();
});

test("what is a day old is thrown away", async () => {
  vi.setSystemTime(0);
  shelfFor(URL).keep(["old"]);
  await settle();
  vi.setSystemTime(24 * 3600_000);
  expect(await kept()).toEqual([]);
});

test("what could not be delivered is delivered by the next visit, once it is possible", async () => {
  page.status = 503;
  const first = await visit();
  first.push(body(1));
  await pass(100);
  first.push(body(2));
  await settle();
  page.status = 202;
  await visit();
  await settle();
  expect(page.events.map(({ at }) => at)).toEqual([1, 2]);
});

test("a page that is left offline keeps what it had, and says it by beacon too", async () => {
  page.navigator.onLine = false;
  page.status = 0;
  const first = await visit();
  await settle();
  first.push(body(1));
  first.leave();
  await settle();
  expect(page.beacons.length).toBe(1);
  expect(await kept()).toEqual([body(1)]);
});

test("what has arrived after all is not kept", async () => {
  page.status = 0;
  const outbox = await visit();
  await settle();
  outbox.push(body(1));
  await settle();
  page.status = 202;
  await pass(2_000);
  await settle();
  expect(page.events.map(({ at }) => at)).toEqual([1]);
  await settle();
  expect(await kept()).toEqual([]);
});

test("the queue is bounded; what is newest stays", async () => {
  page.status = 0;
  const outbox = await visit();
  for (let number = 0; number < 100; number++) outbox.push(body(number, "x".repeat(10_000)));
  await pass(1);
  page.status = 202;
  await pass(60_000);
  const told = page.events.map(({ at }) => at);
  expect(told.length).toBeLessThan(42);
  expect(told.at(-1)).toBe(99);
});

test("a page that goes away sends in pieces that a beacon may have", async () => {
  page.status = 0;
  const sizes: number[] = [];
  page.navigator.sendBeacon = (_url: string, text: string) => sizes.push(text.length) > 0;
  const outbox = await visit();
  for (let number = 0; number < 10; number++) outbox.push(body(number, "x".repeat(20_000)));
  outbox.leave();
  expect(sizes.length).toBeGreaterThan(3);
  expect(Math.max(...sizes)).toBeLessThan(65_536);
});

test("the network's return is the moment to try again", async () => {
  page.status = 0;
  const outbox = await visit();
  outbox.push(body(1));
  await pass(1);
  page.status = 202;
  page.window.dispatchEvent(new Event("online"));
  await pass(1);
  expect(page.events.length).toBe(1);
});

test("what was kept stays kept until it has arrived, also over a visit that nobody answers", async () => {
  page.status = 503;
  (await visit()).push(body(1));
  await settle();
  const { fetch } = globalThis;
  vi.stubGlobal("fetch", () => new Promise(() => {}));
  const second = await visit();
  await settle();
  second.leave();
  vi.stubGlobal("fetch", fetch);
  page.status = 202;
  await visit();
  await settle();
  expect(page.events.map(({ at }) => at)).toEqual([1]);
  expect(await kept()).toEqual([]);
});

test("what a browser takes back when the page is left is kept", async () => {
  page.navigator.sendBeacon = () => false;
  vi.stubGlobal("fetch", () => new Promise(() => {}));
  const outbox = await visit();
  await settle();
  outbox.push(body(1));
  outbox.push(body(2));
  outbox.leave();
  await settle();
  expect(await kept()).toEqual([body(2)]);
});

test("requests are as small as browsers want them in bytes, whatever the script of a title", async () => {
  const taken: number[] = [];
  vi.stubGlobal("fetch", async (_url: string, { body, keepalive }: { body: string; keepalive: boolean }) => {
    const size = new TextEncoder().encode(body).length;
    if (keepalive && size > 65_536) throw new TypeError("too much");
    taken.push(...[JSON.parse(body)].flat().map(({ events }) => events[0].at));
    return { status: 202, headers: new Map() };
  });
  const outbox = await visit();
  for (let number = 1; number < 5; number++) outbox.push(body(number, "\u6620".repeat(15_000)));
  outbox.push(body(5, "\u6620".repeat(25_000)));
  await pass(5_000);
  expect(taken).toEqual([1, 2, 3, 4, 5]);
});

test("bodies of two keys never share a request", async () => {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (_url: string, { body }: { body: string }) => {
    asked.push(body);
    return { status: 202, headers: new Map() };
  });
  const { init } = await import("../src/core");
  const url = "https://qoe.example";
  const monitors = ["one", "two"].map((key) => init("player", { url, key }));
  for (let turn = 0; turn < 3; turn++) {
    for (const monitor of monitors) {
      monitor.emit("play");
      monitor.flush();
    }
  }
  await pass(100);
  expect(asked.length).toBeGreaterThan(1);
  for (const text of asked) expect(new Set([JSON.parse(text)].flat().map(({ write_key }) => write_key)).size).toBe(1);
});

test.each(["99999999", "Infinity", "soon"])("a collector that says to come back in %s seconds is not asked all the time", async (wait) => {
  let asked = 0;
  vi.stubGlobal("fetch", async () => ({ status: 503 + 0 * ++asked, headers: new Map([["retry-after", wait]]) }));
  (await visit()).push(body(1));
  await pass(3_000);
  expect(asked).toBeLessThan(5);
});

test("a page that deletes its databases need not wait for the shelf", async () => {
  await kept();
  const deleted = await new Promise((done) => {
    const asked = indexedDB.deleteDatabase("firstframe " + URL);
    asked.onsuccess = () => done(true);
    asked.onblocked = () => done(false);
  });
  expect(deleted).toBe(true);
});
