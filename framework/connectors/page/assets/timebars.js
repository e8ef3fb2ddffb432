// SPDX-License-Identifier: Apache-2.0
import { ChartPanel } from "./chart.js";
import { colour, element, number, seriesColour, span } from "./format.js";

/** Stacked bars over time. */
export class TimeBarPanel extends ChartPanel {
  constructor(spec, index) {
    super(spec, index);
    this.colours = new Map(); // a name keeps its colour while others come and go
    this.state = { x: [], y: [], others: [], names: [] };
    this.middles = [];
    this.sums = [];
  }

  data() { return [this.middles, this.sums]; }
  series() { return [{ paths: () => null, points: { show: false } }]; }
  extend(options) { options.cursor.points = { show: false }; }
  yRange(low, high) { return [0, (high || 1) * 1.06]; }

  show(state) {
    this.state = state;
    this.step = state.step;
    this.limits = [state.min, state.max];
    this.middles = state.x.map((x) => x + state.step / 2);
    this.sums = state.x.map((_, i) => state.y.reduce((sum, column) => sum + column[i], 0) + state.others[i]);
    for (const name of this.colours.keys()) if (!state.names.includes(name)) this.colours.delete(name);
    for (const name of state.names) {
      if (this.colours.has(name)) continue;
      const taken = new Set(this.colours.values());
      let free = 0;
      while (taken.has(free)) free += 1;
      this.colours.set(name, free);
    }
    this.note.textContent = `per ${span(state.step).replace(/^1 /, "")}`;
    if (this.plot) this.buildLegend();
    return state.x.length > 0;
  }

  apply() { this.refreshSoon(); }
  timeAt(row) { return this.state.x[row]; }

  draw(u) {
    const { ctx } = u;
    const { x, y, others, names } = this.state;
    const room = u.valToPos(x[0] + this.step, "x", true) - u.valToPos(x[0], "x", true);
    const width = Math.max(devicePixelRatio, Math.min(room * 0.8, 40 * devicePixelRatio));
    const columns = [...names.map((name, i) => [seriesColour(this.colours.get(name)), y[i]]), [colour("others"), others]];
    ctx.save();
    ctx.beginPath();
    ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    ctx.clip();
    for (let i = 0; i < x.length; i += 1) {
      const left = u.valToPos(this.middles[i], "x", true) - width / 2;
      let below = 0;
      for (const [fill, column] of columns) {
        if (!column[i]) continue;
        const top = u.valToPos(below + column[i], "y", true);
        ctx.fillStyle = fill;
        ctx.fillRect(left, top, width, u.valToPos(below, "y", true) - top);
        below += column[i];
      }
    }
    ctx.restore();
  }

  valuesAt(row) {
    const { names, y, others } = this.state;
    const values = names.map((name, i) => [name, y[i][row]]).filter(([, value]) => value);
    if (others[row]) values.push(["others", others[row]]);
    return values.sort((a, b) => b[1] - a[1]);
  }

  tipLines(row) {
    return [["all", number(this.sums[row])], ...this.valuesAt(row).map(([name, value]) => [name, number(value)])];
  }

  buildLegend() {
    const item = (name, fill) => {
      const swatch = element("span", { class: "swatch box" });
      swatch.style.background = fill;
      return element("li", { class: "mark" }, swatch, element("span", { class: "name", text: name, title: name }));
    };
    const items = this.state.names.map((name) => item(name, seriesColour(this.colours.get(name))));
    if (this.state.others.some((value) => value)) items.push(item("others", colour("others")));
    this.legend.replaceChildren(...items);
  }
}
