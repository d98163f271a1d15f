// Sums of rows of a report: the only arithmetic of the page, and no more than that.

const WORK = ["calls", "flops", "dram", "l2", "l1", "launches"];
const TIMES = ["predicted", "least", "time", "roofed"];

// What no device changes.
export function worked(rows, members) {
  const sum = { calls: 0, flops: 0, dram: 0, l2: 0, l1: 0, launches: 0 };
  for (const member of members) for (const name of WORK) sum[name] += rows[member][name];
  return sum;
}

// What a device changes, added to the sum. One row alone is its own share of kinds and bounds: there are many such.
export function timed(sum, rows, members) {
  const [row] = members.length === 1 ? [rows[members[0]]] : [];
  if (row && !row.splits) {
    for (const name of TIMES) sum[name] = row[name];
    row.parts ??= [{ [row.kind]: row.time }, { [row.bound]: row.time }];
    [sum.kinds, sum.bounds] = row.parts;
    return sum;
  }
  begin(sum);
  for (const member of members) {
    const row = rows[member];
    sum.predicted += row.predicted;
    sum.least += row.least;
    sum.time += row.time;
    sum.roofed += row.roofed;
    sum.kinds[row.kind] = (sum.kinds[row.kind] ?? 0) + row.time;
    if (row.splits) for (const [code, time] of row.splits) sum.bounds[code] = (sum.bounds[code] ?? 0) + time;
    else sum.bounds[row.bound] = (sum.bounds[row.bound] ?? 0) + row.time;
  }
  return sum;
}

export function begin(sum) {
  sum.kinds = Object.create(null);
  sum.bounds = Object.create(null);
  for (const name of TIMES) sum[name] = 0;
}

// Adds the times of a part to those of what holds it.
export function merge(sum, part) {
  for (const name of TIMES) sum[name] += part[name];
  for (const what of ["kinds", "bounds"]) {
    for (const code in part[what]) sum[what][code] = (sum[what][code] ?? 0) + part[what][code];
  }
}

// The codes of parts, the longest first; of equal ones that which came first.
export const ranked = (parts) => Object.keys(parts).sort((a, b) => parts[b] - parts[a]);

export function longest(parts) {
  let found = "";
  for (const code in parts) if (found === "" || parts[code] > parts[found]) found = code;
  return found;
}

export const ratio = (part, whole) => (whole ? part / whole : 0);
