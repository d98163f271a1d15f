// The shown operators as a file for a spreadsheet, or on the clipboard.
import { page, several } from "./model.js";

// A cell of text that a spreadsheet would take for a formula begins with an apostrophe, as in memprof's own CSV.
const harmless = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
const quoted = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

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

export function csv(groups) {
  const text = lines(groups).map((cells) => cells.map(quoted).join(",")).join("\r\n");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text, "\r\n"], { type: "text/csv" }));
  link.download = "operators.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export async function tabbed(groups, said) {
  const text = lines(groups).map((cells) => cells.map((cell) => cell.replace(/[\t\n\r]/g, " ")).join("\t")).join("\n");
  try {
    await navigator.clipboard.writeText(text);
    said(`${groups.length} rows copied, tab by tab`);
  } catch {
    said("This browser lets no page copy: take the CSV");
  }
}
