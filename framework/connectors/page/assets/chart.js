// SPDX-License-Identifier: Apache-2.0
import { colour, compact, element, number, time } from "./format.js";
import { Panel } from "./panel.js";

const day = 86_400_000;

/** The labels of the time axis, in UTC. The day is below the first label, and below those where it changes. */
function timeLabels(splits, step) {
  let before = "";
  return splits.map((ms) => {
    const [date, clock] = new Date(ms).toISOString().split("T");
    if (step >= 360 * day) return date.slice(0, 4);
    if (step >= 27 * day) return date.slice(0, 7);
    if (step >= day) return date;
    const shown = step >= 60_000 ? clock.slice(0, 5) : step >= 1000 ? clock.slice(0, 8) : clock.slice(0, 12);
    const label = date === before ? shown : `${shown}\n${date}`;
    before = date;
    return label;
  });
}

/** A chart over time: zoom, cursor, keyboard, legend. Who derives gives data(), series(), and draws. */
export class ChartPanel extends Panel {
  constructor(spec, index) {
    super(spec, index);
    this.range = null; // what the viewer has zoomed to, [from, to]; null: everything
    this.limits = [0, 0]; // the first and the last time that the server has
    this.height = 320;
    this.host = element("div", { class: "chart", tabindex: "0", role: "group", "aria-roledescription": "chart",
      "aria-label": `${spec.title || spec.topic}. Arrow keys move the cursor, plus and minus zoom, Escape shows everything.` });
    this.tip = element("div", { class: "tip", hidden: true, "aria-hidden": "true" });
    this.said = element("div", { class: "said", "aria-live": "polite" });
    this.legend = element("ul", { class: "legend", "aria-label": "Series" });
    const tool = (text, label, onclick) => element("button", { type: "button", text, "aria-label": label, title: label, onclick });
    this.resetButton = tool("All", "Show everything", () => this.reset());
    this.resetButton.disabled = true;
    this.tools.append(tool("−", "Zoom out", () => this.zoom(2)), tool("+", "Zoom in", () => this.zoom(0.5)), this.resetButton);
    this.body.append(this.legend, this.host, this.said);
    this.host.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.host.addEventListener("keydown", (event) => this.key(event));
    this.host.addEventListener("mouseleave", () => { this.tip.hidden = true; });
    new ResizeObserver(() => this.resize()).observe(this.host);
  }

  width() { return Math.max(200, Math.floor(this.host.clientWidth)); }

  query() {
    const width = Math.min(2000, Math.round(this.width() * Math.min(devicePixelRatio, 2)));
    const range = this.range ? `&from=${Math.floor(this.range[0])}&to=${Math.ceil(this.range[1])}` : "";
    return `?width=${width || 1000}${range}${this.chosen ? `&series=${encodeURIComponent(this.chosen)}` : ""}`;
  }

  /** The ends of the x axis. */
  ends() {
    if (this.range) return this.range;
    const [from, to] = this.limits;
    const room = this.step ?? 0;
    return from === to && !room ? [from - 1000, to + 1000] : [from, to + room];
  }

  /** The ends of the y axis for the smallest and the largest value. */
  room(low, high) {
    if (low === null || low === undefined || !Number.isFinite(low)) return [0, 1];
    if (low === high) return [low - Math.max(Math.abs(low) * 0.05, 0.5), high + Math.max(Math.abs(high) * 0.05, 0.5)];
    const more = (high - low) * 0.06;
    return [low >= 0 && low < more ? 0 : low - more, high + more];
  }

  build() {
    this.plot?.destroy();
    const axis = { stroke: colour("quiet"), grid: { stroke: colour("grid"), width: 1 }, ticks: { stroke: colour("grid"), width: 1, size: 5 },
      font: "12px system-ui, sans-serif" };
    const options = {
      width: this.width(), height: this.chartHeight(), ms: 1, padding: [8, 10, 0, 0], legend: { show: false },
      tzDate: (ms) => uPlot.tzDate(new Date(ms), "Etc/UTC"),
      cursor: { drag: { x: true, y: false, setScale: false, dist: 4 }, points: { size: 7 },
        bind: { dblclick: () => () => { this.reset(); return null; } } },
      scales: { x: { time: true, range: () => this.ends() }, y: { range: (u, low, high) => this.yRange(low, high) } },
      axes: [
        { ...axis, values: (u, splits, i, space, step) => timeLabels(splits, step), space: 90, size: 44 },
        { ...axis, size: 58, values: (u, splits) => splits.map(compact), label: this.spec.unit || undefined, labelSize: 18,
          labelFont: "12px system-ui, sans-serif" },
      ],
      series: [{}, ...this.series()],
      hooks: {
        setSelect: [(u) => this.selected(u)],
        setCursor: [(u) => this.moved(u)],
        draw: [(u) => this.draw(u)],
      },
    };
    this.extend?.(options);
    this.plot = new uPlot(options, this.data(), this.host);
    this.plot.over.append(this.tip);
    this.plot.over.addEventListener("mousedown", () => this.host.focus({ preventScroll: true }));
    this.buildLegend();
  }

