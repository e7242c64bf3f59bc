/** What there is to show: metrics, dimensions and the board, loaded once and handed down. */
import { type ReactNode, createContext, useContext, useMemo } from "react";
import { words } from "../logic/format";
import { Failed, Loading } from "../part/state";
import { useAnswer } from "./answer";
import type { Board, Dimension, Metric, RecordField } from "./type";

export interface Catalogue {
  metrics: Metric[];
  dimensions: Dimension[];
  board: Board;
  metric: (key: string) => Measured;
  dimension: (id: string) => Dimension;
  field: (name: string) => RecordField;
  /** What a dimension, or any field of a view, is called. */
  title: (name: string) => string;
}

/** A metric in one measurement: `video_startup_time.p95`. */
export interface Measured {
  key: string;
  metric: Metric;
  measurement: string;
  title: string;
}

export const CATALOGUE = ["/v1/metrics", "/v1/dimensions", "/v1/board"] as const;
const Known = createContext<Catalogue | null>(null);

export function useCatalogue(): Catalogue {
  const found = useContext(Known);
  if (!found) throw new Error("there is no catalogue around this");
  return found;
}

export function CatalogueProvider({ children }: { children: ReactNode }) {
  const metrics = useAnswer<{ data: Metric[] }>(CATALOGUE[0]);
  const dimensions = useAnswer<{ data: Dimension[] }>(CATALOGUE[1]);
  const board = useAnswer<{ data: Board }>(CATALOGUE[2]);
  const catalogue = useMemo(
    () =>
      metrics.data && dimensions.data && board.data
        ? makeCatalogue(metrics.data.data, dimensions.data.data, board.data.data)
        : null,
    [metrics.data, dimensions.data, board.data],
  );
  const failed = [metrics, dimensions, board].find((one) => one.error);
  if (failed?.error) return <Failed error={failed.error} retry={() => void failed.refetch()} />;
  if (!catalogue) return <Loading height={240} />;
  return <Known.Provider value={catalogue}>{children}</Known.Provider>;
}

export function makeCatalogue(metrics: Metric[], dimensions: Dimension[], board: Board): Catalogue {
  const byMetric = new Map(metrics.map((one) => [one.id, one]));
  const byDimension = new Map(dimensions.map((one) => [one.id, one]));
  const byField = new Map(board.fields.map((one) => [one.name, one]));
  return {
    metrics,
    dimensions,
    board,
    metric: (key) => measured(key, byMetric, metrics),
    dimension: (id) => byDimension.get(id) ?? unknownDimension(id),
    field: (name) => byField.get(name) ?? { name, group: "row", unit: "text", meaning: "" },
    title: (name) => byDimension.get(name)?.title ?? (byField.has(name) ? words(name) : name),
  };
}

function measured(key: string, byId: Map<string, Metric>, all: Metric[]): Measured {
  const [id = "", wanted] = key.split(/\.(.*)/s);
  const metric = byId.get(id) ?? (all[0] as Metric);
  const measurement = wanted || metric.default_measurement;
  const usual = metric.measurements.length === 1 || !wanted;
  return { key, metric, measurement, title: usual ? metric.title : `${metric.title}, ${measurement}` };
}

const unknownDimension = (id: string): Dimension => ({
  id,
  title: id,
  type: "text",
  group: "custom",
  description: "",
  values: null,
  ops: ["eq", "neq", "in", "not_in"],
});
