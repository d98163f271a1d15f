// The charts of a document: what a mark says when it is pointed at, and choosing it by mouse or keyboard.
import { NARROWING, anyChosen, choose, isChosen, watch } from "./choice.js";
import { mark } from "./items.js";
import { hide, say } from "./panel.js";

export function followMarks() {
  for (const chart of document.querySelectorAll(".chart")) follow(chart);
}

// A title is what a browser shows by itself where no script runs; here the panel says it.
function follow(chart) {
  const spots = [];
  for (const title of [...chart.querySelectorAll("title")]) {
    const node = title.parentNode.closest(".strip-row") ?? title.parentNode;
    const words = title.textContent.trim();
    title.remove();
    const item = node.dataset.key ? mark(node.dataset.key, words) : null;
    spots.push({ node, item, lines: words.split("\n") });
    node.addEventListener("pointermove", (event) => say(words.split("\n"), event.clientX, event.clientY));
    node.addEventListener("pointerleave", hide);
  }
  const able = spots.filter((spot) => spot.item);
  if (!able.length) return;
  const plane = chart.querySelector(".plane");
  if (plane) plane.setAttribute("role", "group");
  for (const { node, item, lines } of able) {
    const target = plane ? node : node.querySelector(".bar-name");
    target.setAttribute("role", "button");
    target.setAttribute("tabindex", -1);
    if (plane) target.setAttribute("aria-label", lines.join(", "));
    target.addEventListener("focus", () => {
      const box = node.getBoundingClientRect();
      if (target.matches(":focus-visible")) say(lines, box.right, box.top);
    });
    target.addEventListener("blur", hide);
    node.addEventListener("click", (event) => choose(item.key, event.shiftKey || event.ctrlKey || event.metaKey));
    node.classList.add("can");
  }
  const targets = able.map(({ node }) => (plane ? node : node.querySelector(".bar-name")));
  targets[0].setAttribute("tabindex", 0);
  chart.addEventListener("keydown", (event) => onKey(event, able, targets));
  const paint = () => able.forEach(({ node, item }, place) => {
    const chosen = anyChosen() && isChosen(item);
    node.classList.toggle("chosen", chosen);
    node.classList.toggle("dim", anyChosen() && !chosen);
    node.classList.toggle("out", !item.shown);
    targets[place].setAttribute("aria-pressed", chosen);
  });
  watch(NARROWING, paint);
  paint();
}

function onKey(event, able, targets) {
  const now = targets.indexOf(event.target);
  if (now < 0) return;
  const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (way) {
    let next = now;
    do next = (next + way + able.length) % able.length; while (!able[next].item.shown && next !== now);
    targets[now].setAttribute("tabindex", -1);
    targets[next].setAttribute("tabindex", 0);
    targets[next].focus({ preventScroll: true });
  } else if (event.key === "Enter" || event.key === " ") choose(able[now].item.key, event.shiftKey);
  else return;
  event.preventDefault();
}

