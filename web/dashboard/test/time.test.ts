import { expect, test } from "vitest";
import { UNTOUCHED, addressOf, fieldsOf } from "../src/logic/rangeform";
import { fixed, granularitiesBetween, granularityOf, instant, labelled, lengthOf, localInput, rangeTitle } from "../src/logic/time";

// The browser's own zone, which is none of those that are chosen.
process.env.TZ = "Europe/Berlin";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.parse("2026-03-14T12:00:00Z");

/** What `read_instant` of the API answers. */
const READ: [string, string, string][] = [
  ["2026-03-12T20:00", "Asia/Tokyo", "2026-03-12T11:00:00Z"],
  ["2026-03-12", "Asia/Tokyo", "2026-03-11T15:00:00Z"],
  ["2026-03-12 20:00", "America/St_Johns", "2026-03-12T22:30:00Z"],
  ["2026-03-12T20:00:30", "Asia/Kathmandu", "2026-03-12T14:15:30Z"],
  ["2026-03-12T20:00+09:00", "Europe/Berlin", "2026-03-12T11:00:00Z"],
  ["2026-03-12T20:00 09:00", "Europe/Berlin", "2026-03-12T11:00:00Z"],
  ["2026-03-12T11:00:00Z", "Asia/Tokyo", "2026-03-12T11:00:00Z"],
  ["1773309900", "Asia/Tokyo", "2026-03-12T10:05:00Z"],
  ["1773309900000", "Asia/Tokyo", "2026-03-12T10:05:00Z"],
  // Skipped by the clocks.
  ["2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:30:00Z"],
  ["2026-03-08T02:15", "America/New_York", "2026-03-08T07:15:00Z"],
  ["2026-10-04T02:10", "Australia/Lord_Howe", "2026-10-03T15:40:00Z"],
  ["2011-12-30T12:00", "Pacific/Apia", "2011-12-30T22:00:00Z"],
  // Shown twice, and just after that.
  ["2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30:00Z"],
  ["2026-10-25T03:30", "Europe/Berlin", "2026-10-25T02:30:00Z"],
  ["2026-11-01T01:15", "America/New_York", "2026-11-01T05:15:00Z"],
  ["2026-11-01T02:15", "America/New_York", "2026-11-01T07:15:00Z"],
  ["2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-04T14:45:00Z"],
];

test.each(READ)("%s in %s is what the API reads", (text, zone, read) => {
  expect(fixed(text, NOW, zone)).toBe(new Date(read).toISOString());
});

test("instants are told relative to now", () => {
  expect(instant("now", NOW, "Asia/Tokyo")).toBe(NOW);
  expect(instant("-24h", NOW, "Asia/Tokyo")).toBe(NOW - DAY);
  expect(instant("now+2w", NOW, "Asia/Tokyo")).toBe(NOW + 14 * DAY);
});

test("what is no instant has no time, and breaks nothing", () => {
  expect(instant("yesterday", NOW, "UTC")).toBeNaN();
  expect(fixed("yesterday", NOW, "UTC")).toBe("yesterday");
  expect(localInput(Number.NaN, "UTC")).toBe("");
});

test("a range is titled and measured on the clocks of its zone", () => {
  const range = { from: "2026-03-12T20:00", to: "now", zone: "Asia/Tokyo" };
  expect(rangeTitle(range, NOW)).toBe("12 Mar, 20:00 – now");
  expect(lengthOf(range, NOW)).toBe(49 * HOUR);
});

test("what the form shows is what was typed into it, whichever zone the browser is in", () => {
  const zone = "Asia/Tokyo";
  const typed = { from: "2026-03-12T20:00", to: "2026-03-13T08:00" };
  const applied = addressOf({ from: "-24h", to: "now", zone }, typed, NOW);
  expect(applied).toEqual({ from: "2026-03-12T11:00:00.000Z", to: "2026-03-12T23:00:00.000Z" });
  const range = { from: String(applied.from), to: String(applied.to), zone };
  expect(fieldsOf(range, UNTOUCHED, NOW)).toEqual(typed);
  expect(fieldsOf({ ...range, zone: "Europe/Berlin" }, UNTOUCHED, NOW).from).toBe("2026-03-12T12:00");
});

test("applying the form again moves nothing", () => {
  const zone = "Europe/Berlin";
  // The second 02:30 of the night in which the clocks go back, which 02:30 alone does not mean.
  const range = { from: "2026-10-25T01:30:15.000Z", to: "2026-10-26T00:00:00.000Z", zone };
  const shown = fieldsOf(range, UNTOUCHED, NOW);
  expect(shown.from).toBe("2026-10-25T02:30");
  expect(addressOf(range, { from: null, to: shown.to }, NOW)).toEqual({ from: range.from, to: range.to });
  const old = { from: "2026-03-12T20:00", to: "now", zone: "Asia/Tokyo" };
  const once = addressOf(old, { from: fieldsOf(old, UNTOUCHED, NOW).from, to: null }, NOW);
  expect(once).toEqual({ from: "2026-03-12T11:00:00.000Z", to: null });
  const again = { ...old, from: String(once.from) };
  expect(addressOf(again, { from: fieldsOf(again, UNTOUCHED, NOW).from, to: null }, NOW)).toEqual(once);
});

test("a range that begins relative to now is fixed when its end is", () => {
  const typed = { from: null, to: "2026-03-14T12:00" };
  const { from } = addressOf({ from: "-24h", to: "now", zone: "UTC" }, typed, NOW);
  expect(from).toBe("2026-03-13T12:00:00.000Z");
  expect(addressOf({ from: "-24h", to: "now", zone: "UTC" }, { from: "", to: "" }, NOW)).toEqual(UNTOUCHED);
});

test("ranges have as many buckets as can be read", () => {
  expect(granularityOf(HOUR)).toBe("minute");
  expect(granularityOf(DAY)).toBe("hour");
  expect(granularityOf(30 * DAY)).toBe("day");
  expect(granularitiesBetween(HOUR, 6 * DAY)).toEqual(["minute", "5m", "hour", "day"]);
  expect(granularitiesBetween(6 * DAY, DAY)).toEqual(["hour", "day"]);
  expect(granularitiesBetween(DAY, DAY)).toEqual(["hour"]);
  expect(granularitiesBetween(100 * DAY, 1000 * DAY)).toEqual(["day", "week", "month"]);
});

test("buckets are named at round times of the day of their zone", () => {
  const start = Date.UTC(2026, 0, 1, 10, 7);
  const times = Array.from({ length: 180 }, (_, at) => start + at * 60_000);
  const named = labelled(times, "minute", "Asia/Kolkata", 8) ?? [];
  const shown = times.filter((_, at) => named[at]).map((time) => localInput(time, "Asia/Kolkata").slice(11));
  expect(shown).toEqual(["16:00", "16:30", "17:00", "17:30", "18:00", "18:30"]);
});
