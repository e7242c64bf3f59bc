/** Single views, newest first, as many as wanted. */
import { useAnswer } from "../api/answer";
import { useCatalogue } from "../api/catalogue";
import { call } from "../api/client";
import type { ViewsAnswer, WhoAnswer } from "../api/type";
import { cursorsOf, kept } from "../logic/cursors";
import { format, words } from "../logic/format";
import { precise } from "../logic/time";
import { Select } from "../part/choice";
import { FilterBar } from "../part/filterbar";
import { Outcome } from "../part/outcome";
import { Panel } from "../part/panel";
import { RangeBar } from "../part/rangebar";
import { Sharing } from "../part/sharing";
import { Ready } from "../part/state";
import { type Column, Table } from "../part/table";
import { Head } from "../shell";
import { isFrozen, useKept } from "../state/address";
import { useScope } from "../state/range";

const PAGE = 50;
type ViewRow = Record<string, unknown>;

export default function Views() {
  const { board } = useCatalogue();
  const { base, here, every } = useScope();
  const order = here.params.get("order") ?? `-${board.views.columns[0]}`;
  const question = { ...base, order_by: order, limit: PAGE };
  const [cursors, setCursors] = useCursors(call("/v1/views", question));
  const cursor = cursors.at(-1);
  const url = call("/v1/views", { ...question, cursor });
  const answer = useAnswer<ViewsAnswer>(url, { every: cursor ? false : every });
  const columns = useColumns();
  const sortable = board.views.columns.flatMap((one, at): [string, string][] => [
    [`-${one}`, `${words(one)}, ${at ? "highest" : "latest"} first`],
    [one, `${words(one)}, ${at ? "lowest" : "earliest"} first`],
  ]);
  const next = answer.data?.meta.next;
  return (
    <>
      <Head title="Views">
        <RangeBar canCompare={false} />
        {!isFrozen() && <Sharing />}
      </Head>
      <FilterBar />
      <Panel
        title="Views begun in this range"
        aside={
          <Select
            label="Order"
            value={order}
            options={sortable}
            onChange={(value) => here.set({ order: value }, { replace: true })}
          />
        }
        exports={{ call: url, name: "views", columns, rows: answer.data?.data ?? [], rowKey: idOf }}
      >
        <Ready answer={answer} height={400} isEmpty={({ data }) => data.length === 0}>
          {({ data }) => <Table columns={columns} rows={data} rowKey={idOf} label="Views" />}
        </Ready>
        {!isFrozen() && (
          <div className="pager">
            <button
              type="button"
              className="button"
              disabled={cursors.length === 0}
              onClick={() => setCursors(cursors.slice(0, -1))}
            >
              Newer
            </button>
            <span className="dim">Page {cursors.length + 1}</span>
            <button
              type="button"
              className="button"
              disabled={!next}
              onClick={() => next && setCursors([...cursors, next])}
            >
              Next
            </button>
          </div>
        )}
      </Panel>
    </>
  );
}

/** The cursors passed in answers to this question, in the project that answers it. Who comes back is where they were. */
function useCursors(question: string): [string[], (passed: string[]) => void] {
  const who = useAnswer<WhoAnswer>("/v1/session", { enabled: !isFrozen() });
  const key = `${who.data?.data.project} ${question}`;
  const [held, hold] = useKept();
  return [cursorsOf(held, key), (passed) => hold(kept({ question: key, passed }))];
}

const idOf = (row: ViewRow): string => String(row.view_id);

function useColumns(): Column<ViewRow>[] {
  const catalogue = useCatalogue();
  const { here, zone } = useScope();
  return catalogue.board.views.columns.map((name, at) => {
    const field = catalogue.field(name);
    return {
      key: name,
      title: catalogue.title(name),
      meaning: field.meaning && <span>{field.meaning}</span>,
      fixed: true,
      numeric: at > 0 && field.unit !== "text" && field.unit !== "id",
      value: (row: ViewRow) => row[name],
      show: (row: ViewRow) =>
        at === 0 && isFrozen() ? (
          <span className="cell">{precise(Number(row[name]), zone)}</span>
        ) : at === 0 ? (
          <a className="cell" href={here.to("/view", { id: idOf(row) })}>
            {precise(Number(row[name]), zone)}
          </a>
        ) : (
          <Cell row={row} isOutcome={name === catalogue.board.views.outcome} value={row[name]} unit={field.unit} />
        ),
    };
  });
}

function Cell({ row, isOutcome, value, unit }: { row: ViewRow; isOutcome: boolean; value: unknown; unit: string }) {
  if (isOutcome) return <Outcome outcome={String(value)} isOpen={row.closed === false} />;
  return (
    <span className="cell" data-value={String(value)} title={String(value ?? "")}>
      {format(value, unit)}
    </span>
  );
}
