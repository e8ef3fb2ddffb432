// SPDX-License-Identifier: Apache-2.0
import { compact, element } from "./format.js";
import { ask, connect } from "./stream.js";
import { LinePanel } from "./line.js";
import { CandlePanel } from "./candles.js";
import { TimeBarPanel } from "./timebars.js";
import { BarPanel } from "./bars.js";
import { TablePanel } from "./table.js";

const kinds = { line: LinePanel, candles: CandlePanel, timebars: TimeBarPanel, bars: BarPanel, table: TablePanel };
const by = (id) => document.getElementById(id);
let page = null;
let panels = [];
let topics = [];
let paused = false;
let connected = false;
let last = null; // the last event
let early = []; // events that came before the page was built

function showState() {
  const state = by("state");
  const [name, text] = !connected ? ["lost", "connection lost, trying again"]
    : paused ? ["paused", "paused"]
    : last?.trouble ? ["trouble", "no answer from the broker"]
    : last?.loading ? ["reading", "reading earlier records"]
    : ["live", "live"];
  if (state.dataset.state !== name) {
    state.dataset.state = name;
    state.textContent = text;
  }
  const banner = by("banner");
  const lines = [];
  if (!connected && page) lines.push("Connection lost, trying again. What you see may be old.");
  else if (last?.trouble) lines.push(`The broker cannot be read at present, trying again: ${last.trouble}`);
  banner.hidden = lines.length === 0;
  if (banner.textContent !== lines.join(" ")) banner.textContent = lines.join(" ");
}

function buildTopics() {
  topics = page.topics.map((name) => {
    const rate = element("span", { text: "–" });
    const count = element("span", { class: "count" });
    const note = element("span", { class: "note", hidden: true });
    const unit = element("small", { text: " per s" });
    const item = element("li", {}, element("span", { class: "name", text: name }),
      element("span", { class: "rate" }, rate, unit), count, note);
    return { item, rate, count, note, seen: [] };
  });
  by("topics").replaceChildren(...topics.map((topic) => topic.item));
}

/** Counts per second over the last five seconds. */
function showTopics(event) {
  event.topics.forEach(([count, skipped, missing], i) => {
    const topic = topics[i];
    if (!topic) return;
    if (event.loading) topic.seen = [];
    topic.seen.push([event.now, count]);
    while (topic.seen.length > 2 && event.now - topic.seen[1][0] >= 5000) topic.seen.shift();
    const [then, before] = topic.seen[0];
    const rate = event.now > then ? ((count - before) * 1000) / (event.now - then) : null;
    topic.rate.textContent = rate === null ? "–" : compact(rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate));
    topic.count.textContent = `${count.toLocaleString("en")} records`;
    const note = missing ? "does not exist yet" : skipped ? `${skipped.toLocaleString("en")} could not be shown` : "";
    topic.note.hidden = !note;
    topic.note.textContent = note;
  });
}

function take(event) {
  last = event;
  showState();
  if (!page) return;
  showTopics(event);
  for (const [i, change] of Object.entries(event.panels)) panels[i]?.change(change, event.seq);
}

async function load() {
  page = await ask("/api/page");
  document.title = page.title;
  by("title").textContent = page.title;
  by("description").textContent = page.description;
  by("description").hidden = !page.description;
  by("source").textContent = page.source;
  buildTopics();
  by("panels").replaceChildren();
  panels = page.panels.map((spec, i) => new kinds[spec.kind](spec, i));
  panels.forEach((panel) => by("panels").append(panel.root));
  // A half without a neighbour takes the whole row.
  panels.forEach((panel, i) => {
    const half = (j) => panels[j]?.root.classList.contains("half");
    let before = 0;
    while (half(i - before - 1)) before += 1;
    if (half(i) && before % 2 === 0 && !half(i + 1)) panel.root.classList.add("alone");
  });
}

let loading = null;
async function fresh(epoch) {
  // A server that was started again may show something else.
  const other = page && epoch && epoch !== page.epoch;
  if (!page || other) {
    const before = page;
    const now = await ask("/api/page");
    if (before && JSON.stringify([before.panels, before.topics, before.title]) === JSON.stringify([now.panels, now.topics, now.title])) {
      page.epoch = now.epoch;
      topics.forEach((topic) => { topic.seen = []; });
    } else {
      loading ??= load().finally(() => { loading = null; });
      await loading;
    }
  }
  await Promise.all(panels.map((panel) => panel.refresh()));
  const events = early;
  early = [];
  events.forEach(take);
}

connect({
  event: (event) => (page ? take(event) : early.push(event)),
  fresh: (epoch) => fresh(epoch).catch(() => {}),
  state: (now) => {
    connected = now;
    showState();
  },
});

by("pause").addEventListener("click", () => {
  paused = !paused;
  by("pause").setAttribute("aria-pressed", String(paused));
  by("pause").textContent = paused ? "Resume" : "Pause";
  panels.forEach((panel) => panel.pause(paused));
  showState();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => panels.forEach((panel) => panel.restyle()));
