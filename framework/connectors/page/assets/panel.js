// SPDX-License-Identifier: Apache-2.0
import { element } from "./format.js";
import { ask } from "./stream.js";

/** What all panels have: a frame with a title, and a state that comes by snapshots and changes. */
export class Panel {
  constructor(spec, index) {
    this.spec = spec;
    this.index = index;
    this.seq = 0; // the last event that the panel knows
    this.paused = false;
    this.asking = null;
    this.askAgain = false;
    this.tools = element("div", { class: "tools" });
    this.note = element("small", {});
    this.body = element("div", {});
    this.empty = element("p", { class: "empty", text: `No records in ${spec.topic} yet` });
    this.root = element("section", { class: "panel", "aria-label": spec.title || spec.topic, "data-kind": spec.kind },
      element("div", { class: "bar" }, element("h2", { text: spec.title || spec.topic }, this.note), this.tools),
      this.empty, this.body);
    this.body.hidden = true;
  }

  /** Further arguments of a request for a snapshot. */
  query() { return ""; }

  /** Asks for a snapshot; one request at a time. */
  async refresh() {
    if (this.asking) {
      this.askAgain = true;
      return this.asking;
    }
    this.asking = (async () => {
      do {
        this.askAgain = false;
        const snapshot = await ask(`/api/panel/${this.index}${this.query()}`);
        this.seq = snapshot.seq;
        this.missed = [];
        const filled = this.show(snapshot);
        this.empty.hidden = filled;
        this.body.hidden = !filled;
        if (filled) this.shown?.();
      } while (this.askAgain);
    })().finally(() => { this.asking = null; });
    return this.asking;
  }

  /** Asks for a snapshot soon: now, or a while after the last one. */
  refreshSoon(pause = 1000) {
    if (this.timer) return;
    const wait = Math.max(0, (this.asked ?? 0) + pause - performance.now());
    this.timer = setTimeout(() => {
      this.timer = 0;
      this.asked = performance.now();
      this.refresh().catch(() => {}); // the stream tells when the server is back
    }, wait);
  }

  /** Takes the part of an event that is for this panel. */
  change(change, seq) {
    if (this.paused) {
      this.behind = true;
      return;
    }
    if (change.stale || this.body.hidden) {
      this.refreshSoon();
    } else if (this.asking) {
      this.askAgain = true;
    } else if (seq > this.seq) {
      this.seq = seq;
      this.apply(change);
    }
  }

  pause(paused) {
    this.paused = paused;
    if (!paused && this.behind) this.refreshSoon(0);
    this.behind = false;
  }

  restyle() {}
}
