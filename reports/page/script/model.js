// The reports and what the page computed of them, with every operator known by one number in all views.
// Nothing is computed here but which operators belong to what.

const parse = (id) => JSON.parse(document.getElementById(id).textContent);

export const page = parse("memprof-page");
const embedded = parse("memprof-report");
const records = embedded.reports ?? [embedded];

const starts = [];
export const rows = [];
records.forEach((record, report) => {
  starts.push(rows.length);
  for (const row of record.operators) {
    const words = [row.name, row.kind, row.module, row.phase, row.input_shapes.map((sizes) => sizes.join("x")).join(" ")];
    rows.push({ report, kind: row.kind, bound: row.bound, text: words.join(" ").toLowerCase() });
  }
});

// Everything that can be chosen, by its key: "operator.0.3" is the fourth group of operators of the first report.
const chosenBy = new Map();

function known(what, report, place, item) {
  const key = `${what}.${report}.${place}`;
  const members = item.rows.map((row) => starts[report] + row);
  Object.assign(item, { key, report, members });
  chosenBy.set(key, item);
  return item;
}

const lists = { operator: [], module: [], kind: [] };
const parents = { kind: [], module: [], bound: [], phase: [] };
page.reports.forEach((own, report) => {
  for (const what of Object.keys(lists)) {
    own.groups[what].forEach((group, place) => lists[what].push(known(what, report, place, group)));
  }
  for (const what of Object.keys(parents)) {
    own.parents[what].forEach((group, place) => parents[what].push(known(`by-${what}`, report, place, group)));
  }
  // Every node comes after its parent: from the last to the first, each hands its operators up.
  for (const node of own.tree) Object.assign(node, { isEnd: "rows" in node, children: [], rows: node.rows ?? [] });
  for (let place = own.tree.length - 1; place >= 0; place -= 1) {
    const node = own.tree[place];
    known("node", report, place, node);
    if (node.parent < 0) continue;
    own.tree[node.parent].children.unshift(node);
    own.tree[node.parent].rows.push(...node.rows);
  }
});
for (const group of lists.operator) {
  const text = `${group.name} ${group.module} ${group.shapes}`.toLowerCase();
  for (const member of group.members) rows[member].text += ` ${text}`;
}

// Several reports together in one order, the longest first, so that small bubbles lie on large ones.
for (const list of [...Object.values(lists), ...Object.values(parents)]) list.sort((a, b) => b.share - a.share);

export const groups = (what) => lists[what];
export const gathered = (what) => parents[what];
export const find = (key) => chosenBy.get(key);
export const phases = new Set(parents.phase.map((group) => group.name)).size;
export const several = page.reports.length > 1;
export const kindClass = (kind) => page.kinds[kind] ?? "kind-other";
