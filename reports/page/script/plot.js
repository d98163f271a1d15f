// The roofline: what the page draws instead of the still picture, which stays for print and where no script runs.
import { axisBottom, axisLeft, format, scaleLog, select, zoom, zoomIdentity } from "./libraries.js";
import { groups, kindClass, now, page } from "./model.js";
import { anyChosen, change, choose, isChosen, isShown, onDevice, state, watch } from "./store.js";
import { place } from "./labels.js";
import { drawRoofs, steps } from "./roofs.js";
import { hide } from "./panel.js";
import { show, spoken } from "./tip.js";

const LEAST_RADIUS = 3.6;
const MARK = 100;
const RAIL = 34;
const MOST_MOVING = 1500;
const AT_ONCE = 400;
const si = format("~s");
const speed = (value) => si(value).replace(/([A-Za-z]?)$/, " $1FLOP/s");
const still = matchMedia("(prefers-reduced-motion: reduce)");

let svg, inner, size, x0, y0, transform, behaviour, items, railed, spots, active, ceilings, labelling;
let from = "binding";
let share = 1;

export function drawPlot() {
  const holder = document.getElementById("plot");
  svg = select(holder).append("svg").attr("class", "interactive").attr("role", "group")
    .attr("aria-label", "Roofline: operators by arithmetic intensity and speed").attr("aria-describedby", "guide");
  for (const name of ["ground", "ticks x", "ticks y", "frame", "rail"]) {
    svg.append(name.startsWith("ticks") ? "g" : "rect").attr("class", name);
  }
  svg.append("text").attr("class", "axis-name y").attr("y", 13).text(page.yAxis);
  svg.append("text").attr("class", "axis-name x").attr("text-anchor", "middle");
  inner = svg.append("svg").attr("class", "inner");
  for (const name of ["roofs", "bubbles", "reaches", "ceilings", "names", "labels"]) inner.append("g").attr("class", name);
  svg.append("g").attr("class", "railed");
  transform = zoomIdentity;
  behaviour = zoom().scaleExtent([0.8, 60]).filter(isOurs).on("zoom", (event) => { transform = event.transform; draw(); })
    .on("end", () => change({ zoom: described(transform) }, "plot"));
  svg.call(behaviour).on("dblclick.zoom", null).on("keydown", onKey);
  listen();
  buttons();
  fill();
  resize();
  new ResizeObserver(resize).observe(holder);
  watch(["bubbles"], () => { fill(); draw(); });
  onDevice(() => { scales(); fill(); draw(); });
  watch(["level"], move);
  watch(["filter", "bounds", "chosen", "only"], paint);
  watch(["kinds", "without"], draw);
  watch(["zoom"], (_, origin) => { if (origin !== "plot") restore(); });
}

// A wheel zooms with Ctrl only, and a finger alone scrolls the page: the plot must not be a trap.
function isOurs(event) {
  if (event.type === "wheel") return event.ctrlKey || event.metaKey;
  if (event.type.startsWith("touch")) return event.touches.length > 1;
  return !event.button && !event.target.closest(".bubble");
}

function buttons() {
  const by = (factor) => () => svg.call(behaviour.scaleBy, factor);
  select("#zoom-in").on("click", by(1.6));
  select("#zoom-out").on("click", by(1 / 1.6));
  select("#zoom-all").on("click", () => svg.call(behaviour.transform, zoomIdentity));
}

function described({ k, x, y }) {
  return k === 1 && !x && !y ? "" : [k, x / size.width, y / size.height].map((part) => Number(part.toFixed(4))).join(",");
}

function restore() {
  const [k, x, y] = state.zoom ? state.zoom.split(",").map(Number) : [1, 0, 0];
  transform = zoomIdentity.translate(x * size.width, y * size.height).scale(k);
  svg.property("__zoom", transform);
  draw();
}

