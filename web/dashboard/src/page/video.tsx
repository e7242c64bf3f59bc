/** One video: how much it is watched, how far, how well, by whom, and what goes wrong. */
import { useMemo } from "react";
import { useAnswer } from "../api/answer";
import { useCatalogue } from "../api/catalogue";
import { call } from "../api/client";
import type { AudienceAnswer, ViewsAnswer } from "../api/type";
import { among } from "../logic/filter";
import { format, words } from "../logic/format";
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
import { Headlines, MetricPanel } from "./overview";

export default function Video() {
  const { board, metric } = useCatalogue();
  const { here } = useScope();
  const by = here.params.get("by") ?? board.video.dimensions[0] ?? "";
  const id = here.params.get("id") ?? "";
  const also = useMemo(() => [among(by, [id])], [by, id]);
  const chosen = metric(here.params.get("m") ?? board.video.headlines[0] ?? "");
  const choose = (key: string) => here.set({ m: key }, { replace: true });
  if (!id) return <Empty title="No video was named">Choose one from the list of videos.</Empty>;
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

/** What the latest view says of the video itself. */
function Facts({ by, also }: { by: string; also: string[] }) {
  const { board, dimension } = useCatalogue();
  const { base } = useScope();
  const answer = useAnswer<ViewsAnswer>(call("/v1/views", { ...base, filters: [...base.filters, ...also], limit: 1 }));
  const view = answer.data?.data[0] ?? {};
  const { facts: named, length } = board.video;
  const facts = [
    ...named.filter((one) => one !== by && view[one]).map((one) => [dimension(one).title, view[one]]),
    ...(view[length] ? [[words(length), offset(Number(view[length]))]] : []),
  ];
  return <>{facts.map(([name, value]) => `${name}: ${value}`).join(" · ") || `by ${dimension(by).title}`}</>;
}

function AudiencePanel({ also }: { also: string[] }) {
  const { base, every, zone } = useScope();
  const url = call("/v1/audience", { ...base, filters: [...base.filters, ...also] });
  const [place, isSeen] = useSeen();
  const answer = useAnswer<AudienceAnswer>(url, { every, enabled: isSeen });
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
  const hasRanges = Boolean(found?.plays_with_ranges);
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
        isEmpty={({ data }) => data.plays === 0}
        empty={<Empty title="No audience curve">It needs plays on demand of a known length.</Empty>}
      >
        {({ data }) => (
          <>
            <Positions rows={rows} hasRanges={hasRanges} zone={zone} />
            <p className="hint">
              {format(data.plays, "count")} plays on demand
              {data.duration_ms ? `, usually ${offset(data.duration_ms)} long` : ""};{" "}
              {hasRanges
                ? `for ${format(data.plays_with_ranges, "count")} the SDK tells which parts were watched.`
                : "their SDKs tell how far viewers came, not which parts they watched."}
            </p>
          </>
        )}
      </Ready>
    </Panel>
  );
}

interface Position {
  at_ms: number | null;
  watched: number;
  reached: number;
}

/** Positions stand on the axis as times of a clock that begins at the video's beginning. */
function Positions({ rows, hasRanges }: { rows: Position[]; hasRanges: boolean; zone: string }) {
  const drawn = useMemo(
    () => ({
      times: rows.map((row, at) => row.at_ms ?? at * 1000),
      lines: [
        ...(hasRanges ? [{ name: "watched it", values: rows.map((row) => row.watched) }] : []),
        { name: "came this far", values: rows.map((row) => row.reached), faint: hasRanges },
      ],
    }),
    [rows, hasRanges],
  );
  return <Chart {...drawn} unit="count" zone="UTC" granularity="position" label="Audience over the content" height={200} />;
}
