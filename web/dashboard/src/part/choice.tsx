/** Choosing a metric, a measurement, a dimension. */
import { useId } from "react";
import { type Catalogue, type Measured, useCatalogue } from "../api/catalogue";
import type { Dimension } from "../api/type";
import { words } from "../logic/format";
import { isFrozen } from "../state/address";

const PERCENTILES = ["p10", "p25", "p75", "p90", "p95", "p99"];

export function MetricChoice({ value, onChange }: { value: string; onChange: (key: string) => void }) {
  const { metrics, metric } = useCatalogue();
  const chosen = metric(value);
  return (
    <Select
      label="Metric"
      value={chosen.metric.id}
      onChange={onChange}
      options={metrics.map((one) => [one.id, one.title])}
    />
  );
}

export function MeasurementChoice({ measured, onChange }: { measured: Measured; onChange: (key: string) => void }) {
  const { metric, measurement } = measured;
  const options = measurementsOf(metric.measurements, measurement);
  if (options.length < 2) return null;
  return (
    <Select
      label="Measurement"
      value={measurement}
      options={[...options.map((one): [string, string] => [one, one]), ["other", "other percentile…"]]}
      onChange={(next) => {
        const wanted = next === "other" ? otherPercentile() : next;
        if (wanted) onChange(wanted === metric.default_measurement ? metric.id : `${metric.id}.${wanted}`);
      }}
    />
  );
}

function measurementsOf(known: string[], chosen: string): string[] {
  const plain = known.flatMap((one) => (one === "pNN" ? PERCENTILES : [one]));
  return plain.includes(chosen) ? plain : [...plain, chosen];
}

function otherPercentile(): string | null {
  const text = prompt("Percentile, above 0 and below 100", "99.5")?.trim();
  return text && /^\d{1,2}(\.\d{1,2})?$/.test(text) && Number(text) > 0 ? `p${text}` : null;
}

export function DimensionChoice({
  label,
  value,
  onChange,
  none,
  only,
}: {
  label: string;
  value: string;
  onChange: (id: string) => void;
  /** What it is called to choose none. */
  none?: string;
  only?: string[];
}) {
  const catalogue = useCatalogue();
  const found = only ? only.map(catalogue.dimension) : catalogue.dimensions;
  const id = useId();
  return (
    <label className="choice" htmlFor={id}>
      <span>{label}</span>
      <select id={id} value={value} disabled={isFrozen()} onChange={(event) => onChange(event.target.value)}>
        {none && <option value="">{none}</option>}
        {groupsOf(found).map(([group, members]) => (
          <optgroup key={group} label={words(group)}>
            {members.map((one) => (
              <option key={one.id} value={one.id}>
                {one.title}
              </option>
            ))}
          </optgroup>
        ))}
        {value && !found.some((one) => one.id === value) && <option value={value}>{title(catalogue, value)}</option>}
      </select>
    </label>
  );
}

const title = (catalogue: Catalogue, id: string): string => catalogue.dimension(id).title;

export function groupsOf(dimensions: Dimension[]): [string, Dimension[]][] {
  const groups = new Map<string, Dimension[]>();
  for (const one of dimensions) groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  return [...groups];
}

export function Select({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: string;
  options: [string, string][];
  onChange: (value: string) => void;
}) {
  const id = useId();
  return (
    <label className="choice" htmlFor={id}>
      <span>{label}</span>
      <select id={id} value={value} disabled={isFrozen()} onChange={(event) => onChange(event.target.value)}>
        {options.map(([key, name]) => (
          <option key={key} value={key}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
