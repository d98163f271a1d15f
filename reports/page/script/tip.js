// What a bubble, a block or a row holds, in a panel beside the pointer; names are only ever written as text.
import { text } from "./figures.js";
import { kindClass, page, phases, several } from "./model.js";
import { at, element } from "./panel.js";

// All of a group's figures in words, as a screen reader says them.
export function spoken(group) {
  const figures = page.columns.slice(0, 4).map((column) => `${column.header} ${text(group, column)}`);
  const whose = several ? `${page.reports[group.report].label}: ` : "";
  return `${whose}${group.name}${group.module ? ` in ${group.module}` : ""}, ${figures.join(", ")}`;
}

export function show(group, x, y) {
  const node = document.getElementById("tip");
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
  page.columns.forEach((column) => {
    element(list, "dt", column.header);
    element(list, "dd", text(group, column));
  });
  at(x, y);
}
