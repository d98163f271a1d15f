// What a measured device ran when: a lane for each stream with its kernels to scale, and one of the gaps; it zooms and
// pans, and a kernel is chosen with its operator in all views. A canvas, as there are thousands.
import { axisBottom, scaleLinear, select, zoom, zoomIdentity } from "./libraries.js";
import { groups, kindClass, records, rowAt } from "./model.js";
import { anyChosen, change, choose, isChosen, isShown, state, watch } from "./store.js";
import { hide, say } from "./panel.js";
import { seconds } from "./units.js";

const LANE = 26;
const GAPS = 16;
const MOST_ZOOM = 20000;

export function drawTimelines() {
  for (const holder of document.querySelectorAll("[data-timeline]")) {
    const report = Number(holder.dataset.timeline);
    const time = records[report].measured?.device_time;
    if (time?.runs?.kernels.length) new Timeline(holder, report, time);
  }
}

// Which group of operators each operator of a report belongs to.
function owners(report) {
  const found = new Map();
  for (const group of groups("operator")) if (group.report === report) for (const member of group.members) found.set(member, group);
  return found;
}

class Timeline {
  constructor(holder, report, time) {
    Object.assign(this, { holder, report, time, runs: time.runs, group: owners(report), active: -1 });
    this.streams = [...new Set(this.runs.streams)].sort((a, b) => a - b);
    this.span = this.runs.left_out ? this.runs.starts_seconds.at(-1) + this.runs.seconds.at(-1) : time.span_seconds;
    this.height = GAPS + 6 + LANE * this.streams.length;
    this.operators = this.runs.operators.map((row) => (row < 0 ? undefined : this.group.get(rowAt(report, row))));
    this.build();
    this.resize();
    new ResizeObserver(() => this.resize()).observe(holder);
    watch(["filter", "kinds", "bounds", "without", "chosen", "only"], () => this.paint());
    watch(["time"], (_, origin) => { if (origin !== "timeline") this.restore(); });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { this.colors = null; this.paint(); });
  }

  build() {
    const frame = select(this.holder).append("div").attr("class", "timeline");
    const names = frame.append("div").attr("class", "streams faint");
    names.append("span").text("idle");
    for (const stream of this.streams) names.append("span").text(`stream ${stream}`);
    this.canvas = frame.append("canvas").attr("tabindex", 0).attr("role", "application")
      .attr("aria-label", `Kernels over ${seconds(this.span)}: arrow keys go from kernel to kernel, Enter chooses its operator, plus and minus zoom, Shift and arrows pan`);
    this.axis = frame.append("svg").attr("class", "time-axis");
    this.told = select(this.holder).append("p").attr("class", "unseen").attr("role", "status");
    this.behaviour = zoom().scaleExtent([1, MOST_ZOOM])
      .filter((event) => (event.type === "wheel" ? event.ctrlKey || event.metaKey : event.type.startsWith("touch") ? event.touches.length > 1 : !event.button))
      .on("zoom", ({ transform }) => { this.transform = transform; this.paint(); })
      .on("end", () => { if (this.report === 0) change({ time: this.described() }, "timeline"); });
    this.canvas.call(this.behaviour).on("dblclick.zoom", null)
      .on("pointermove", (event) => this.point(event)).on("pointerleave", hide).on("blur", hide)
      .on("click", (event) => this.pick(event)).on("keydown", (event) => this.onKey(event));
    const buttons = this.holder.querySelectorAll("button");
    [() => this.canvas.call(this.behaviour.scaleBy, 2), () => this.canvas.call(this.behaviour.scaleBy, 0.5),
      () => this.canvas.call(this.behaviour.transform, zoomIdentity)].forEach((act, place) => buttons[place].addEventListener("click", act));
  }

  described() {
    const { k, x } = this.transform;
    return k === 1 ? "" : [-x / k / this.width, (this.width - x) / k / this.width].map((part) => Number(part.toFixed(7))).join(",");
  }

  restore() {
    const [from, to] = this.report === 0 && state.time ? state.time.split(",").map(Number) : [0, 1];
    const k = 1 / Math.max(1 / MOST_ZOOM, to - from);
    this.transform = zoomIdentity.translate(-from * k * this.width, 0).scale(k);
    this.canvas.property("__zoom", this.transform);
    this.paint();
  }

  resize() {
    const width = this.canvas.node().parentNode.clientWidth - 84;
    if (width === this.width || width < 50) return;
    this.width = width;
    const ratio = devicePixelRatio || 1;
    this.canvas.attr("width", width * ratio).attr("height", this.height * ratio).style("width", `${width}px`).style("height", `${this.height}px`);
    this.axis.attr("width", width).attr("height", 22);
    this.behaviour.extent([[0, 0], [width, this.height]]).translateExtent([[0, 0], [width, this.height]]);
    this.restore();
  }

  color(name) {
    this.colors ??= new Map();
    if (!this.colors.has(name)) {
      const probe = document.createElement("i");
      probe.className = name;
      this.holder.append(probe);
      this.colors.set(name, getComputedStyle(probe).getPropertyValue("--color").trim());
      probe.remove();
    }
    return this.colors.get(name);
  }

  scale() {
    return this.transform.rescaleX(scaleLinear([0, this.span], [0, this.width]));
  }

  paint() {
    if (!this.transform) return;
    const x = this.scale();
    const ratio = devicePixelRatio || 1;
    const pen = this.canvas.node().getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, this.width, this.height);
    pen.globalAlpha = 1;
    for (const gap of this.time.gaps) {
      pen.fillStyle = this.color(gap.waited_for_host ? "part-2" : "part-3");
      pen.fillRect(x(gap.start_seconds), 0, Math.max(1, x(gap.start_seconds + gap.seconds) - x(gap.start_seconds)), GAPS - 2);
    }
    this.kernels(pen, x);
    this.axis.call(axisBottom(x).ticks(Math.max(3, this.width / 130)).tickFormat(seconds));
  }

  // Kernels that would share a pixel with the one before are left out, but for those that are chosen.
  kernels(pen, x) {
    const any = anyChosen();
    const { starts_seconds: starts, seconds: lasts, streams } = this.runs;
    const filled = new Map(this.streams.map((stream) => [stream, -1]));
    const font = getComputedStyle(document.body).getPropertyValue("--paper");
    pen.font = "11px system-ui, sans-serif";
    for (let place = 0; place < starts.length; place += 1) {
      const left = x(starts[place]);
      const right = x(starts[place] + lasts[place]);
      if (right < 0 || left > this.width) continue;
      const owner = this.operators[place];
      const marked = any && owner && isChosen(owner);
      if (right < filled.get(streams[place]) + 0.5 && !marked && place !== this.active) continue;
      filled.set(streams[place], Math.max(right, left + 0.5));
      const faint = owner ? !isShown(owner) || (any && !marked) : any || Boolean(state.filter || state.kinds.length || state.bounds.length);
      const top = GAPS + 6 + LANE * this.streams.indexOf(streams[place]);
      pen.globalAlpha = faint ? 0.15 : 1;
      pen.fillStyle = this.color(owner ? kindClass(owner.kind) : "kind-other");
      pen.fillRect(left, top, Math.max(0.5, right - left - (right - left > 3 ? 0.5 : 0)), LANE - 4);
      if (place === this.active || marked) this.outline(pen, left, top, right);
      if (right - left > 46 && !faint) this.written(pen, place, Math.max(0, left), Math.min(this.width, right), top, font);
    }
    pen.globalAlpha = 1;
  }

  outline(pen, left, top, right) {
    pen.strokeStyle = getComputedStyle(document.body).getPropertyValue("--ink");
    pen.lineWidth = 1.5;
    pen.strokeRect(left, top, Math.max(1, right - left), LANE - 4);
  }

  written(pen, place, left, right, top, paper) {
    const words = this.operators[place]?.name ?? this.runs.names[this.runs.kernels[place]];
    const most = Math.floor((right - left - 8) / 6.2);
    const text = words.length > most ? `${words.slice(0, most - 1)}…` : words;
    const wide = pen.measureText(text).width;
    pen.fillStyle = paper;
    pen.fillRect(left + 2, top + 4, wide + 4, LANE - 12);
    pen.fillStyle = getComputedStyle(document.body).getPropertyValue("--ink");
    pen.fillText(text, left + 4, top + LANE - 11);
  }

  found(event) {
    const box = this.canvas.node().getBoundingClientRect();
    const at = this.scale().invert(event.clientX - box.left);
    const near = (this.span / this.transform.k / this.width) * 2;
    const lane = Math.floor((event.clientY - box.top - GAPS - 6) / LANE);
    if (lane < 0) return { gap: this.time.gaps.find((gap) => at >= gap.start_seconds - near && at <= gap.start_seconds + gap.seconds + near) };
    const { starts_seconds: starts, seconds: lasts, streams } = this.runs;
    let best = -1;
    for (let place = 0; place < starts.length; place += 1) {
      if (streams[place] !== this.streams[lane] || at < starts[place] - near || at > starts[place] + lasts[place] + near) continue;
      if (best < 0 || lasts[place] > lasts[best]) best = place;
    }
    return { place: best };
  }

  lines(place) {
    const { names, kernels, starts_seconds: starts, seconds: lasts, streams } = this.runs;
    const owner = this.operators[place];
    const whose = owner ? `${owner.name}${owner.module ? ` in ${owner.module}` : ""}, ${owner.kind}` : "no operator with recorded shapes launched it";
    return [names[kernels[place]], seconds(lasts[place]), `from ${seconds(starts[place])}, stream ${streams[place]}`, whose];
  }

  point(event) {
    const { gap, place = -1 } = this.found(event);
    if (gap) {
      const why = gap.waited_for_host ? "the next kernel was not launched yet" : records[this.report].operators.length ? "launched, but waiting" : "not known why";
      say([`idle for ${seconds(gap.seconds)}`, `from ${seconds(gap.start_seconds)}`, `after ${gap.before}`, `before ${gap.after}`, why], event.clientX, event.clientY);
    } else if (place >= 0) say(this.lines(place), event.clientX, event.clientY);
    else hide();
  }

  pick(event) {
    const { place = -1 } = this.found(event);
    this.active = place;
    this.chosen({ adding: event.shiftKey || event.ctrlKey || event.metaKey });
  }

  chosen({ adding = false } = {}) {
    const owner = this.operators[this.active];
    if (owner) choose(owner.key, { adding, origin: "timeline" });
    else change({ chosen: [], only: "" }, "timeline");
    this.paint();
  }

  onKey(event) {
    const moves = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
    if (event.key === "+" || event.key === "=") this.canvas.call(this.behaviour.scaleBy, 2);
    else if (event.key === "-") this.canvas.call(this.behaviour.scaleBy, 0.5);
    else if (event.key === "0") this.canvas.call(this.behaviour.transform, zoomIdentity);
    else if (event.key === "Enter" || event.key === " ") this.chosen({ adding: event.shiftKey });
    else if (event.key in moves && event.shiftKey) this.canvas.call(this.behaviour.translateBy, (-moves[event.key] * 80) / this.transform.k, 0);
    else if (event.key in moves) this.step(moves[event.key]);
    else return;
    event.preventDefault();
  }

  step(way) {
    const count = this.runs.kernels.length;
    this.active = this.active < 0 ? 0 : (this.active + way + count) % count;
    const middle = this.runs.starts_seconds[this.active] + this.runs.seconds[this.active] / 2;
    const at = this.scale()(middle);
    if (at < 0 || at > this.width) this.canvas.call(this.behaviour.translateBy, (this.width / 2 - at) / this.transform.k, 0);
    this.paint();
    const lines = this.lines(this.active);
    this.told.text(lines.join(", "));
    const box = this.canvas.node().getBoundingClientRect();
    say(lines, box.left + Math.max(0, Math.min(this.width, this.scale()(middle))), box.bottom);
  }
}
