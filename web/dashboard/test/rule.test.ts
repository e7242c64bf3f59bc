import { expect, test } from "vitest";
import { bounds, filterTexts, scaleOf, spelled, typed, windowsWith } from "../src/logic/rule";

const rule = { above: null, below: null, against: "value" as const };

test("bounds are typed in what people say, and sent in the metric's unit", () => {
  expect(typed("5", scaleOf("ratio", "value"))).toBe(0.05);
  expect(typed(" 2,5 ", scaleOf("ms", "value"))).toBe(2500);
  expect(typed("800", scaleOf("bps", "value"))).toBe(800_000);
  expect(typed("12", scaleOf("count", "value"))).toBe(12);
  expect(typed("50", scaleOf("ms", "day"))).toBe(0.5);
});

test("nothing is typed as nothing, and what is no number is told apart from it", () => {
  expect(typed("  ", scaleOf("ratio", "value"))).toBeNull();
  for (const text of ["much", "5 %", "1e999", "1.2.3"]) expect(typed(text, scaleOf("ratio", "value"))).toBeUndefined();
});

test("what may be a thousand or one is no number", () => {
  for (const text of ["1,000", "-20,000"]) expect(typed(text, scaleOf("count", "value"))).toBeUndefined();
  expect(typed("0,125", scaleOf("count", "value"))).toBe(0.125);
  expect(typed("1,5", scaleOf("count", "value"))).toBe(1.5);
});

test("a bound that nobody typed anew is sent back to the last digit", () => {
  const scale = scaleOf("ratio", "value");
  expect(typed(spelled(1 / 3, scale), scale, 1 / 3)).toBe(1 / 3);
  expect(typed("33", scale, 1 / 3)).toBe(0.33);
});

test("a bound that was sent is shown as it was typed", () => {
  for (const [text, unit] of [["5", "ratio"], ["0.7", "ratio"], ["2.5", "ms"], ["-30", "ratio"]] as const) {
    const scale = scaleOf(unit, "value");
    expect(spelled(typed(text, scale) ?? null, scale)).toBe(text);
  }
  expect(spelled(null, scaleOf("ratio", "value"))).toBe("");
});

test("bounds in words", () => {
  expect(bounds({ ...rule, above: 0.05 }, "ratio")).toBe("above 5.00 %");
  expect(bounds({ ...rule, above: 2500, below: 100 }, "ms")).toBe("above 2.50 s or below 100 ms");
  const day = { ...rule, against: "day" as const };
  expect(bounds({ ...day, above: 0.5 }, "ms")).toBe("up by more than 50.0 % on a day before");
  expect(bounds({ ...day, below: -0.3 }, "count")).toBe("down by more than 30.0 % on a day before");
  expect(bounds({ ...day, above: 0.5, below: -0.3 }, "count")).toBe("up by more than 50.0 % or down by more than 30.0 % on a day before");
  expect(bounds({ ...day, below: 0.1 }, "count")).toBe("below 10.0 % on a day before");
});

test("a window of any length can be chosen again", () => {
  expect(windowsWith(10)).toHaveLength(8);
  expect(windowsWith(7).at(-1)).toEqual(["7", "7 minutes"]);
});

test("filters of any form become texts", () => {
  expect(filterTexts([])).toEqual([]);
  expect(filterTexts("cdn:eq:wide")).toEqual(["cdn:eq:wide"]);
  expect(filterTexts(["a:eq:b", { not: "c:eq:d" }])).toEqual(["a:eq:b", '{"not":"c:eq:d"}']);
});
