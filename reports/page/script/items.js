// The tables of a document and everything that can be chosen: rows and marks with one key are one item.

export const tables = JSON.parse(document.getElementById("memprof-page").textContent).tables;

// A cell as text, value (the text itself where there is none), share of its bar, colour, link.
const parts = (cell) => (Array.isArray(cell) ? cell : [cell, null, null, "", ""]);

export const items = new Map();

function known(key, name, text) {
  const item = items.get(key) ?? { key, name, text: "", facets: {}, shown: true };
  item.text += ` ${text.toLowerCase()}`;
  items.set(key, item);
  return item;
}

tables.forEach((table, number) => {
  table.id = `t${number}`;
  table.rows = table.rows.map(([key, ...cells], place) => {
    const row = { place, cells: cells.map(parts) };
    const text = row.cells.map(([words]) => words).join(" ");
    row.item = known(key || `${table.id}.${place}`, row.cells[0][0], text);
    row.item.canBeChosen ||= Boolean(key);
    row.item.inTable = true;
    table.columns.forEach((column, of) => {
      if (column.facet) row.item.facets[`${table.id}.${of}`] = row.cells[of][0];
    });
    return row;
  });
});

// A mark of a chart brings its own words, which a filter finds too.
export function mark(key, words) {
  const item = known(key, words.split("\n")[0], words);
  item.canBeChosen = true;
  return item;
}
