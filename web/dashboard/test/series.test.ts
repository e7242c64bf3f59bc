import { expect, test } from "vitest";
import { lone, runs } from "../src/logic/series";
import { spark } from "../src/logic/spark";

test("what is unknown breaks a line", () => {
  expect(runs([1, 2, null, null, 3, null, 4, 5])).toEqual([
    { start: 0, values: [1, 2] },
    { start: 4, values: [3] },
    { start: 6, values: [4, 5] },
  ]);
  expect(runs([null, null])).toEqual([]);
});

test("a value with nothing known on either side is lone, at the ends too", () => {
  expect(lone([7, null, 1, 2, null, 0, null, 9])).toEqual([7, null, null, null, null, 0, null, 9]);
  expect(lone([7])).toEqual([7]);
});

test("a small line has an area below each run, and a dot where no line leads", () => {
  const { line, fill, dots } = spark([2, 2, null, 2, null, 0, 2], 60, 24);
  expect(line).toBe("M0.0 2.0L10.0 2.0M50.0 22.0L60.0 2.0");
  expect(fill).toBe("M0.0 2.0L10.0 2.0L10.0 24L0.0 24ZM50.0 22.0L60.0 2.0L60.0 24L50.0 24Z");
  expect(dots).toBe("M30.0 2.0h0");
});

test("nothing known is drawn as nothing", () => {
  expect(spark([null, null], 60, 24)).toEqual({ line: "", fill: "", dots: "" });
});
