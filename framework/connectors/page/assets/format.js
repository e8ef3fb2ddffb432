// SPDX-License-Identifier: Apache-2.0
// Numbers and times as texts, and elements. Texts of records become text nodes only, so that they cannot be markup.

const significant = new Intl.NumberFormat("en", { maximumSignificantDigits: 7 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** A number for people; "–" if there is none. */
export const number = (value) => (value === null || value === undefined || Number.isNaN(value) ? "–" : significant.format(value));
/** The same in little room: 12.1K. */
export const compact = (value) => (Math.abs(value) < 10000 ? significant.format(value) : short.format(value));

/** A time in UTC, without the parts that are zero. */
export function time(ms) {
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return "–";
  const [day, clock] = new Date(ms).toISOString().split("T");
  if (clock === "00:00:00.000Z") return day;
  return `${day} ${clock.replace("Z", "").replace(/\.000$/, "").replace(/^(\d\d:\d\d):00$/, "$1")}`;
}

const spans = [[86_400_000, "day"], [3_600_000, "hour"], [60_000, "minute"], [1000, "second"]];
/** A length of time: "5 minutes". */
export function span(ms) {
  for (const [size, name] of spans) {
    if (ms >= size && ms % size === 0) return ms === size ? `1 ${name}` : `${ms / size} ${name}s`;
  }
  return `${ms} ms`;
}

/** An element with attributes (those that begin with "on" are listeners) and children. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "text") made.textContent = value;
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** A colour of the style sheet. */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
export const seriesColour = (index) => colour(`s${index % 12}`);
