// Starts the page: every view draws itself once, then follows what a reader chooses.
import { drawFacets } from "./facets.js";
import { drawPlot } from "./plot.js";
import { change, read, state } from "./store.js";
import { drawTable } from "./table.js";
import { drawTree } from "./tree.js";

document.documentElement.classList.add("scripted");
drawFacets();
drawPlot();
drawTree();
drawTable();
read();
if (state.at) document.getElementById(state.at).scrollIntoView();
addEventListener("hashchange", read);

// A link within the page keeps what is chosen in the address.
for (const link of document.querySelectorAll('nav a[href^="#"]')) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const id = link.hash.slice(1);
    change({ at: id }, "contents");
    document.getElementById(id).scrollIntoView();
  });
}
