import { expect, test } from "vitest";
import { change, differenceOf, sizeOf, verdictOf } from "../src/logic/change";

const difference = (value: number, before: number) => {
  const found = differenceOf(value, before);
  if (!found) throw new Error("both are known");
  return found;
};

test("a difference is a part of what was before", () => {
  expect(difference(150, 100)).toEqual({ rose: true, fell: false, ratio: 0.5 });
  expect(difference(50, 100)).toEqual({ rose: false, fell: true, ratio: -0.5 });
  expect(change(0.5)).toBe("50 %");
});

test("what was zero is known: a rise from it is one, and zero is the same as zero", () => {
  expect(difference(0.03, 0)).toEqual({ rose: true, fell: false, ratio: null });
  expect(difference(0, 0)).toEqual({ rose: false, fell: false, ratio: 0 });
});

test("against what is unknown there is no difference", () => {
  expect(differenceOf(1, null)).toBeNull();
  expect(differenceOf(1, undefined)).toBeNull();
  expect(differenceOf(null, 0)).toBeNull();
});

test("a rise is good or bad as its metric says", () => {
  expect(verdictOf(difference(0.03, 0), "lower")).toBe("bad");
  expect(verdictOf(difference(0.03, 0), "higher")).toBe("good");
  expect(verdictOf(difference(0.03, 0), "neutral")).toBe("same");
  expect(verdictOf(difference(1, 2), "lower")).toBe("good");
  expect(verdictOf(difference(2, 2), "lower")).toBe("same");
});

test("what came from zero differs most, and what is unknown has no size", () => {
  expect(sizeOf(difference(0.03, 0))).toBe(Infinity);
  expect(sizeOf(difference(-1, 0))).toBe(-Infinity);
  expect(sizeOf(difference(150, 100))).toBe(0.5);
  expect(sizeOf(null)).toBeNull();
});
