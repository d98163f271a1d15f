// What a reader of a report has chosen: level, filters, marked operators, the order of the table.
import { followContents, keep } from "./address.js";
import { show } from "./devices.js";
import { find, page, rows, variation, variationOf, variations } from "./model.js";

const oneOf = (...values) => (text) => (values.includes(text) ? text : undefined);
const list = (fits) => (text) => text.split(",").filter((item) => item && fits(item));
const keys = page.columns.map((column) => column.key);
const READ = {
  level: oneOf("binding", ...Object.keys(page.levels)),
  bubbles: oneOf("operator", "module", "kind"),
  zoom: (text) => (/^[\d.]+(,-?[\d.]+){2}$/.test(text) ? text : undefined),
  filter: (text) => text,
  kinds: list((kind) => kind in page.kinds),
  bounds: list((bound) => bound in page.bounds),
  without: list((report) => report in page.reports),
  chosen: list(find),
  only: oneOf("1"),
  measure: oneOf("time", "flops", "dram"),
  root: (text) => (find(text) ? text : undefined),
  group: oneOf("kind", "module", "bound", "phase"),
  sort: (text) => (keys.includes(text.replace(/^-/, "")) || /^-?name$/.test(text) ? text : undefined),
  columns: oneOf("all"),
  time: (text) => (/^[\d.e-]+,[\d.e-]+$/.test(text) ? text : undefined),
  at: (text) => (document.getElementById(text) ? text : undefined),
};
const FIRST = {
  level: "binding", bubbles: "operator", zoom: "", filter: "", kinds: [], bounds: [], without: [], chosen: [], only: "",
  measure: "time", root: "", group: "", sort: `-${page.first}`, columns: "", time: "", at: "",
};

const devices = page.scenes.slice(1).map((scene) => scene.name);
READ.device = oneOf(...devices);
READ.precision = oneOf(...variations.map(([kind]) => kind));
READ.batch = oneOf(...variations.map(([, size]) => String(size)));
Object.assign(FIRST, { device: "", precision: "", batch: "" });

const kept = keep(READ, FIRST, refresh);
export const state = kept.state;
export const watch = kept.watch;
export const change = kept.change;
export const follow = () => followContents(kept);

// Calls back once the page shows another device; of a page of very many operators each view in a script of its own.
const MANY = 1000;
export function onDevice(callback) {
  watch(["device"], () => { if (rows.length > MANY) setTimeout(callback); else callback(); });
}

// Another precision or batch size is another report: the page starts with it anew, all else as it was.
watch(["precision", "batch"], () => {
  if (variationOf(state.precision, state.batch) !== variation) setTimeout(() => location.reload(), 1);
});

// Chooses a thing by its key, or lets it go where it alone was chosen; `adding` keeps what was chosen before.
export function choose(key, { adding = false, origin = "" } = {}) {
  const had = state.chosen.includes(key);
  if (adding) change({ chosen: had ? state.chosen.filter((other) => other !== key) : [...state.chosen, key] }, origin);
  else if (had && state.chosen.length === 1) change({ chosen: [], only: "" }, origin);
  else change({ chosen: [key] }, origin);
}

// Which operators pass the filters, and which are chosen: one byte for each.
export const shown = new Uint8Array(rows.length).fill(1);
export const chosen = new Uint8Array(rows.length);

const NARROWING = ["filter", "kinds", "bounds", "without", "chosen", "only", "device"];

function refresh(changed) {
  if (changed.includes("device")) {
    show(state.device);
    state.chosen = state.chosen.filter(find);
  }
  if (!changed.some((name) => NARROWING.includes(name))) return;
  if (changed.includes("chosen")) {
    chosen.fill(0);
    for (const key of state.chosen) for (const member of find(key).members) chosen[member] = 1;
  }
  const words = state.filter.toLowerCase().split(/\s+/).filter(Boolean);
  rows.forEach((row, place) => {
    const fits = words.every((word) => row.text.includes(word))
      && (!state.kinds.length || state.kinds.includes(row.kind))
      && (!state.bounds.length || state.bounds.includes(row.bound))
      && !state.without.includes(String(row.report))
      && (!state.only || chosen[place]);
    shown[place] = fits ? 1 : 0;
  });
}

export const isShown = (item) => item.members.some((member) => shown[member]);
export const isChosen = (item) => item.members.some((member) => chosen[member]);
export const anyChosen = () => state.chosen.length > 0;
