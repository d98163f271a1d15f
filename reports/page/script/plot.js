// The roofline: what the page draws instead of the still picture, which stays for print and where no script runs.
import { axisBottom, axisLeft, format, scaleLog, select, zoom, zoomIdentity } from "./libraries.js";
import { groups, kindClass, page, several } from "./model.js";
import { anyChosen, change, choose, isChosen, isShown, state, watch } from "./store.js";
import { place } from "./labels.js";
import { hide, say, show, spoken } from "./tip.js";

const LEAST_RADIUS = 3.6;
const MARK = 100;
const RAIL = 34;
const MOST_MOVING = 1500;
const si = format("~s");
const speed = (value) => si(value).replace(/([A-Za-z]?)$/, " $1FLOP/s");
const still = matchMedia("(prefers-reduced-motion: reduce)");

let svg, inner, size, x0, y0, transform, behaviour, items, railed, active, names;
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
  for (const name of ["roofs", "bubbles", "reaches", "names", "labels"]) inner.append("g").attr("class", name);
  svg.append("g").attr("class", "railed");
  transform = zoomIdentity;
  behaviour = zoom().scaleExtent([0.8, 60]).filter(isOurs).on("zoom", (event) => { transform = event.transform; draw(); })
    .on("end", () => change({ zoom: described(transform) }, "plot"));
  svg.call(behaviour).on("dblclick.zoom", null).on("click", (event) => {
    if (event.target.closest(".bubble") === null) change({ chosen: [], only: "" }, "plot");
  });
  svg.on("keydown", onKey);
  buttons();
  fill();
  resize();
  new ResizeObserver(resize).observe(holder);
  watch(["bubbles"], () => { fill(); draw(); });
  watch(["level"], move);
  watch(["filter", "kinds", "bounds", "without", "chosen", "only"], draw);
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

function resize() {
  const width = Math.max(280, svg.node().parentNode.clientWidth);
  const narrow = width < 560;
  const left = narrow ? 50 : 92;
  const height = Math.round(Math.min(540, 0.5 * innerHeight, Math.max(290, 0.5 * width)));
  if (size && size.whole === width) return;
  size = { whole: width, narrow, left, top: 24, width: width - left - 8, height };
  x0 = scaleLog(page.limits.x, [0, size.width]).clamp(false);
  y0 = scaleLog(page.limits.y, [size.height, 0]);
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
  const made = (selection, list) => selection.selectAll(".bubble").data(list, (group) => group.key).join("path")
    .attr("class", (group) => `bubble ${kindClass(group.kind)}`)
    .attr("d", (group) => page.reports[group.report].mark)
    .attr("role", "button").attr("tabindex", -1).attr("aria-label", spoken).attr("data-key", (group) => group.key)
    .on("click", (event, group) => choose(group.key, { adding: event.shiftKey || event.ctrlKey || event.metaKey, origin: "plot" }))
    .on("pointermove", (event, group) => show(group, event.clientX, event.clientY))
    .on("pointerleave", hide)
    .on("focus", (event, group) => { active = group; beside(event.target, group); })
    .on("blur", hide);
  made(inner.select(".bubbles"), items);
  made(svg.select(".railed"), railed);
  inner.select(".reaches").selectAll("g").data(items, (group) => group.key).join((enter) => {
    const reach = enter.append("g").attr("class", (group) => kindClass(group.kind));
    reach.append("path").attr("class", "reach");
    reach.append("circle").attr("class", "ring").attr("r", 3);
    reach.append("path").attr("class", "foretold").attr("d", "M-5 0H5");
    return reach;
  });
  svg.selectAll(".bubble").filter((_, place) => !place).attr("tabindex", 0);
}

function beside(target, group) {
  const box = target.getBoundingClientRect();
  show(group, box.right, box.bottom);
}

// Bubbles of a narrow plot are a little larger than its width would have them, so that a finger finds them.
const radius = (group) => Math.max(LEAST_RADIUS, group.radius * Math.max(size.width, 480));

