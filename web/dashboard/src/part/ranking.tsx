/** One metric by one dimension, in a few lines with bars. */
import { useAnswer, useAsked } from "../api/answer";
import { type Measured, useCatalogue } from "../api/catalogue";
import { call } from "../api/client";
import type { Answer, Row } from "../api/type";
import { format } from "../logic/format";
import { addsUp } from "../logic/impact";
import { number } from "../logic/series";
import { isFrozen } from "../state/address";
import { useScope } from "../state/range";
import { DimensionName } from "./definition";
import { GroupName } from "./group";
import { Panel } from "./panel";
import { useSeen } from "./seen";
import { Ready } from "./state";

const SHOWN = 7;

export function Ranking({
  dimension,
  measured,
  also = [],
}: {
  dimension: string;
  measured: Measured;
  also?: string[];
}) {
  const catalogue = useCatalogue();
  const { base, every, here } = useScope();
  const { volume } = catalogue.board;
  const { key } = measured;
  const byVolume = !addsUp(measured.measurement);
  const metrics = byVolume ? [key, volume] : [key];
  const url = call("/v1/query", {
    ...base,
    filters: [...base.filters, ...also],
    metrics: metrics.join(","),
    group_by: dimension,
    order_by: `-${byVolume ? volume : key}`,
    limit: SHOWN,
  });
  const [place, isSeen] = useSeen();
  const answer = useAnswer<Answer>(url, { every, enabled: isSeen });
  const shown = useAsked(measured, answer);
  const about = catalogue.dimension(dimension);
  return (
    <Panel
      title={<DimensionName dimension={about} />}
      className="ranking"
      place={place}
      aside={
        !isFrozen() && (
          <a href={here.to("/breakdown", { m: key, by: dimension })} aria-label={`All of ${measured.title} by ${about.title}`}>
            All
          </a>
        )
      }
      exports={{
        call: url,
        name: `${key}-by-${dimension}`,
        rows: answer.data?.data ?? [],
        rowKey: (row) => String(row[dimension]),
        columns: [
          { key: dimension, title: about.title, value: (row) => row[dimension], ascending: true },
          ...metrics.map((one) => ({
            key: one,
            title: catalogue.metric(one).title,
            numeric: true,
            value: (row: Row) => row[one],
            show: (row: Row) => format(row[one], catalogue.metric(one).metric.unit),
          })),
        ],
      }}
    >
      <Ready answer={answer} height={190} isEmpty={({ data }) => data.length === 0} empty={<p className="nothing">No views here</p>}>
        {({ data }) => <Lines rows={data} dimension={dimension} measured={shown} volume={addsUp(shown.measurement) ? null : volume} />}
      </Ready>
    </Panel>
  );
}

function Lines({
  rows,
  dimension,
  measured,
  volume,
}: {
  rows: Row[];
  dimension: string;
  measured: Measured;
  volume: string | null;
}) {
  const { key, metric } = measured;
  const top = Math.max(...rows.map((row) => number(row[key]) ?? 0), Number.MIN_VALUE);
  return (
    <ul className="lines">
      {rows.map((row) => {
        const value = row[dimension] ?? null;
        return (
          <li key={String(value)}>
            <svg className="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
              <rect width={((number(row[key]) ?? 0) / top) * 100} height="1" />
            </svg>
            <GroupName dimension={dimension} value={value} />
            {volume && <span className="dim num">{format(row[volume], "count")}</span>}
            <span className="num" data-value={String(row[key])}>
              {format(row[key], metric.unit)}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
