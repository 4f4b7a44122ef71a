/** What this browser has kept under the name of a setting. */

export const keyOf = (name: string): string => `tracker.${name}`;

/** Anything, or null. */
export function stored(name: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(keyOf(name)) ?? "null");
  } catch {
    return null; // a browser that stores nothing starts with the defaults each time
  }
}
