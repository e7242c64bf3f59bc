/** Any metric by one or two dimensions, what costs most first. */
import { useAnswer, useAsked } from "../api/answer";
import { type Measured, useCatalogue } from "../api/catalogue";
import { call } from "../api/client";
import type { Answer, Metric, Row } from "../api/type";
import { change, differenceOf, sizeOf, verdictOf } from "../logic/change";
import { format } from "../logic/format";
import { addsUp, impact, isExact, share } from "../logic/impact";
import { number } from "../logic/series";
import { DimensionChoice, MeasurementChoice, MetricChoice } from "../part/choice";
import { DimensionName, Meaning, MetricName } from "../part/definition";
import { FilterBar } from "../part/filterbar";
import { groupColumn } from "../part/group";
import { Heatmap } from "../part/heatmap";
import { Panel } from "../part/panel";
import { RangeBar } from "../part/rangebar";
import { Sharing } from "../part/sharing";
import { Ready } from "../part/state";
import { type Column, Table } from "../part/table";
import { WorldMap } from "../part/worldmap";
import { Head } from "../shell";
import { isFrozen } from "../state/address";
import { useScope } from "../state/range";

const MOST_GROUPS = 500;

export default function Breakdown() {
  const { board, metric } = useCatalogue();
  const { here } = useScope();
  const chosen = metric(here.params.get("m") ?? board.breakdown_metric);
  const by = here.params.get("by") ?? board.breakdowns[0] ?? "";
  const second = here.params.get("by2") ?? "";
  const set = (name: string) => (value: string) => here.set({ [name]: value }, { replace: true });
  return (
    <>
      <Head title="Breakdown">
        <RangeBar />
        {!isFrozen() && <Sharing />}
      </Head>
      <FilterBar />
      <div className="choices">
        <MetricChoice value={chosen.key} onChange={set("m")} />
        <MeasurementChoice measured={chosen} onChange={set("m")} />
        <DimensionChoice label="By" value={by} onChange={set("by")} />
        <DimensionChoice label="And by" value={second} none="nothing else" onChange={set("by2")} />
      </div>
      <Groups measured={chosen} groups={second && second !== by ? [by, second] : [by]} />
    </>
  );
}

interface Wanted {
  measured: Measured;
  groups: string[];
}

function Groups(wanted: Wanted) {
  const catalogue = useCatalogue();
  const { board } = catalogue;
  const { base, compare, every } = useScope();
  const url = call("/v1/query", {
    ...base,
    metrics: [...new Set([wanted.measured.key, board.volume])].join(","),
    group_by: wanted.groups.join(","),
    order_by: `-${board.volume}`,
    limit: MOST_GROUPS,
    totals: true,
    weights: true,
    compare: compare ? "previous" : undefined,
  });
  const answer = useAnswer<Answer>(url, { every });
  const { measured, groups } = useAsked(wanted, answer);
  const { key, metric } = measured;
  const rows = answer.data?.data ?? [];
  const columns = useColumns(measured, groups, rows, answer.data?.meta.totals ?? {});
  const rowKey = (row: Row) => groups.map((one) => String(row[one])).join(" · ");
  const title = groups.map((one) => catalogue.dimension(one).title).join(" × ");
  const about = `${measured.title} by ${title}`;
  const [first = "", second] = groups;
  return (
    <>
      {second === undefined && first === board.country && (
        <Panel title={
            <>
              <MetricName measured={measured} /> on the map
            </>
          } exports={{ call: url, name: `${key}-map`, columns, rows, rowKey }}>
          <Ready answer={answer} height={320}>
            {({ data }) => <WorldMap rows={data} dimension={first} measured={measured} />}
          </Ready>
        </Panel>
      )}
      {second !== undefined && (
        <Panel title={
            <>
              <MetricName measured={measured} /> as a heatmap
            </>
          } exports={{ call: url, name: `${key}-heatmap`, columns, rows, rowKey }}>
          <Ready answer={answer} height={320} isEmpty={({ data }) => data.length === 0}>
            {({ data }) => <Heatmap rows={data} across={second} down={first} measured={measured} volume={catalogue.metric(board.volume)} />}
          </Ready>
        </Panel>
      )}
      <Panel
        title={
          <>
            <MetricName measured={measured} /> by{" "}
            {groups.map((one, at) => (
              <span key={one}>
                {at > 0 && " × "}
                <DimensionName dimension={catalogue.dimension(one)} />
              </span>
            ))}
          </>
        }
        exports={{ call: url, name: `${key}-by-${groups.join("-")}`, columns, rows, rowKey }}
      >
        <Ready answer={answer} height={320} isEmpty={({ data }) => data.length === 0}>
          {({ data, meta }) => (
            <>
              <p className="hint">
                In total <b data-total={String(meta.totals?.[key])}>{format(meta.totals?.[key], metric.unit)}</b> of{" "}
                {format(meta.totals?.[board.volume], "count")} {catalogue.metric(board.volume).title.toLowerCase()},{" "}
                {data.length} groups{meta.truncated ? `, the ${MOST_GROUPS} largest` : ""}.
              </p>
              <Table
                key={about}
                columns={columns}
                rows={data}
                rowKey={rowKey}
                label={about}
                sort={{ key: "impact", descending: true }}
                remembered="sort"
                limit={50}
              />
            </>
          )}
        </Ready>
      </Panel>
    </>
  );
}

