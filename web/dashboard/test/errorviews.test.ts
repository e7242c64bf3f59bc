import { expect, test } from "vitest";
import { errorViews } from "../src/logic/errorviews";

const NOW = Date.parse("2026-03-14T12:00:00Z");
const HOUR = 3_600_000;
const RANGE = { from: "-1h", to: "now", zone: "UTC" };
const GROUP = { code: "3", filters: ["error_code:eq:3", "error_message:exists:false"] };

test("the link asks for what was counted: closed views that ended in the range, robots apart", () => {
  const { f, from } = errorViews(GROUP, ["country:eq:DE"], RANGE, NOW);
  expect(f).toEqual([
    "country:eq:DE",
    ...GROUP.filters,
    "closed:eq:true",
    "bot:eq:false",
    `view_end_ms:gte:${NOW - HOUR}`,
  ]);
  // Views that ended in the last hour may have begun long before.
  expect(from).toBe("2026-03-07T11:00:00.000Z");
});

test("a range with an end has the views that ended before it", () => {
  const range = { from: "2026-03-12T20:00", to: "2026-03-13T20:00", zone: "Asia/Tokyo" };
  const { f } = errorViews(GROUP, [], range, NOW);
  expect(f).toContain(`view_end_ms:gte:${Date.parse("2026-03-12T11:00:00Z")}`);
  expect(f).toContain(`view_end_ms:lt:${Date.parse("2026-03-13T11:00:00Z")}`);
});

test("robots are counted where a filter speaks of them, wherever in it", () => {
  for (const filter of ["bot:eq:true", '{"or": ["bot:eq:true", "country:eq:DE"]}']) {
    expect(errorViews(GROUP, [filter], RANGE, NOW).f).not.toContain("bot:eq:false");
  }
});

test("errors without a code are told from views without errors", () => {
  const filters = ["error_code:exists:false", "error_message:exists:false"];
  expect(errorViews({ code: null, filters }, [], RANGE, NOW).f).toContain("error_count:gt:0");
});

test("a range that cannot be read is left to the API to complain of", () => {
  const { f, from } = errorViews(GROUP, [], { ...RANGE, from: "yesterday" }, NOW);
  expect(from).toBeUndefined();
  expect(f).toEqual([...GROUP.filters, "closed:eq:true", "bot:eq:false"]);
});
