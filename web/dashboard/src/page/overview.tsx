/** What happened: the figures that count, each against before, and one of them in full. */
import { useMemo } from "react";
import { type Asking, useAnswer, useAsked } from "../api/answer";
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
import { Empty, LoadingCards, Ready } from "../part/state";
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
      <MetricPanel measured={chosen} keys={board.headlines} choose={choose} />
      <div className="grid three">
        {board.breakdowns.map((dimension) => (
          <Ranking key={dimension} dimension={dimension} measured={chosen} />
        ))}
      </div>
    </>
  );
}

interface Figures {
  keys: string[];
  /** Filters besides those of the page. */
  also?: string[];
}

/** All figures over time. The period before is asked for with the totals, and for the one that is drawn in full. */
function useSeries({ keys, also = [] }: Figures, asking: Asking = {}) {
  const { base, granularity, every } = useScope();
  const question = { ...base, filters: [...base.filters, ...also], metrics: keys.join(","), granularity };
  return useAnswer<Answer>(call("/v1/query", question), { every, ...asking });
}

/** All figures in total. */
export function useTotals({ keys, also = [] }: Figures, asking: Asking = {}) {
  const { base, compare, every } = useScope();
  const question = {
    ...base,
    filters: [...base.filters, ...also],
    metrics: keys.join(","),
    compare: compare ? "previous" : undefined,
  };
  return useAnswer<Answer>(call("/v1/query", question), { every, ...asking });
}

export function Headlines({ keys, chosen, choose, also = [] }: Figures & { chosen?: string; choose?: (key: string) => void }) {
  const { metric } = useCatalogue();
  const { compare } = useScope();
  const totals = useTotals({ keys, also });
  const series = useSeries({ keys, also }, { enabled: !totals.isPending });
  return (
    <Ready answer={totals} waiting={<LoadingCards count={keys.length} />}>
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
  return (
    <li className={isChosen ? "card chosen" : "card"} data-metric={key}>
      <div className="name">
        <MetricName measured={measured} />
      </div>
      <Value value={row[key]} unit={metric.unit} name={key} />
      {compare && <Delta value={row[key]} before={row[`${key}.previous`]} better={metric.better} unit={metric.unit} />}
      <Sparkline values={rows.map((one) => number(one[key]))} />
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
  keys,
  choose,
  also = [],
}: Figures & { measured: Measured; choose?: (key: string) => void }) {
  const { base, compare, granularity, every, zone, here } = useScope();
  const url = call("/v1/query", {
    ...base,
    filters: [...base.filters, ...also],
    metrics: measured.key,
    granularity,
    compare: compare ? "previous" : undefined,
  });
  const answer = useAnswer<Answer>(url, { every });
  // The figures' own series hold this one already, but for the period before: it is drawn at once.
  const series = useSeries({ keys, also }, { enabled: false });
  const isAhead = answer.isPlaceholderData && keys.includes(measured.key) && !series.isPlaceholderData && Boolean(series.data);
  const asked = useAsked({ shown: measured, granularity }, answer);
  const { shown, granularity: drawnBy } = isAhead ? { shown: measured, granularity } : asked;
  const { key, metric } = shown;
  const rows = isAhead ? series.data?.data : answer.data?.data;
  const drawn = useMemo(
    () => ({ times: times(rows ?? []), lines: lines(rows ?? [], key, metric.title, compare && !isAhead) }),
    [rows, key, metric.title, compare, isAhead],
  );
  const zoom = (fromMs: number, toMs: number) =>
    here.set({ from: new Date(fromMs).toISOString(), to: toMs >= Date.now() ? null : new Date(toMs).toISOString() });
  return (
    <Panel
      title={<MetricName measured={shown} />}
      aside={
        choose && (
          <>
            <MetricChoice value={measured.key} onChange={choose} />
            <MeasurementChoice measured={measured} onChange={choose} />
          </>
        )
      }
      exports={{
        call: url,
        name: measured.key,
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
        answer={isAhead ? series : answer}
        height={260}
        isEmpty={({ data }) => data.every((row) => row[key] === null || row[key] === 0)}
        empty={<Empty title={metric.unit === "count" ? "Nothing in this range" : "No value in this range"} />}
      >
        {() => (
          <Chart
            {...drawn}
            unit={metric.unit}
            zone={zone}
            granularity={drawnBy}
            label={`${shown.title} from ${tick(drawn.times[0] ?? 0, "day", zone)}`}
            bars={metric.unit === "count" && shown.measurement === "sum"}
            {...(isFrozen() ? {} : { onZoom: zoom })}
          />
        )}
      </Ready>
      {!isFrozen() && <p className="hint">Drag over the chart to zoom in, or use arrow keys, Shift and Enter; the browser’s back button zooms out.</p>}
    </Panel>
  );
}
