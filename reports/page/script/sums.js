// Sums of rows of a report: the only arithmetic of the page, and no more than that.

const NAMES = ["calls", "flops", "dram", "l2", "l1", "launches", "predicted", "least", "time", "roofed"];

export function begin() {
  const sum = { kinds: Object.create(null), bounds: Object.create(null) };
  for (const name of NAMES) sum[name] = 0;
  return sum;
}

export function add(sum, row) {
  for (const name of NAMES) sum[name] += row[name];
  sum.kinds[row.kind] = (sum.kinds[row.kind] ?? 0) + row.time;
  if (row.splits) for (const [code, time] of row.splits) sum.bounds[code] = (sum.bounds[code] ?? 0) + time;
  else sum.bounds[row.bound] = (sum.bounds[row.bound] ?? 0) + row.time;
}

// The codes of parts, the longest first; of equal ones that which came first.
export const ranked = (parts) => Object.keys(parts).sort((a, b) => parts[b] - parts[a]);

export const ratio = (part, whole) => (whole ? part / whole : 0);
