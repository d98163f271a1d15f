"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const hiddenReports = new Set();

  // Tables: click a heading to sort by it, again to reverse.
  const value = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.v === undefined ? cell.textContent.trim() : Number(cell.dataset.v);
  };
  const sort = (table, column, heading) => {
    const descending = heading.getAttribute("aria-sort") !== "descending" && heading.classList.contains("n")
      || heading.getAttribute("aria-sort") === "ascending";
    all("th", table.tHead).forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const compare = (a, b) => typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true });
    const rows = [...table.tBodies[0].rows];
    rows.sort((a, b) => (descending ? -1 : 1) * compare(value(a, column), value(b, column)));
    table.tBodies[0].append(...rows);
    show();
  };
  all("table.sortable").forEach((table) => all("thead th", table).forEach((heading, column) => {
    if (!heading.textContent) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => sort(table, column, heading));
  }));

  // Operators: filter by text and kind, and show only the first few until asked for more; where there are any.
  const operators = document.getElementById("operators");
  let show = () => {};
  if (operators) {
    const filter = document.getElementById("filter");
    const kind = document.getElementById("kind");
    const more = document.getElementById("more");
    let showAll = false;
    show = () => {
      const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      const top = Number(operators.dataset.top);
      let found = 0;
      for (const row of operators.tBodies[0].rows) {
        const text = row.textContent.toLowerCase();
        const fits = wanted.every((word) => text.includes(word)) && (!kind.value || row.dataset.kind === kind.value)
          && !hiddenReports.has(row.dataset.report);
        if (fits) found += 1;
        row.hidden = !fits || (!showAll && found > top);
      }
      const visible = showAll ? found : Math.min(found, top);
      document.getElementById("shown").textContent = `${visible} of ${found} shown`;
      more.hidden = found <= top;
      more.textContent = showAll ? `Show ${top}` : "Show all";
    };
    document.getElementById("controls").hidden = false;
    filter.addEventListener("input", show);
    kind.addEventListener("change", show);
    more.addEventListener("click", () => { showAll = !showAll; show(); });
    const time = all("thead th", operators).findIndex((heading) => heading.dataset.first !== undefined);
    sort(operators, time, operators.tHead.rows[0].cells[time]);
  }

  // Models: hide or show everything that belongs to one.
  all("#toggles input").forEach((box) => box.addEventListener("change", () => {
    hiddenReports[box.checked ? "delete" : "add"](box.value);
    all(`[data-report="${box.value}"]`).forEach((item) => { item.style.display = box.checked ? "" : "none"; });
    show();
  }));

  // Bubbles: say what they hold, beside the pointer or the focused bubble.
  const tip = document.getElementById("tip");
  const place = (x, y) => {
    tip.hidden = false;
    tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${Math.max(4, Math.min(y + 14, innerHeight - tip.offsetHeight - 8))}px`;
  };
  all(".bubble").forEach((bubble) => {
    const title = bubble.querySelector("title");
    const text = title.textContent;
    title.remove();
    bubble.setAttribute("aria-label", text);
    bubble.addEventListener("pointermove", (event) => { tip.textContent = text; place(event.clientX, event.clientY); });
    bubble.addEventListener("focus", () => {
      const box = bubble.getBoundingClientRect();
      tip.textContent = text;
      place(box.right, box.bottom);
    });
    for (const end of ["pointerleave", "blur"]) bubble.addEventListener(end, () => { tip.hidden = true; });
  });
})();
