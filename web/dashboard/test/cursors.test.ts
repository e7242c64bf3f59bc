import { expect, test } from "vitest";
import { type Params, call } from "../src/api/client";
import { cursorsOf } from "../src/logic/cursors";

const asked = (question: Params) => call("/v1/views", { from: "-24h", to: "now", order_by: "-view_start_ms", ...question });

test("the same question goes on where it was", () => {
  const held = { question: asked({}), passed: ["abc"] };
  expect(cursorsOf(held, asked({}))).toBe(held);
});

test.each([{ filters: "cdn:eq:wide" }, { from: "-7d" }, { to: "2026-03-12T00:00:00Z" }, { order_by: "view_start_ms" }, { timezone: "Asia/Tokyo" }])(
  "another question begins on its first page: %j",
  (change) => {
    const held = { question: asked({}), passed: ["abc"] };
    expect(cursorsOf(held, asked(change)).passed).toEqual([]);
  },
);
