// The panel beside the pointer, as text; and elements made of text only.

export function element(parent, name, text, className) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  if (className) made.className = className;
  parent.append(made);
  return made;
}

const tip = () => document.getElementById("tip");

// The first line is the name of what is pointed at.
export function say(lines, x, y) {
  const node = tip();
  node.replaceChildren();
  lines.forEach((line, place) => element(element(node, "div"), place ? "span" : "b", line));
  at(x, y);
}

export function at(x, y) {
  const node = tip();
  node.hidden = false;
  const right = x + 16 + node.offsetWidth > innerWidth - 8;
  const left = right ? Math.max(6, x - 16 - node.offsetWidth) : x + 16;
  node.style.left = `${Math.min(left, Math.max(6, innerWidth - node.offsetWidth - 6))}px`;
  node.style.top = `${Math.max(6, Math.min(y + 14, innerHeight - node.offsetHeight - 8))}px`;
}

export function hide() {
  tip().hidden = true;
}
