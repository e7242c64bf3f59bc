import { expect, test } from "vitest";
import { type Condition, among, describe, dimensionsOf, parse, spell } from "../src/logic/filter";

const NAMING = {
  title: (dimension: string) => dimension.charAt(0).toUpperCase() + dimension.slice(1),
  value: (_: string, value: string) => value,
};
const said = (text: string) => describe(parse(text), NAMING);

test("filters survive being written and read, commas and colons in values too", () => {
  for (const text of ["country:eq:DE", "cdn:in:a,b\\,c", "page_url:contains:https://x.example:8080/", "city:exists:false"]) {
    expect(spell(parse(text) as Condition)).toBe(text);
  }
  expect(parse("cdn:in:a,b\\,c")).toMatchObject({ values: ["a", "b,c"] });
});

test("unknown values are filtered on as not existing", () => {
  expect(among("city", [null])).toBe("city:exists:false");
  expect(among("city", [null], { not: true })).toBe("city:exists:true");
  expect(among("city", ["Berlin", "Paris"], { not: true })).toBe("city:not_in:Berlin,Paris");
  expect(said("city:exists:false")).toBe("City is unknown");
});

/** Whether a view is kept, as the API says: no condition is null, so what is unknown is *not* any value. */
function keeps(tree: unknown, country: string | null): boolean {
  if (typeof tree === "string") {
    if (tree.startsWith("{")) return keeps(JSON.parse(tree), country);
    const { op, values } = parse(tree) as Condition;
    if (op === "exists") return (country !== null) === (values[0] === "true");
    const isIn = country !== null && values.includes(country);
    return op === "eq" || op === "in" ? isIn : !isIn;
  }
  const { and, or } = tree as { and?: unknown[]; or?: unknown[] };
  return and ? and.every((one) => keeps(one, country)) : (or ?? []).some((one) => keeps(one, country));
}

test.each([
  [["DE"], false, ["DE"]],
  [["DE"], true, ["FR", "US", null]],
  [[null], false, [null]],
  [[null], true, ["DE", "FR", "US"]],
  [["DE", null], false, ["DE", null]],
  [["DE", null], true, ["FR", "US"]],
  [[null, "DE", "FR"], false, ["DE", "FR", null]],
  [[null, "DE", "FR"], true, ["US"]],
])("of all views, %j with not=%s keeps %j", (picked, not, kept) => {
  const filter = among("country", picked, { not });
  expect(["DE", "FR", "US", null].filter((one) => keeps(filter, one))).toEqual(kept);
});

test("trees are read as people say them", () => {
  expect(said(among("city", ["Berlin", null]))).toBe("City is Berlin or is unknown");
  expect(said(among("city", ["Berlin", "Paris", null], { not: true }))).toBe("City is none of Berlin, Paris and is known");
  const tree = { or: ["city:in:Berlin,Paris", { and: ["cdn:eq:wide", { not: { dimension: "live", op: "eq", value: true } }] }] };
  expect(said(JSON.stringify(tree))).toBe("City is one of Berlin, Paris or (Cdn is wide and (not (Live is true)))");
});

test("a tree speaks of all the dimensions in it", () => {
  expect(dimensionsOf(parse(among("city", ["Berlin", null])))).toEqual(["city"]);
  expect(dimensionsOf(parse('{"or": ["city:eq:Berlin", {"not": "cdn:eq:wide"}]}'))).toEqual(["city", "cdn"]);
});

test("what is no tree is shown as it stands in the address", () => {
  for (const text of ['{"or"', '{"or": 3}', '{"foo": 1}', "[null]"]) expect(() => said(text)).not.toThrow();
});