// Where a group stands at a level: one without bytes there stands at the right edge.
const at = (group, level, x) => (group.x[level] ? x(group.x[level]) : size.width - 6);

function draw() {
  const x = transform.rescaleX(x0);
  const y = transform.rescaleY(y0);
  axes(x, y);
  roofs(x, y);
  const spots = items.map((group) => {
    const to = at(group, state.level, x);
    const px = share < 1 ? at(group, from, x) * (1 - share) + to * share : to;
    return { group, x: px, y: y(group.y), r: radius(group), in: isShown(group) };
  });
  inner.select(".bubbles").selectAll(".bubble").each(function (group, place) {
    const spot = spots[place];
    style(this, group, spot.in);
    this.setAttribute("transform", `translate(${spot.x.toFixed(1)} ${spot.y.toFixed(1)}) scale(${(spot.r / MARK).toFixed(4)})`);
  });
  inner.select(".reaches").selectAll("g").each(function (group, place) {
    reach(this, group, spots[place], y);
  });
  const seen = spots.filter((spot) => spot.in && (!anyChosen() || isChosen(spot.group)));
  const box = { x0: 2, x1: size.width - 2, y0: 2, y1: size.height - 2 };
  const labels = share < 1 ? [] : place(seen, names.filter((name) => name.seen), box, { each: state.bubbles !== "operator" || anyChosen(), brief: size.narrow });
  const texts = inner.select(".labels").selectAll("text").data(labels).join("text").attr("class", "label")
    .attr("text-anchor", "middle").attr("x", (label) => label.x).attr("y", (label) => label.y);
  texts.selectAll("tspan").data((label) => label.lines.map((line) => ({ line, x: label.x }))).join("tspan")
    .attr("x", (part) => part.x).attr("dy", (_, place_) => (place_ ? 15 : 0)).text((part) => part.line);
  rail();
}

function style(node, group, isIn) {
  const marked = isChosen(group);
  node.classList.toggle("out", !isIn);
  node.classList.toggle("dim", isIn && anyChosen() && !marked);
  node.classList.toggle("chosen", marked);
  node.setAttribute("aria-pressed", marked);
}

// From a bubble to what the roofs allow: a ring, of what was measured an arrow, on which a bar is the prediction.
function reach(node, group, spot, y) {
  const line = select(node);
  node.classList.toggle("out", !spot.in);
  node.classList.toggle("dim", anyChosen() && !isChosen(group));
  const end = group.roof ? y(group.roof) : spot.y;
  const far = Math.abs(end - spot.y) > 1.5;
  const measured = page.reports[group.report].measured;
  const up = end < spot.y ? 1 : -1;
  const head = measured && far ? `M${spot.x - 4} ${end + 7 * up}L${spot.x} ${end}L${spot.x + 4} ${end + 7 * up}` : "";
  line.select(".reach").attr("d", far ? `M${spot.x} ${spot.y}V${end}${head}` : null);
  line.select(".ring").attr("visibility", far && !measured ? null : "hidden").attr("cx", spot.x).attr("cy", end);
  line.select(".foretold").attr("visibility", group.predicted ? null : "hidden")
    .attr("transform", group.predicted ? `translate(${spot.x} ${y(group.predicted)})` : null);
}

function axes(x, y) {
  const short = size.narrow;
  const ticks = (selection, axis, dx, dy) => selection.attr("transform", `translate(${dx} ${dy})`).call(axis);
  ticks(svg.select(".ticks.x"), axisBottom(x).tickValues(lines(x)).tickFormat((value) => Number(value.toPrecision(3)).toString())
    .tickSize(-size.height).tickPadding(8 + (railed.length ? RAIL + 8 : 0)), size.left, size.top + size.height);
  ticks(svg.select(".ticks.y"), axisLeft(y).tickValues(lines(y)).tickFormat(short ? (value) => si(value).replace(/([A-Za-z])$/, " $1") : speed)
    .tickSize(-size.width).tickPadding(8), size.left, size.top);
  const byte = state.level === "binding" ? "byte of the memory that binds" : `${page.levels[state.level]} byte`;
  svg.select(".axis-name.x").text(short ? `FLOP per ${byte}` : `arithmetic intensity: FLOP per ${byte}`);
}

