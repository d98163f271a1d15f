// What narrows all views at once: words, kinds, bounds, reports; and the bar that tells what is chosen.
import { boundShares, measureText, shareText } from "./figures.js";
import { boundName, find, groups, page, several } from "./model.js";
import { share } from "./units.js";
import { change, onDevice, state, watch } from "./store.js";

export function drawFacets() {
  facets();
  onDevice(facets);
  watch(["kinds", "bounds"], press);
  const filter = document.getElementById("filter");
  filter.addEventListener("input", () => change({ filter: filter.value }, "facets"));
  watch(["filter"], (_, origin) => { if (origin !== "facets") filter.value = state.filter; });
  radios("level", "level");
  radios("bubbles", "bubbles");
  radios("measure", "measure");
  reports();
  chosenBar();
}

function facets() {
  const kinds = several ? Object.keys(page.kinds).map((kind) => [kind, ""]) : groups("kind").map((kind) => [kind.name, shareText(kind)]);
  chips("kinds", kinds.map(([kind, figure]) => [kind, page.kinds[kind], kind, figure]));
  const found = new Map();
  page.reports.forEach((_, report) => boundShares(report).forEach(([code, part]) => {
    if (!found.has(code)) found.set(code, [code, page.bounds[code]?.[0] ?? "bound-other", boundName(code, report), several ? "" : share(part)]);
  }));
  chips("bounds", [...found.values()]);
  press();
}

function press() {
  for (const name of ["kinds", "bounds"]) {
    for (const button of document.getElementById(name).children) button.setAttribute("aria-pressed", state[name].includes(button.dataset.code));
  }
}

// Buttons of which any number may be pressed: only what they name is shown, and everything where none is.
function chips(name, entries) {
  const holder = document.getElementById(name);
  holder.replaceChildren();
  for (const [code, color, text, share] of entries) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.code = code;
    const dot = document.createElement("i");
    dot.className = `dot ${color}`;
    const figure = document.createElement("span");
    figure.className = "share";
    figure.textContent = share ? ` ${share}` : "";
    button.append(dot, text, figure);
    button.addEventListener("click", () => {
      const had = state[name].includes(code);
      change({ [name]: had ? state[name].filter((other) => other !== code) : [...state[name], code] }, "facets");
    });
    holder.append(button);
  }
}

function radios(id, name) {
  const inputs = [...document.querySelectorAll(`#${id} input`)];
  const check = () => { for (const input of inputs) input.checked = input.value === state[name]; };
  for (const input of inputs) input.addEventListener("change", () => change({ [name]: input.value }, "facets"));
  watch([name], check);
  check();
}

// Reports that are switched off leave the page altogether.
function reports() {
  const boxes = [...document.querySelectorAll("#toggles input")];
  for (const box of boxes) {
    box.addEventListener("change", () => {
      change({ without: boxes.filter((one) => !one.checked).map((one) => one.value) }, "facets");
    });
  }
  const hide = () => {
    for (const box of boxes) box.checked = !state.without.includes(box.value);
    for (const part of document.querySelectorAll("main > [data-report], header [data-report]")) {
      part.hidden = state.without.includes(part.dataset.report);
    }
  };
  watch(["without"], hide);
  hide();
}

function chosenBar() {
  const bar = document.getElementById("chosen");
  const only = document.getElementById("only");
  const tell = () => {
    bar.hidden = !state.chosen.length;
    if (bar.hidden) return;
    const [item] = state.chosen.map(find);
    const figure = item.key.startsWith("node.") ? measureText(item, "time") : `${shareText(item)} of time`;
    const one = `${item.name}${item.module ? ` in ${item.module}` : ""}: ${figure}`;
    document.getElementById("chosen-text").textContent = state.chosen.length > 1 ? `${state.chosen.length} marked` : one;
    only.setAttribute("aria-pressed", state.only === "1");
    only.textContent = state.only ? "Show all" : "Only these";
  };
  only.addEventListener("click", () => change({ only: state.only ? "" : "1" }, "facets"));
  document.getElementById("release").addEventListener("click", () => change({ chosen: [], only: "" }, "facets"));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") change({ chosen: [], only: "" }, "facets");
  });
  watch(["chosen", "only", "device"], tell);
}
