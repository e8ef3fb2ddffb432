// SPDX-License-Identifier: Apache-2.0
// The marked points of a chart.
import { colour, element } from "./format.js";

const distance = 7; // pixels within which the cursor touches a mark

export class Marks {
  constructor(labels) {
    this.labels = labels;
    this.kinds = labels.map(() => ({ first: 0, x: [], s: [], v: [], n: [] }));
  }

  set(kinds) { this.kinds = kinds; }

  /** Adds those that are not known yet, and lie in the range. */
  add(kinds, range) {
    kinds.forEach((fresh, k) => {
      const kind = this.kinds[k];
      fresh.x.forEach((x, i) => {
        if (fresh.first + i < kind.first || (range && (x < range[0] || x > range[1]))) return;
        for (const column of ["x", "s", "v", "n"]) kind[column].push(fresh[column][i]);
      });
      kind.first = Math.max(kind.first, fresh.first + fresh.x.length);
    });
  }

  count() { return this.kinds.reduce((sum, kind) => sum + kind.x.length, 0); }

  /** The first of several kinds is a dot, the others are triangles. */
  isDot(k) { return k === 0 && this.labels.length > 1; }

  /** `height(mark)` gives the y value; null: not drawn. */
  draw(u, height) {
    const { ctx } = u;
    const size = devicePixelRatio;
    this.places = [];
    ctx.save();
    ctx.beginPath();
    ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    ctx.clip();
    this.kinds.forEach((kind, k) => {
      const dot = this.isDot(k);
      ctx.fillStyle = colour(dot ? "mark0" : "mark1");
      ctx.strokeStyle = colour("panel");
      ctx.lineWidth = size;
      for (let i = 0; i < kind.x.length; i += 1) {
        const y = kind.v[i] ?? height(kind.x[i], kind.s[i]);
        if (y === null || y === undefined) continue;
        const left = u.valToPos(kind.x[i], "x", true);
        const top = u.valToPos(y, "y", true);
        this.places.push([left / size, top / size, k, i]);
        ctx.beginPath();
        if (dot) {
          ctx.arc(left, top, 2.2 * size, 0, 7);
        } else {
          ctx.moveTo(left, top - 9 * size);
          ctx.lineTo(left + 5.5 * size, top + 1 * size);
          ctx.lineTo(left - 5.5 * size, top + 1 * size);
          ctx.closePath();
          ctx.stroke();
        }
        ctx.fill();
      }
    });
    ctx.restore();
  }

  /** The marks under the cursor as lines of the tip. `name(series)` is the name of a series. */
  near(u, left, top, name) {
    const x = left + u.bbox.left / devicePixelRatio;
    const y = top + u.bbox.top / devicePixelRatio;
    const lines = new Map();
    for (const [px, py, k, i] of this.places ?? []) {
      if (Math.abs(px - x) > distance || Math.abs(py - y) > 2 * distance) continue;
      const label = `${this.labels[k]} ${name(this.kinds[k].s[i]) ?? ""}`.trim();
      lines.set(label, (lines.get(label) ?? 0) + this.kinds[k].n[i]);
    }
    return [...lines].slice(0, 5).map(([label, n]) => [label, n > 1 ? `${n} times` : ""]);
  }

  legend() {
    return this.labels.map((label, k) => {
      const swatch = element("span", { class: this.isDot(k) ? "swatch dot" : "swatch up" });
      if (this.isDot(k)) swatch.style.background = colour("mark0");
      return element("li", { class: "mark" }, swatch, element("span", { text: label }));
    });
  }
}
