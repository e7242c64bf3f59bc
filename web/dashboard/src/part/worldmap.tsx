/** The world, each country shaded by one metric. */
import { useEffect, useState } from "react";
import type { Measured } from "../api/catalogue";
import type { Row } from "../api/type";
import { among } from "../logic/filter";
import { format } from "../logic/format";
import { number } from "../logic/series";
import { isFrozen } from "../state/address";
import { useScope } from "../state/range";
import { useNaming } from "./group";
import { Loading } from "./state";

interface World {
  width: number;
  height: number;
  countries: { code: string; name: string; path: string }[];
}

export function WorldMap({ rows, dimension, measured }: { rows: Row[]; dimension: string; measured: Measured }) {
  const [world, setWorld] = useState<World | null>(null);
  const [pointed, setPointed] = useState<string | null>(null);
  const { here, filters } = useScope();
  const naming = useNaming();
  useEffect(() => {
    void import("virtual:world").then((found) => setWorld(found.default));
  }, []);
  if (!world) return <Loading height={320} />;
  const { key, metric } = measured;
  const values = new Map(rows.map((row) => [String(row[dimension]), number(row[key])]));
  const top = Math.max(...[...values.values()].map((one) => one ?? 0), Number.MIN_VALUE);
  const known = [...values.values()].filter((one) => one !== null).length;
  const told = pointed === null ? null : `${naming(dimension, pointed)}: ${format(values.get(pointed) ?? null, metric.unit)}`;
  return (
    <figure className="world">
      <svg viewBox={`0 0 ${world.width} ${world.height}`} role="img" aria-label={`${measured.title} in ${known} countries; the table below has the numbers`}>
        {world.countries.map(({ code, name, path }) => {
          const value = values.get(code) ?? null;
          const share = value === null ? 0 : 12 + Math.round((value / top) * 88);
          return (
            <path
              key={name}
              d={path}
              data-country={value === null ? undefined : code}
              className={value === null ? "land" : "land known"}
              style={value === null ? undefined : { fill: `color-mix(in srgb, var(--accent) ${share}%, var(--land))` }}
              onPointerEnter={() => setPointed(code)}
              onPointerLeave={() => setPointed(null)}
              onClick={() => {
                if (value !== null && !isFrozen()) here.set({ f: [...filters, among(dimension, [code])] });
              }}
            />
          );
        })}
      </svg>
      <figcaption>
        <span>{told ?? `${known} countries`}</span>
        <span className="scale">
          {format(0, metric.unit)} <i /> {format(top, metric.unit)}
        </span>
      </figcaption>
    </figure>
  );
}
