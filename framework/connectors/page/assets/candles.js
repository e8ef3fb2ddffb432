// SPDX-License-Identifier: Apache-2.0
import { ChartPanel } from "./chart.js";
import { colour, element, number, span } from "./format.js";
import { Marks } from "./marks.js";

/** Candles of one series over time, with the volume in the lowest part. */
export class CandlePanel extends ChartPanel {
  constructor(spec, index) {
    super(spec, index);
    this.height = 420;
    this.marks = new Marks(spec.marks);
    this.names = [];
    this.state = { x: [], o: [], h: [], l: [], c: [], v: [] };
    this.middles = [];
    this.choice = element("select", { "aria-label": "Series" });
    this.choice.addEventListener("change", () => {
      this.chosen = this.choice.value;
      this.range = null;
      this.resetButton.disabled = true;
      this.refresh().catch(() => {});
    });
    this.tools.prepend(this.choice);
  }

  data() {
    const { h, l, v } = this.state;
    return [this.middles, h, l, v];
  }

  series() {
    const unseen = { paths: () => null, points: { show: false } };
    return [unseen, unseen, { ...unseen, scale: "v" }];
  }

  extend(options) {
    options.scales.v = { range: (u, low, high) => [0, (high || 1) * 4.5] };
    options.cursor.points = { show: false };
  }

  /** The volume has the lowest fifth for itself. */
  yRange(low, high) {
    const [from, to] = this.room(low, high);
    return this.spec.volume ? [from - (to - from) * 0.28, to] : [from, to];
  }

  show(state) {
    if (state.names.join("\n") !== this.names.join("\n")) {
      this.names = state.names;
      const sorted = [...state.names].sort();
      this.choice.replaceChildren(...sorted.map((name) => element("option", { value: name, text: name })));
    }
    this.chosen = state.series;
    this.choice.value = state.series;
    this.choice.hidden = this.names.length < 2;
    this.state = state;
    this.step = state.step;
    this.limits = [state.min, state.max];
    this.middles = state.x.map((x) => x + state.step / 2);
    this.marks.set(state.marks);
    this.note.textContent = `${state.series}, ${span(state.step)} each${state.step > state.base ? "; zoom in for finer ones" : ""}`;
    return state.names.length > 0;
  }

  apply() { this.refreshSoon(); }

  timeAt(row) { return this.state.x[row]; }

  draw(u) {
    const { ctx } = u;
    const { x, o, h, l, c, v } = this.state;
    const size = devicePixelRatio;
    const room = u.valToPos(x[0] + this.step, "x", true) - u.valToPos(x[0], "x", true);
    const width = Math.max(size, Math.min(room * 0.7, 14 * size));
    const [up, down] = [colour("up"), colour("down")];
    ctx.save();
    ctx.beginPath();
    ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    ctx.clip();
    const floor = u.valToPos(0, "v", true);
    for (let i = 0; i < x.length; i += 1) {
      const at = u.valToPos(this.middles[i], "x", true);
      if (at < u.bbox.left - room || at > u.bbox.left + u.bbox.width + room) continue;
      const y = (value) => u.valToPos(value, "y", true);
      ctx.fillStyle = c[i] >= o[i] ? up : down;
      if (this.spec.volume) {
        ctx.globalAlpha = 0.35;
        const top = u.valToPos(v[i], "v", true);
        ctx.fillRect(at - width / 2, top, width, floor - top);
        ctx.globalAlpha = 1;
      }
      ctx.fillRect(at - size / 2, y(h[i]), size, Math.max(size, y(l[i]) - y(h[i])));
      const [top, bottom] = [y(Math.max(o[i], c[i])), y(Math.min(o[i], c[i]))];
      ctx.fillRect(at - width / 2, top, width, Math.max(size, bottom - top));
    }
    ctx.restore();
    this.marks.draw(u, (time) => this.closeAt(time));
  }

  closeAt(time) {
    const { x, h } = this.state;
    let row = x.length - 1;
    while (row >= 0 && x[row] > time) row -= 1;
    return row < 0 ? null : h[row];
  }

  valuesAt(row) {
    const { o, h, l, c, v } = this.state;
    const values = [["open", o[row]], ["high", h[row]], ["low", l[row]], ["close", c[row]]];
    return this.spec.volume ? [...values, ["volume", v[row]]] : values;
  }

  tipLines(row, top, left) {
    return [...this.valuesAt(row).map(([name, value]) => [name, number(value)]), ...this.marks.near(this.plot, left, top, () => "")];
  }

  buildLegend() { this.legend.replaceChildren(...this.marks.legend()); }
}
