/** One video: how much it is watched, how far, how well, by whom, and what goes wrong. */
import { useMemo } from "react";
import { type Answered, type Asking, useAnswer } from "../api/answer";
import { useCatalogue } from "../api/catalogue";
import { call } from "../api/client";
import type { Answer, AudienceAnswer, Row } from "../api/type";
import { among } from "../logic/filter";
import { format, named, words } from "../logic/format";
import { offset } from "../logic/time";
import { Chart } from "../part/chart";
import { FilterBar } from "../part/filterbar";
import { Panel } from "../part/panel";
import { RangeBar } from "../part/rangebar";
import { Ranking } from "../part/ranking";
import { useSeen } from "../part/seen";
import { Sharing } from "../part/sharing";
import { Empty, Ready } from "../part/state";
import { Head } from "../shell";
import { isFrozen } from "../state/address";
import { useScope } from "../state/range";
import { ErrorTable } from "./errors";
import { Headlines, MetricPanel, useTotals } from "./overview";
import { Unnamed } from "./unnamed";

export default function Video() {
  const { board, metric } = useCatalogue();
  const { here } = useScope();
  const by = here.params.get("by") ?? board.video.dimensions[0] ?? "";
  const id = here.params.get("id") ?? "";
  const also = useMemo(() => [among(by, [id])], [by, id]);
  const chosen = metric(here.params.get("m") ?? board.video.headlines[0] ?? "");
  const choose = (key: string) => here.set({ m: key }, { replace: true });
  if (!id) return <Unnamed what="video" list="/videos" />;
  return (
    <>
      <Head title={id} lead={<Facts by={by} also={also} />}>
        <RangeBar />
        {!isFrozen() && <Sharing />}
      </Head>
      <div className="bars-row">
        {!isFrozen() && <a href={here.to("/videos", { by })}>← All videos</a>}
        {!isFrozen() && <a href={here.to("/views", { f: [...here.params.getAll("f"), ...also] })}>Its views</a>}
      </div>
      <FilterBar />
      <Headlines keys={board.video.headlines} chosen={chosen.key} choose={choose} also={also} />
      <MetricPanel measured={chosen} keys={board.video.headlines} choose={choose} also={also} />
      <AudiencePanel also={also} />
      <div className="grid three">
        {board.video.breakdowns.map((dimension) => (
          <Ranking key={dimension} dimension={dimension} measured={chosen} also={also} />
        ))}
      </div>
      <ErrorTable also={also} />
    </>
  );
}

/** What views say of the video itself: most of them, as views of one video may differ. */
function Facts({ by, also }: { by: string; also: string[] }) {
  const { board, dimension } = useCatalogue();
  const isTheirTurn = useFigures(also) !== undefined;
  const length = useAudience(also, { enabled: isTheirTurn }).answer.data?.data.duration_ms;
  return (
    <span className="joined">
      <span>by {dimension(by).title.toLowerCase()}</span>
      {board.video.facts
        .filter((one) => one !== by)
        .map((one) => (
          <Fact key={one} dimension={one} also={also} enabled={isTheirTurn} />
        ))}
      {length ? <span>{words(board.video.length)}: {offset(length)}</span> : null}
    </span>
  );
}

/** One may be unknown: two more tell whether there are several. */
const VALUES_ASKED = 3;

function Fact({ dimension, also, enabled }: { dimension: string; also: string[]; enabled: boolean }) {
  const catalogue = useCatalogue();
  const { base } = useScope();
  const { volume } = catalogue.board;
  const url = call("/v1/query", {
    ...base,
    filters: [...base.filters, ...also],
    metrics: volume,
    group_by: dimension,
    order_by: `-${volume}`,
    limit: VALUES_ASKED,
  });
  const answer = useAnswer<Answer>(url, { enabled });
  const [first, ...others] = (answer.data?.data ?? []).map((row) => row[dimension]).filter((one) => one !== null);
  if (first === undefined) return null;
  return (
    <span>
      {catalogue.dimension(dimension).title}: {named(first)}
      {others.length > 0 && " and others"}
    </span>
  );
}

