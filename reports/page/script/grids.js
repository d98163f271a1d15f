// The tables of a document: sorted, searched, narrowed by values of columns, copied; plain tables, so that they print.
import { bar, copy, download, harmless, made } from "./cells.js";
import { NARROWING, anyChosen, change, choose, facets, isChosen, state, watch } from "./choice.js";
import { tables } from "./items.js";

const FIRST = 50;
const STEP = 200;

export function drawGrids() {
  for (const holder of document.querySelectorAll(".sheet")) drawGrid(holder, tables[holder.dataset.table]);
}

function drawGrid(holder, table) {
  const body = holder.querySelector("tbody");
  const said = (text) => { holder.querySelector(".shown").textContent = text; };
  const sort = `sort.${table.id}`;
  let limit = FIRST;

  [...holder.querySelector("thead tr").cells].forEach((cell, place) => {
    const button = made("button", "", cell.textContent);
    button.type = "button";
    cell.replaceChildren(button);
    button.addEventListener("click", () => {
      const falling = state[sort] === String(place) || (state[sort] !== `-${place}` && table.columns[place].number);
      change({ [sort]: falling ? `-${place}` : String(place) });
    });
  });
  chips(holder.querySelector(".facets"), table);
  const all = holder.querySelector(".all-columns");
  all.classList.toggle("always", table.columns.some((column) => column.classes.includes("extra")));
  all.hidden = !table.columns.some((column) => /wide|extra/.test(column.classes));
  all.firstChild.addEventListener("change", () => change({ columns: all.firstChild.checked ? "all" : "" }));
  holder.querySelector(".more").addEventListener("click", () => { limit += STEP; draw(); });
  holder.querySelector(".csv").addEventListener("click", () => download(lines(), `${table.title.replace(/\W+/g, "-").slice(0, 40) || "table"}.csv`));
  holder.querySelector(".copy").addEventListener("click", () => copy(lines(), said));

  // The shown rows in the chosen order.
  function listed() {
    const rows = table.rows.filter((row) => row.item.shown);
    if (!state[sort]) return rows;
    const place = Number(state[sort].replace(/^-/, ""));
    const way = state[sort].startsWith("-") ? -1 : 1;
    const value = (row) => row.cells[place][1] ?? (table.columns[place].number ? null : row.cells[place][0]);
    return rows.sort((a, b) => {
      const [one, other] = [value(a), value(b)];
      if (one === null || other === null) return (one === null) - (other === null) || a.place - b.place;
      return way * (one < other ? -1 : one > other ? 1 : 0) || a.place - b.place;
    });
  }

  function lines() {
    const cells = (row) => row.cells.map(([text, value]) => (value === null ? harmless(text) : String(value)));
    return [table.columns.map((column) => harmless(column.header.replace(/\s+/g, " "))), ...listed().map(cells)];
  }

  function draw() {
    const rows = listed();
    body.replaceChildren(...rows.slice(0, limit).map((row) => line(table, row)));
    [...holder.querySelector("thead tr").cells].forEach((cell, place) => {
      if (state[sort] === String(place) || state[sort] === `-${place}`) {
        cell.setAttribute("aria-sort", state[sort].startsWith("-") ? "descending" : "ascending");
      } else cell.removeAttribute("aria-sort");
    });
    holder.querySelector("table").classList.toggle("all", state.columns === "all");
    all.firstChild.checked = state.columns === "all";
    const shown = Math.min(limit, rows.length);
    said(shown === table.rows.length ? `${shown} rows` : `${shown} of ${table.rows.length} rows`);
    const more = holder.querySelector(".more");
    more.hidden = rows.length <= limit;
    more.textContent = `Show ${Math.min(STEP, rows.length - limit)} more`;
  }
  watch([...NARROWING, sort, "columns"], draw);
  draw();
}

// Buttons of the values of a column: only rows with what is pressed are shown, and all where nothing is.
function chips(holder, table) {
  for (const { name, values } of facets.filter((facet) => facet.table === table)) {
    const key = `is.${name}`;
    const group = made("span", "chips");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", `Only rows with these: ${table.columns[name.split(".")[1]].header}`);
    for (const value of values) {
      const button = made("button", "", value || "–");
      button.type = "button";
      button.addEventListener("click", () => {
        const had = state[key].includes(value);
        change({ [key]: had ? state[key].filter((other) => other !== value) : [...state[key], value] });
      });
      group.append(button);
    }
    const press = () => [...group.children].forEach((button, place) => button.setAttribute("aria-pressed", state[key].includes(values[place])));
    watch([key], press);
    press();
    holder.append(group);
  }
}

function line(table, row) {
  const drawn = made("tr", isChosen(row.item) ? "chosen" : "");
  row.cells.forEach(([text, , share, color, link], place) => {
    const cell = made(place ? "td" : "th", table.columns[place].classes);
    if (!place) cell.scope = "row";
    if (color && share === null) cell.append(made("i", `dot ${color}`));
    if (link) cell.append(Object.assign(made("a", "", text), { href: link }));
    else if (!place && row.item.canBeChosen) cell.append(name(row.item, text));
    else cell.append(text);
    if (share !== null) cell.append(bar(share, color));
    drawn.append(cell);
  });
  if (row.item.canBeChosen) {
    drawn.classList.add("can");
    drawn.dataset.key = row.item.key;
    drawn.addEventListener("click", (event) => {
      if (event.target.closest("a")) return;
      choose(row.item.key, event.shiftKey || event.ctrlKey || event.metaKey);
    });
  }
  return drawn;
}

// The name is a button, so that a row can be chosen without a mouse.
function name(item, text) {
  const button = made("button", "name", text);
  button.type = "button";
  button.setAttribute("aria-pressed", anyChosen() && isChosen(item));
  return button;
}
