/** What went wrong, grouped: how often, since when, and in which views. */
import { useAnswer } from "../api/answer";
import { call } from "../api/client";
import type { ErrorAnswer, ErrorGroup } from "../api/type";
import { format } from "../logic/format";
import { ago, precise } from "../logic/time";
import { FilterBar } from "../part/filterbar";
import { Panel } from "../part/panel";
import { RangeBar } from "../part/rangebar";
import { useSeen } from "../part/seen";
import { Sharing } from "../part/sharing";
import { Bars } from "../part/sparkline";
import { Empty, Ready } from "../part/state";
import { type Column, Table } from "../part/table";
import { Head } from "../shell";
import { isFrozen } from "../state/address";
import { useScope } from "../state/range";

export default function Errors() {
  return (
    <>
      <Head title="Errors">
        <RangeBar canCompare={false} />
        {!isFrozen() && <Sharing />}
      </Head>
      <FilterBar />
      <ErrorTable />
    </>
  );
}

const keyOf = (group: ErrorGroup): string => `${group.code} ${group.message}`;

export function ErrorTable({ also = [] }: { also?: string[] }) {
  const { base, every } = useScope();
  const url = call("/v1/errors", { ...base, filters: [...base.filters, ...also], limit: 200 });
  const [place, isSeen] = useSeen();
  const answer = useAnswer<ErrorAnswer>(url, { every, enabled: isSeen });
  const columns = useColumns(also);
  const found = answer.data?.data;
  return (
    <Panel
      title="Errors by code and message"
      place={place}
      exports={{ call: url, name: "errors", columns, rows: found?.groups ?? [], rowKey: keyOf }}
    >
      <Ready
        answer={answer}
        height={240}
        isEmpty={({ data }) => data.groups.length === 0}
        empty={<Empty title="No errors">No view that ended in this range had one.</Empty>}
      >
        {({ data }) => (
          <>
            <p className="hint">
              <b data-errors={data.views_with_errors}>{format(data.views_with_errors, "count")}</b> of{" "}
              {format(data.attempts, "count")} attempts had an error, in {data.groups.length}
              {data.truncated ? " or more" : ""} kinds. Numbers, ids and addresses in messages are left out when they
              are compared.
            </p>
            <Table
              columns={columns}
              rows={data.groups}
              rowKey={keyOf}
              label="Errors"
              sort={{ key: "views", descending: true }}
              remembered="sort"
              limit={30}
            />
          </>
        )}
      </Ready>
    </Panel>
  );
}

function useColumns(also: string[]): Column<ErrorGroup>[] {
  const { here, zone, filters } = useScope();
  const now = Date.now();
  const instant = (ms: number) => <time title={precise(ms, zone)}>{ago(ms, now)}</time>;
  return [
    {
      key: "code",
      title: "Error",
      ascending: true,
      value: (row) => row.code,
      show: (row) => (
        <div className="error">
          <b>{row.code ?? "no code"}</b>
          {row.error_class && <span className="tag">{row.error_class}</span>}
          <span title={row.sample ?? ""}>{row.message ?? "no message"}</span>
          <small className="dim">{row.dialects.join(", ")}</small>
        </div>
      ),
    },
    { key: "trend", title: "Trend", meaning: <span>Views over the range, from its beginning to its end.</span>, fixed: true, value: (row) => row.trend.join(" "), show: (row) => <Bars values={row.trend} title={`Views over the range: ${row.trend.join(", ")}`} /> },
    { key: "views", title: "Views", meaning: <span>Attempts that had this error.</span>, numeric: true, value: (row) => row.views, show: (row) => <span data-value={row.views}>{format(row.views, "count")}</span> },
    { key: "share", title: "Of attempts", meaning: <span>Their share of all attempts in this range.</span>, numeric: true, value: (row) => row.share, show: (row) => format(row.share, "ratio") },
    { key: "fatal", title: "Fatal", meaning: <span>Views that this error ended.</span>, numeric: true, value: (row) => row.fatal, show: (row) => format(row.fatal, "count") },
    { key: "first", title: "First seen", numeric: true, value: (row) => row.first_seen_ms, show: (row) => instant(row.first_seen_ms) },
    { key: "last", title: "Last seen", numeric: true, value: (row) => row.last_seen_ms, show: (row) => instant(row.last_seen_ms) },
    {
      key: "link",
      title: <span className="sr">Views</span>,
      fixed: true,
      value: () => null,
      show: (row) =>
        isFrozen() ? null : (
          <a href={here.to("/views", { f: [...filters, ...also, ...row.filters] })} aria-label={`Views with ${row.code ?? row.message ?? "this error"}`}>
            Views
          </a>
        ),
    },
  ];
}
