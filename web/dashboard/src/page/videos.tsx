/** Every video with the figures that tell how it does. */
import { useAnswer, useAsked } from "../api/answer";
import { useCatalogue } from "../api/catalogue";
import { call } from "../api/client";
import type { Answer, Row } from "../api/type";
import { format, named } from "../logic/format";
import { DimensionChoice } from "../part/choice";
import { Meaning } from "../part/definition";
import { FilterBar } from "../part/filterbar";
import { groupColumn } from "../part/group";
import { Panel } from "../part/panel";
import { RangeBar } from "../part/rangebar";
import { Sharing } from "../part/sharing";
import { Ready } from "../part/state";
import { type Column, Table } from "../part/table";
import { Head } from "../shell";
import { isFrozen } from "../state/address";
import { useScope } from "../state/range";

const MOST = 500;

export default function Videos() {
  const { board, metric, dimension } = useCatalogue();
  const { base, every, here } = useScope();
  const wanted = here.params.get("by") ?? board.video.dimensions[0] ?? "";
  const keys = board.video.list;
  const url = call("/v1/query", {
    ...base,
    metrics: keys.join(","),
    group_by: wanted,
    order_by: `-${keys[0]}`,
    limit: MOST,
  });
  const answer = useAnswer<Answer>(url, { every });
  const by = useAsked(wanted, answer);
  const columns: Column<Row>[] = [
    groupColumn(dimension(by), (row) =>
      row[by] === null || isFrozen() ? (
        <span className="label dim">{named(row[by])}</span>
      ) : (
        <a className="label clamped" title={named(row[by])} href={here.to("/video", { by, id: String(row[by]) })}>{named(row[by])}</a>
      ),
    ),
    ...keys.map((key) => ({
      key,
      title: metric(key).metric.title,
      meaning: <Meaning measured={metric(key)} />,
      numeric: true,
      value: (row: Row) => row[key],
      show: (row: Row) => <span data-value={String(row[key])}>{format(row[key], metric(key).metric.unit)}</span>,
    })),
  ];
  const rows = answer.data?.data ?? [];
  const rowKey = (row: Row) => String(row[by]);
  return (
    <>
      <Head title="Videos">
        <RangeBar canCompare={false} />
        {!isFrozen() && <Sharing />}
      </Head>
      <FilterBar />
      <Panel
        title={`By ${dimension(by).title.toLowerCase()}`}
        aside={
          <DimensionChoice
            label="Told apart by"
            value={wanted}
            only={board.video.dimensions}
            onChange={(id) => here.set({ by: id }, { replace: true })}
          />
        }
        exports={{ call: url, name: "videos", columns, rows, rowKey }}
      >
        <Ready answer={answer} height={320} isEmpty={({ data }) => data.length === 0}>
          {({ data }) => (
            <Table columns={columns} rows={data} rowKey={rowKey} label="Videos" sort={{ key: keys[0] ?? by, descending: true }} remembered="sort" limit={50} />
          )}
        </Ready>
      </Panel>
    </>
  );
}
