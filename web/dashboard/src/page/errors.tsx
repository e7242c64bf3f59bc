/** What went wrong, grouped: how often, since when, and in which views. */
import { useAnswer } from "../api/answer";
import { call } from "../api/client";
import type { ErrorAnswer, ErrorGroup } from "../api/type";
import { errorViews } from "../logic/errorviews";
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

const isWarning = ({ warnings }: ErrorGroup): boolean => warnings > 0;
const keyOf = (group: ErrorGroup): string => `${group.code} ${group.message}`;

export function ErrorTable({ also = [] }: { also?: string[] }) {
  const { base, every } = useScope();
  const url = call("/v1/errors", { ...base, filters: [...base.filters, ...also], limit: 200 });
  const [place, isSeen] = useSeen();
  const answer = useAnswer<ErrorAnswer>(url, { every, enabled: isSeen });
  const found = answer.data?.data;
  const hasWarnings = Boolean(found?.groups.some(isWarning));
  const columns = useColumns(also).filter(({ key }) => key !== "warnings" || hasWarnings);
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
              {format(data.attempts, "count")} attempts had an error. {data.groups.length}
              {data.truncated ? " or more" : ""} kinds of errors{hasWarnings && " and warnings"}; numbers, ids
              and addresses in messages are left out when they are compared. A view counts when it is over, in the range in
              which it ended; robots are left out unless a filter names them.
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
  const scope = useScope();
  const { here, zone, filters } = scope;
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
          <b className="clamped" title={row.code ?? undefined}>{row.code ?? "no code"}</b>
          {row.error_class && <span className="tag">{row.error_class}</span>}
          {row.warnings === row.views && <span className="tag warn">only a warning</span>}
          <span title={row.sample ?? ""}>{row.message ?? "no message"}</span>
          <small className="dim">{row.dialects.join(", ")}</small>
        </div>
      ),
    },
    { key: "trend", title: "Trend", meaning: <span>Views over the range, from its beginning to its end.</span>, fixed: true, value: (row) => row.trend.join(" "), show: (row) => <Bars values={row.trend} title={`Views over the range: ${row.trend.join(", ")}`} /> },
    { key: "views", title: "Views", meaning: <span>Views with it that ended in this range. The link leads to the same ones, unless one lasted longer than a week.</span>, numeric: true, value: (row) => row.views, show: (row) => <span data-value={row.views}>{format(row.views, "count")}</span> },
    { key: "share", title: "Of attempts", meaning: <span>Their share of all attempts in this range.</span>, numeric: true, value: (row) => row.share, show: (row) => format(row.share, "ratio") },
    { key: "fatal", title: "Fatal", meaning: <span>Views with it that an error ended.</span>, numeric: true, value: (row) => row.fatal, show: (row) => format(row.fatal, "count") },
    { key: "warnings", title: "Warnings", meaning: <span>Views in which it was only a warning: they do not count as views with an error.</span>, numeric: true, value: (row) => row.warnings, show: (row) => format(row.warnings, "count") },
    { key: "first", title: "First seen", numeric: true, value: (row) => row.first_seen_ms, show: (row) => instant(row.first_seen_ms) },
    { key: "last", title: "Last seen", numeric: true, value: (row) => row.last_seen_ms, show: (row) => instant(row.last_seen_ms) },
    {
      key: "link",
      title: <span className="sr">Views</span>,
      fixed: true,
      value: () => null,
      show: (row) =>
        isFrozen() ? null : (
          <a href={here.to("/views", { ...errorViews(row, [...filters, ...also], scope, now) })} aria-label={`Views with ${row.code ?? row.message ?? "this error"}`}>
            Views
          </a>
        ),
    },
  ];
}
