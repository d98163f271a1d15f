// Where the names of the largest bubbles go: beside them, where they hide least.
import { shareText } from "./figures.js";
import { page, several } from "./model.js";

const CHARACTER = 7.4;
const LINE = 15;
const MOST = 7;
const WORTH = 0.03;
const MOST_HEEDED = 400;

const overlap = (a, b) =>
  Math.max(0, Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0)) * Math.max(0, Math.min(a.y1, b.y1) - Math.max(a.y0, b.y0));

// Small boxes along the name of a roof, which may be turned.
function along({ x, y, turn, anchor, text }) {
  const length = text.length * CHARACTER * 0.94;
  const [dx, dy] = [Math.cos((turn * Math.PI) / 180), Math.sin((turn * Math.PI) / 180)];
  const start = anchor === "end" ? -length : 0;
  return [...Array(8).keys()].map((part) => {
    const px = x + dx * (start + (part * length) / 8);
    const py = y + dy * (start + (part * length) / 8);
    return { x0: px, x1: px + length / 8, y0: py - 12, y1: py + 3 };
  });
}

// Small boxes along the part of a roof that lies in the plot.
function beneath([a, b], box) {
  const [start, end] = [Math.max(a[0], box.x0), Math.min(b[0], box.x1)];
  const slope = (b[1] - a[1]) / (b[0] - a[0]);
  const places = [...Array(Math.max(0, Math.ceil((end - start) / 12))).keys()].map((step) => start + 12 * step);
  return places.map((x) => ({ x0: x, x1: x + 12, y0: a[1] + slope * (x - a[0]) - 4, y1: a[1] + slope * (x - a[0]) + 4 }));
}

// Returns a label for the largest shown bubble of each kind (or for each bubble of a few), as text with its place.
export function place(bubbles, ceilings, box, { each, brief }) {
  const taken = bubbles.slice(0, MOST_HEEDED).map(({ x, y, r }) => ({ x0: x - r, x1: x + r, y0: y - r, y1: y + r }));
  taken.push(...bubbles.slice(0, MOST_HEEDED).filter((one) => one.roof).map(({ x, y, roof }) => (
    { x0: x - 5, x1: x + 5, y0: Math.min(roof, y) - 5, y1: Math.max(roof, y) + 5 })));
  taken.push(...ceilings.names.flatMap(along), ...ceilings.lines.flatMap((line) => beneath(line, box)));
  const named = new Set();
  const found = [];
  for (const bubble of bubbles) {
    const { group, x, y, r } = bubble;
    const name = each ? group.name : group.kind;
    const inside = x > box.x0 && x < box.x1 && y > box.y0 && y < box.y1;
    if (!inside || named.has(name) || found.length >= MOST) continue;
    named.add(name);
    const whole = each ? group : wholes(group);
    if (whole.share < WORTH) continue;
    const figure = shareText(whole);
    const lines = several ? [name] : brief ? [`${name} ${figure}`] : [name, `${figure} of time`];
    const width = Math.max(...lines.map((line) => line.length)) * CHARACTER;
    const height = lines.length * LINE;
    const options = candidates(x, y, r, width, height).filter((spot) => spot.x0 >= box.x0 && spot.x1 <= box.x1
      && spot.y0 >= box.y0 && spot.y1 <= box.y1);
    if (!options.length) continue;
    const cost = (spot) => taken.reduce((sum, other) => sum + overlap(spot, other), 0) + spot.far;
    const best = options.reduce((a, b) => (cost(b) < cost(a) ? b : a));
    if (cost(best) > 0.35 * width * height) continue;
    taken.push(best);
    found.push({ lines, x: (best.x0 + best.x1) / 2, y: best.y0 + 11, group });
  }
  return found;
}

function wholes(group) {
  return page.reports[group.report].groups.kind.find((kind) => kind.name === group.kind) ?? group;
}

function candidates(x, y, r, width, height) {
  const spots = [];
  for (const gap of [4, 18, 36]) {
    for (const [dx, dy] of [[0, -1], [1, 0], [-1, 0], [0, 1], [0.8, -0.8], [-0.8, -0.8], [0.8, 0.8], [-0.8, 0.8]]) {
      const cx = x + dx * (r + gap + width / 2);
      const cy = y + dy * (r + gap + height / 2);
      spots.push({ x0: cx - width / 2, x1: cx + width / 2, y0: cy - height / 2, y1: cy + height / 2, far: gap * 2 });
    }
  }
  return spots;
}
