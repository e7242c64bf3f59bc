import { expect, test } from "vitest";
import { Line } from "../src/api/line";
import { messages } from "../src/api/stream";
import { csv } from "../src/logic/csv";
import { format } from "../src/logic/format";
import { impact, rest, share } from "../src/logic/impact";

test("the total without a group is the weighted mean of the others", () => {
  // Two groups of 90 and 10 views at 1 % and 11 %: 2 % in total, 1 % without the second.
  expect(rest({ value: 0.02, weight: 100 }, { value: 0.11, weight: 10 })).toBeCloseTo(0.01, 12);
});

test("a group that is worse than the rest has an impact above zero, whichever way is better", () => {
  const total = { value: 0.02, weight: 100 };
  expect(impact(total, { value: 0.11, weight: 10 }, "lower")).toBeCloseTo(0.01, 12);
  expect(impact(total, { value: 0.11, weight: 10 }, "higher")).toBeCloseTo(-0.01, 12);
});

test("a group that is everything, or of which nothing is known, has no impact", () => {
  const total = { value: 0.02, weight: 100 };
  expect(impact(total, { value: 0.02, weight: 100 }, "lower")).toBeNull();
  expect(impact(total, { value: null, weight: 10 }, "lower")).toBeNull();
});

test("a group whose value is no part of the total, and so weighs nothing, has no effect on it", () => {
  const total = { value: 1160, weight: 100 };
  for (const weight of [0, null]) {
    expect(impact(total, { value: 9000, weight }, "lower")).toBeNull();
    expect(share(total, { value: 9000, weight })).toBeNull();
  }
});

test("where parts add up, a group has a share of the total, which may be none", () => {
  const total = { value: 200, weight: 10 };
  expect(share(total, { value: 50, weight: 2 })).toBe(0.25);
  expect(share(total, { value: 0, weight: 0 })).toBe(0);
  expect(share(total, { value: null, weight: 0 })).toBe(0);
  expect(share({ value: 0, weight: 0 }, { value: 0, weight: 0 })).toBeNull();
});

test("numbers are written by their unit", () => {
  expect(format(1234567, "count")).toBe("1.2 M");
  expect(format(0.00312, "ratio")).toBe("0.31 %");
  expect(format(1523, "ms")).toBe("1.52 s");
  expect(format(90_000_000, "ms")).toBe("25 h");
  expect(format(2_500_000, "bps")).toBe("2.50 Mbit/s");
  expect(format(null, "count")).toBe("–");
  expect(format(-0.00001, "ratio")).toBe("−0.001 %");
  expect(format(4.2e-7, "ratio")).toBe("≈ 0 %");
});

test("a stream is cut into whole messages, wherever its pieces end", () => {
  const [first, left] = messages('event: live\r\ndata: {"a":1}\r\n\r\nevent: li');
  expect(first).toEqual([{ event: "live", data: '{"a":1}' }]);
  const [second] = messages(`${left}ve\ndata: {"a":2}\n\n`);
  expect(second).toEqual([{ event: "live", data: '{"a":2}' }]);
});

test("cells that a spreadsheet would run are disarmed", () => {
  expect(csv(["a"], [["=1+1"], ['say "hi"'], [-1]])).toBe('a\r\n\'=1+1\r\n"say ""hi"""\r\n-1\r\n');
});

test("few calls run at once, in order, and what is given up before its turn never begins", async () => {
  const line = new Line(2);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (name: string) => () => {
    begun.push(name);
    return new Promise<void>((done) => ends.set(name, done));
  };
  const control = new AbortController();
  const all = ["a", "b"].map((name) => line.run(work(name)));
  const givenUp = line.run(work("c"), control.signal);
  all.push(line.run(work("d")));
  control.abort();
  await expect(givenUp).rejects.toThrow();
  await expect(line.run(work("e"), control.signal)).rejects.toThrow();
  expect(begun).toEqual(["a", "b"]);
  ends.get("a")?.();
  await all[0];
  await Promise.resolve();
  expect(begun).toEqual(["a", "b", "d"]);
  ends.get("b")?.();
  ends.get("d")?.();
  await Promise.all(all);
  await line.run(async () => begun.push("f"));
  expect(begun.at(-1)).toBe("f");
});

test("a call that fails gives its place to the next", async () => {
  const line = new Line(1);
  const failed = line.run(() => Promise.reject(new Error("no")));
  const next = line.run(() => Promise.resolve("yes"));
  await expect(failed).rejects.toThrow("no");
  expect(await next).toBe("yes");
});
