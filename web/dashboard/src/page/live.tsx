/** What is happening now, every few seconds, and the day that led there. */
import { useEffect, useMemo, useState } from "react";
import { useAnswer, useAsked } from "../api/answer";
import { useCatalogue } from "../api/catalogue";
import { call } from "../api/client";
import { type Streamed, useStream } from "../api/stream";
import type { Answer, Figure, LiveAnswer, Row } from "../api/type";
import { format } from "../logic/format";
import { number, times } from "../logic/series";
import { clock } from "../logic/time";
import { Chart } from "../part/chart";
import { DimensionChoice, Select } from "../part/choice";
import { Defined } from "../part/definition";
import { Value } from "../part/figure";
import { FilterBar } from "../part/filterbar";
import { groupColumn } from "../part/group";
import { Panel } from "../part/panel";
import { useSeen } from "../part/seen";
import { Sharing } from "../part/sharing";
import { Sparkline } from "../part/sparkline";
import { Empty, Failed, Loading, LoadingCards } from "../part/state";
import { type Column, Table } from "../part/table";
import { Head } from "../shell";
import { isFrozen } from "../state/address";
import { useScope } from "../state/range";

const SECONDS = 3;
const KEPT = 100;
const HISTORY_MS = 60_000;
const MOST_MINUTES = 2000;
const MINUTES = ["1", "5", "15", "30", "60"];

export default function Live() {
  const { board } = useCatalogue();
  const { here, filters, zone } = useScope();
  const minutes = here.params.get("minutes") ?? String(board.live.minutes);
  const by = here.params.get("by") ?? board.live.breakdowns[0] ?? "";
  const url = call("/v1/live", { filters, minutes, interval: SECONDS });
  const total = useStream<LiveAnswer>(url, "live");
  return (
    <>
      <Head title="Live">
        <Pulse stream={total} zone={zone} />
        <Select
          label="The last"
          value={minutes}
          options={MINUTES.map((one) => [one, `${one} min`])}
          onChange={(value) => here.set({ minutes: value })}
        />
        {!isFrozen() && <Sharing />}
      </Head>
      <FilterBar />
      {total.error && !total.error.passes ? (
        <Failed error={total.error} />
      ) : total.latest ? (
        <div className={staleness(total)}>
          <Figures figures={board.live.figures} latest={total.latest} minutes={minutes} />
        </div>
      ) : (
        <LoadingCards count={board.live.figures.length} />
      )}
      <History />
      <Groups wanted={by} minutes={minutes} />
    </>
  );
}

const staleness = ({ isPlaceholderData }: Streamed<unknown>) => (isPlaceholderData ? "stack stale" : "stack");

function Pulse({ stream: { latest, isOpen, error }, zone }: { stream: Streamed<LiveAnswer>; zone: string }) {
  const at = latest?.meta.at;
  const time = at && new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: zone }).format(Date.parse(at));
  return (
    <span className={isOpen ? "pulse on" : "pulse"} role="status" data-at={at ?? ""}>
      <i aria-hidden="true" />
      {isOpen ? (
        <>
          <span className="sr">Live, as of</span> {time}
        </>
      ) : at ? (
        <span title={error?.message}>reconnecting… as of {time}</span>
      ) : (
        "connecting…"
      )}
    </span>
  );
}

/** The latest figures, and as many before them as a small line takes. */
function Figures({ figures, latest, minutes }: { figures: Figure[]; latest: LiveAnswer; minutes: string }) {
  const [kept, setKept] = useState<Row[]>([]);
  useEffect(() => {
    const row = latest.data[0];
    if (row) setKept((before) => [...before.slice(1 - KEPT), row]);
  }, [latest]);
  const row = latest.data[0] ?? {};
  const parts: [string, Figure[]][] = [
    ["Now", figures.filter((one) => one.now)],
    [`Last ${minutes} min`, figures.filter((one) => !one.now)],
  ];
  return (
    <>
      {parts.map(([title, members]) => (
        <section key={title}>
          <h2 className="over">{title}</h2>
          <ul className="cards dense" aria-label={title}>
            {members.map((one) => (
              <li className="card" key={one.key} data-metric={one.key}>
                <div className="name">
                  <Defined meaning={<span>{one.description}</span>}>{one.title}</Defined>
                </div>
                <Value value={row[one.key]} unit={one.unit} name={one.key} />
                {kept.length > 1 && <Sparkline values={kept.map((each) => number(each[one.key]))} height={24} />}
              </li>
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

function History() {
  const { board, metric } = useCatalogue();
  const { filters, zone } = useScope();
  const { history, history_from: from, history_granularity: granularity } = board.live;
  const url = call("/v1/query", { metrics: history.join(","), from, granularity, filters, timezone: zone, limit: MOST_MINUTES });
  const [place, isSeen] = useSeen();
  const answer = useAnswer<Answer>(url, { every: HISTORY_MS, enabled: isSeen });
  const rows = answer.data?.data;
  const drawn = useMemo(
    () => ({
      times: times(rows ?? []),
      lines: history.map((key) => ({ name: metric(key).title, values: (rows ?? []).map((row) => number(row[key])) })),
    }),
    [rows, history, metric],
  );
  return (
    <Panel
      title="The last 24 hours, minute by minute"
      place={place}
      exports={{
        call: url,
        name: "concurrency",
        rows: rows ?? [],
        rowKey: (row) => String(row.time),
        columns: [
          { key: "time", title: "Time", value: (row) => row.time, show: (row) => clock(Date.parse(String(row.time)), zone) },
          ...history.map((key) => ({ key, title: metric(key).title, numeric: true, value: (row: Row) => row[key] })),
        ],
      }}
    >
      {rows ? (
        <Chart {...drawn} unit="count" zone={zone} granularity={granularity} label="Concurrency of the last day" height={220} />
      ) : answer.error ? (
        <Failed error={answer.error} retry={() => void answer.refetch()} />
      ) : (
        <Loading height={220} />
      )}
    </Panel>
  );
}

function Groups({ wanted, minutes }: { wanted: string; minutes: string }) {
  const { board, dimension } = useCatalogue();
  const { here, filters } = useScope();
  const url = call("/v1/live", { group_by: wanted, filters, minutes, interval: SECONDS, limit: 50 });
  const stream = useStream<LiveAnswer>(url, "live");
  const by = useAsked(wanted, stream);
  const columns: Column<Row>[] = [
    groupColumn(dimension(by)),
    ...board.live.figures.map((one) => ({
      key: one.key,
      title: one.title,
      meaning: <span>{one.description}</span>,
      numeric: true,
      value: (row: Row) => row[one.key],
      show: (row: Row) => format(row[one.key], one.unit),
    })),
  ];
  const rows = stream.latest?.data ?? [];
  return (
    <Panel
      title={`By ${dimension(by).title.toLowerCase()}`}
      aside={
        <DimensionChoice label="Dimension" value={wanted} onChange={(id) => here.set({ by: id }, { replace: true })} />
      }
      exports={{ call: url.replace("/v1/live", "/v1/live/now").replace(/&?interval=\d+/, ""), name: `live-by-${by}`, columns, rows, rowKey: (row) => String(row[by]) }}
    >
      {stream.latest ? (
        rows.length ? (
          <div className={staleness(stream)}>
            <Table columns={columns} rows={rows} label={`Live by ${dimension(by).title}`} rowKey={(row) => String(row[by])} limit={20} />
          </div>
        ) : (
          <Empty title="Nobody is watching">No view was heard of in the last minutes.</Empty>
        )
      ) : stream.error ? (
        <Failed error={stream.error} />
      ) : (
        <Loading />
      )}
    </Panel>
  );
}
