// The reports and what belongs together in them, with every operator known by one number in all views.
import { begin, longest, merge, ratio, timed, worked } from "./sums.js";

const parse = (id) => JSON.parse(document.getElementById(id).textContent);

const own = parse("memprof-page");

// The precision and batch size that the address asks for, where the page holds them: other reports than its own.
const asked = new URLSearchParams(location.hash.slice(1));
export const variations = own.variations ?? [];
export const variationOf = (precision, batch) => variations.findIndex(([kind, size]) => (
  kind === (precision || own.home[0]) && size === Number(batch || own.home[1])));
export const variation = variationOf(asked.get("precision"), asked.get("batch"));
const { page: other, report: others } = variation < 0 ? {} : parse(`memprof-variation-${variation}`);
export const page = other ?? own;
const embedded = others ?? parse("memprof-report");
export const records = embedded.reports ?? [embedded];

// What a terminal or a browser would obey instead of showing it, as memprof.reports.parts.harmless has it.
const plain = (text) => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\ufffd");

const starts = [];
const counts = [];
export const rows = [];
records.forEach((record, report) => {
  starts.push(rows.length);
  counts.push(record.operators.length);
  const { measured } = page.reports[report];
  for (const row of record.operators) {
    const words = [row.name, row.kind, row.module, row.phase, row.input_shapes.map((sizes) => sizes.join("x")).join(" ")];
    const time = measured ? row.measured_seconds ?? 0 : row.seconds;
    rows.push({
      report, text: words.join(" ").toLowerCase(), kind: row.kind, bound: row.bound, time, predicted: row.seconds,
      least: row.roofline_seconds, roofed: measured && row.roofline_seconds ? row.measured_seconds ?? 0 : 0, splits: null,
      calls: row.calls, flops: row.flops, dram: row.dram_bytes, l2: row.l2_bytes, l1: row.l1_bytes, launches: row.launches,
      module: row.module, phase: row.phase, shapes: row.input_shapes,
    });
  }
});

// The number of an operator by its place in a report.
export const rowAt = (report, place) => starts[report] + place;

// Everything that can be chosen, by its key: "operator.0.3" is the fourth group of operators of the first report.
const chosenBy = new Map();
const items = [];

function known(key, report, item) {
  const members = item.rows.map((row) => starts[report] + row);
  Object.assign(item, { key, report, members });
  chosenBy.set(key, item);
  items.push(item);
  return item;
}

const lists = { operator: [], module: [], kind: [] };
const parents = { kind: [], module: [], bound: [], phase: [] };
page.reports.forEach((held, report) => {
  for (const what of Object.keys(lists)) {
    held.groups[what].forEach((group, place) => lists[what].push(known(`${what}.${report}.${place}`, report, group)));
  }
  for (const what of ["kind", "module", "phase"]) {
    held.parents[what].forEach((group, place) => parents[what].push(known(`by-${what}.${report}.${place}`, report, group)));
  }
  // Every node comes after its parent: from the last to the first, each hands its operators up.
  for (const node of held.tree) Object.assign(node, { isEnd: "rows" in node, children: [], rows: node.rows ?? [] });
  for (let place = held.tree.length - 1; place >= 0; place -= 1) {
    const node = held.tree[place];
    known(`node.${report}.${place}`, report, node);
    if (node.parent < 0) continue;
    held.tree[node.parent].children.unshift(node);
    for (const row of node.rows) held.tree[node.parent].rows.push(row);
  }
});
for (const group of lists.operator) {
  const { module, phase, shapes: sizes } = rows[group.members[0]];
  Object.assign(group, {
    module: group.module ?? plain(module), phase: plain(phase), shapes: sizes.map((one) => one.join("x") || "scalar").join(", "),
  });
  const text = `${group.name} ${group.module} ${group.shapes}`.toLowerCase();
  for (const member of group.members) rows[member].text += ` ${text}`;
}

// What the page shows now: the device, and the sums over each report on it.
export const now = { scene: page.scenes[0], wholes: [] };

const family = (report) => now.scene.families[report];
export const shortBound = (code, report) => page.bounds[code]?.[1][family(report)][0] ?? code;
export const boundName = (code, report) => page.bounds[code]?.[1][family(report)][1] ?? code;

// Sums everything up on the device that the page shows; the longest first, so that small bubbles lie on large ones.
export function sumUp() {
  now.wholes = page.reports.map((_, report) => {
    const own = [...Array(counts[report]).keys()].map((place) => starts[report] + place);
    return timed(worked(rows, own), rows, own);
  });
  for (const item of items) {
    item.sum ??= worked(rows, item.members);
    if (item.children?.length) begin(item.sum);
    else timed(item.sum, rows, item.members);
  }
  for (const { tree } of page.reports) {
    for (let place = tree.length - 1; place > 0; place -= 1) merge(tree[tree[place].parent].sum, tree[place].sum);
  }
  for (const item of items) finish(item);
  parents.bound = byBound();
  for (const list of [...Object.values(lists), ...Object.values(parents)]) list.sort((a, b) => b.share - a.share);
}

function finish(item) {
  const { sum } = item;
  const whole = now.wholes[item.report];
  const [least, all] = page.radius;
  item.kind = longest(sum.kinds);
  item.bound = longest(sum.bounds);
  item.share = ratio(sum.time, whole.time);
  item.flopsShare = ratio(sum.flops, whole.flops);
  item.radius = Math.max(least, all * Math.sqrt(Math.max(0, item.share)));
  item.y = sum.flops ? ratio(sum.flops, sum.time) : 0;
  item.roof = ratio(sum.flops, sum.least) || null;
  const { measured, predicts } = page.reports[item.report];
  item.predicted = measured && predicts && sum.predicted ? sum.flops / sum.predicted : null;
  if (!("x" in item)) item.x = Object.fromEntries(levels.map((level) => [level, intensity(sum, level)]));
  item.x.binding = intensity(sum, levelOf(item));
}

const levels = Object.keys(page.levels);
const intensity = (sum, level) => (sum[level] ? sum.flops / sum[level] : null);

// The memory level that binds, or else the outermost that any byte crosses; of what waits, that which would bind else.
function levelOf(item) {
  const order = [...levels];
  const bandwidths = now.scene.bandwidths[item.report];
  if (page.waits.includes(item.bound)) {
    const seconds = (level) => ratio(item.sum[level], bandwidths[level] ?? 0);
    order.sort((a, b) => seconds(b) - seconds(a));
  } else if (order.includes(item.bound)) order.unshift(item.bound);
  return order.find((level) => item.sum[level]) ?? "dram";
}

function byBound() {
  const found = new Map();
  for (const group of lists.operator) {
    const key = `by-bound.${group.report}.${group.bound}`;
    if (!found.has(key)) found.set(key, { key, report: group.report, name: boundName(group.bound, group.report), members: [] });
    for (const member of group.members) found.get(key).members.push(member);
  }
  for (const key of [...chosenBy.keys()]) if (key.startsWith("by-bound.") && !found.has(key)) chosenBy.delete(key);
  for (const item of found.values()) {
    item.members.sort((a, b) => a - b);
    item.sum = timed(worked(rows, item.members), rows, item.members);
    finish(item);
    chosenBy.set(item.key, item);
  }
  return [...found.values()];
}

sumUp();

export const groups = (what) => lists[what];
export const gathered = (what) => parents[what];
export const find = (key) => chosenBy.get(key);
export const phases = new Set(parents.phase.map((group) => group.name)).size;
export const several = page.reports.length > 1;
export const kindClass = (kind) => page.kinds[kind] ?? "kind-other";