function scales() {
  x0 = scaleLog(now.scene.limits.x, [0, size.width]).clamp(false);
  y0 = scaleLog(now.scene.limits.y, [size.height, 0]);
}

function resize() {
  const width = Math.max(280, svg.node().parentNode.clientWidth);
  const narrow = width < 560;
  const left = narrow ? 50 : 92;
  const height = Math.round(Math.min(540, 0.5 * innerHeight, Math.max(290, 0.5 * width)));
  if (size && size.whole === width) return;
  size = { whole: width, narrow, left, top: 24, width: width - left - 8, height };
  scales();
  const rail = railed.length ? RAIL + 8 : 0;
  const whole = size.top + height + rail + 46;
  svg.attr("viewBox", [0, 0, width, whole]).attr("height", whole);
  const corner = (selection) => selection.attr("x", left).attr("y", size.top).attr("width", size.width).attr("height", height);
  corner(svg.select(".ground"));
  corner(svg.select(".frame"));
  corner(inner);
  svg.select(".rail").attr("x", left).attr("y", size.top + height + 8).attr("width", size.width).attr("height", rail ? RAIL : 0);
  svg.select(".axis-name.y").attr("x", narrow ? 4 : left);
  svg.select(".axis-name.x").attr("x", left + size.width / 2).attr("y", whole - 6);
  behaviour.extent([[0, 0], [size.width, height]]).translateExtent([[-size.width, -height], [2 * size.width, 2 * height]]);
  restore();
}

// Makes a bubble for every group; those that compute nothing, or take no time, lie on the rail.
function fill() {
  const all = groups(state.bubbles);
  items = all.filter((group) => group.y);
  railed = all.filter((group) => !group.y);
  active = null;
  const made = (selection, list) => selection.selectAll(".bubble").data(list, (group) => group.key).join((enter) => (
    enter.append("path").attr("class", "bubble").attr("d", (group) => page.reports[group.report].mark).attr("role", "button").attr("data-key", (group) => group.key)
  )).order().each(function () { this.setAttribute("tabindex", -1); });
  made(inner.select(".bubbles"), items);
  made(svg.select(".railed"), railed);
  for (const group of all) group.looks = null;
  label(svg.selectAll(".bubble").nodes());
  svg.select(".bubble").attr("tabindex", 0);
}

// Says in words what each bubble is; where there are very many, most of them once the browser has time.
function label(nodes) {
  clearTimeout(labelling);
  for (const node of nodes.slice(0, AT_ONCE)) node.setAttribute("aria-label", spoken(node.__data__));
  if (nodes.length > AT_ONCE) labelling = setTimeout(() => label(nodes.slice(AT_ONCE)), 30);
}

// One listener for all bubbles; on SVG itself those of the focus would make a stop for Tab of it.
function listen() {
  const over = (act) => (event) => {
    const node = event.target.closest(".bubble");
    if (node) act(event, node.__data__, node);
  };
  svg.on("pointermove", over((event, group) => show(group, event.clientX, event.clientY)))
    .on("pointerout", over(hide)).on("click", (event) => {
      const node = event.target.closest(".bubble");
      if (!node) change({ chosen: [], only: "" }, "plot");
      else choose(node.__data__.key, { adding: event.shiftKey || event.ctrlKey || event.metaKey, origin: "plot" });
    });
  select(svg.node().parentNode).on("focusout", over(hide))
    .on("focusin", over((_, group, node) => { active = group; beside(node, group); }));
}

function beside(target, group) {
  const box = target.getBoundingClientRect();
  show(group, box.right, box.bottom);
}

// Bubbles of a narrow plot are a little larger than its width would have them, so that a finger finds them.
const radius = (group) => Math.max(LEAST_RADIUS, group.radius * Math.max(size.width, 480));

// Where a group stands at a level: one without bytes there stands at the right edge.
const at = (group, level, x) => (group.x[level] ? x(group.x[level]) : size.width - 6);

