import { expect, test } from "vitest";
import { type Params, call } from "../src/api/client";
import { cursorsOf, kept } from "../src/logic/cursors";

const asked = (question: Params) => call("/v1/views", { from: "-24h", to: "now", order_by: "-view_start_ms", ...question });

const held = kept({ question: asked({}), passed: ["abc"] });

test("the same question goes on where it was, also for who comes back to it", () => {
  expect(cursorsOf(held, asked({}))).toEqual(["abc"]);
});

test("what nobody paged through is on its first page", () => {
  expect(cursorsOf(null, asked({}))).toEqual([]);
});

test.each([{ filters: "cdn:eq:wide" }, { from: "-7d" }, { to: "2026-03-12T00:00:00Z" }, { order_by: "view_start_ms" }, { timezone: "Asia/Tokyo" }])(
  "another question begins on its first page: %j",
  (change) => {
    expect(cursorsOf(held, asked(change))).toEqual([]);
  },
);
