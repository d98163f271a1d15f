// The shown operators as a file for a spreadsheet, or on the clipboard.
import { copy, download, harmless } from "./cells.js";
import { text, value } from "./figures.js";
import { page, several } from "./model.js";

function lines(groups) {
  const names = ["model", "operator", "kind", "module", "phase", "inputs"];
  const head = [...names, ...page.columns.map((column) => column.field)];
  const rows = groups.map((group) => {
    const own = [page.reports[group.report].label, group.name, group.kind, group.module, group.phase, group.shapes];
    return [...own.map((words) => harmless(words ?? "")), ...page.columns.map((column) =>
      (column.number ? String(value(group, column)) : harmless(text(group, column))))];
  });
  const all = [head, ...rows];
  return several ? all : all.map((cells) => cells.slice(1));
}

export const csv = (groups) => download(lines(groups), "operators.csv");
export const tabbed = (groups, said) => copy(lines(groups), said);