// Places everything; what is chosen or filtered out only changes its looks, see `paint`.
function draw() {
  const x = transform.rescaleX(x0);
  const y = transform.rescaleY(y0);
  axes(x, y);
  ceilings = drawRoofs(inner, x, y, size);
  spots = items.map((group) => {
    const to = at(group, state.level, x);
    const px = share < 1 ? at(group, from, x) * (1 - share) + to * share : to;
    return { group, x: px, y: y(group.y), r: radius(group), roof: group.roof && y(group.roof), foretold: group.predicted && y(group.predicted) };
  });
  const nodes = inner.select(".bubbles").node().childNodes;
  spots.forEach((spot, place) => {
    nodes[place].setAttribute("transform", `translate(${spot.x.toFixed(1)} ${spot.y.toFixed(1)}) scale(${(spot.r / MARK).toFixed(4)})`);
  });
  rail();
  paint();
}

function paint() {
  const any = anyChosen();
  for (const spot of spots) {
    spot.in = isShown(spot.group);
    spot.chosen = any && isChosen(spot.group);
  }
  const nodes = inner.select(".bubbles").node().childNodes;
  spots.forEach((spot, place) => style(nodes[place], spot.in, any, spot.chosen));
  svg.select(".railed").selectAll(".bubble").each(function (group) { style(this, isShown(group), any, isChosen(group)); });
  reaches(any);
  const seen = spots.filter((spot) => spot.in && (!any || spot.chosen));
  const box = { x0: 2, x1: size.width - 2, y0: 2, y1: size.height - 2 };
  const each = state.bubbles !== "operator" || any;
  const labels = share < 1 ? [] : place(seen, ceilings, box, { each, brief: size.narrow });
  const texts = inner.select(".labels").selectAll("text").data(labels).join("text").attr("class", "label")
    .attr("text-anchor", "middle").attr("x", (label) => label.x).attr("y", (label) => label.y);
  texts.selectAll("tspan").data((label) => label.lines.map((line) => ({ line, x: label.x }))).join("tspan")
    .attr("x", (part) => part.x).attr("dy", (_, line) => (line ? 15 : 0)).text((part) => part.line);
}

function style(node, isIn, any, marked) {
  const looks = `${isIn ? "" : " out"}${isIn && any && !marked ? " dim" : ""}${marked ? " chosen" : ""}`;
  const group = node.__data__;
  if (group.looks === looks) return;
  group.looks = looks;
  node.setAttribute("class", `bubble ${kindClass(group.kind)}${looks}`);
  node.setAttribute("aria-pressed", marked);
}

// From a bubble to what the roofs allow: a ring, of what was measured an arrow, on which a bar is the prediction.
// All of one colour are one path.
function reaches(any) {
  const paths = new Map();
  for (const spot of spots) {
    if (!spot.in) continue;
    const key = `${kindClass(spot.group.kind)}${any && !spot.chosen ? " dim" : ""}`;
    const path = paths.get(key) ?? { key, reach: "", ring: "", foretold: "" };
    paths.set(key, path);
    const [x, end] = [spot.x.toFixed(1), (spot.roof ?? spot.y).toFixed(1)];
    if (spot.foretold) path.foretold += `M${spot.x - 5} ${spot.foretold.toFixed(1)}h10`;
    if (Math.abs(end - spot.y) < 1.5) continue;
    path.reach += `M${x} ${spot.y.toFixed(1)}V${end}`;
    const up = end < spot.y ? 1 : -1;
    if (page.reports[spot.group.report].measured) path.reach += `m-4 ${7 * up}l4 ${-7 * up}l4 ${7 * up}`;
    else path.ring += `M${spot.x - 3} ${end}a3 3 0 1 0 6 0a3 3 0 1 0 -6 0`;
  }
  const made = inner.select(".reaches").selectAll("g").data([...paths.values()], (path) => path.key).join((enter) => {
    const group = enter.append("g").attr("class", (path) => path.key);
    for (const name of ["reach", "ring", "foretold"]) group.append("path").attr("class", name);
    return group;
  });
  for (const name of ["reach", "ring", "foretold"]) made.select(`.${name}`).attr("d", (path) => path[name] || null);
}

