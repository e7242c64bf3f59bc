import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Trace, ViewEvent } from "../src/api/type";
import { bitrates, requests } from "../src/logic/trace";

/** Events as their SDKs told them, without what is not drawn; `traces.json` is what the API says of them. */
const golden = <T>(name: string): T => JSON.parse(readFileSync(new URL(`golden/${name}.json`, import.meta.url), "utf8"));
const traces = golden<Record<string, Trace>>("traces");
const told = (dialect: string) => ({ events: golden<ViewEvent[]>(dialect), trace: traces[dialect] as Trace });

test("bitmovin: a sample's bitrate held before it, and one sample tells of many requests", () => {
  const { events, trace } = told("bitmovin");
  const points = bitrates(events, trace, 0);
  expect(points.map((point) => point.value)).toEqual([314_000, 1_564_000, 314_000, 1_564_000]);
  const [startup, playing] = events.slice(1) as [ViewEvent, ViewEvent];
  expect(points[0]?.at).toBe(startup.at_ms - 262);
  expect(points[1]?.at).toBeGreaterThanOrEqual(playing.at_ms);
  const asked = requests(events, trace, 0);
  expect(asked.map((one) => one.count)).toEqual([9, 21, 28, 6]);
  expect(asked[0]).toEqual({ at: startup.at_ms, length: 282, verdict: "ok", name: "startup", count: 9 });
});

test("mux: a request has both its ends, and what is asked of ad servers is none", () => {
  const { events, trace } = told("mux");
  expect(bitrates(events, trace, 0).map((point) => point.value)).toEqual([2_600_000]);
  const asked = requests(events, trace, 1000);
  const { payload } = events.find((event) => event.name === "requestcompleted") as ViewEvent;
  expect(asked).toHaveLength(2);
  expect(asked[0]?.at).toBe(Number(payload.request_response_end) + 1000);
  expect(asked[0]?.length).toBe(Number(payload.request_response_end) - Number(payload.request_start));
  const failed = { ...events[0], name: "requestfailed", payload: {} } as ViewEvent;
  expect(requests([failed, { ...failed, name: "adrequest" }], trace, 0).map((one) => one.verdict)).toEqual(["failed"]);
});

test("native: renditions and requests of media only, failed ones as such", () => {
  const { events, trace } = told("native");
  const renditions = events.filter((event) => event.name === "rendition");
  expect(bitrates(events, trace, 0)[0]).toEqual({ at: renditions[0]?.at_ms, value: renditions[0]?.payload.bitrate_bps });
  const asked = requests(events, trace, 0);
  expect(asked.map((one) => one.name)).toEqual(["request", "request"]);
  expect(asked[0]).toMatchObject({ verdict: "ok", length: 4728 });
  const failed = events.filter((event) => event.name === "request").map((event) => ({ ...event, payload: { status: "failed" } }));
  expect(requests(failed, trace, 0)[0]?.verdict).toBe("failed");
});

test("pillarbox: heartbeats tell the bitrate; the address of a segment is no request", () => {
  const { events, trace } = told("pillarbox");
  expect(bitrates(events, trace, 0)).toEqual([{ at: events[1]?.at_ms, value: 314_000 }]);
  expect(requests(events, trace, 0)).toEqual([]);
});

test("cmcd: kilobits of the first part, and responses by their status", () => {
  const { events, trace } = told("cmcd");
  expect(bitrates(events, trace, 0).map((point) => point.value)).toEqual([504_000]);
  const asked = requests(events, trace, 0);
  const first = events.find((event) => event.name === "rr") as ViewEvent;
  expect(asked).toHaveLength(3);
  expect(asked[0]).toEqual({ at: first.at_ms, length: first.payload.ttlb, verdict: "ok", name: "rr", count: 1 });
  const answered = [404, 0, 302, undefined].map((rc) => ({ ...first, payload: { rc } }) as ViewEvent);
  expect(requests(answered, trace, 0).map((one) => one.verdict)).toEqual(["failed", "failed", "ok", "ok"]);
});

test("livepeer tells neither", () => {
  const { events, trace } = told("livepeer");
  expect(events.length).toBeGreaterThan(0);
  expect([...bitrates(events, trace, 0), ...requests(events, trace, 0)]).toEqual([]);
});

test("payloads of any shape draw nothing rather than break", () => {
  const events = [null, 7, "text", [], { downloadSpeedInfo: null }, { videoBitrate: "high" }].map(
    (payload) => ({ name: "playing", at_ms: 1, payload }) as unknown as ViewEvent,
  );
  for (const trace of Object.values(traces)) {
    expect(bitrates(events, trace, 0)).toEqual([]);
    expect(requests(events, trace, 0)).toEqual([]);
  }
});
