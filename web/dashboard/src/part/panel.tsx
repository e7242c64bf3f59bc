/** A box with a heading, and with what everything that is drawn here can do: be a table, a file, an API call. */
import { type ReactNode, type Ref, useState } from "react";
import { useCall } from "../api/calls";
import { read, send } from "../api/client";
import { csv } from "../logic/csv";
import { Icon } from "./icon";
import { Popover } from "./popover";
import { type Column, Table } from "./table";

export interface Export<R = never> {
  /** The exact call that was made. */
  call: string;
  columns?: Column<R>[];
  rows?: readonly R[];
  rowKey?: (row: R) => string;
  /** What the file is called. */
  name: string;
}

export function Panel<R>({
  title,
  aside,
  exports,
  children,
  className = "",
  place,
}: {
  title: ReactNode;
  aside?: ReactNode;
  exports?: Export<R>;
  children: ReactNode;
  className?: string;
  /** The box itself, for who wants to know whether it is seen. */
  place?: Ref<HTMLElement>;
}) {
  const [asTable, setTable] = useState(false);
  const { columns, rows, rowKey } = exports ?? {};
  const hasTable = columns && rows && rowKey;
  useCall(exports?.call);
  return (
    <section className={`panel ${className}`} ref={place}>
      <header>
        <h2>{title}</h2>
        {aside && <div className="aside">{aside}</div>}
        {exports && (
          <Popover className="button plain" label={<Icon name="menu" />} title="Export and more" align="end">
            {(close) => (
              <Exports
                exports={exports}
                asTable={asTable}
                canTable={Boolean(hasTable)}
                flip={() => setTable(!asTable)}
                close={close}
              />
            )}
          </Popover>
        )}
      </header>
      {asTable && hasTable ? (
        <Table columns={columns} rows={rows} rowKey={rowKey} label="The numbers of this chart" limit={200} />
      ) : (
        children
      )}
    </section>
  );
}

function Exports<R>({
  exports,
  asTable,
  canTable,
  flip,
  close,
}: {
  exports: Export<R>;
  asTable: boolean;
  canTable: boolean;
  flip: () => void;
  close: () => void;
}) {
  const [isCopied, setCopied] = useState(false);
  const url = new URL(exports.call, location.href);
  const command = `curl -H "Authorization: Bearer $TOKEN" '${url.href.replaceAll("'", "%27")}'`;
  const run = (act: () => void) => () => {
    act();
    close();
  };
  return (
    <div className="menu">
      {canTable && (
        <button type="button" onClick={run(flip)}>
          {asTable ? "Show as chart" : "Show as table"}
        </button>
      )}
      <button type="button" onClick={run(() => void download(exports))}>
        Download CSV
      </button>
      <button
        type="button"
        onClick={() => {
          void navigator.clipboard?.writeText(command);
          setCopied(true);
        }}
      >
        {isCopied ? "Copied" : "Copy API call"}
      </button>
      <code className="call">{command}</code>
    </div>
  );
}

async function download<R>(exports: Export<R>): Promise<void> {
  const blob = exports.call.startsWith("/v1/query?")
    ? await (await send(`${exports.call}&format=csv`)).blob()
    : new Blob([await written(exports)], { type: "text/csv" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${exports.name}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}

async function written<R>({ call, columns, rows }: Export<R>): Promise<string> {
  if (columns && rows) {
    return csv(
      columns.map((one) => one.key),
      rows.map((row) => columns.map((one) => one.value(row))),
    );
  }
  const { data } = await read<{ data: Record<string, unknown>[] }>(call);
  const keys = Object.keys(data[0] ?? {});
  return csv(
    keys,
    data.map((row) => keys.map((key) => row[key])),
  );
}
