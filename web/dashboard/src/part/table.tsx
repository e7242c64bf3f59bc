/** A table that sorts by its headings. */
import { type ReactNode, useMemo, useState } from "react";
import { useAddress } from "../state/address";
import { Defined } from "./definition";

export interface Column<R> {
  key: string;
  title: ReactNode;
  /** Its definition, told on hover and focus. */
  meaning?: ReactNode;
  /** What stands in an export, and what it sorts by where there is no rank. */
  value: (row: R) => unknown;
  rank?: (row: R) => unknown;
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
  remembered,
}: {
  columns: Column<R>[];
  rows: readonly R[];
  label: string;
  sort?: Order;
  rowKey: (row: R) => string;
  /** More rows are shown on demand. */
  limit?: number;
  /** Under which name the address holds the order. */
  remembered?: string;
}) {
  const here = useAddress();
  const stored = remembered && here.params.get(remembered);
  const [order, setOrder] = useState<Order | undefined>(stored ? orderOf(stored) : sort);
  const [isWhole, setWhole] = useState(false);
  const sorted = useMemo(() => ordered(rows, columns, order), [rows, columns, order]);
  const shown = limit && !isWhole ? sorted.slice(0, limit) : sorted;
  const press = (column: Column<R>) => {
    const next = { key: column.key, descending: order?.key === column.key ? !order.descending : !column.ascending };
    setOrder(next);
    if (remembered) here.set({ [remembered]: `${next.descending ? "-" : ""}${next.key}` }, { replace: true });
  };
  return (
    <>
      {/* what scrolls must be reachable by keyboard */}
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
                  <Heading column={column} order={order} press={press} />
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

const orderOf = (text: string): Order => ({ key: text.replace(/^-/, ""), descending: text.startsWith("-") });

function Heading<R>({
  column,
  order,
  press,
}: {
  column: Column<R>;
  order: Order | undefined;
  press: (column: Column<R>) => void;
}) {
  const { title, meaning, fixed = false } = column;
  const arrow = order?.key === column.key ? (order.descending ? "↓" : "↑") : "";
  const button = (id?: string) => (
    <button type="button" onClick={() => press(column)} aria-describedby={id}>
      {title}
      <span className="arrow" aria-hidden="true">
        {arrow}
      </span>
    </button>
  );
  if (!meaning) return fixed ? title : button();
  return <Defined meaning={meaning}>{fixed ? title : button}</Defined>;
}

function ordered<R>(rows: readonly R[], columns: Column<R>[], order: Order | undefined): readonly R[] {
  const column = columns.find((one) => one.key === order?.key);
  if (!column || !order) return rows;
  const sign = order.descending ? -1 : 1;
  const rank = column.rank ?? column.value;
  return [...rows].sort((left, right) => compare(rank(left), rank(right), sign));
}

/** Nothing known comes last, whichever way. */
function compare(left: unknown, right: unknown, sign: number): number {
  const [a, b] = [left ?? null, right ?? null];
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a === "number" && typeof b === "number") return a === b ? 0 : sign * (a - b);
  return sign * String(a).localeCompare(String(b), undefined, { numeric: true });
}
