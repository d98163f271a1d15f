// Starts the page: every view draws itself once, then follows what a reader chooses.
import { drawFacets } from "./facets.js";
import { drawMemory } from "./memory.js";
import { drawPlot } from "./plot.js";
import { follow } from "./store.js";
import { drawTable } from "./table.js";
import { drawTimelines } from "./timeline.js";
import { drawTree } from "./tree.js";
import { drawWords } from "./words.js";

document.documentElement.classList.add("scripted");
drawFacets();
drawPlot();
drawTree();
drawTable();
drawWords();
drawMemory();
drawTimelines();
follow();
