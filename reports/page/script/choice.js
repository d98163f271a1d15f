// What a reader has chosen in a document: words, values of columns, marked items, the order of tables.
import { keep } from "./address.js";
import { items, tables } from "./items.js";

const list = (fits) => (text) => text.split(",").map((item) => item.replaceAll("%2C", ",")).filter((item) => item && fits(item));
const READ = {
  filter: (text) => text,
  chosen: list((key) => items.has(key)),
  only: (text) => (text === "1" ? text : undefined),
  columns: (text) => (text === "all" ? text : undefined),
};
const FIRST = { filter: "", chosen: [], only: "", columns: "" };
export const facets = [];
for (const table of tables) {
  FIRST[`sort.${table.id}`] = table.sort ?? "";
  READ[`sort.${table.id}`] = (text) => (table.columns[text.replace(/^-/, "")] ? text : undefined);
  table.columns.forEach((column, place) => {
    if (!column.facet) return;
    const name = `${table.id}.${place}`;
    const order = new Map(table.rows.map((row) => row.cells[place]));
    const values = [...order.keys()].sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
    facets.push({ name, table, values });
    FIRST[`is.${name}`] = [];
    READ[`is.${name}`] = list((value) => values.includes(value));
  });
}
READ.at = (text) => (document.getElementById(text) ? text : undefined);
FIRST.at = "";

export const kept = keep(READ, FIRST, refresh);
export const state = kept.state;
export const watch = kept.watch;
export const change = kept.change;
export const NARROWING = ["filter", "chosen", "only", ...facets.map((facet) => `is.${facet.name}`)];

export const isChosen = (item) => state.chosen.includes(item.key);
export const anyChosen = () => state.chosen.length > 0;

// Chooses an item, or lets it go where it alone was chosen; `adding` keeps what was chosen before.
export function choose(key, adding = false) {
  const had = state.chosen.includes(key);
  if (adding) change({ chosen: had ? state.chosen.filter((other) => other !== key) : [...state.chosen, key] });
  else if (had && state.chosen.length === 1) change({ chosen: [], only: "" });
  else change({ chosen: [key] });
}

function refresh(changed) {
  if (!changed.some((name) => NARROWING.includes(name))) return;
  const words = state.filter.toLowerCase().split(/\s+/).filter(Boolean);
  for (const item of items.values()) {
    item.shown = words.every((word) => item.text.includes(word))
      && facets.every(({ name }) => {
        const chosen = state[`is.${name}`];
        return !chosen.length || !(name in item.facets) || chosen.includes(item.facets[name]);
      })
      && (!state.only || isChosen(item));
  }
}
