// The figures of a group of operators, as the columns of the table name them: as text, and as a value to sort by.
import { now, page, shortBound } from "./model.js";
import { ranked, ratio } from "./sums.js";
import { billions, byteCount, bytesPerSecond, count, flopCount, flopsPerSecond, intensity, milliseconds, percent, seconds, share } from "./units.js";

const measured = (item) => page.reports[item.report].measured;
const predicts = (item) => page.reports[item.report].predicts;
const ofMeasurements = page.columns.some((column) => column.field === "measured_seconds");
const roofShare = ({ sum }) => (sum.least && sum.roofed ? sum.least / sum.roofed : null);

// What binds a group, the longest first, and a second thing where that takes a fifth of the time or more.
function bounds(item) {
  const codes = ranked(item.sum.bounds).slice(0, 2).filter((code, place) => !place || item.sum.bounds[code] >= 0.2 * item.sum.time);
  return codes.map((code) => shortBound(code, item.report)).join(", ");
}

const plainly = (name, text) => [(item) => text(item.sum[name]), (item) => item.sum[name]];
const over = (name, of, text) => [(item) => text(ratio(item.sum[name], item.sum[of])), (item) => ratio(item.sum[name], item.sum[of])];
const dash = (known, text) => (known ? text : "–");

const FIGURES = {
  time: [
    (item) => dash(!ofMeasurements || measured(item), milliseconds(item.sum.time)),
    (item) => (ofMeasurements ? (measured(item) && item.sum.time) || -1 : item.sum.time),
  ],
  share: [(item) => share(item.share), (item) => item.share],
  predicted: [
    (item) => dash(item.sum.predicted && predicts(item), milliseconds(item.sum.predicted)),
    (item) => (predicts(item) ? item.sum.predicted : -1),
  ],
  least: [(item) => dash(!measured(item) || item.sum.least, milliseconds(item.sum.least)), (item) => item.sum.least],
  roof: [(item) => percent(roofShare(item)), (item) => roofShare(item) || -1],
  lost: [
    (item) => dash(roofShare(item) !== null, milliseconds(item.sum.roofed - item.sum.least)),
    (item) => (measured(item) ? item.sum.time - item.sum.least : -1),
  ],
  bound: [bounds, (item) => item.sum.time],
  calls: plainly("calls", count),
  flops: plainly("flops", billions),
  dram: plainly("dram", billions),
  l2: plainly("l2", billions),
  l1: plainly("l1", billions),
  intensity: [(item) => intensity(item.x.dram), (item) => item.x.dram ?? 0],
  rate: over("flops", "time", flopsPerSecond),
  attainable: over("flops", "least", flopsPerSecond),
  moved: over("dram", "time", bytesPerSecond),
  launches: plainly("launches", count),
};

export const text = (item, column) => FIGURES[column.key][0](item);
export const value = (item, column) => FIGURES[column.key][1](item);
export const shareText = (item) => share(item.share);

// What the tree says of a module: its time, FLOPs or DRAM bytes.
const MEASURES = {
  time: (item) => `${seconds(item.sum.time)}, ${share(item.share)}`,
  flops: (item) => `${flopCount(item.sum.flops)}, ${share(item.flopsShare)}`,
  dram: (item) => byteCount(item.sum.dram),
};
export const measureText = (item, measure) => MEASURES[measure](item);

// Shares of what binds a report's time, the longest first.
export function boundShares(report) {
  const { bounds: parts, time } = now.wholes[report];
  return ranked(parts).map((code) => [code, ratio(parts[code], time)]);
}
