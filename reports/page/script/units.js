// How quantities are printed, as memprof/units.py does; a test holds both against each other.

const METRIC = [[1e15, "P"], [1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""]];
const TIME = [[1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]];
const ABSENT = "–";

// Rounds as Python does: of two numbers that are equally near, to the one with an even last digit.
function fixed(value, digits) {
  const text = value.toFixed(digits);
  if (!/^50*$/.test(value.toFixed(Math.min(100, digits + 30)).slice(text.length + (digits ? 0 : 1)))) return text;
  const last = Number(text.at(-1));
  const other = (Math.abs(value) - 0.5 * 10 ** -digits).toFixed(digits);
  return last % 2 ? `${value < 0 ? "-" : ""}${other}` : text;
}

function grouped(text) {
  const [whole, part] = text.split(".");
  const spaced = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return part === undefined ? spaced : `${spaced}.${part}`;
}

const power = (value) => Math.floor(Math.log10(Math.abs(value)));

export function number(value, digits = 3) {
  if (!Number.isFinite(value)) return ABSENT;
  if (value === 0) return "0";
  const rounded = value.toExponential(digits - 1);
  if (power(value) < -4 || power(value) > 6) return rounded.replace(/e([+-])(\d)$/, "e$10$2");
  return grouped(fixed(value, Math.max(0, digits - 1 - power(Number(rounded)))));
}

export function seconds(value) {
  const found = TIME.find(([factor]) => Math.abs(value) >= factor * 0.9995);
  if (found) return `${number(value / found[0])} ${found[1]}`;
  return value === 0 ? "0 s" : `${number(value / 1e-9)} ns`;
}

export function milliseconds(value) {
  if (Math.abs(value) > 0 && Math.abs(value) < 1e-7) return value > 0 ? "<0.0001" : "-0.0000";
  return number(value * 1e3);
}

function scaled(value, unit, digits = 3) {
  const [factor, prefix] = METRIC.find(([size]) => Math.abs(value) >= size * 0.9995) ?? [1, ""];
  return `${number(value / factor, digits)} ${prefix}${unit}`.trimEnd();
}

function rate(value, unit) {
  const [amount, prefixed] = scaled(value, unit, 4).split(" ");
  return `${amount.includes(".") ? amount.replace(/\.?0+$/, "") : amount} ${prefixed}`;
}

export const byteCount = (value) => scaled(value, "B");
export const flopCount = (value) => scaled(value, "FLOP");
export const billions = (value) => number(value / 1e9);
export const flopsPerSecond = (value) => rate(value, "FLOP/s");
export const bytesPerSecond = (value) => rate(value, "B/s");

export function count(value) {
  if (Math.abs(value) < 10000) return value % 1 ? number(value, 4) : grouped(fixed(value, 0));
  return scaled(value, "", 4);
}

export const intensity = (value) => (value === null ? ABSENT : number(value, value < 10 ? 2 : 3));

export function share(value) {
  const percents = value * 100;
  if (percents === 0) return "0 %";
  if (Math.abs(percents) < 0.1) return "<0.1 %";
  if (percents >= 99.5 && percents < 100 - 1e-9) return ">99 %";
  const exact = fixed(percents, 1);
  return Math.abs(percents) < 1 && exact !== "1.0" ? `${exact} %` : `${fixed(percents, 0)} %`;
}

export function percent(value) {
  if (value === null) return ABSENT;
  return value < 0.995 ? share(value) : `${grouped(fixed(value * 100, 0))} %`;
}
