/** Incidents: a list of them, and one with who was told of it. */
import type { ReactNode } from "react";
import { useAnswer } from "../api/answer";
import { useCatalogue } from "../api/catalogue";
import { call } from "../api/client";
import type { Incident, IncidentAnswer, IncidentsAnswer } from "../api/type";
import { among } from "../logic/filter";
import { format, words } from "../logic/format";
import { bounds, filterTexts } from "../logic/rule";
import { ago, precise } from "../logic/time";
import { useScope } from "../state/range";
import { useNaming } from "./group";
import { Panel } from "./panel";
import { Empty, Ready } from "./state";
import { type Column, Table } from "./table";

const EVERY_MS = 15_000;
const HOUR_MS = 3_600_000;
const MOST = 200;
const REASONS: Record<string, string> = {
  recovered: "it is right again",
  no_data: "nothing more was heard of it",
  changed: "its alert was changed",
  paused: "its alert was paused",
  deleted: "its alert was deleted",
};

export function Status({ incident }: { incident: Incident }) {
  if (incident.status === "closed") return <span className="tag">Closed</span>;
  return <span className={`tag ${incident.severity === "critical" ? "bad" : "warn"}`}>{words(incident.severity)}</span>;
}

export function IncidentTable() {
  const { here, zone } = useScope();
  const { metric } = useCatalogue();
  const told = useGroupWords();
  const url = call("/v1/incidents", { limit: MOST });
  const answer = useAnswer<IncidentsAnswer>(url, { every: EVERY_MS });
  const now = Date.now();
  const columns: Column<Incident>[] = [
    { key: "status", title: "Status", ascending: true, value: (row) => row.status, rank: (row) => (row.status === "open" ? (row.severity === "critical" ? 0 : 1) : 2), show: (row) => <Status incident={row} /> },
    {
      key: "name",
      title: "Incident",
      ascending: true,
      value: (row) => row.name,
      show: (row) => (
        <a href={here.to("/alerts", { incident: row.id })} className="joined">
          <span>{row.name}</span>
          {told(row) && <span>{told(row)}</span>}
        </a>
      ),
    },
    { key: "worst", title: "At worst", numeric: true, value: (row) => row.worst, show: (row) => <span title={metric(row.metric).title}>{format(row.worst, row.unit)}</span> },
    { key: "value", title: "Latest", numeric: true, value: (row) => row.value, show: (row) => format(row.value, row.unit) },
    { key: "opened", title: "Opened", numeric: true, value: (row) => Date.parse(row.opened_at), show: (row) => <time title={precise(Date.parse(row.opened_at), zone)}>{ago(Date.parse(row.opened_at), now)}</time> },
    { key: "lasted", title: "Lasted", numeric: true, value: (row) => lasted(row, now), show: (row) => format(lasted(row, now), "ms") },
  ];
  return (
    <Panel title="Incidents" exports={{ call: url, name: "incidents", columns, rows: answer.data?.data ?? [], rowKey: (row) => row.id }}>
      <Ready
        answer={answer}
        isEmpty={({ data }) => data.length === 0}
        empty={<Empty title="No incidents">Nothing that an alert watches has gone wrong.</Empty>}
      >
        {({ data, meta }) => (
          <>
            <Table columns={columns} rows={data} rowKey={(row) => row.id} label="Incidents" limit={20} />
            {meta.next && <p className="hint">The latest {MOST}. The API has all of them.</p>}
          </>
        )}
      </Ready>
    </Panel>
  );
}

export function IncidentPanel({ id }: { id: string }) {
  const { here } = useScope();
  const answer = useAnswer<IncidentAnswer>(`/v1/incidents/${encodeURIComponent(id)}`, { every: EVERY_MS });
  return (
    <Panel
      title="One incident"
      aside={<a href={here.to("/alerts")}>All incidents</a>}
    >
      <Ready answer={answer} height={120}>
        {({ data, notices }) => (
          <div className="stack" data-incident={data.id}>
            <Facts incident={data} />
            <Notices notices={notices} />
          </div>
        )}
      </Ready>
    </Panel>
  );
}

