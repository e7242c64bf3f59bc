/** The filters that hold, and a way to add one: a dimension, then its values with their counts. */
import { useDeferredValue, useState } from "react";
import { useAnswer } from "../api/answer";
import { useCatalogue } from "../api/catalogue";
import { call } from "../api/client";
import type { Dimension, ValuesAnswer } from "../api/type";
import { type Naming, among, describe, dimensionsOf, opTitle, parse, spell } from "../logic/filter";
import { format, named } from "../logic/format";
import { clock, isInstant } from "../logic/time";
import { isFrozen } from "../state/address";
import { useScope } from "../state/range";
import { groupsOf } from "./choice";
import { Icon } from "./icon";
import { Popover } from "./popover";
import { Ready } from "./state";

/** Those of the page, which are in its address. */
export function FilterBar() {
  const { filters, here } = useScope();
  return <Filters filters={filters} onChange={(f) => here.set({ f })} />;
}

export function Filters({ filters, onChange }: { filters: string[]; onChange: (filters: string[]) => void }) {
  const naming = useFilterNaming();
  const without = (at: number) => onChange(filters.filter((_, index) => index !== at));
  return (
    <div className="filters" role="group" aria-label="Filters">
      {filters.map((text, at) => {
        const words = describe(parse(text), naming);
        return (
          <span className="chip" key={text}>
            {words}
            {!isFrozen() && (
              <button type="button" aria-label={`Remove the filter: ${words}`} onClick={() => without(at)}>
                <Icon name="close" />
              </button>
            )}
          </span>
        );
      })}
      {!isFrozen() && (
        <Popover
          label={
            <>
              <Icon name="filter" />
              {filters.length ? "Add" : "Filter"}
            </>
          }
          title="Add a filter"
        >
          {(close) => (
            <FilterForm
              filters={filters}
              add={(text) => {
                onChange([...filters.filter((one) => one !== text), text]);
                close();
              }}
            />
          )}
        </Popover>
      )}
      {filters.length > 1 && !isFrozen() && (
        <button type="button" className="button plain" onClick={() => onChange([])}>
          Clear
        </button>
      )}
    </div>
  );
}

/** The words of filters: a number that is an instant is told as one. */
export function useFilterNaming(): Naming {
  const { title, field } = useCatalogue();
  const { zone } = useScope();
  const value = (name: string, text: string) =>
    field(name).unit === "ms" && isInstant(Number(text)) ? clock(Number(text), zone) : text;
  return { title, value };
}

interface Adding {
  /** Those that hold already. */
  filters: string[];
  add: (filter: string) => void;
}

function FilterForm({ filters, add }: Adding) {
  const [chosen, setChosen] = useState<Dimension | null>(null);
  return chosen ? (
    <Values dimension={chosen} filters={filters} add={add} back={() => setChosen(null)} />
  ) : (
    <Dimensions choose={setChosen} />
  );
}

function Dimensions({ choose }: { choose: (dimension: Dimension) => void }) {
  const { dimensions } = useCatalogue();
  const [search, setSearch] = useState("");
  const wanted = search.toLowerCase();
  const found = dimensions.filter(
    (one) => one.title.toLowerCase().includes(wanted) || one.id.includes(wanted) || one.description.includes(wanted),
  );
  return (
    <div className="form picker">
      <input
        type="search"
        placeholder="Dimension"
        aria-label="Search for a dimension"
        value={search}
        onChange={(event) => setSearch(event.target.value)}
      />
      <div className="list">
        {groupsOf(found).map(([group, members]) => (
          <fieldset key={group}>
            <legend>{group}</legend>
            {members.map((one) => (
              <button key={one.id} type="button" title={one.description} onClick={() => choose(one)}>
                {one.title}
              </button>
            ))}
          </fieldset>
        ))}
        {found.length === 0 && <p className="dim">No dimension is called that.</p>}
      </div>
    </div>
  );
}

function Values({ dimension, filters, add, back }: Adding & { dimension: Dimension; back: () => void }) {
  const { base } = useScope();
  const [search, setSearch] = useState("");
  const [picked, setPicked] = useState<(string | null)[]>([]);
  const [op, setOp] = useState("among");
  const wanted = useDeferredValue(search);
  const isList = op === "among" || op === "none";
  const others = filters.filter((one) => !dimensionsOf(parse(one)).includes(dimension.id));
  const answer = useAnswer<ValuesAnswer>(
    call(`/v1/dimensions/${dimension.id}/values`, { ...base, filters: others, search: wanted, limit: 60 }),
    { enabled: isList },
  );
  const flip = (value: string | null) =>
    setPicked((now) => (now.includes(value) ? now.filter((one) => one !== value) : [...now, value]));
  const free = dimension.ops.filter((one) => !["eq", "neq", "in", "not_in", "exists"].includes(one));
  const filter = isList
    ? picked.length > 0 && among(dimension.id, picked, { not: op === "none" })
    : search !== "" && spell({ dimension: dimension.id, op, values: [search] });
  return (
    <form
      className="form picker"
      onSubmit={(event) => {
        event.preventDefault();
        if (filter) add(filter);
      }}
    >
      <div className="row">
        <button type="button" className="button plain" onClick={back} aria-label="Back to the dimensions">
          ←
        </button>
        <b>{dimension.title}</b>
        <select aria-label="Condition" value={op} onChange={(event) => setOp(event.target.value)}>
          <option value="among">is</option>
          <option value="none">is not</option>
          {free.map((one) => (
            <option key={one} value={one}>
              {opTitle(one)}
            </option>
          ))}
        </select>
      </div>
      <input
        type="search"
        placeholder={isList ? "Search" : "Value"}
        aria-label={isList ? "Search for a value" : "Value"}
        value={search}
        onChange={(event) => setSearch(event.target.value)}
      />
      {isList && (
        <div className="list">
          <Ready answer={answer} height={120} isEmpty={({ data }) => data.length === 0} empty={<p className="dim">No such value here.</p>}>
            {({ data }) =>
              data.map(({ value, views }) => {
                const key = value === null ? null : String(value);
                return (
                  <label key={String(key)} className="check">
                    <input type="checkbox" checked={picked.includes(key)} onChange={() => flip(key)} />
                    <span className="grow">{named(value)}</span>
                    <span className="dim num">{format(views, "count")}</span>
                  </label>
                );
              })
            }
          </Ready>
        </div>
      )}
      <button type="submit" className="button primary" disabled={!filter}>
        Apply
      </button>
    </form>
  );
}