// Powers of ten; of what is zoomed in so far that hardly any are left, finer steps.
function lines(scale) {
  const digits = [[1], [1, 2, 5], [1, 2, 3, 4, 5, 6, 7, 8, 9]];
  const fits = (some) => scale.ticks(40).filter((value) => some.includes(Math.round(value / 10 ** Math.floor(Math.log10(value) + 1e-9))));
  return digits.map(fits).find((values) => values.length >= 3) ?? scale.ticks(5);
}

function roofs(x, y) {
  const list = page.devices.flatMap((device) => device.roofs);
  const drawn = list.map((roof) => {
    const [a, b] = roof.ends[state.level].map(([px, py]) => [x(px), y(py)]);
    return { roof, a, b, chosen: state.level === "binding" || !roof.memory || roof.code === state.level };
  });
  inner.select(".roofs").selectAll("path").data(drawn).join("path")
    .attr("class", (line) => (line.chosen ? "roof chosen" : "roof")).attr("d", ({ a, b }) => `M${a}L${b}`);
  names = drawn.map(named);
  inner.select(".names").selectAll("text").data(names).join("text")
    .attr("class", (name) => (name.chosen ? "roof-name chosen" : "roof-name")).attr("visibility", (name) => (name.seen ? null : "hidden"))
    .attr("text-anchor", (name) => name.anchor).attr("transform", (name) => `translate(${name.x} ${name.y}) rotate(${name.turn})`)
    .text((name) => name.text)
    .on("pointermove", (event, name) => say([name.text], event.clientX, event.clientY)).on("pointerleave", hide);
}

// A slanted roof is named where it enters the plot, a flat one at its right end.
function named({ roof, a, b, chosen: bold }) {
  const base = { text: roof.label, chosen: bold && state.level !== "binding" };
  if (!roof.memory) {
    const inside = a[1] > 14 && a[1] < size.height && a[0] < size.width - 60;
    return { ...base, x: size.width - 8, y: a[1] - 6, turn: 0, anchor: "end", seen: inside };
  }
  const slope = (b[1] - a[1]) / (b[0] - a[0]);
  const start = Math.max(a[0], 0, a[0] + (size.height - a[1]) / slope) + 14;
  const py = a[1] + slope * (start - a[0]);
  const seen = start + 60 < Math.min(b[0], size.width) && py > 30;
  const turn = (Math.atan(slope) * 180) / Math.PI;
  return { ...base, x: start, y: py - 7, turn, anchor: "start", seen };
}

// What computes nothing, from the left, the largest first, as far as there is room.
function rail() {
  let left = size.left + 8;
  svg.select(".railed").selectAll(".bubble").each(function (group) {
    const r = Math.min(RAIL / 2 - 1, radius(group));
    style(this, group, isShown(group));
    const fits = left + 2 * r < size.left + size.width;
    this.setAttribute("visibility", fits ? "visible" : "hidden");
    this.setAttribute("transform", `translate(${left + r} ${size.top + size.height + 8 + RAIL / 2}) scale(${r / MARK})`);
    left += 2 * r + 4;
  });
  const label = svg.selectAll(".rail-name").data(railed.length ? [page.rail] : []).join("text").attr("class", "axis-name rail-name")
    .attr("y", size.top + size.height + 8 + RAIL / 2 + 4);
  if (left < size.left + size.width - 40) label.attr("x", left + 6).attr("visibility", null);
  else label.attr("visibility", "hidden");
  label.text(size.narrow ? "no FLOPs" : page.rail);
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
