// What a bubble, a block or a row holds, in a panel beside the pointer; names are only ever written as text.
import { select } from "./libraries.js";
import { kindClass, page, phases, several } from "./model.js";

const tip = select("#tip");

function element(parent, name, text, className) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  if (className) made.className = className;
  parent.append(made);
  return made;
}

// All of a group's figures in words, as a screen reader says them.
export function spoken(group) {
  const figures = page.columns.slice(0, 4).map((column, place) => `${column.header} ${group.texts[place]}`);
  const whose = several ? `${page.reports[group.report].label}: ` : "";
  return `${whose}${group.name}${group.module ? ` in ${group.module}` : ""}, ${figures.join(", ")}`;
}

export function show(group, x, y) {
  const node = tip.node();
  node.replaceChildren();
  const title = element(node, "div");
  element(title, "i", "", `dot ${kindClass(group.kind)}`);
  element(title, "b", group.name);
  const about = [group.kind === group.name ? "" : group.kind, phases > 1 && group.phase, several ? page.reports[group.report].label : ""];
  element(title, "span", ` ${about.filter(Boolean).join(", ")}`);
  if (group.module) element(node, "span", group.module, "path");
  if (group.shapes) element(node, "span", group.shapes, "shapes");
  if (group.inferred) element(node, "span", `† inferred: ${group.inferred}`, "shapes");
  const list = element(node, "dl");
  page.columns.forEach((column, place) => {
    element(list, "dt", column.header);
    element(list, "dd", group.texts[place]);
  });
  at(x, y);
}

export function say(lines, x, y) {
  const node = tip.node();
  node.replaceChildren();
  lines.forEach((line, place) => element(element(node, "div"), place ? "span" : "b", line));
  at(x, y);
}

function at(x, y) {
  const node = tip.node();
  node.hidden = false;
  const right = x + 16 + node.offsetWidth > innerWidth - 8;
  const left = right ? Math.max(6, x - 16 - node.offsetWidth) : x + 16;
  node.style.left = `${Math.min(left, Math.max(6, innerWidth - node.offsetWidth - 6))}px`;
  node.style.top = `${Math.max(6, Math.min(y + 14, innerHeight - node.offsetHeight - 8))}px`;
}

export function hide() {
  tip.node().hidden = true;
}
