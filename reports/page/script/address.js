// What a reader has chosen, kept in the address so that a link shows the same; views watch it and change it.

// A comma separates the parts of a list; one within a part is written as a reader of the list expects it.
const written = (value) => (Array.isArray(value) ? value.map((part) => part.replaceAll(",", "%2C")).join(",") : value);

// `read` says of each name how a text is read (undefined where it is none), `first` what holds at the beginning;
// `refresh` is called with the names that changed, before those who watch them.
export function keep(read, first, refresh) {
  const state = { ...first };
  const watchers = [];
  let writing = 0;

  // Calls back with the names of what changed, and with the view that changed it.
  function watch(names, callback) {
    watchers.push({ names: new Set(names), callback });
  }

  function change(changes, origin = "") {
    const changed = Object.keys(changes).filter((name) => String(state[name]) !== String(changes[name]));
    if (!changed.length) return;
    Object.assign(state, changes);
    refresh(changed);
    clearTimeout(writing);
    writing = setTimeout(write, 0);
    for (const { names, callback } of watchers) {
      if (changed.some((name) => names.has(name))) callback(changed, origin);
    }
  }

  function write() {
    const parts = Object.keys(first)
      .filter((name) => String(state[name]) !== String(first[name]))
      .map((name) => `${name}=${encodeURIComponent(written(state[name])).replaceAll("%2C", ",").replaceAll("%20", "+")}`);
    history.replaceState(null, "", parts.length ? `#${parts.join("&")}` : location.pathname + location.search);
  }

  // Reads the address: names and values that are not known are passed over.
  function readAddress() {
    const text = location.hash.slice(1);
    if (text && !text.includes("=")) {
      change({ at: read.at(text) ?? "" });
      return;
    }
    const changes = { ...first };
    for (const [name, value] of new URLSearchParams(text)) {
      const found = Object.hasOwn(read, name) ? read[name](value) : undefined;
      if (found !== undefined) changes[name] = found;
    }
    change(changes);
  }

  return { state, watch, change, read: readAddress };
}

// Goes where the address says, and lets links within the page keep what is chosen in it.
export function followContents({ state, change, read }) {
  read();
  if (state.at) document.getElementById(state.at).scrollIntoView();
  addEventListener("hashchange", read);
  for (const link of document.querySelectorAll('nav a[href^="#"]')) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const id = link.hash.slice(1);
      change({ at: id }, "contents");
      document.getElementById(id).scrollIntoView();
    });
  }
}
