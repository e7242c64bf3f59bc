/** What the API answers, as far as the dashboard reads it. */

export type Unit = string;
export type Better = "higher" | "lower" | "neutral";
export type Scalar = string | number | boolean | null;
export type Row = Record<string, Scalar>;

export interface Metric {
  id: string;
  title: string;
  unit: Unit;
  better: Better;
  placement: string;
  measurements: string[];
  default_measurement: string;
  formula: string;
  inclusion: string;
  description: string;
  vendors: Record<string, string>;
}

export interface Dimension {
  id: string;
  title: string;
  type: "text" | "number" | "flag" | "list";
  group: string;
  description: string;
  values: string[] | null;
  ops: string[];
}

export interface Answer {
  data: Row[];
  meta: {
    from: string;
    to: string;
    granularity: string;
    timezone: string;
    row_count: number;
    truncated: boolean;
    fresh_as_of: string | null;
    units: Record<string, Unit>;
    totals: Row | null;
  };
}

export interface Figure {
  key: string;
  title: string;
  unit: Unit;
  better: Better;
  now: boolean;
  description: string;
}

export interface Words {
  title: string;
  meaning: string;
}

export interface Ending {
  title: string;
  tone: "good" | "warn" | "bad" | "plain";
}

/** Where a dialect's raw events tell what; paths are keys joined by dots. */
export interface Trace {
  bitrate: { path: string; unit_bps: number; events: string[]; held_ms: string | null } | null;
  requests: {
    verdicts: Record<string, string>;
    verdict: string | null;
    status: string | null;
    count: string | null;
    length_ms: string | null;
    begin_ms: string | null;
    end_ms: string | null;
  } | null;
}

export interface RecordField {
  name: string;
  group: string;
  unit: Unit;
  meaning: string;
}

export interface Board {
  headlines: string[];
  breakdowns: string[];
  country: string;
  breakdown_metric: string;
  volume: string;
  live: {
    figures: Figure[];
    minutes: number;
    history: string[];
    history_from: string;
    history_granularity: string;
    breakdowns: string[];
  };
  video: {
    dimensions: string[];
    list: string[];
    headlines: string[];
    length: string;
    facts: string[];
    breakdowns: string[];
  };
  views: {
    columns: string[];
    summary: string[];
    title: string[];
    errors: string[];
    outcome: string;
    language: string;
    flag_lengths: Record<string, string>;
    unknown_groups: string[];
  };
  fields: RecordField[];
  flags: Record<string, Words>;
  states: Record<string, Words>;
  outcomes: Record<string, Ending>;
  traces: Record<string, Trace>;
}

export interface LiveAnswer {
  data: Row[];
  meta: { at: string; minutes: number; fresh_as_of: string | null; row_count: number; truncated: boolean };
}

export interface ErrorGroup {
  code: string | null;
  message: string | null;
  views: number;
  share: number | null;
  fatal: number;
  /** Views in which it was only a warning. */
  warnings: number;
  error_class: string | null;
  dialects: string[];
  first_seen_ms: number;
  last_seen_ms: number;
  trend: number[];
  sample: string | null;
  filters: string[];
}

export interface ErrorAnswer {
  data: { groups: ErrorGroup[]; attempts: number; views_with_errors: number; truncated: boolean };
}

export interface AudienceAnswer {
  data: {
    plays: number;
    plays_with_ranges: number;
    plays_with_position: number;
    duration_ms: number | null;
    watched: number[];
    reached: number[];
  };
}

export interface ValuesAnswer {
  data: { value: Scalar; views: number }[];
  meta: { truncated: boolean };
}

export interface ViewsAnswer {
  data: Record<string, unknown>[];
  meta: { next: string | null; row_count: number };
}

export interface ViewState {
  state: string;
  start_ms: number;
  end_ms: number;
}

export interface ViewEvent {
  key: string;
  seq: number | null;
  at_ms: number;
  received_at_ms: number;
  name: string;
  payload: Record<string, unknown>;
  context: Record<string, unknown>;
}

export interface View extends Record<string, unknown> {
  view_id: string;
  view_start_ms: number;
  view_end_ms: number;
  clock_shift_ms: number;
  approx: string[];
  states: ViewState[];
  events: ViewEvent[];
}

export interface SetupAnswer {
  data: {
    project: string;
    collector_url: string;
    write_key: string;
    is_open: boolean;
    now_ms: number;
    dialects: {
      name: string;
      title: string;
      snippet: string;
      first_ms: number | null;
      last_ms: number | null;
      trouble: { at_ms: number; reason: string; message: string; sample: string; is_refused: boolean } | null;
    }[];
  };
}

export interface WhoAnswer {
  data: { project: string; label: string; kind: string };
}

export interface ShareEntry {
  id: string;
  label: string;
  path: string;
  search: string;
  created_ms: number;
  expires_ms: number | null;
  is_over: boolean;
}

export interface AlertChannel {
  kind: "webhook" | "chat" | "email";
  to: string;
}

export interface AlertRule {
  name: string;
  note: string;
  metric: string;
  filters: unknown;
  group_by: string[];
  window_minutes: number;
  above: number | null;
  below: number | null;
  against: "value" | "previous" | "day" | "week";
  min_attempts: number | null;
  severity: "warning" | "critical";
  notify: AlertChannel[];
  is_paused: boolean;
}

export interface AlertEntry {
  id: string;
  rule: AlertRule;
  open_incidents: number;
  checked_ms: number | null;
  fault: string | null;
  signing_secret: string;
}

export interface AlertsAnswer {
  data: AlertEntry[];
  meta: { has_mail: boolean };
}

export interface PreviewAnswer {
  data: {
    group: Row;
    value: number | null;
    reference: number | null;
    compared: number | null;
    attempts: number;
    is_wrong: boolean | null;
  }[];
  meta: { as_of_ms: number; wrong: number; unit: Unit };
}

export interface Incident {
  id: string;
  alert_id: string;
  status: "open" | "closed";
  reason: string | null;
  name: string;
  note: string;
  severity: "warning" | "critical";
  metric: string;
  unit: Unit;
  above: number | null;
  below: number | null;
  against: "value" | "previous" | "day" | "week";
  window_minutes: number;
  filters: unknown;
  group: Row;
  opened_at: string;
  closed_at: string | null;
  opened_with: number;
  value: number | null;
  worst: number;
  reference: number | null;
  attempts: number;
}

export interface IncidentsAnswer {
  data: Incident[];
  meta: { next: string | null; row_count: number };
}

export interface IncidentAnswer {
  data: Incident;
  notices: {
    event: string;
    kind: string;
    to: string;
    tries: number;
    delivered_ms: number | null;
    next_try_ms: number | null;
    fault: string | null;
  }[];
}

export interface DeliveriesAnswer {
  data: { kind: string; to: string; is_delivered: boolean; fault: string | null }[];
}
