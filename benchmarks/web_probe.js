// Runs in the page before its own scripts and notes when what becomes visible. `window.probe` is all of it.

(() => {
  // neither keeps alive what the page has let go of
  const draws = new WeakMap();
  const canvases = [];
  const tasks = [];
  const events = [];
  const tileOf = (canvas) => canvas.closest("figure[data-metric]");

  // a chart engine clears its canvas each time it draws a chart anew
  const clear = CanvasRenderingContext2D.prototype.clearRect;
  CanvasRenderingContext2D.prototype.clearRect = function (...area) {
    clear.apply(this, area);
    draws.set(this.canvas, performance.now());
  };
  const create = Document.prototype.createElement;
  Document.prototype.createElement = function (...how) {
    const element = create.apply(this, how);
    if (element instanceof HTMLCanvasElement) canvases.push(new WeakRef(element));
    return element;
  };
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ startTime, duration }) => ({ startTime, duration })))).observe({ type: "longtask", buffered: true });
  new PerformanceObserver((list) => events.push(...list.getEntries().map(({ name, startTime, duration, interactionId }) => ({ name, startTime, duration, interactionId })))).observe({ type: "event", durationThreshold: 16, buffered: true });

  const drawn = () => [...document.querySelectorAll("figure[data-metric] canvas")];
  const complete = (runs) => [...document.querySelectorAll("figure[data-metric]")].filter((tile) => tile.querySelector("canvas") !== null && tile.getAttribute("aria-label").match(`, ${runs} runs?\\b`) !== null);

  // looked for in every frame: the first one that shows it is the one that counts
  const seen = {};
  const look = () => {
    const now = performance.now();
    if (seen.shell === undefined && document.querySelector("header") !== null && document.querySelector("main") !== null) seen.shell = now;
    if (seen.first === undefined && drawn().length > 0) seen.first = now;
    if (seen.all === undefined && window.probe.wanted !== null && complete(window.probe.wanted.runs).length >= window.probe.wanted.tiles) seen.all = now;
    if (seen.all === undefined) requestAnimationFrame(look);
  };

  const frame = () => new Promise((resolve) => requestAnimationFrame(() => { const { port1, port2 } = new MessageChannel(); port1.onmessage = resolve; port2.postMessage(null); }));

  window.probe = {
    wanted: null,
    seen, draws, tasks, events, drawn, frame,
    tiles: () => drawn().length,
    /** Milliseconds from the next event of this type until every chart that is here has been drawn anew. */
    redrawn(type, count) {
      return new Promise((resolve) => {
        addEventListener(type, () => {
          const begun = performance.now();
          const wait = async () => {
            const times = drawn().map((canvas) => draws.get(canvas) ?? 0).filter((time) => time >= begun);
            if (times.length < count && performance.now() - begun < 10000) { requestAnimationFrame(wait); return; }
            resolve(times.length < count ? null : Math.max(...times) - begun);
          };
          requestAnimationFrame(wait);
        }, { capture: true, once: true });
      });
    },
    /** Milliseconds from the next move of the pointer until the tooltip has changed. */
    pointed() {
      return new Promise((resolve) => {
        addEventListener("pointermove", () => {
          const begun = performance.now();
          const observer = new MutationObserver(() => {
            if (document.querySelector("[role=tooltip]") === null) return;
            observer.disconnect();
            clearTimeout(timer);
            resolve(performance.now() - begun);
          });
          observer.observe(document.body, { subtree: true, childList: true, characterData: true });
          const timer = setTimeout(() => { observer.disconnect(); resolve(null); }, 2000);
        }, { capture: true, once: true });
      });
    },
    /** Scrolls an element by so many pixels a frame; the lengths of the frames in milliseconds. */
    async scroll(element, pixels, frames) {
      const lengths = [];
      let before = await new Promise(requestAnimationFrame);
      for (let number = 0; number < frames; number += 1) {
        const end = element.scrollHeight - element.clientHeight;
        if (element.scrollTop >= end - 1 || (pixels < 0 && element.scrollTop <= 0)) pixels = -pixels;
        element.scrollTop += pixels;
        const now = await new Promise(requestAnimationFrame);
        lengths.push(now - before);
        before = now;
      }
      return lengths;
    },
    /** Whether the last row of a table has come. */
    isAtEnd(grid) {
      const last = grid.querySelector(`[role=row][aria-rowindex="${grid.getAttribute("aria-rowcount")}"]`);
      return last !== null && last.textContent.trim() !== "";
    },
    /** The longest task since a time; one below fifty milliseconds is not reported by the browser and counts as none. */
    longest: (since) => Math.max(0, ...tasks.filter(({ startTime }) => startTime >= since).map(({ duration }) => duration)),
    /** The slowest answer to what a person did since a time, to the next paint; below sixteen milliseconds counts as none. */
    slowest: (since) => Math.max(0, ...events.filter(({ startTime, interactionId }) => interactionId > 0 && startTime >= since).map(({ duration }) => duration)),
    /** Canvases that the engine has not let go of, though no chart shows them. */
    left: () => canvases.filter((ref) => { const canvas = ref.deref(); return canvas !== undefined && !canvas.isConnected; }).length,
  };
  requestAnimationFrame(look);
})();
