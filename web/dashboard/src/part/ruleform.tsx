/** Writing an alert's rule: what is watched, when it is wrong, who is told; with a look at how it would be now. */
import { type ReactNode, useRef, useState } from "react";
import { useCatalogue } from "../api/catalogue";
import { ApiError, write } from "../api/client";
import type { AlertChannel, AlertEntry, AlertRule, PreviewAnswer } from "../api/type";
import { describe, parse } from "../logic/filter";
import { format } from "../logic/format";
import { AGAINST, boundUnit, bounds, filterTexts, scaleOf, spelled, typed, windowsWith } from "../logic/rule";
import { DimensionChoice, MeasurementChoice, MetricChoice, Select } from "./choice";
import { Filters, useFilterNaming } from "./filterbar";
import { useNaming } from "./group";
import { Icon } from "./icon";
import { type Column, Table } from "./table";

/** A rule with its bounds as they are typed. */
interface Draft {
  rule: AlertRule;
  above: string;
  below: string;
  attempts: string;
}

export function RuleForm({
  alert,
  rule: first,
  hasMail,
  done,
}: {
  /** The alert that is changed; none makes a new one. */
  alert?: AlertEntry | undefined;
  rule: AlertRule;
  hasMail: boolean;
  done: (saved: AlertEntry | null) => void;
}) {
  const catalogue = useCatalogue();
  const measured = catalogue.metric(first.metric);
  const [draft, setDraft] = useState<Draft>(() => draftOf(first, measured.metric.unit));
  const [failure, setFailure] = useState("");
  const [preview, setPreview] = useState<PreviewAnswer | null>(null);
  const { rule } = draft;
  const now = catalogue.metric(rule.metric);
  const scale = scaleOf(now.metric.unit, rule.against);
  /** Counts the changes: a preview of what was changed since it was asked for is of no use. */
  const version = useRef(0);
  const forget = () => {
    version.current += 1;
    setPreview(null);
  };
  const change = (part: Partial<AlertRule>) => {
    forget();
    setDraft((old) => ({ ...old, rule: { ...old.rule, ...part } }));
  };
  const type = (part: Partial<Draft>) => {
    forget();
    setDraft((old) => ({ ...old, ...part }));
  };
  /** In another unit what was typed means something else. */
  const retype = (part: Partial<AlertRule>) => {
    const next = { ...rule, ...part };
    const isKept = boundUnit(catalogue.metric(next.metric).metric.unit, next.against) === boundUnit(now.metric.unit, rule.against);
    if (isKept) change(part);
    else type({ rule: { ...next, above: null, below: null }, above: "", below: "" });
  };
  const attempt = async (act: (whole: AlertRule) => Promise<void>) => {
    const whole = wholeOf(draft, scale);
    if (typeof whole === "string") return setFailure(whole);
    try {
      setFailure("");
      await act(whole);
    } catch (error) {
      setFailure(error instanceof ApiError ? error.message : "that did not work");
    }
  };
  const save = () =>
    attempt(async (whole) => {
      const answer = alert
        ? await write<{ data: AlertEntry }>("PUT", `/v1/alerts/${alert.id}`, whole)
        : await write<{ data: AlertEntry }>("POST", "/v1/alerts", whole);
      done(answer?.data ?? null);
    });
  const look = () =>
    attempt(async (whole) => {
      forget();
      const asked = version.current;
      const answer = await write<PreviewAnswer>("POST", "/v1/alerts/preview", whole);
      if (version.current === asked) setPreview(answer);
    });
  const [one = "", other = ""] = rule.group_by;
  const grouped = (group_by: string[]) => change({ group_by: [...new Set(group_by.filter(Boolean))] });
  return (
    <form
      className="form ruleform"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <label>
        Name
        <input value={rule.name} maxLength={128} required placeholder="Start failures on a CDN" onChange={(event) => change({ name: event.target.value })} />
      </label>
      <Part title="What is watched">
        <MetricChoice value={rule.metric} onChange={(metric) => retype({ metric })} />
        <MeasurementChoice measured={now} onChange={(metric) => change({ metric })} />
        <Select label="Over the last" value={String(rule.window_minutes)} options={windowsWith(rule.window_minutes)} onChange={(text) => change({ window_minutes: Number(text) })} />
        <DimensionChoice label="For each" value={one} none="all views together" onChange={(id) => grouped([id, id ? other : ""])} />
        {one && <DimensionChoice label="and each" value={other} none="–" onChange={(id) => grouped([one, id])} />}
        <Filters filters={filterTexts(rule.filters)} onChange={(filters) => change({ filters })} />
      </Part>
      <Part title="When it is wrong">
        <Select label="Compare" value={rule.against} options={AGAINST} onChange={(against) => retype({ against: against as AlertRule["against"] })} />
        <Bound label="Above" value={draft.above} unit={scale.unit} onChange={(above) => type({ above })} />
        <Bound label="Below" value={draft.below} unit={scale.unit} onChange={(below) => type({ below })} />
        <Bound label="With at least" value={draft.attempts} unit="attempts" hint="usual" onChange={(attempts) => type({ attempts })} />
        <Select label="Severity" value={rule.severity} options={[["warning", "Warning"], ["critical", "Critical"]]} onChange={(severity) => change({ severity: severity as AlertRule["severity"] })} />
      </Part>
      <fieldset className="form">
        <legend>Who is told</legend>
        <Channels channels={rule.notify} hasMail={hasMail} onChange={(notify) => change({ notify })} />
        <label>
          What to do about it
          <textarea value={rule.note} rows={2} maxLength={2000} placeholder="Stands in every notice" onChange={(event) => change({ note: event.target.value })} />
        </label>
      </fieldset>
      {failure && (
        <p className="bad" role="alert">
          {failure}
        </p>
      )}
      <div className="row">
        <button type="submit" className="button primary">
          {alert ? "Save" : "Make alert"}
        </button>
        <button type="button" className="button" onClick={() => void look()}>
          How is it now?
        </button>
        <label className="check">
          <input type="checkbox" checked={rule.is_paused} onChange={(event) => change({ is_paused: event.target.checked })} />
          Paused
        </label>
        <span className="grow" />
        <button type="button" className="button plain" onClick={() => done(null)}>
          Cancel
        </button>
      </div>
      {preview && <Now preview={preview} rule={rule} />}
    </form>
  );
}

