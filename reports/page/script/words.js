// What the page says of the device that it shows: sentences and figures that Python wrote, tables of the sums.
import { bar, made } from "./cells.js";
import { boundShares, shareText, text } from "./figures.js";
import { boundName, groups, kindClass, now, page } from "./model.js";
import { change, onDevice, state, watch } from "./store.js";
import { billions, count, milliseconds, share } from "./units.js";

const kept = new Map();
const SVG = "http://www.w3.org/2000/svg";

export function drawWords() {
  onDevice(tell);
  for (const name of ["device", "precision", "batch"]) {
    const select = document.getElementById(`${name}-choice`);
    if (!select) continue;
    if (name === "device") for (const option of [...select.options]) option.disabled = !page.scenes.some((scene, at) => (scene.name ?? "") === option.value || (!at && !option.value));
    select.addEventListener("change", () => change({ [name]: select.value }, "words"));
    watch([name], () => { select.value = state[name]; });
  }
  if (now.scene.words) tell();
}

// Fills an element; what it held at home comes back with the page's own device.
function put(element, ...children) {
  if (!element) return;
  if (!kept.has(element)) kept.set(element, [...element.childNodes]);
  element.replaceChildren(...children);
}

const place = (name) => document.querySelector(`[data-words="${name}"]`);

function tell() {
  const { words } = now.scene;
  for (const [element, children] of kept) element.replaceChildren(...children);
  document.body.classList.toggle("elsewhere", Boolean(words));
  if (!words) return;
  put(place("title"), words.title);
  put(place("line"), words.line);
  put(place("assumed.0"), ...words["assumed.0"].flatMap(([name, value, remark]) => [made("dt", "", name), defined(value, remark)]));
  put(place("device.0"), words["device.0"]);
  table("ceilings.0", words["ceilings.0"]);
  for (const note of ["ridge-note", "bound-note"]) put(place(note), words[note]);
  if (words.facts) put(place("facts"), ...words.facts.map(tile));
  if (words.compared) put(place("compared"), ...words.compared.map((sentence) => made("li", "", sentence)));
  if (words.comparison) table("comparison", words.comparison);
  page.reports.forEach((_, report) => ofReport(report, words));
}

function ofReport(report, words) {
  const own = place(`figures.${report}`)?.querySelectorAll(".figure") ?? [];
  words[`figures.${report}`].forEach((figure, number) => own[number] && figured(own[number], figure));
  put(place(`findings.${report}`), ...words[`findings.${report}`].map((sentence) => made("li", "", sentence)));
  put(place(`warnings.${report}`), ...words[`warnings.${report}`].map(warning));
  put(place(`memory.${report}`), words[`memory.${report}`]);
  strip(place(`bounds.${report}`)?.querySelector(".strip"), report);
  put(place(`bounds.${report}`)?.querySelector(".legend"), ...boundShares(report).map(([code, part]) => {
    const held = made("span");
    held.append(made("i", `dot ${page.bounds[code]?.[0]}`), `${boundName(code, report)} ${share(part)}`);
    return held;
  }));
  const named = (item, className) => {
    const head = made("th", className);
    head.scope = "row";
    head.append(...(className ? item.name.split(".").flatMap((part, at) => (at ? [".", document.createElement("wbr"), part] : [part]))
      : [made("i", `dot ${kindClass(item.kind)}`), item.name]));
    return head;
  };
  const column = (key) => page.columns.find((one) => one.key === key);
  const times = (item) => [...shares(item), cell(milliseconds(item.sum.time), "n"), cell(milliseconds(item.sum.least), "n")];
  const bound = (item) => cell(text(item, column("bound")));
  filled(`by-kind.${report}`, "kind", report, (item) => [
    named(item), ...times(item), ...(page.reports[report].predicts ? [cell(count(item.sum.launches), "n")] : []),
    cell(billions(item.sum.dram), "n"), cell(billions(item.sum.l1), "n"), bound(item)]);
  filled(`by-module.${report}`, "module", report, (item) => [
    named(item, "path"), cell(count(item.sum.calls), "n"), ...times(item), bound(item)]);
}

const cell = (words, className) => made("td", className, words);

function shares(item) {
  const bars = [bar(item.flopsShare, "of-flops"), bar(item.share, kindClass(item.kind))].map((drawn) => {
    const held = cell();
    held.append(drawn);
    return held;
  });
  return [cell(share(item.flopsShare), "n"), bars[0], cell(shareText(item), "n"), bars[1]];
}

function filled(name, what, report, cells) {
  put(place(name)?.querySelector("tbody"), ...groups(what).filter((item) => item.report === report).map((item) => {
    const row = made("tr");
    row.append(...cells(item));
    return row;
  }));
}

function figured(element, [value, remark, part, color]) {
  const name = element.querySelector(".name").cloneNode(true);
  put(element, name, made("div", "value", value), ...(part === null ? [] : [bar(part, color)]), made("div", "remark", remark));
}

function defined(value, remark) {
  const held = made("dd");
  held.append(made("strong", "", value), `: ${remark}`);
  return held;
}

function warning([message, remedy]) {
  const held = made("p", "warning");
  held.append(made("strong", "", message), ` ${remedy}`);
  return held;
}

function tile([name, value, remark]) {
  const held = made("div", "tile");
  held.append(made("div", "faint", name), made("div", "value", value), made("div", "remark", remark));
  return held;
}

function table(name, { head, numbers, rows }) {
  const line = (cells) => {
    const row = made("tr");
    row.append(...cells);
    return row;
  };
  const classed = (at) => (numbers[at] ? "n" : "");
  put(place(name)?.querySelector("thead"), line(head.map((words, at) => {
    const held = made("th", classed(at), words);
    held.scope = "col";
    return held;
  })));
  put(place(name)?.querySelector("tbody"), ...rows.map((own) => line(own.map((words, at) => cell(words, classed(at))))));
}

function strip(drawn, report) {
  let at = 0;
  put(drawn, ...boundShares(report).map(([code, part]) => {
    const rect = document.createElementNS(SVG, "rect");
    const sizes = { class: page.bounds[code]?.[0], x: (100 * at).toFixed(3), width: (100 * part).toFixed(3), height: 10 };
    for (const [key, value] of Object.entries(sizes)) rect.setAttribute(key, value);
    at += part;
    return rect;
  }));
}
