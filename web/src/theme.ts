/** Keeps `data-theme`, `data-density` and `data-motion` of the page in step with what was chosen, and says when they change. */

import { useSyncExternalStore } from "react";
import { density, motion, theme } from "./settings";

const preference = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();
let isDark = false;

function apply(): void {
  isDark = theme.get() === "dark" || (theme.get() === "system" && preference.matches);
  document.documentElement.dataset["theme"] = isDark ? "dark" : "light";
  document.documentElement.dataset["density"] = density.get();
  document.documentElement.dataset["motion"] = motion.get();
  for (const listener of listeners) listener();
}

export function chooseTheme(choice: "system" | "light" | "dark"): void {
  theme.set(choice);
  apply();
}

export function chooseDensity(choice: "compact" | "comfortable"): void {
  density.set(choice);
  apply();
}

export function chooseMotion(choice: "system" | "reduced"): void {
  motion.set(choice);
  apply();
}

export function startTheme(): void {
  preference.addEventListener("change", apply);
  apply();
}

/** For what is drawn on a canvas, and has to be drawn again. */
export const useIsDark = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => isDark,
  );
