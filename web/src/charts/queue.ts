/**
 * Work for tiles, in turns of a few milliseconds: between two of them the browser may answer the user.
 *
 * A task is named by its owner; asking again before it ran replaces it, so a tile never draws an old figure. The
 * owner that `prefer` names goes first. A tile is never interrupted, and a turn ends with the tile that uses it up: a
 * task for each would let the browser put a frame between any two of them, so that twelve tiles took twelve frames.
 */

type Task = () => void;

export type DrawQueue = { add(owner: object, task: Task): void; drop(owner: object): void; prefer(owner: object | null): void };

/** Half a frame: what the user does meanwhile is answered in the next one. */
export const TURN_MS = 8;

export function drawQueue(defer: (run: () => void) => void = afterInput, now: () => number = () => performance.now()): DrawQueue {
  const waiting = new Map<object, Task>();
  let favourite: object | null = null;
  let isRunning = false;

  const next = (): Task | undefined => {
    const owner = favourite !== null && waiting.has(favourite) ? favourite : waiting.keys().next().value;
    if (owner === undefined) return undefined;
    const task = waiting.get(owner);
    waiting.delete(owner);
    return task;
  };

  const turn = () => {
    const end = now() + TURN_MS;
    try {
      do next()?.();
      while (waiting.size > 0 && now() < end);
    } finally {
      isRunning = waiting.size > 0;
      if (isRunning) defer(turn);
    }
  };

  return {
    add(owner, task) {
      waiting.set(owner, task);
      if (isRunning) return;
      isRunning = true;
      defer(turn);
    },
    drop: (owner) => void waiting.delete(owner),
    prefer: (owner) => void (favourite = owner),
  };
}

/** A message is a task of its own, without the four milliseconds that a timer costs. */
function afterInput(run: () => void): void {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => {
    channel.port1.close();
    run();
  };
  channel.port2.postMessage(null);
}

/** The one that all tiles of the page share. */
export const tileQueue = drawQueue();
