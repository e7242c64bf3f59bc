/** Every share link of the project, to be withdrawn where one should not be. */
import { useAnswer } from "../api/answer";
import { write } from "../api/client";
import type { ShareEntry } from "../api/type";
import { precise } from "../logic/time";
import { Panel } from "../part/panel";
import { Empty, Ready } from "../part/state";
import { type Column, Table } from "../part/table";
import { Head } from "../shell";
import { useScope } from "../state/range";

export default function Shares() {
  const { zone } = useScope();
  const answer = useAnswer<{ data: ShareEntry[] }>("/v1/shares");
  const withdraw = async (id: string) => {
    await write("DELETE", `/v1/shares/${id}`);
    await answer.refetch();
  };
  const columns: Column<ShareEntry>[] = [
    { key: "label", title: "For", ascending: true, value: (row) => row.label, show: (row) => row.label || <span className="dim">nobody in particular</span> },
    { key: "path", title: "Page", ascending: true, value: (row) => row.path + row.search, show: (row) => <a href={row.path + row.search}>{row.path}</a> },
    { key: "created", title: "Made", numeric: true, value: (row) => row.created_ms, show: (row) => precise(row.created_ms, zone) },
    { key: "expires", title: "Good until", numeric: true, value: (row) => row.expires_ms, show: (row) => (row.expires_ms ? precise(row.expires_ms, zone) : "–") },
    {
      key: "withdraw",
      title: <span className="sr">Withdraw</span>,
      fixed: true,
      value: (row) => row.is_over,
      show: (row) =>
        row.is_over ? (
          <span className="dim">over</span>
        ) : (
          <button type="button" className="button" onClick={() => void withdraw(row.id)}>
            Withdraw
          </button>
        ),
    },
  ];
  return (
    <>
      <Head title="Share links" lead="Each shows one state of the dashboard to whoever has it." />
      <Panel title="Links">
        <Ready
          answer={answer}
          isEmpty={({ data }) => data.length === 0}
          empty={<Empty title="No links yet">Make one with Share, on any page.</Empty>}
        >
          {({ data }) => <Table columns={columns} rows={data} rowKey={(row) => row.id} label="Share links" />}
        </Ready>
      </Panel>
    </>
  );
}
