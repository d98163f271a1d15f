// Starts the page of a document: tables and charts draw themselves once, then follow what a reader chooses.
import { followContents } from "./address.js";
import { change, kept, state, watch } from "./choice.js";
import { drawGrids } from "./grids.js";
import { items } from "./items.js";
import { followMarks } from "./marks.js";

document.documentElement.classList.add("scripted");
followMarks();
drawGrids();

const filter = document.getElementById("filter");
filter.addEventListener("input", () => change({ filter: filter.value }, "filter"));
watch(["filter"], (_, origin) => { if (origin !== "filter") filter.value = state.filter; });

const bar = document.getElementById("chosen");
const only = document.getElementById("only");
watch(["chosen", "only"], () => {
  bar.hidden = !state.chosen.length;
  if (bar.hidden) return;
  const names = state.chosen.map((key) => items.get(key).name);
  document.getElementById("chosen-text").textContent = names.length > 1 ? `${names.length} marked` : names[0];
  only.setAttribute("aria-pressed", state.only === "1");
  only.textContent = state.only ? "Show all" : "Only these";
});
const release = () => change({ chosen: [], only: "" });
only.addEventListener("click", () => change({ only: state.only ? "" : "1" }));
document.getElementById("release").addEventListener("click", release);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") release(); });
followContents(kept);