function Facts({ incident }: { incident: Incident }) {
  const { here, zone } = useScope();
  const { metric } = useCatalogue();
  const told = useGroupWords()(incident);
  const opened = Date.parse(incident.opened_at);
  const closed = incident.closed_at ? Date.parse(incident.closed_at) : null;
  const group = Object.entries(incident.group).map(([name, value]) => among(name, [value === null ? null : String(value)]));
  const scope = {
    f: [...filterTexts(incident.filters), ...group],
    from: new Date(opened - HOUR_MS).toISOString(),
    to: closed === null ? "now" : new Date(closed + HOUR_MS).toISOString(),
  };
  return (
    <>
      <h3 className="incident">
        <Status incident={incident} />{" "}
        <span className="joined">
          <span>{incident.name}</span>
          {told && <span>{told}</span>}
        </span>
      </h3>
      {incident.note && <p>{incident.note}</p>}
      <dl className="facts">
        <Fact name={metric(incident.metric).title}>{format(incident.value, incident.unit)}</Fact>
        {incident.against !== "value" && <Fact name="Compared with">{format(incident.reference, incident.unit)}</Fact>}
        <Fact name="At worst">{format(incident.worst, incident.unit)}</Fact>
        <Fact name="Wrong when">{bounds(incident, incident.unit)}</Fact>
        <Fact name="Attempts in the window">{format(incident.attempts, "count")}</Fact>
        <Fact name="Opened">{precise(opened, zone)}</Fact>
        {closed !== null && (
          <Fact name="Closed">
            {precise(closed, zone)} <span className="dim">{REASONS[incident.reason ?? ""]}</span>
          </Fact>
        )}
      </dl>
      <p>
        <a href={here.to("/breakdown", { ...scope, m: incident.metric })}>Its numbers, broken down</a>
        {" · "}
        <a href={here.to("/views", scope)}>Its views</a>
        {" · "}
        <a href={here.to("/alerts", { alert: incident.alert_id })}>Its alert</a>
      </p>
    </>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

type Notice = IncidentAnswer["notices"][number];

function Notices({ notices }: { notices: Notice[] }) {
  const { zone } = useScope();
  if (notices.length === 0) return <p className="hint">Nobody was told: its alert names no receiver.</p>;
  const columns: Column<Notice>[] = [
    { key: "event", title: "Told", ascending: true, value: (row) => row.event, show: (row) => `that it was ${row.event}` },
    { key: "to", title: "To", ascending: true, value: (row) => row.to, show: (row) => <span className="clamped" title={row.to}>{row.to}</span> },
    { key: "how", title: "How it went", value: (row) => howOf(row, zone), show: (row) => <Fate notice={row} /> },
  ];
  return <Table columns={columns} rows={notices} rowKey={(row) => `${row.event} ${row.kind} ${row.to}`} label="Who was told" />;
}

function Fate({ notice }: { notice: Notice }) {
  const { zone } = useScope();
  const { delivered_ms, next_try_ms, fault } = notice;
  const [tone, word] =
    delivered_ms !== null ? ["good", "delivered"] : next_try_ms === null ? ["bad", "given up"] : fault ? ["warn", "not yet"] : ["", "on its way"];
  return (
    <div className="fate">
      <span className={`tag ${tone}`}>{word}</span>
      <small className="dim">{howOf(notice, zone)}</small>
    </div>
  );
}

/** When it was delivered, or what went wrong and when it is tried again. */
function howOf({ delivered_ms, next_try_ms, fault, tries }: Notice, zone: string): string {
  if (delivered_ms !== null) return precise(delivered_ms, zone);
  if (!fault) return "";
  const again = next_try_ms === null ? "" : `; tried again ${precise(next_try_ms, zone)}`;
  return `${fault} (${tries} ${tries === 1 ? "try" : "tries"})${again}`;
}

/** `CDN wide, Country Germany`; empty where an alert watches all views together. */
function useGroupWords(): (incident: Incident) => string {
  const { title } = useCatalogue();
  const naming = useNaming();
  return ({ group }) =>
    Object.entries(group)
      .map(([name, value]) => `${title(name)} ${naming(name, value)}`)
      .join(", ");
}

const lasted = (incident: Incident, now: number): number =>
  (incident.closed_at ? Date.parse(incident.closed_at) : now) - Date.parse(incident.opened_at);
