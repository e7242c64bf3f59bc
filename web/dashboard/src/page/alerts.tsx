/** Alerts: what went wrong, and the rules by which that is noticed. */
import { useState } from "react";
import { useAnswer } from "../api/answer";
import { useCatalogue } from "../api/catalogue";
import { ApiError, write } from "../api/client";
import type { AlertEntry, AlertsAnswer, DeliveriesAnswer } from "../api/type";
import { newRule } from "../logic/rule";
import { ago, precise } from "../logic/time";
import { IncidentPanel, IncidentTable } from "../part/incident";
import { Panel } from "../part/panel";
import { RuleForm, useRuleWords } from "../part/ruleform";
import { Empty, Ready } from "../part/state";
import { type Column, Table } from "../part/table";
import { Head } from "../shell";
import { useScope } from "../state/range";

const EVERY_MS = 15_000;
const NEW = "new";

export default function Alerts() {
  const { here } = useScope();
  const answer = useAnswer<AlertsAnswer>("/v1/alerts", { every: EVERY_MS });
  const incident = here.params.get("incident");
  const chosen = here.params.get("alert");
  return (
    <>
      <Head title="Alerts" lead="A rule asks for a number again and again, and tells when it is wrong.">
        <a className="button primary" href={here.to("/alerts", { alert: NEW })}>
          New alert
        </a>
      </Head>
      <div className="stack">
        {incident && <IncidentPanel key={incident} id={incident} />}
        {chosen && (
          <Ready answer={answer} height={300}>
            {(found) => <Editor key={chosen} chosen={chosen} found={found} saved={() => void answer.refetch()} />}
          </Ready>
        )}
        <IncidentTable />
        <Rules answer={answer} />
      </div>
    </>
  );
}

function Editor({ chosen, found, saved }: { chosen: string; found: AlertsAnswer; saved: () => void }) {
  const { board } = useCatalogue();
  const { here, filters } = useScope();
  const alert = found.data.find(({ id }) => id === chosen);
  if (!alert && chosen !== NEW) return <Empty title="No such alert">It may have been deleted.</Empty>;
  return (
    <Panel title={alert ? "Change an alert" : "A new alert"}>
      <RuleForm
        alert={alert}
        rule={alert?.rule ?? newRule(board.breakdown_metric, filters)}
        hasMail={found.meta.has_mail}
        done={() => {
          saved();
          here.set({ alert: null });
        }}
      />
      {alert && <Secret alert={alert} />}
    </Panel>
  );
}

function Secret({ alert }: { alert: AlertEntry }) {
  if (!alert.rule.notify.some(({ kind }) => kind === "webhook")) return null;
  return (
    <details className="secret">
      <summary>Verify its webhooks</summary>
      <p className="hint">
        They are signed as <a href="https://www.standardwebhooks.com/">Standard Webhooks</a> has it, with this secret:
      </p>
      <code>{alert.signing_secret}</code>
    </details>
  );
}

function Rules({ answer }: { answer: ReturnType<typeof useAnswer<AlertsAnswer>> }) {
  const { here, zone } = useScope();
  const told = useRuleWords();
  const [said, setSaid] = useState("");
  const remove = async ({ id, rule }: AlertEntry) => {
    if (!confirm(`Delete the alert “${rule.name}”? Its open incidents are closed.`)) return;
    try {
      await write("DELETE", `/v1/alerts/${id}`);
    } catch (error) {
      setSaid(error instanceof ApiError ? error.message : "the alert could not be deleted");
    }
    await answer.refetch();
  };
  const test = async ({ id }: AlertEntry) => {
    setSaid("Sending…");
    try {
      const sent = await write<DeliveriesAnswer>("POST", `/v1/alerts/${id}/test`);
      setSaid((sent?.data ?? []).map(({ to, fault }) => `${to}: ${fault ?? "delivered"}`).join("; "));
    } catch (error) {
      setSaid(error instanceof ApiError ? error.message : "the test could not be sent");
    }
  };
  const columns: Column<AlertEntry>[] = [
    {
      key: "name",
      title: "Alert",
      ascending: true,
      value: ({ rule }) => rule.name,
      show: (row) => (
        <div className="rule">
          <a href={here.to("/alerts", { alert: row.id })}>{row.rule.name}</a>
          <span className="dim">{told(row.rule)}</span>
        </div>
      ),
    },
    { key: "state", title: "State", ascending: true, value: stateOf, show: (row) => <State alert={row} /> },
    { key: "notify", title: "Tells", numeric: true, value: ({ rule }) => rule.notify.length, show: ({ rule }) => <span title={rule.notify.map(({ to }) => to).join(", ")}>{rule.notify.length || "nobody"}</span> },
    { key: "checked", title: "Looked at", numeric: true, value: (row) => row.checked_ms, show: ({ checked_ms: at }) => (at === null ? "–" : <time title={precise(at, zone)}>{ago(at, Date.now())}</time>) },
    {
      key: "acts",
      title: <span className="sr">What can be done</span>,
      fixed: true,
      value: () => null,
      show: (row) => (
        <div className="row acts">
          {row.rule.notify.length > 0 && (
            <button type="button" className="button" onClick={() => void test(row)}>
              Send a test
            </button>
          )}
          <button type="button" className="button" aria-label={`Delete ${row.rule.name}`} onClick={() => void remove(row)}>
            Delete
          </button>
        </div>
      ),
    },
  ];
  return (
    <Panel title="Rules">
      <Ready
        answer={answer}
        isEmpty={({ data }) => data.length === 0}
        empty={<Empty title="No alerts yet">Make one: choose a number, say when it is wrong, and who is to be told.</Empty>}
      >
        {({ data }) => <Table columns={columns} rows={data} rowKey={(row) => row.id} label="Alerts" limit={50} />}
      </Ready>
      <p className="hint" role="status">
        {said}
      </p>
    </Panel>
  );
}

const stateOf = ({ rule, fault, open_incidents: open }: AlertEntry): string =>
  rule.is_paused ? "paused" : fault ? "cannot be asked" : open > 0 ? `${open} open` : "quiet";

function State({ alert }: { alert: AlertEntry }) {
  const { rule, fault, open_incidents: open } = alert;
  const tone = rule.is_paused ? "" : fault ? "bad" : open === 0 ? "good" : rule.severity === "critical" ? "bad" : "warn";
  return (
    <div className={fault ? "fate" : undefined}>
      <span className={`tag ${tone}`}>{stateOf(alert)}</span>
      {fault && <small className="dim">{fault}</small>}
    </div>
  );
}