  chartHeight() { return this.host.clientWidth < 480 ? 240 : this.height; }
  yRange(low, high) { return this.room(low, high); }
  draw() {}

  /** Called when the panel has become visible, or has new data. */
  shown() {
    if (!this.plot || this.rebuild) this.build();
    else this.redraw();
    this.rebuild = false;
  }

  redraw() {
    this.plot.setData(this.data(), true);
  }

  restyle() {
    if (this.plot && !this.body.hidden) this.build();
  }

  resize() {
    if (!this.plot) return;
    const [width, height] = [this.width(), this.chartHeight()];
    if (width === this.plot.width && height === this.plot.height) return;
    this.plot.setSize({ width, height });
    clearTimeout(this.resizing);
    this.resizing = setTimeout(() => this.refreshSoon(0), 300);
  }

  // Zoom.

  selected(u) {
    const { left, width } = u.select;
    if (width < 4) return;
    const range = [u.posToVal(left, "x"), u.posToVal(left + width, "x")];
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.zoomTo(range);
  }

  /** Zooms by a factor around a time; without one around the cursor or the middle. */
  zoom(factor, centre) {
    const [from, to] = this.ends();
    const left = this.plot?.cursor.left;
    const at = centre ?? (left >= 0 && document.activeElement === this.host ? this.plot.posToVal(left, "x") : (from + to) / 2);
    this.zoomTo([at - (at - from) * factor, at + (to - at) * factor]);
  }

  zoomTo([from, to]) {
    if (!this.plot) return;
    const [first, end] = [this.limits[0], this.limits[1] + (this.step ?? 0)];
    from = Math.max(from, first);
    to = Math.min(to, end);
    if (from <= first && to >= end) return this.reset();
    if (to - from < 20) return;
    this.range = [from, to];
    this.resetButton.disabled = false;
    this.plot.setScale("x", { min: from, max: to });
    clearTimeout(this.finer);
    this.finer = setTimeout(() => this.refresh().catch(() => {}), 120);
  }

  reset() {
    if (!this.range) return;
    this.range = null;
    this.resetButton.disabled = true;
    clearTimeout(this.finer);
    this.refresh().catch(() => {});
  }

  wheel(event) {
    // Without the focus the wheel scrolls the page.
    if (!this.plot || (document.activeElement !== this.host && !event.ctrlKey)) return;
    event.preventDefault();
    const at = this.plot.posToVal(event.clientX - this.plot.over.getBoundingClientRect().left, "x");
    this.zoom(event.deltaY < 0 ? 0.8 : 1.25, at);
  }

  key(event) {
    if (!this.plot || event.altKey || event.metaKey || event.ctrlKey || event.target !== this.host) return;
    const last = this.data()[0].length - 1;
    const at = this.plot.cursor.idx ?? last;
    const step = event.shiftKey ? 10 : 1;
    const moves = { ArrowLeft: at - step, ArrowRight: at + step, Home: 0, End: last };
    if (event.key in moves) this.moveTo(Math.min(last, Math.max(0, moves[event.key])));
    else if (event.key === "+" || event.key === "=") this.zoom(0.5);
    else if (event.key === "-") this.zoom(2);
    else if (event.key === "Escape" || event.key === "0") this.reset();
    else return;
    event.preventDefault();
  }

  /** Moves the cursor to a row, and the picture along if the row is outside. */
  moveTo(row) {
    const x = this.data()[0][row];
    if (x === undefined) return;
    const left = this.plot.valToPos(x, "x");
    this.plot.setCursor({ left: Math.min(Math.max(left, 0), this.plot.over.clientWidth - 1), top: this.plot.over.clientHeight / 3 });
    const values = this.valuesAt(row).map(([name, value]) => `${name} ${number(value)}`);
    this.said.textContent = `${time(this.timeAt(row))} UTC: ${values.join(", ")}`;
  }

  timeAt(row) { return this.data()[0][row]; }

  // What is under the cursor.

  moved(u) {
    const { idx, left, top } = u.cursor;
    if (idx === null || idx === undefined || left < 0) {
      this.tip.hidden = true;
      this.legendValues(null);
      return;
    }
    this.legendValues(idx);
    const lines = this.tipLines(idx, top, left);
    this.tip.replaceChildren(element("b", { text: `${time(this.timeAt(idx))} UTC` }),
      ...lines.map(([name, value]) => element("div", {}, element("span", { text: name }), element("span", { text: value }))));
    this.tip.hidden = false;
    const room = u.over.clientWidth;
    this.tip.style.left = `${left > room / 2 ? Math.max(0, left - this.tip.offsetWidth - 14) : Math.min(left + 14, room - this.tip.offsetWidth)}px`;
    this.tip.style.top = `${Math.max(0, Math.min(top + 12, u.over.clientHeight - this.tip.offsetHeight))}px`;
  }

  tipLines(idx) { return this.valuesAt(idx).map(([name, value]) => [name, number(value)]); }
  legendValues() {}
  buildLegend() {}
}
