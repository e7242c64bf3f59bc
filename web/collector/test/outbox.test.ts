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
const taken = (from = shelfFor(URL)): Promise<string[]> => new Promise((done) => from.take(done));
const body = (number: number, padding = "") => JSON.stringify({ view_id: "v", padding, events: [{ type: "heartbeat", at: number }] });
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((done) => setImmediate(done));
};

/** A page's delivery, as a new visit to the site has it. */
async function visit() {
  vi.resetModules();
  return (await import("../src/outbox")).outboxFor(URL);
}

test("the shelf holds so many bodies and no more; the oldest give way", async () => {
  const shelf = shelfFor(URL);
  await taken(shelf);
  for (let number = 0; number < 3 * SHELF_LIMIT; number++) {
    vi.setSystemTime(1_000_000 + number);
    shelf.keep([String(number)]);
  }
  const found = await taken(shelf);
  expect(found.length).toBe(SHELF_LIMIT);
  expect([found[0], found.at(-1)]).toEqual([String(2 * SHELF_LIMIT), String(3 * SHELF_LIMIT - 1)]);
  expect(await taken()).toEqual([]);
});

test("what is a day old is thrown away", async () => {
  vi.setSystemTime(0);
  shelfFor(URL).keep(["old"]);
  await settle();
  vi.setSystemTime(24 * 3600_000);
  expect(await taken()).toEqual([]);
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
  expect(await taken()).toEqual([body(1)]);
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
  expect(await taken()).toEqual([]);
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
