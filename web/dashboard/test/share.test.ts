import { expect, test } from "vitest";
import { call } from "../src/api/client";
import { sharedCalls } from "../src/logic/share";
import { granularityOf, lengthOf } from "../src/logic/time";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.parse("2026-03-14T12:00:00Z");
const RANGE = { from: "2026-03-11T00:00:00.000Z", to: "now", zone: "UTC" };

/** What the overview asks for at an instant. */
const series = (range: typeof RANGE, now: number) =>
  call("/v1/query", {
    from: range.from,
    to: range.to,
    timezone: range.zone,
    filters: ["cdn:in:a,b\\,c"],
    metrics: "attempts",
    granularity: granularityOf(lengthOf(range, now)),
  });

/** As the API compares calls. */
const canonical = (url: string) => [...new URLSearchParams(url.split("?")[1])].sort().join("&");
const allowed = (calls: string[], range: typeof RANGE, until: number) =>
  new Set(sharedCalls(calls, range, NOW, until).map(canonical));

test("a range with an open end takes wider buckets in time, and a link allows them while it is good", () => {
  const until = NOW + 365 * DAY;
  const shared = allowed([series(RANGE, NOW)], RANGE, until);
  for (let now = NOW - HOUR; now <= until + HOUR; now += DAY) expect(shared).toContain(canonical(series(RANGE, now)));
  expect(shared.size).toBe(3);
});

test("a link that is over before the buckets widen allows what is asked for now only", () => {
  expect(allowed([series(RANGE, NOW)], RANGE, NOW + DAY / 2).size).toBe(1);
});

test("a range that does not grow is asked for in one way", () => {
  for (const range of [{ ...RANGE, from: "-5d" }, { ...RANGE, to: "2026-03-12T00:00:00.000Z" }]) {
    const asked = series(range, NOW);
    expect(sharedCalls([asked], range, NOW, NOW + 365 * DAY)).toEqual([asked]);
  }
});

test("what has buckets of its own keeps them", () => {
  const history = call("/v1/query", { metrics: "concurrent_viewers", from: "-24h", granularity: "minute" });
  expect(sharedCalls([history], RANGE, NOW, NOW + 365 * DAY)).toEqual([history]);
});

test("a list of views is shared from its first page, as the link opens it", () => {
  const question = { from: "-24h", to: "now", order_by: "-view_start_ms", limit: 50, filters: ["cdn:in:a,b"] };
  const first = call("/v1/views", question);
  const second = call("/v1/views", { ...question, cursor: "abc" });
  expect(sharedCalls([second], RANGE, NOW, NOW + DAY)).toEqual([first]);
  expect(sharedCalls([first, second], RANGE, NOW, NOW + DAY)).toEqual([first]);
});

test("what a page asks for besides numbers is not shared", () => {
  const calls = ["/v1/session", "/v1/metrics", "/v1/dimensions/cdn/values?limit=60", "/v1/views/abc"];
  expect(sharedCalls(calls, RANGE, NOW, NOW + DAY)).toEqual(["/v1/views/abc"]);
});