function useColumns(measured: Measured, groups: string[], rows: Row[], totals: Row): Column<Row>[] {
  const catalogue = useCatalogue();
  const { compare } = useScope();
  const { volume } = catalogue.board;
  const { key, metric, measurement } = measured;
  const gain = gainOf(measured, totals);
  const most = Math.max(...rows.map((row) => Math.abs(gain(row) ?? 0)), Number.MIN_VALUE);
  const columns = groups.map((one) => groupColumn(catalogue.dimension(one)));
  columns.push({
    key,
    title: metric.title,
    meaning: <Meaning measured={measured} />,
    numeric: true,
    value: (row) => row[key],
    show: (row) => <span data-value={String(row[key])}>{format(row[key], metric.unit)}</span>,
  });
  if (key !== volume) {
    columns.push({
      key: volume,
      title: catalogue.metric(volume).title,
      meaning: <Meaning measured={catalogue.metric(volume)} />,
      numeric: true,
      value: (row) => row[volume],
      show: (row) => format(row[volume], "count"),
    });
  }
  if (compare) {
    const differenceIn = (row: Row) => differenceOf(row[key], row[`${key}.previous`]);
    columns.push({
      key: "change",
      title: "Change",
      meaning: <span>Against the period of the same length before, as a part of what it was then.</span>,
      numeric: true,
      value: (row) => differenceIn(row)?.ratio ?? null,
      rank: (row) => sizeOf(differenceIn(row)),
      show: (row) => <Change value={row[key]} before={row[`${key}.previous`]} metric={metric} />,
    });
  }
  columns.push({
    key: "impact",
    title: addsUp(measurement) ? "Share" : "Impact",
    meaning: <span>{impactMeaning(measured)}</span>,
    numeric: true,
    value: gain,
    show: (row) => <Gain value={gain(row)} unit={addsUp(measurement) ? "ratio" : metric.unit} most={most} />,
  });
  return columns;
}

function gainOf({ key, metric, measurement }: Measured, totals: Row): (row: Row) => number | null {
  const partOf = (row: Row) => ({ value: number(row[key]), weight: number(row[`${key}.weight`]) });
  const total = partOf(totals);
  return (row) => (addsUp(measurement) ? share(total, partOf(row)) : impact(total, partOf(row), metric.better));
}

function impactMeaning({ metric, measurement }: Measured): string {
  if (addsUp(measurement)) return "How much of the total is this group’s.";
  const nearly = isExact(measurement) ? "" : " For percentiles this is an estimate.";
  return `How much better ${metric.title.toLowerCase()} would be in total if this group were like all the others. Below zero: the group makes the total better.${nearly}`;
}

function Gain({ value, unit, most }: { value: number | null; unit: string; most: number }) {
  if (value === null) return <span className="dim">–</span>;
  const width = Math.min(100, (Math.abs(value) / most) * 100);
  return (
    <span className={value > 0 ? "gain" : "gain less"} data-value={String(value)}>
      <svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
        <rect width={width} height="1" />
      </svg>
      <span>{format(value, unit)}</span>
    </span>
  );
}

function Change({ value, before, metric: { better, unit } }: { value: unknown; before: unknown; metric: Metric }) {
  const difference = differenceOf(value, before);
  if (difference === null) return <span className="delta none">{typeof value === "number" ? "nothing before" : "–"}</span>;
  const { rose, ratio } = difference;
  const was = format(before, unit);
  const shown = ratio === null ? `${rose ? "▲" : "▼"} from ${was}` : ratio === 0 ? "=" : `${rose ? "+" : "−"}${change(ratio)}`;
  return (
    <span className={`delta ${verdictOf(difference, better)}`} title={`before: ${was}`}>
      {shown}
    </span>
  );
}
