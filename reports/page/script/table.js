// The table of operators: sorted, grouped, folded, copied; a plain table, so that it reads, prints and copies as one.
// A row is a group of operators of the model.
import { bar, made } from "./cells.js";
import { text, value } from "./figures.js";
import { ascending, descending } from "./libraries.js";
import { gathered, groups, kindClass, page, phases, several } from "./model.js";
import { anyChosen, change, choose, isChosen, isShown, onDevice, state, watch } from "./store.js";
import { csv, tabbed } from "./export.js";

const STEP = 50;
const open = new Set();

let table, body, limit, pinned, widest;

export function drawTable() {
  table = document.getElementById("operators");
  limit = Number(document.getElementById("more").dataset.top);
  for (const old of [...table.tBodies]) old.remove();
  body = table.createTBody();
  heads();
  controls();
  watch(["filter", "kinds", "bounds", "without", "only", "group", "sort", "columns", "chosen"], (changed, origin) => {
    if (changed.includes("chosen")) pinned = origin !== "table" && anyChosen();
    draw();
  });
  onDevice(draw);
  draw();
}

function heads() {
  [...table.tHead.rows[0].cells].forEach((cell, place) => {
    const key = place ? page.columns[place - 1].key : "name";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = cell.textContent;
    cell.dataset.key = key;
    cell.replaceChildren(button);
    button.addEventListener("click", () => {
      const falling = state.sort === key || (state.sort !== `-${key}` && place > 0);
      change({ sort: falling ? `-${key}` : key }, "table");
    });
  });
}

function controls() {
  const group = document.getElementById("group");
  const all = document.getElementById("all-columns");
  group.addEventListener("change", () => change({ group: group.value }, "table"));
  all.addEventListener("change", () => change({ columns: all.checked ? "all" : "" }, "table"));
  document.getElementById("more").addEventListener("click", () => { limit += STEP; draw(); });
  document.getElementById("csv").addEventListener("click", () => csv(listed()));
  document.getElementById("copy").addEventListener("click", () => tabbed(listed(), said));
}

const said = (text) => { document.getElementById("shown").textContent = text; };

let order = { by: "", operators: [] };

// The shown operators in the chosen order; what another view chose comes first.
function listed() {
  const by = `${state.sort} ${state.device}`;
  if (order.by !== by) order = { by, operators: sorted(groups("operator")) };
  const list = order.operators.filter(isShown);
  return pinned ? [...list.filter(isChosen), ...list.filter((group) => !isChosen(group))] : list;
}

function sorted(list) {
  const key = state.sort.replace(/^-/, "");
  const column = page.columns.find((one) => one.key === key);
  const figure = (group) => (!column ? group.name : column.number ? value(group, column) : text(group, column));
  const compare = state.sort.startsWith("-") ? descending : ascending;
  const figures = new Map(list.map((group) => [group, figure(group)]));
  return [...list].sort((a, b) => compare(figures.get(a), figures.get(b)) || b.share - a.share);
}

function draw() {
  const operators = listed();
  const lines = state.group ? folded(operators) : operators.slice(0, limit).map((item) => ({ item }));
  widest = Math.max(...lines.map((line) => line.item.share));
  body.replaceChildren(...lines.map(row));
  for (const cell of table.tHead.rows[0].cells) {
    const falls = state.sort === `-${cell.dataset.key}`;
    if (falls || state.sort === cell.dataset.key) cell.setAttribute("aria-sort", falls ? "descending" : "ascending");
    else cell.removeAttribute("aria-sort");
  }
  table.classList.toggle("all", state.columns === "all");
  document.getElementById("all-columns").checked = state.columns === "all";
  document.getElementById("group").value = state.group;
  const rows = lines.filter((line) => !line.parent).length;
  said(state.group ? `${lines.length - rows} groups of ${operators.length} operators` : `${rows} of ${operators.length} shown`);
  const more = document.getElementById("more");
  more.hidden = Boolean(state.group) || operators.length <= limit;
  more.textContent = `Show ${Math.min(STEP, operators.length - limit)} more`;
}

// Rows below what they share; those of an unfolded one follow it.
function folded(operators) {
  const lines = [];
  for (const parent of sorted(gathered(state.group).filter(isShown))) {
    lines.push({ item: parent, parent: true });
    if (!open.has(parent.key)) continue;
    const own = new Set(parent.members);
    for (const item of operators) if (item.report === parent.report && own.has(item.members[0])) lines.push({ item, child: true });
  }
  return lines;
}

function row({ item, parent = false, child = false }) {
  const line = made("tr", [parent && "parent", child && "child", isChosen(item) && "chosen"].filter(Boolean).join(" "));
  line.dataset.report = item.report;
  line.dataset.kind = item.kind;
  line.dataset.key = item.key;
  const head = made("th");
  head.scope = "row";
  if (item.inferred) head.title = `† inferred: ${item.inferred}`;
  if (parent) head.append(fold(item));
  head.append(made("i", `dot ${kindClass(item.kind)}`), name(item));
  const about = [parent ? "" : item.kind, phases > 1 && item.phase, several ? page.reports[item.report].label : ""].filter(Boolean).join(", ");
  head.append(" ", made("span", "what", about));
  if (!parent) head.append(path(item.module), made("span", "shapes", item.shapes));
  line.append(head, ...page.columns.map((column) => cell(column, item)));
  line.addEventListener("click", (event) => {
    if (event.target.closest(".fold")) return;
    choose(item.key, { adding: event.shiftKey || event.ctrlKey || event.metaKey, origin: "table" });
  });
  return line;
}

// A module's path may break after its dots.
function path(words) {
  const held = made("span", "path");
  words.split(".").forEach((part, place, parts) => {
    held.append(place < parts.length - 1 ? `${part}.` : part, document.createElement("wbr"));
  });
  return held;
}

// The name is a button, so that a row can be chosen without a mouse.
function name(item) {
  const button = made("button", "name", item.name);
  button.type = "button";
  button.setAttribute("aria-pressed", isChosen(item));
  return button;
}

function fold(item) {
  const button = made("button", "fold", open.has(item.key) ? "▾" : "▸");
  button.type = "button";
  button.setAttribute("aria-expanded", open.has(item.key));
  button.setAttribute("aria-label", `Operators of ${item.name}`);
  button.addEventListener("click", () => {
    open[open.has(item.key) ? "delete" : "add"](item.key);
    draw();
    body.querySelector(`[data-key="${item.key}"] .fold`)?.focus();
  });
  return button;
}

// A bar of the share, as wide as the cell for the longest row.
function cell(column, item) {
  const held = made("td", column.classes, text(item, column));
  if (!column.bar) return held;
  held.append(bar(item.share / (widest || 1), kindClass(item.kind)));
  return held;
}