function axes(x, y) {
  const short = size.narrow;
  const ticks = (selection, axis, dx, dy) => selection.attr("transform", `translate(${dx} ${dy})`).call(axis);
  ticks(svg.select(".ticks.x"), axisBottom(x).tickValues(steps(x)).tickFormat((value) => Number(value.toPrecision(3)).toString())
    .tickSize(-size.height).tickPadding(8 + (railed.length ? RAIL + 8 : 0)), size.left, size.top + size.height);
  ticks(svg.select(".ticks.y"), axisLeft(y).tickValues(steps(y)).tickFormat(short ? (value) => si(value).replace(/([A-Za-z])$/, " $1") : speed)
    .tickSize(-size.width).tickPadding(8), size.left, size.top);
  const byte = state.level === "binding" ? "byte of the memory that binds" : `${page.levels[state.level]} byte`;
  svg.select(".axis-name.x").text(short ? `FLOP per ${byte}` : `arithmetic intensity: FLOP per ${byte}`);
}

// What computes nothing, from the left, the largest first, as far as there is room.
function rail() {
  let left = size.left + 8;
  svg.select(".railed").selectAll(".bubble").each(function (group) {
    const r = Math.min(RAIL / 2 - 1, radius(group));
    const fits = left + 2 * r < size.left + size.width;
    this.setAttribute("visibility", fits ? "visible" : "hidden");
    this.setAttribute("transform", `translate(${left + r} ${size.top + size.height + 8 + RAIL / 2}) scale(${r / MARK})`);
    left += 2 * r + 4;
  });
  const label = svg.selectAll(".rail-name").data(railed.length ? [now.scene.rail] : []).join("text").attr("class", "axis-name rail-name")
    .attr("y", size.top + size.height + 8 + RAIL / 2 + 4);
  if (left < size.left + size.width - 40) label.attr("x", left + 6).attr("visibility", null);
  else label.attr("visibility", "hidden");
  label.text(size.narrow ? "no FLOPs" : now.scene.rail);
}

// The same operators at another memory level: they slide there, unless there are many or the reader wants none of it.
function move() {
  if (still.matches || items.length > MOST_MOVING) {
    from = state.level;
    draw();
    return;
  }
  share = 0;
  svg.transition().duration(550).tween("level", () => (part) => { share = part; draw(); })
    .on("end", () => { from = state.level; share = 1; draw(); });
}

function onKey(event) {
  const keys = { "+": 1.6, "=": 1.6, "-": 1 / 1.6 };
  if (event.key in keys) svg.call(behaviour.scaleBy, keys[event.key]);
  else if (event.key === "0") svg.call(behaviour.transform, zoomIdentity);
  else if (event.key === "Enter" || event.key === " ") {
    if (active) choose(active.key, { adding: event.shiftKey, origin: "plot" });
  } else if (event.key.startsWith("Arrow") && event.shiftKey) {
    const way = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
    svg.call(behaviour.translateBy, way[0] / transform.k, way[1] / transform.k);
  } else if (event.key.startsWith("Arrow")) step(event.key === "ArrowRight" || event.key === "ArrowDown" ? 1 : -1);
  else return;
  event.preventDefault();
}

// Goes to the next shown bubble in the order of time.
function step(direction) {
  const nodes = svg.selectAll(".bubble").filter((group) => isShown(group)).nodes();
  if (!nodes.length) return;
  const now = nodes.findIndex((node) => node.__data__ === active);
  const next = nodes[(now + direction + nodes.length) % nodes.length];
  svg.selectAll(".bubble[tabindex='0']").attr("tabindex", -1);
  next.setAttribute("tabindex", 0);
  next.focus({ preventScroll: true });
}