function draftOf(rule: AlertRule, unit: string): Draft {
  const scale = scaleOf(unit, rule.against);
  return {
    rule,
    above: spelled(rule.above, scale),
    below: spelled(rule.below, scale),
    attempts: rule.min_attempts === null ? "" : String(rule.min_attempts),
  };
}

/** The rule as the API takes it, or what is wrong with what was typed. */
function wholeOf(draft: Draft, scale: ReturnType<typeof scaleOf>): AlertRule | string {
  const above = typed(draft.above, scale, draft.rule.above);
  const below = typed(draft.below, scale, draft.rule.below);
  const attempts = typed(draft.attempts, { unit: "", per: 1 });
  if (above === undefined || below === undefined || attempts === undefined) return "A bound is no number (write 1000 without a comma).";
  if (above === null && below === null) return "Say above or below what it is wrong.";
  return {
    ...draft.rule,
    above,
    below,
    min_attempts: attempts,
    notify: draft.rule.notify.filter(({ to }) => to.trim()),
  };
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset>
      <legend>{title}</legend>
      <div className="choices">{children}</div>
    </fieldset>
  );
}

function Bound({
  label,
  value,
  unit,
  hint = "",
  onChange,
}: {
  label: string;
  value: string;
  unit: string;
  hint?: string;
  onChange: (text: string) => void;
}) {
  return (
    <label className="choice">
      <span>{label}</span>
      <span>
        <input inputMode="decimal" className="short" value={value} placeholder={hint} onChange={(event) => onChange(event.target.value)} /> {unit}
      </span>
    </label>
  );
}

const PLACEHOLDERS = {
  webhook: "https://example.com/hook",
  chat: "https://hooks.slack.com/services/…",
  email: "team@example.com",
};

