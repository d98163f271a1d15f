// The memory over the step: what holds it while an operator runs, told beside the pointer.
import { records } from "./model.js";
import { hide, say } from "./panel.js";
import { byteCount } from "./units.js";

const WIDTH = 1000;

export function drawMemory() {
  for (const figure of document.querySelectorAll("[data-course]")) {
    const svg = figure.querySelector("svg");
    const { memory } = records[figure.dataset.course];
    const mark = svg.querySelector(".pointed");
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const place = Math.floor(((event.clientX - box.left) / box.width) * memory.course.length);
      const moment = memory.course[Math.max(0, Math.min(memory.course.length - 1, place))];
      mark.setAttribute("d", `M${((place + 0.5) * WIDTH) / memory.course.length} 0V160`);
      say(told(memory, moment), event.clientX, event.clientY);
    });
    svg.addEventListener("pointerleave", () => { mark.setAttribute("d", ""); hide(); });
  }
}

function told(memory, { operator, phase, allocated_bytes: all, gradients_bytes: gradients }) {
  const rest = all - memory.parameters_bytes - memory.optimizer_bytes - gradients;
  const parts = { parameters: memory.parameters_bytes, optimizer: memory.optimizer_bytes, gradients, activations: rest };
  const held = Object.entries(parts).filter(([, bytes]) => bytes > 0).map(([name, bytes]) => `${name} ${byteCount(bytes)}`);
  return [`${operator.replace(/^aten::/, "")} (${phase})`, `${byteCount(all)} allocated`, ...held];
}
