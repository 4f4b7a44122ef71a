/**
 * Work for tiles, one tile a task: between two of them the browser may answer the user.
 *
 * A task is named by its owner; asking again before it ran replaces it, so a tile never draws an old figure. The
 * owner that `prefer` names goes first.
 */

type Task = () => void;

export type DrawQueue = { add(owner: object, task: Task): void; drop(owner: object): void; prefer(owner: object | null): void };

export function drawQueue(defer: (run: () => void) => void = afterInput): DrawQueue {
  const waiting = new Map<object, Task>();
  let favourite: object | null = null;
  let isRunning = false;

  const next = () => {
    const owner = favourite !== null && waiting.has(favourite) ? favourite : waiting.keys().next().value;
    if (owner === undefined) {
      isRunning = false;
      return;
    }
    const task = waiting.get(owner);
    waiting.delete(owner);
    try {
      task?.();
    } finally {
      defer(next);
    }
  };

  return {
    add(owner, task) {
      waiting.set(owner, task);
      if (isRunning) return;
      isRunning = true;
      defer(next);
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
