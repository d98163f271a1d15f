// The roofs of the plot with their names, and where its grid lines are.
import { now } from "./model.js";
import { state } from "./store.js";
import { hide, say } from "./panel.js";

// Arithmetic intensities between which roofs are drawn.
const FAR = [1e-9, 1e9];

// Powers of ten; of what is zoomed in so far that hardly any are left, finer steps.
export function steps(scale) {
  const [low, high] = scale.domain();
  const powers = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) powers.push(10 ** power);
  const fits = (digits) => powers.flatMap((power) => digits.map((digit) => digit * power)).filter((at) => at >= low && at <= high);
  return [[1], [1, 2, 5], [1, 2, 3, 4, 6, 8]].map(fits).find((values) => values.length >= 3) ?? scale.ticks(5);
}

// The two places between which a roof is drawn: a slanted one ends at the highest flat one; a flat one begins at the
// roof of the level that is looked from, or of the fastest memory.
function ends({ memory, speed }, roofs) {
  const [low, high] = FAR;
  if (memory) {
    const top = Math.max(...roofs.filter((roof) => !roof.memory).map((roof) => roof.speed));
    return [[low, low * speed], Number.isFinite(top) ? [top / speed, top] : [high, high * speed]];
  }
  const memories = roofs.filter((roof) => roof.memory);
  const from = memories.find((roof) => roof.code === state.level)?.speed ?? Math.max(...memories.map((roof) => roof.speed));
  return [[memories.length ? speed / from : low, speed], [high, speed]];
}

// Draws the roofs of all devices as seen from the chosen memory level; returns names and lines with their places.
export function drawRoofs(inner, x, y, size) {
  const drawn = now.scene.devices.flatMap(({ roofs }) => roofs.map((roof) => [roof, roofs])).map(([roof, roofs]) => {
    const [a, b] = ends(roof, roofs).map(([px, py]) => [x(px), y(py)]);
    return { roof, a, b, chosen: state.level === "binding" || !roof.memory || roof.code === state.level };
  });
  inner.select(".roofs").selectAll("path").data(drawn).join("path")
    .attr("class", (line) => (line.chosen ? "roof chosen" : "roof")).attr("d", ({ a, b }) => `M${a}L${b}`);
  const names = drawn.map((line) => named(line, size));
  inner.select(".names").selectAll("text").data(names).join("text")
    .attr("class", (name) => (name.chosen ? "roof-name chosen" : "roof-name"))
    .attr("visibility", (name) => (name.seen ? null : "hidden")).attr("text-anchor", (name) => name.anchor)
    .attr("transform", (name) => `translate(${name.x} ${name.y}) rotate(${name.turn})`).text((name) => name.text)
    .on("pointermove", (event, name) => say([name.text], event.clientX, event.clientY)).on("pointerleave", hide);
  const inside = drawCeilings(inner, x, y, size, drawn.map(({ a, b }) => [a, b]));
  const lines = [...drawn.map(({ a, b }) => [a, b]), ...inside.lines];
  return { names: [...names.filter((name) => name.seen), ...inside.names], lines };
}

// What issue or latency leaves the heaviest of a kind: a short dashed line, where every operator stands at what binds it.
function drawCeilings(inner, x, y, size, roofs) {
  const drawn = state.level !== "binding" || state.bubbles !== "operator" ? [] : now.scene.ceilings.filter((one) => !state.without.includes(String(one.report))
    && (!state.kinds.length || state.kinds.includes(one.kind)));
  const places = drawn.map(({ ends, label, classes }) => ({ classes, label, at: ends.map(([px, py]) => [x(px), y(py)]) }));
  inner.select(".ceilings").selectAll("path").data(places).join("path").attr("class", (one) => `ceiling ${one.classes}`)
    .attr("d", (one) => `M${one.at[0]}L${one.at[1]}`);
  const boxes = [];
  const names = places.map((one) => beside(one, places, roofs, boxes, size));
  inner.select(".ceilings").selectAll("text").data(names).join("text").attr("class", "roof-name")
    .attr("text-anchor", (name) => name.anchor).attr("x", (name) => name.x).attr("y", (name) => name.y).text((name) => name.text);
  return { names, lines: places.map((one) => one.at) };
}

const CHARACTER = 6.6;
const LINE = 14;

// How many of the lines a box touches.
function touched(box, lines) {
  return lines.filter(([[x0, y0], [x1, y1]]) => [...Array(9).keys()].some((step) => {
    const px = box.x0 + (step / 8) * (box.x1 - box.x0);
    const py = y0 + ((px - x0) / (x1 - x0 || 1)) * (y1 - y0);
    return px >= Math.min(x0, x1) && px <= Math.max(x0, x1) && py > box.y0 && py < box.y1;
  })).length;
}

const apart = (a, b) => a.x1 < b.x0 || b.x1 < a.x0 || a.y1 < b.y0 || b.y1 < a.y0;

// The name of an effective ceiling, at one of its ends, above or below it, where no roof goes through it.
function beside({ at: [[left, py], [right]], label }, places, roofs, boxes, size) {
  const width = label.length * CHARACTER;
  const spots = [[right + 5, py], [left - width - 5, py]];
  for (const far of [10, 22, 36]) for (const way of [-1, 1]) for (const px of [left, right - width, right + 5, left - width - 5]) spots.push([px, py + way * far]);
  const lines = [...roofs, ...places.map((one) => one.at)];
  const priced = spots.map(([px, middle], order) => {
    const box = { x0: px - 2, x1: px + width + 2, y0: middle - LINE / 2, y1: middle + LINE / 2 };
    const outside = box.x0 < 0 || box.x1 > size.width || box.y0 < 0 || box.y1 > size.height;
    return { box, px, middle, price: 10 * touched(box, lines) + 20 * boxes.filter((other) => !apart(box, other)).length + 100 * outside + 0.1 * order };
  });
  const best = priced.reduce((a, b) => (b.price < a.price ? b : a));
  boxes.push(best.box);
  return { text: label, x: best.px, y: best.middle + 4, turn: 0, anchor: "start", seen: true };
}

// A slanted roof is named where it enters the plot, a flat one at its right end.
function named({ roof, a, b, chosen }, size) {
  const base = { text: roof.label, chosen: chosen && state.level !== "binding" };
  if (!roof.memory) {
    const seen = a[1] > 14 && a[1] < size.height && a[0] < size.width - 60;
    return { ...base, x: size.width - 8, y: a[1] - 6, turn: 0, anchor: "end", seen };
  }
  const slope = (b[1] - a[1]) / (b[0] - a[0]);
  const start = Math.max(a[0], 0, a[0] + (size.height - a[1]) / slope) + 14;
  const py = a[1] + slope * (start - a[0]);
  const seen = start + 60 < Math.min(b[0], size.width) && py > 30;
  return { ...base, x: start, y: py - 7, turn: (Math.atan(slope) * 180) / Math.PI, anchor: "start", seen };
}
