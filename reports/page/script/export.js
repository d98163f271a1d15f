// The shown operators as a file for a spreadsheet, or on the clipboard.
import { copy, download, harmless } from "./cells.js";
import { page, several } from "./model.js";

function lines(groups) {
  const names = ["model", "operator", "kind", "module", "phase", "inputs"];
  const head = [...names, ...page.columns.map((column) => column.field)];
  const rows = groups.map((group) => {
    const own = [page.reports[group.report].label, group.name, group.kind, group.module, group.phase, group.shapes];
    return [...own.map((text) => harmless(text ?? "")), ...group.values.map((value, place) =>
      (page.columns[place].number ? String(value) : harmless(group.texts[place])))];
  });
  const all = [head, ...rows];
  return several ? all : all.map((cells) => cells.slice(1));
}

export const csv = (groups) => download(lines(groups), "operators.csv");
export const tabbed = (groups, said) => copy(lines(groups), said);
