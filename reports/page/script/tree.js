// The network as an icicle: a module lies within the one above it and is as wide as its share.
import { measureText } from "./figures.js";
import { hierarchy, partition, select } from "./libraries.js";
import { boundName, kindClass, page, several } from "./model.js";
import { anyChosen, change, choose, isChosen, isShown, onDevice, state, watch } from "./store.js";
import { hide, say } from "./panel.js";

const ROW = 26;
const NARROWEST = 3;
const NAMED = 26;

const nodes = new Map();

let holder, root, width, active;

export function drawTree() {
  holder = select("#tree");
  holder.on("keydown", onKey);
  document.getElementById("tree-in").addEventListener("click", () => zoomTo(marked()));
  document.getElementById("tree-out").addEventListener("click", () => zoomTo(focus().parent));
  build();
  new ResizeObserver(() => {
    if (holder.node().clientWidth !== width) draw();
  }).observe(holder.node());
  watch(["measure"], () => { build(); draw(); });
  onDevice(() => { build(); draw(); });
  watch(["root"], () => draw());
  watch(["filter", "kinds", "bounds", "without", "only"], paint);
  watch(["chosen"], (_, origin) => {
    if (origin !== "tree") reveal();
    paint();
  });
  draw();
}

// The library places; the sums of every module are those of the page's data.
function build() {
  const roots = page.reports.map((report) => report.tree[0]).filter(Boolean);
  const whole = several ? { key: "", name: "all", kind: "", children: roots, members: [] } : roots[0];
  root = hierarchy(whole);
  nodes.clear();
  root.each((node) => {
    node.value = node.data.sum?.[state.measure];
    if (node.data.key) nodes.set(node.data.key, node);
  });
  if (several) root.value = roots.reduce((sum, one) => sum + one.sum[state.measure], 0);
  partition()(root);
  active = null;
}

const focus = () => nodes.get(state.root) ?? root;

function marked() {
  const key = state.chosen.find((one) => one.startsWith("node."));
  return key ? nodes.get(key) : active;
}

function zoomTo(node) {
  if (!node || node.data.isEnd) return;
  change({ root: node === root ? "" : node.data.key }, "tree");
}

function draw() {
  width = holder.node().clientWidth;
  const top = focus();
  const scale = width / (top.x1 - top.x0 || 1);
  const blocks = wide(top, NARROWEST / scale);
  const first = top.data.key ? top.depth : 1;
  holder.style("height", `${(blocks.reduce((most, node) => Math.max(most, node.depth), first) - first + 1) * ROW}px`);
  if (!blocks.includes(active)) active = blocks[0];
  holder.selectAll(".block").data(blocks, (node) => node.data.key).join(entered)
    .style("left", (node) => `${(node.x0 - top.x0) * scale}px`)
    .style("top", (node) => `${(node.depth - first) * ROW}px`)
    .style("width", (node) => `${(node.x1 - node.x0) * scale}px`)
    .attr("tabindex", (node) => (node === active ? 0 : -1))
    .attr("aria-level", (node) => node.depth - first + 1)
    .attr("aria-label", (node) => `${node.data.name} ${measureText(node.data, state.measure)}, ${node.data.kind}`)
    .each(function (node) { fillIn(this, node, (node.x1 - node.x0) * scale); });
  crumbs(top);
  document.getElementById("tree-out").disabled = !top.parent;
  paint();
}

// The nodes below one that are wide enough to see; within a narrow one there is none.
function wide(top, least) {
  const found = [];
  const visit = (node) => {
    if (node.data.key) found.push(node);
    for (const child of node.children ?? []) if (child.x1 - child.x0 >= least) visit(child);
  };
  visit(top);
  return found;
}

function paint() {
  const any = anyChosen();
  holder.selectAll(".block").each(function ({ data }) {
    const marked = any && isChosen(data);
    const chosen = state.chosen.includes(data.key) || (data.isEnd && marked);
    const looks = `${data.isEnd ? " end" : ""}${isShown(data) ? "" : " out"}${any && !marked ? " dim" : ""}${chosen ? " chosen" : ""}`;
    const name = `block ${kindClass(data.kind)}${looks}`;
    if (this.className === name) return;
    this.className = name;
    this.setAttribute("aria-selected", marked);
  });
}

function entered(enter) {
  return enter.append("div").attr("class", "block").attr("role", "treeitem").attr("aria-selected", false)
    .attr("data-key", (node) => node.data.key)
    .on("click", (event, node) => {
      active = node;
      choose(node.data.key, { adding: event.shiftKey || event.ctrlKey || event.metaKey, origin: "tree" });
    })
    .on("dblclick", (_, node) => zoomTo(node))
    .on("pointermove", (event, node) => tell(node, event.clientX, event.clientY))
    .on("pointerleave", hide).on("blur", hide)
    .on("focus", (event, node) => {
      const box = event.target.getBoundingClientRect();
      tell(node, box.left, box.bottom);
    });
}

function tell(node, x, y) {
  const path = node.ancestors().reverse().filter((one) => one.data.key).slice(1).map((one) => one.data.name).join(".");
  const [time, flops, dram] = ["time", "flops", "dram"].map((measure) => measureText(node.data, measure));
  const parts = [`${time} of the ${page.reports[node.data.report].time}`, `${flops} of FLOPs`, `${dram} of DRAM traffic`];
  const mostly = node.data.isEnd ? node.data.kind : `mostly ${node.data.kind}`;
  say([path || node.data.name, ...parts, `${mostly}, bound by ${boundName(node.data.bound, node.data.report)}`], x, y);
}

function fillIn(block, node, wide) {
  const text = wide < NAMED ? "" : node.data.name;
  const more = wide > 7 * (node.data.name.length + 14) ? ` ${measureText(node.data, state.measure)}` : "";
  if (block.textContent === text + more) return;
  block.replaceChildren(text);
  if (!more) return;
  const figure = document.createElement("span");
  figure.className = "figure-of";
  figure.textContent = more;
  block.append(figure);
}

// Goes up until what was chosen elsewhere lies within the width.
function reveal() {
  let top = focus();
  while (top.parent && anyChosen() && !isChosen(top.data)) top = top.parent;
  if (top !== focus()) change({ root: top === root ? "" : top.data.key }, "tree");
}

function crumbs(top) {
  select("#crumbs").selectAll("button").data(top.ancestors().reverse()).join("button")
    .attr("type", "button").attr("aria-current", (node) => (node === top ? "true" : null))
    .text((node) => node.data.name).on("click", (_, node) => zoomTo(node));
}

function onKey(event) {
  const shown = new Set(holder.selectAll(".block").data());
  const beside = (step) => {
    const row = [...shown].filter((node) => node.depth === active.depth).sort((a, b) => a.x0 - b.x0);
    return row[row.indexOf(active) + step];
  };
  const moves = {
    ArrowUp: () => active.parent,
    ArrowDown: () => (active.children ?? []).find((node) => shown.has(node)),
    ArrowLeft: () => beside(-1),
    ArrowRight: () => beside(1),
    Home: () => focus(),
  };
  if (event.key === "Enter" || event.key === " ") choose(active.data.key, { adding: event.shiftKey, origin: "tree" });
  else if (event.key === "+") zoomTo(active);
  else if (event.key === "-") zoomTo(focus().parent);
  else if (event.key in moves) go(moves[event.key](), shown);
  else return;
  event.preventDefault();
}

function go(node, shown) {
  if (!node || !shown.has(node)) return;
  active = node;
  holder.selectAll(".block").attr("tabindex", (one) => (one === active ? 0 : -1)).filter((one) => one === active).node().focus();
}
