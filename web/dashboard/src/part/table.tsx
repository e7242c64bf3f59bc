/** A table that sorts by its headings. */
import { type ReactNode, useMemo, useState } from "react";

export interface Column<R> {
  key: string;
  title: ReactNode;
  /** What it sorts by, and what stands in an export. */
  value: (row: R) => unknown;
  show?: (row: R) => ReactNode;
  numeric?: boolean;
  /** The first press sorts the other way round. */
  ascending?: boolean;
  fixed?: boolean;
}

interface Order {
  key: string;
  descending: boolean;
}

export function Table<R>({
  columns,
  rows,
  label,
  sort,
  rowKey,
  limit,
}: {
  columns: Column<R>[];
  rows: readonly R[];
  label: string;
  sort?: Order;
  rowKey: (row: R) => string;
  /** More rows are shown on demand. */
  limit?: number;
}) {
  const [order, setOrder] = useState<Order | undefined>(sort);
  const [isWhole, setWhole] = useState(false);
  const sorted = useMemo(() => ordered(rows, columns, order), [rows, columns, order]);
  const shown = limit && !isWhole ? sorted.slice(0, limit) : sorted;
  const press = (column: Column<R>) =>
    setOrder((now) =>
      now?.key === column.key
        ? { key: column.key, descending: !now.descending }
        : { key: column.key, descending: !column.ascending },
    );
  return (
    <>
      {/* biome-ignore lint: what scrolls must be reachable by keyboard */}
      <div className="scroll" tabIndex={0} role="region" aria-label={label}>
        <table>
          <thead>
            <tr>
              {columns.map((column) => (
                <th
                  key={column.key}
                  scope="col"
                  className={column.numeric ? "num" : undefined}
                  aria-sort={order?.key === column.key ? (order.descending ? "descending" : "ascending") : undefined}
                >
                  {column.fixed ? (
                    column.title
                  ) : (
                    <button type="button" onClick={() => press(column)}>
                      {column.title}
                      <span className="arrow" aria-hidden="true">
                        {order?.key === column.key ? (order.descending ? "↓" : "↑") : ""}
                      </span>
                    </button>
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr key={rowKey(row)} data-row={rowKey(row)}>
                {columns.map((column) => (
                  <td key={column.key} className={column.numeric ? "num" : undefined} data-column={column.key}>
                    {column.show ? column.show(row) : String(column.value(row) ?? "–")}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {limit && sorted.length > limit && (
        <button type="button" className="more" onClick={() => setWhole(!isWhole)}>
          {isWhole ? `Show the first ${limit}` : `Show all ${sorted.length}`}
        </button>
      )}
    </>
  );
}

function ordered<R>(rows: readonly R[], columns: Column<R>[], order: Order | undefined): readonly R[] {
  const column = columns.find((one) => one.key === order?.key);
  if (!column || !order) return rows;
  const sign = order.descending ? -1 : 1;
  return [...rows].sort((left, right) => compare(column.value(left), column.value(right), sign));
}

/** Nothing known comes last, whichever way. */
function compare(left: unknown, right: unknown, sign: number): number {
  const [a, b] = [left ?? null, right ?? null];
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a === "number" && typeof b === "number") return sign * (a - b);
  return sign * String(a).localeCompare(String(b), undefined, { numeric: true });
}
