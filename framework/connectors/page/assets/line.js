// SPDX-License-Identifier: Apache-2.0
import { ChartPanel } from "./chart.js";
import { element, number, seriesColour } from "./format.js";
import { Marks } from "./marks.js";

const mostRows = 8000; // with more, the server thins out again
const mostMarks = 4000;

/** Lines over time. */
export class LinePanel extends ChartPanel {
  constructor(spec, index) {
    super(spec, index);
    this.height = 380;
    this.marks = new Marks(spec.marks);
    this.names = [];
    this.x = [];
    this.columns = [];
    this.hidden = new Set(); // names that the viewer does not want to see
  }

  data() { return [this.x, ...this.columns]; }

  series() {
    return this.names.map((name, i) => ({ label: name, stroke: seriesColour(i), width: 1.6, spanGaps: true, show: !this.hidden.has(name) }));
  }

  show(state) {
    this.setNames(state);
    this.limits = [state.min, state.max];
    this.x = state.x;
    this.columns = this.names.map(() => null);
    state.s.forEach((column, i) => { this.columns[column] = state.y[i]; });
    this.columns = this.columns.map((column) => column ?? new Array(this.x.length).fill(null));
    this.marks.set(state.marks);
    const points = state.total.toLocaleString("en");
    this.note.textContent = `${points} points${state.thinned ? ", thinned out; zoom in for all" : ""}${state.full ? "; the first 24 series" : ""}`;
    this.total = state.total;
    return state.total > 0;
  }

  setNames({ names, full }) {
    if (names.length !== this.names.length || names.some((name, i) => name !== this.names[i])) this.rebuild = true;
    this.names = names;
    this.full = full;
  }

  apply(change) {
    if (change.names) {
      this.setNames(change);
      while (this.columns.length < this.names.length) this.columns.push(new Array(this.x.length).fill(null));
    }
    change.x.forEach((x, row) => {
      if (this.limits[0] > x) this.limits[0] = x;
      if (this.limits[1] < x) this.limits[1] = x;
      if (this.range && (x < this.range[0] || x > this.range[1])) return;
      const at = this.rowAt(x);
      change.s.forEach((column, i) => {
        const value = change.y[i][row];
        if (value !== null) this.columns[column][at] = value;
      });
    });
    this.marks.add(change.marks, this.range);
    if (this.x.length > mostRows || this.marks.count() > mostMarks) this.refreshSoon(2000);
    this.shown();
  }

  /** The row of this time; makes one if there is none. */
  rowAt(x) {
    let low = this.x.length;
    if (low > 0 && this.x[low - 1] >= x) {
      low = this.lowerBound(x);
      if (this.x[low] === x) return low;
    }
    this.x.splice(low, 0, x);
    for (const column of this.columns) column.splice(low, 0, null);
    return low;
  }

  lowerBound(x) {
    let low = 0;
    let high = this.x.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.x[middle] < x) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The value of the drawn line at this time. */
  heightAt(x, series) {
    if (series < 0) return this.plot.scales.y.min;
    const column = this.columns[series];
    if (!column || this.hidden.has(this.names[series])) return null;
    let right = this.lowerBound(x);
    let left = this.x[right] === x ? right : right - 1;
    while (right < column.length && column[right] === null) right += 1;
    while (left >= 0 && column[left] === null) left -= 1;
    if (left < 0) return column[right] ?? null;
    if (right >= column.length || left === right) return column[left];
    return column[left] + ((column[right] - column[left]) * (x - this.x[left])) / (this.x[right] - this.x[left]);
  }

  draw(u) { this.marks.draw(u, (x, series) => this.heightAt(x, series)); }

  /** The last value of a series at or before the row. */
  valueAt(series, row) {
    const column = this.columns[series];
    for (let i = row; i >= 0; i -= 1) if (column[i] !== null && column[i] !== undefined) return column[i];
    return null;
  }

  valuesAt(row) {
    return this.names.map((name, i) => [name, this.valueAt(i, row)]).filter(([name, value]) => value !== null && !this.hidden.has(name));
  }

  /** Of many lines, the one that is nearest to the cursor. */
  tipLines(row, top, left) {
    const shown = this.valuesAt(row);
    const nearest = shown.sort((a, b) => Math.abs(this.plot.valToPos(a[1], "y") - top) - Math.abs(this.plot.valToPos(b[1], "y") - top));
    return [...nearest.slice(0, 3).map(([name, value]) => [name, number(value)]),
      ...this.marks.near(this.plot, left, top, (series) => this.names[series])];
  }

  buildLegend() {
    this.values = this.names.map(() => element("span", { class: "value" }));
    const items = this.names.map((name, i) => {
      const swatch = element("span", { class: "swatch" });
      swatch.style.background = seriesColour(i);
      const button = element("button", { type: "button", "aria-pressed": String(!this.hidden.has(name)), title: name },
        swatch, element("span", { class: "name", text: name }), this.values[i]);
      button.addEventListener("click", () => {
        if (!this.hidden.delete(name)) this.hidden.add(name);
        button.setAttribute("aria-pressed", String(!this.hidden.has(name)));
        this.plot.setSeries(i + 1, { show: !this.hidden.has(name) });
      });
      return element("li", {}, button);
    });
    this.legend.replaceChildren(...items, ...this.marks.legend());
  }

  legendValues(row) {
    this.values?.forEach((span, i) => {
      const value = row === null ? null : this.valueAt(i, row);
      span.textContent = value === null ? "" : number(value);
    });
  }
}
