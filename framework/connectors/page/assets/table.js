// SPDX-License-Identifier: Apache-2.0
import { element, time } from "./format.js";
import { Panel } from "./panel.js";

const isNumber = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

/** The latest records, the newest first. */
export class TablePanel extends Panel {
  constructor(spec, index) {
    super(spec, index);
    this.root.classList.toggle("half", spec.columns.length <= 3);
    this.end = 0;
    this.rows = element("tbody", {});
    this.heads = spec.columns.map((column) => element("th", { scope: "col", text: column.time ? `${column.title} (UTC)` : column.title }));
    this.body.append(element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${spec.title || spec.topic}, table` },
      element("table", {}, element("thead", {}, element("tr", {}, ...this.heads)), this.rows)));
    this.note.textContent = "newest first";
  }

  show(state) {
    this.end = 0;
    this.rows.replaceChildren();
    this.apply(state);
    return state.rows.length > 0;
  }

  apply(state) {
    const fresh = state.rows.slice(Math.max(0, state.rows.length - (state.end - this.end)));
    this.end = state.end;
    const made = fresh.map((row) => element("tr", {}, ...row.map((cell, i) => {
      const when = this.spec.columns[i].time && typeof cell === "number";
      const text = cell === null ? "" : when ? time(cell) : String(cell);
      const right = !when && isNumber.test(text);
      if (right) this.heads[i].classList.add("number");
      return element("td", { text, class: right ? "number" : null });
    })));
    this.rows.prepend(...made.reverse());
    while (this.rows.children.length > this.spec.limit) this.rows.lastChild.remove();
  }
}
