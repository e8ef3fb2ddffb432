// SPDX-License-Identifier: Apache-2.0
import { element, number } from "./format.js";
import { Panel } from "./panel.js";

/** A bar per key. */
export class BarPanel extends Panel {
  constructor(spec, index) {
    super(spec, index);
    this.root.classList.add("half");
    this.list = element("dl", { class: "bars" });
    this.body.append(this.list);
    if (spec.unit) this.note.textContent = spec.unit;
  }

  show(state) {
    this.apply(state);
    return state.keys.length > 0;
  }

  apply(state) {
    const rows = state.keys.map((key, i) => [key, state.values[i], false]);
    if (state.other_keys > 0) rows.push([`${state.other_keys.toLocaleString("en")} others`, state.others, true]);
    const largest = Math.max(...rows.map(([, value]) => value), 1e-300);
    while (this.list.children.length / 2 > rows.length) {
      this.list.lastChild.remove();
      this.list.lastChild.remove();
    }
    while (this.list.children.length / 2 < rows.length) {
      const fill = element("span", { class: "fill" });
      this.list.append(element("dt", {}),
        element("dd", {}, element("span", { class: "track", "aria-hidden": "true" }, fill), element("span", { class: "number" })));
    }
    rows.forEach(([key, value, others], i) => {
      const term = this.list.children[2 * i];
      const [track, text] = this.list.children[2 * i + 1].children;
      if (term.textContent !== key) term.textContent = term.title = key;
      track.firstChild.style.width = `${Math.max(0, (100 * value) / largest)}%`;
      track.firstChild.classList.toggle("others", others);
      text.textContent = number(value);
    });
  }
}
