// The report's operators on another device: seconds and bounds that Python found, put in place of those at home.
import { now, page, rows, sumUp } from "./model.js";

const codes = Object.keys(page.bounds);
const home = rows.map(({ time, predicted, least, bound, splits }) => ({ time, predicted, least, bound, splits }));
const starts = page.reports.map((_, report) => rows.findIndex((row) => row.report === report));

// 64-bit floats in base64, little end first.
function floats(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / 8 }, (_, place) => view.getFloat64(8 * place, true));
}

export function show(name) {
  const scene = page.scenes.find((one, place) => place && one.name === name) ?? page.scenes[0];
  rows.forEach((row, place) => Object.assign(row, home[place], { parts: null }));
  scene.times?.forEach((times, report) => put(times, report));
  now.scene = scene;
  sumUp();
}

function put(times, report) {
  const seconds = floats(times.seconds);
  const least = floats(times.least);
  page.scenes[1].classes[report].forEach((of, place) => {
    const row = rows[starts[report] + place];
    const bound = codes[times.bounds.charCodeAt(of) - 97];
    Object.assign(row, { time: seconds[of], predicted: seconds[of], least: least[of], bound });
  });
  for (const [place, code, amount] of times.splits) {
    const row = rows[starts[report] + place];
    row.splits ??= [[row.bound, row.time]];
    row.splits[0][1] -= amount;
    row.splits.push([codes[code], amount]);
  }
}