/** The page's first figures, as soon as they are there: they are asked for elsewhere. */
function useFigures(also: string[]): Row | undefined {
  const { board } = useCatalogue();
  return useTotals({ keys: board.video.headlines, also }, { enabled: false }).data?.data[0];
}

function useAudience(also: string[], asking: Asking = {}): { url: string; answer: Answered<AudienceAnswer> } {
  const { base } = useScope();
  const url = call("/v1/audience", { ...base, filters: [...base.filters, ...also] });
  return { url, answer: useAnswer<AudienceAnswer>(url, asking) };
}

function AudiencePanel({ also }: { also: string[] }) {
  const { every } = useScope();
  const [place, isSeen] = useSeen();
  const { url, answer } = useAudience(also, { every, enabled: isSeen });
  const found = answer.data?.data;
  const rows = useMemo(
    () =>
      (found?.reached ?? []).map((reached, at) => ({
        position: `${at} %`,
        at_ms: found?.duration_ms ? (found.duration_ms * at) / 100 : null,
        watched: found?.watched[at] ?? 0,
        reached,
      })),
    [found],
  );
  return (
    <Panel
      title="Audience over the content"
      place={place}
      exports={{
        call: url,
        name: "audience",
        rows,
        rowKey: (row) => row.position,
        columns: [
          { key: "position", title: "Position", value: (row) => row.position },
          { key: "at_ms", title: "At", numeric: true, value: (row) => row.at_ms, show: (row) => (row.at_ms === null ? "–" : offset(row.at_ms)) },
          { key: "watched", title: "Watched it", numeric: true, value: (row) => row.watched },
          { key: "reached", title: "Came this far", numeric: true, value: (row) => row.reached },
        ],
      }}
    >
      <Ready
        answer={answer}
        height={200}
        isEmpty={({ data }) => data.plays_with_position === 0 && data.plays_with_ranges === 0}
        empty={<Empty title="No audience curve">It needs plays on demand of a known length, whose SDK tells the position.</Empty>}
      >
        {({ data }) => (
          <>
            <Positions rows={rows} plays={data.plays_with_position} withRanges={data.plays_with_ranges} />
            <p className="hint">
              <Known plays={data.plays} also={also} />
              {data.duration_ms ? `, usually ${offset(data.duration_ms)} long` : ""};{" "}
              {data.plays_with_ranges
                ? `for ${format(data.plays_with_ranges, "count")} of them it is known which parts were watched.`
                : "their SDKs tell how far viewers came, not which parts they watched."}
            </p>
          </>
        )}
      </Ready>
    </Panel>
  );
}

/** Of how many the curve is. */
function Known({ plays, also }: { plays: number; also: string[] }) {
  const { board, metric } = useCatalogue();
  const all = useFigures(also)?.[board.volume];
  const told = `${format(plays, "count")} ${plays === 1 ? "is a play" : "are plays"} on demand of a known length`;
  return <>{typeof all === "number" ? `Of ${format(all, "count")} ${metric(board.volume).title.toLowerCase()}, ${told}` : told}</>;
}

interface Position {
  at_ms: number | null;
  watched: number;
  reached: number;
}

/** Positions stand on the axis as times of a clock that begins at the video's beginning. */
function Positions({ rows, plays, withRanges }: { rows: Position[]; plays: number; withRanges: number }) {
  const drawn = useMemo(
    () => ({
      times: rows.map((row, at) => row.at_ms ?? at * 1000),
      lines: [
        ...(withRanges ? [{ name: `watched it (of ${withRanges})`, values: rows.map((row) => row.watched) }] : []),
        { name: `came this far (of ${plays})`, values: rows.map((row) => row.reached), faint: withRanges > 0 },
      ],
    }),
    [rows, plays, withRanges],
  );
  return <Chart {...drawn} unit="count" zone="UTC" granularity="position" label="Audience over the content" height={200} />;
}
