/** Two dimensions against each other, as a table whose cells are shaded. */
import type { Measured } from "../api/catalogue";
import { useCatalogue } from "../api/catalogue";
import type { Row } from "../api/type";
import { format } from "../logic/format";
import { number } from "../logic/series";
import { useNaming } from "./group";

const MOST = 12;

export function Heatmap({
  rows,
  across,
  down,
  measured,
  volume,
}: {
  rows: Row[];
  across: string;
  down: string;
  measured: Measured;
  volume: Measured;
}) {
  const { dimension } = useCatalogue();
  const naming = useNaming();
  const { key, metric } = measured;
  const columns = largest(rows, across, volume.key);
  const lines = largest(rows, down, volume.key);
  const cells = new Map(rows.map((row) => [`${row[down]} ${row[across]}`, row]));
  const values = rows.map((row) => number(row[key])).filter((one): one is number => one !== null);
  const top = Math.max(...values, Number.MIN_VALUE);
  return (
    // what scrolls must be reachable by keyboard
    <div className="scroll" tabIndex={0} role="region" aria-label={`${measured.title}, heatmap`}>
      <table className="heatmap">
        <thead>
          <tr>
            <th scope="col">
              {dimension(down).title} ↓ {dimension(across).title} →
            </th>
            {columns.map((one) => (
              <th key={String(one)} scope="col" className="num">
                {naming(across, one)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={String(line)}>
              <th scope="row">{naming(down, line)}</th>
              {columns.map((one) => {
                const row = cells.get(`${line} ${one}`);
                const value = row ? number(row[key]) : null;
                const shade = value === null ? 0 : Math.round((value / top) * 55);
                return (
                  <td
                    key={String(one)}
                    className="num"
                    style={{ background: `color-mix(in srgb, var(--accent) ${shade}%, transparent)` }}
                    title={`${volume.title}: ${format(row?.[volume.key] ?? 0, volume.metric.unit)}`}
                  >
                    {format(value, metric.unit)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The values with most views, as many as can be read. */
function largest(rows: Row[], dimension: string, volume: string): Row[string][] {
  const sums = new Map<Row[string], number>();
  for (const row of rows) {
    const value = row[dimension] ?? null;
    sums.set(value, (sums.get(value) ?? 0) + (number(row[volume]) ?? 0));
  }
  return [...sums]
    .sort((left, right) => right[1] - left[1])
    .slice(0, MOST)
    .map(([value]) => value);
}
