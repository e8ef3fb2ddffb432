// SPDX-License-Identifier: Apache-2.0
// The stream of events, which comes back by itself.

const silence = 6000; // ms; the server sends something each second
const longestPause = 5000;

/**
 * Calls on.event(data) for each event, on.fresh(epoch) when snapshots are needed, and on.state(connected) when that
 * changes.
 */
export function connect(on) {
  let source = null;
  let heard = 0;
  let pause = 250;
  let timer = 0;

  const open = () => {
    clearTimeout(timer);
    source = new EventSource("/events");
    heard = performance.now();
    const alive = () => {
      heard = performance.now();
      pause = 250;
      on.state(true);
    };
    source.onmessage = (message) => {
      alive();
      on.event(JSON.parse(message.data));
    };
    source.addEventListener("hello", (message) => {
      alive();
      on.fresh(JSON.parse(message.data).epoch);
    });
    source.addEventListener("resync", () => {
      alive();
      on.fresh(null);
    });
    source.onerror = () => {
      on.state(false);
      // A refused connection is final for the browser, so a new one is made.
      if (source && source.readyState === EventSource.CLOSED) again();
    };
  };
  const close = () => {
    clearTimeout(timer);
    source?.close();
    source = null;
  };
  const again = () => {
    close();
    timer = setTimeout(open, pause * (0.75 + Math.random() / 2));
    pause = Math.min(pause * 2, longestPause);
  };

  setInterval(() => {
    if (!source || performance.now() - heard < silence) return;
    on.state(false);
    again();
  }, 1000);
  // A page that nobody sees needs no events, and a browser has few connections for one server.
  let hidden = 0;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hidden);
    if (document.hidden) hidden = setTimeout(close, 30_000);
    else if (!source) open();
  });
  open();
}

/** Asks the server for JSON. */
export async function ask(path) {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  return answer.json();
}