function Channels({
  channels,
  hasMail,
  onChange,
}: {
  channels: AlertChannel[];
  hasMail: boolean;
  onChange: (channels: AlertChannel[]) => void;
}) {
  const replace = (at: number, part: Partial<AlertChannel>) =>
    onChange(channels.map((one, index) => (index === at ? { ...one, ...part } : one)));
  const kinds: [string, string][] = [
    ["webhook", "Webhook"],
    ["chat", "Chat"],
  ];
  if (hasMail || channels.some(({ kind }) => kind === "email")) kinds.push(["email", "Mail"]);
  return (
    <div className="channels">
      {channels.map((one, at) => (
        // Lines have no name but their place.
        <div className="row" key={at}>
          <Select label="By" value={one.kind} options={kinds} onChange={(kind) => replace(at, { kind: kind as AlertChannel["kind"] })} />
          <input className="grow" aria-label="Address of the receiver" value={one.to} placeholder={PLACEHOLDERS[one.kind]} onChange={(event) => replace(at, { to: event.target.value })} />
          <button type="button" className="button plain" aria-label="Remove the receiver" onClick={() => onChange(channels.filter((_, index) => index !== at))}>
            <Icon name="close" />
          </button>
        </div>
      ))}
      <button type="button" className="button" disabled={channels.length >= 10} onClick={() => onChange([...channels, { kind: "webhook", to: "" }])}>
        Add a receiver
      </button>
    </div>
  );
}

type Group = PreviewAnswer["data"][number];

function Now({ preview, rule }: { preview: PreviewAnswer; rule: AlertRule }) {
  const { title } = useCatalogue();
  const naming = useNaming();
  const { unit, wrong } = preview.meta;
  const changes = rule.against !== "value";
  const columns: Column<Group>[] = [
    ...rule.group_by.map(
      (name): Column<Group> => ({ key: name, title: title(name), ascending: true, value: (row) => row.group[name], show: (row) => naming(name, row.group[name]) }),
    ),
    { key: "value", title: "Now", numeric: true, value: (row) => row.value, show: (row) => format(row.value, unit) },
    ...(changes
      ? [
          { key: "reference", title: "Before", numeric: true, value: (row: Group) => row.reference, show: (row: Group) => format(row.reference, unit) },
          { key: "compared", title: "Change", numeric: true, value: (row: Group) => row.compared, show: (row: Group) => format(row.compared, "ratio") },
        ]
      : []),
    { key: "attempts", title: "Attempts", numeric: true, value: (row) => row.attempts, show: (row) => format(row.attempts, "count") },
    { key: "wrong", title: "Verdict", value: (row) => row.is_wrong, show: (row) => <Verdict group={row} /> },
  ];
  return (
    <div role="status" data-preview={wrong}>
      <p className="hint">
        {wrong === 0 ? "Nothing would be told now." : `${wrong} ${wrong === 1 ? "incident" : "incidents"} would be open now.`} Nobody was told.
      </p>
      {preview.data.length > 0 && <Table columns={columns} rows={preview.data} rowKey={(row) => JSON.stringify(row.group)} label="How it is now" limit={10} />}
    </div>
  );
}

function Verdict({ group: { is_wrong } }: { group: Group }) {
  if (is_wrong === null) return <span className="tag">too little to say</span>;
  return is_wrong ? <span className="tag bad">wrong</span> : <span className="tag good">right</span>;
}

/** `Rebuffer percentage above 5 % over 10 minutes, for each CDN, where Country is DE`. */
export function useRuleWords(): (rule: AlertRule) => string {
  const { metric, title } = useCatalogue();
  const naming = useFilterNaming();
  return (rule) => {
    const { title: name, metric: found } = metric(rule.metric);
    const each = rule.group_by.map((one) => `each ${title(one)}`).join(" and ");
    const where = filterTexts(rule.filters).map((one) => describe(parse(one), naming)).join(" and ");
    const of = `${each ? `, for ${each}` : ""}${where ? `, where ${where}` : ""}`;
    return `${name} ${bounds(rule, found.unit)} over ${rule.window_minutes} minutes${of}`;
  };
}
