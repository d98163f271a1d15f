// Elements of tables, and tables as files: what the pages of reports and of other documents share.

const SVG = "http://www.w3.org/2000/svg";

export function made(name, className, text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

export function bar(share, color) {
  const drawn = document.createElementNS(SVG, "svg");
  drawn.setAttribute("class", `bar ${color}`);
  drawn.setAttribute("viewBox", "0 0 100 8");
  drawn.setAttribute("preserveAspectRatio", "none");
  drawn.setAttribute("aria-hidden", "true");
  const rect = document.createElementNS(SVG, "rect");
  rect.setAttribute("width", (100 * share).toFixed(2));
  rect.setAttribute("height", 8);
  drawn.append(rect);
  return drawn;
}

// A cell of text that a spreadsheet would take for a formula begins with an apostrophe, as in memprof's own CSV.
export const harmless = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
const quoted = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

export function download(lines, name) {
  const text = lines.map((cells) => cells.map(quoted).join(",")).join("\r\n");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text, "\r\n"], { type: "text/csv" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export async function copy(lines, said) {
  const text = lines.map((cells) => cells.map((cell) => cell.replace(/[\t\n\r]/g, " ")).join("\t")).join("\n");
  try {
    await navigator.clipboard.writeText(text);
    said(`${lines.length - 1} rows copied, tab by tab`);
  } catch {
    said("This browser lets no page copy: take the CSV");
  }
}
