import { expect, test } from "vitest";
import { told } from "../src/logic/told";

test("an instant is told on the clocks of the chosen zone", () => {
  const ms = Date.parse("2026-03-12T22:30:15Z");
  expect(told(ms, "ms", "Asia/Tokyo")).toBe("13 Mar 2026, 07:30:15");
  expect(told(1500, "ms", "Asia/Tokyo")).toBe("1.50 s");
});

test("lists are told without brackets: words, and stretches of the content", () => {
  expect(told(["clock_shifted", "end_guessed"], "text", "UTC")).toBe("clock shifted, end guessed");
  expect(told([[0, 5000], [60_000, 90_000]], "ms", "UTC")).toBe("0.0 s – 5.0 s, 1:00 – 1:30");
});

test("a table is told by its names", () => {
  expect(told({ plan: "gold", depth: { a: 1 } }, "text", "UTC")).toBe('plan: gold, depth: {"a":1}');
});

test("what is false is told, too", () => {
  expect(told(false, "flag", "UTC")).toBe("no");
});
