/** The groups of an answer by a dimension: how one is called, and what pressing its name does. */
import { useCatalogue } from "../api/catalogue";
import type { Dimension, Row } from "../api/type";
import { among } from "../logic/filter";
import { named } from "../logic/format";
import { isFrozen } from "../state/address";
import { useScope } from "../state/range";
import { Told } from "./definition";
import type { Column } from "./table";

const COUNTRIES = new Intl.DisplayNames(["en"], { type: "region" });

/** A value for people: codes of countries get their names. */
export function useNaming(): (dimension: string, value: unknown) => string {
  const { board } = useCatalogue();
  return (dimension, value) => {
    const text = named(value);
    return dimension === board.country ? country(text) : text;
  };
}

function country(code: string): string {
  try {
    return /^[A-Z]{2}$/.test(code) ? (COUNTRIES.of(code) ?? code) : code;
  } catch {
    return code;
  }
}

/** The name of a group; whoever presses it sees only that group. */
export function GroupName({ dimension, value }: { dimension: string; value: unknown }) {
  const { here, filters } = useScope();
  const name = useNaming()(dimension, value);
  const className = value === null ? "label dim" : "label";
  if (isFrozen()) return <span className={className}>{name}</span>;
  const filter = among(dimension, [value === null ? null : String(value)]);
  return (
    <button type="button" className={className} title={`Only ${name}`} onClick={() => here.set({ f: [...filters, filter] })}>
      {name}
    </button>
  );
}

/** The column of a table that says which group a row is. */
export function groupColumn(
  dimension: Dimension,
  show: Column<Row>["show"] = (row) => <GroupName dimension={dimension.id} value={row[dimension.id]} />,
): Column<Row> {
  const { id, title } = dimension;
  return { key: id, title, meaning: <Told dimension={dimension} />, ascending: true, value: (row) => row[id], show };
}
