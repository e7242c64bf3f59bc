/** The outlines of countries (Natural Earth, public domain) as one SVG path each, made when the dashboard is built. */
import { createRequire } from "node:module";
import { feature } from "topojson-client";
import type { Plugin } from "vite";

const NAME = "virtual:world";
const WIDTH = 1000;
const TOP = 84;
const BOTTOM = -58;

type Ring = [number, number][];

export function world(): Plugin {
  return {
    name: "world",
    resolveId: (id) => (id === NAME ? `\0${NAME}` : null),
    load: (id) => (id === `\0${NAME}` ? `export default ${JSON.stringify(outlines())}` : null),
  };
}

function outlines() {
  const need = createRequire(import.meta.url);
  const atlas = need("world-atlas/countries-110m.json");
  const codes = need("i18n-iso-countries");
  const found = feature(atlas, atlas.objects.countries) as unknown as {
    features: { id?: string; properties: { name: string }; geometry: { type: string; coordinates: unknown } }[];
  };
  const countries = found.features
    .filter((one) => one.properties.name !== "Antarctica")
    .map((one) => ({
      code: (one.id && codes.numericToAlpha2(one.id)) ?? "",
      name: one.properties.name,
      path: path(one.geometry),
    }));
  return { width: WIDTH + 4, height: Math.round(y(BOTTOM)), countries };
}

function path(geometry: { type: string; coordinates: unknown }): string {
  const polygons = (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates) as Ring[][];
  return polygons.flatMap((rings) => rings.map(line)).join("");
}

function line(ring: Ring): string {
  // A ring that jumps from one edge of the map to the other goes on beyond the edge instead.
  const jumps = ring.some(([longitude], at) => Math.abs(longitude - (ring[at - 1]?.[0] ?? longitude)) > 180);
  const whole = jumps ? ring.map(([longitude, latitude]): [number, number] => [longitude < 0 ? longitude + 360 : longitude, latitude]) : ring;
  return `M${whole.map(([longitude, latitude]) => `${x(longitude)} ${y(latitude)}`).join("L")}Z`;
}

const x = (longitude: number) => round(((longitude + 170) / 360) * WIDTH);
const y = (latitude: number) => round(((TOP - latitude) / 360) * WIDTH * 1.15);
const round = (value: number) => Math.round(value * 10) / 10;
