/** What happened: the figures that count, each against before, and one of them in full. */
import { useMemo } from "react";
import { useAnswer } from "../api/answer";
import { type Measured, useCatalogue } from "../api/catalogue";
import { call } from "../api/client";
import type { Answer, Row } from "../api/type";
import { format } from "../logic/format";
import { lines, number, times } from "../logic/series";
import { precise, tick } from "../logic/time";
import { Chart } from "../part/chart";
import { MeasurementChoice, MetricChoice } from "../part/choice";
import { MetricName } from "../part/definition";
import { Delta, Value } from "../part/figure";
import { FilterBar } from "../part/filterbar";
import { Panel } from "../part/panel";
import { RangeBar } from "../part/rangebar";
import { Ranking } from "../part/ranking";
import { Sharing } from "../part/sharing";
import { Sparkline } from "../part/sparkline";
import { Empty, Ready } from "../part/state";
import { Head } from "../shell";
import { isFrozen } from "../state/address";
import { useScope } from "../state/range";

export default function Overview() {
  const { board, metric } = useCatalogue();
  const { here } = useScope();
  const chosen = metric(here.params.get("m") ?? board.headlines[0] ?? "");
  const choose = (key: string) => here.set({ m: key }, { replace: true });
  return (
    <>
      <Head title="Overview">
        <RangeBar />
        {!isFrozen() && <Sharing />}
      </Head>
      <FilterBar />
      <Headlines keys={board.headlines} chosen={chosen.key} choose={choose} />
      <MetricPanel measured={chosen} choose={choose} />
      <div className="grid three">
        {board.breakdowns.map((dimension) => (
          <Ranking key={dimension} dimension={dimension} measured={chosen} />
        ))}
      </div>
    </>
  );
}

export function Headlines({
  keys,
  chosen,
  choose,
  also = [],
}: {
  keys: string[];
  chosen?: string;
  choose?: (key: string) => void;
  /** Filters besides those of the page. */
  also?: string[];
}) {
  const { metric } = useCatalogue();
  const { base, compare, granularity, every } = useScope();
  const question = {
    ...base,
    filters: [...base.filters, ...also],
    metrics: keys.join(","),
    compare: compare ? "previous" : undefined,
  };
  const totals = useAnswer<Answer>(call("/v1/query", question), { every });
  const series = useAnswer<Answer>(call("/v1/query", { ...question, granularity }), { every });
  return (
    <Ready answer={totals} height={116}>
      {({ data }) => (
        <ul className="cards" aria-label="Figures">
          {keys.map((key) => (
            <Card
              key={key}
              measured={metric(key)}
              row={data[0] ?? {}}
              rows={series.data?.data ?? []}
              compare={compare}
              isChosen={key === chosen}
              {...(choose ? { choose } : {})}
            />
          ))}
        </ul>
      )}
    </Ready>
  );
}

function Card({
  measured,
  row,
  rows,
  compare,
  isChosen,
  choose,
}: {
  measured: Measured;
  row: Row;
  rows: Row[];
  compare: boolean;
  isChosen: boolean;
  choose?: (key: string) => void;
}) {
  const { key, metric } = measured;
  const before = compare ? rows.map((one) => number(one[`${key}.previous`])) : undefined;
  return (
    <li className={isChosen ? "card chosen" : "card"} data-metric={key}>
      <div className="name">
        <MetricName measured={measured} />
      </div>
      <Value value={row[key]} unit={metric.unit} name={key} />
      {compare && <Delta value={row[key]} before={row[`${key}.previous`]} better={metric.better} unit={metric.unit} />}
      <Sparkline values={rows.map((one) => number(one[key]))} {...(before ? { before } : {})} />
      {choose && !isFrozen() && (
        <button type="button" className="cover" aria-pressed={isChosen} onClick={() => choose(key)}>
          <span className="sr">Show {measured.title} in full</span>
        </button>
      )}
    </li>
  );
}

export function MetricPanel({
  measured,
  choose,
  also = [],
}: {
  measured: Measured;
  choose?: (key: string) => void;
  also?: string[];
}) {
  const { base, compare, granularity, every, zone, here } = useScope();
  const { key, metric } = measured;
  const url = call("/v1/query", {
    ...base,
    filters: [...base.filters, ...also],
    metrics: key,
    granularity,
    compare: compare ? "previous" : undefined,
  });
  const answer = useAnswer<Answer>(url, { every });
  const rows = answer.data?.data;
  const drawn = useMemo(
    () => ({ times: times(rows ?? []), lines: lines(rows ?? [], key, metric.title, compare) }),
    [rows, key, metric.title, compare],
  );
  const zoom = (fromMs: number, toMs: number) =>
    here.set({ from: new Date(fromMs).toISOString(), to: toMs >= Date.now() ? null : new Date(toMs).toISOString() });
  return (
    <Panel
      title={<MetricName measured={measured} />}
      aside={
        choose && (
          <>
            <MetricChoice value={key} onChange={choose} />
            <MeasurementChoice measured={measured} onChange={choose} />
          </>
        )
      }
      exports={{
        call: url,
        name: key,
        rows: rows ?? [],
        rowKey: (row) => String(row.time),
        columns: [
          { key: "time", title: "Time", value: (row) => row.time, show: (row) => precise(Date.parse(String(row.time)), zone) },
          { key, title: metric.title, numeric: true, value: (row) => row[key], show: (row) => format(row[key], metric.unit) },
          ...(compare
            ? [
                {
                  key: `${key}.previous`,
                  title: "Before",
                  numeric: true,
                  value: (row: Row) => row[`${key}.previous`],
                  show: (row: Row) => format(row[`${key}.previous`], metric.unit),
                },
              ]
            : []),
        ],
      }}
    >
      <Ready
        answer={answer}
        height={260}
        isEmpty={({ data }) => data.every((row) => row[key] === null || row[key] === 0)}
        empty={<Empty title={metric.unit === "count" ? "Nothing in this range" : "No value in this range"} />}
      >
        {() => (
          <Chart
            {...drawn}
            unit={metric.unit}
            zone={zone}
            granularity={granularity}
            label={`${measured.title} from ${tick(drawn.times[0] ?? 0, "day", zone)}`}
            bars={metric.unit === "count" && measured.measurement === "sum"}
            {...(isFrozen() ? {} : { onZoom: zoom })}
          />
        )}
      </Ready>
      {!isFrozen() && <p className="hint">Drag over the chart to zoom in; the browser’s back button zooms out.</p>}
    </Panel>
  );
}
