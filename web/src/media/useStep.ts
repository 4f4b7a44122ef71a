/** The step that a page of media shows, in the address; what is moved over on the way there is not asked for. */

import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { Search } from "../address";
import { useKeys } from "../frame/keys";
import { useHandler } from "../parts/useHandler";
import { placeOf, readStep } from "./steps";

/** So long the slider rests before what it rests on is asked for. */
const REST_MS = 150;

export type Stepping = {
  /** What is shown; null is the newest, also what comes later. */
  step: number | null;
  /** Where the slider is, which may be on its way. */
  place: number;
  steps: readonly number[];
  go: (place: number) => void;
  by: (count: number) => void;
};

export function useStep(steps: readonly number[]): Stepping {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const step = readStep(search["step"]);
  const [moving, setMoving] = useState<number | null>(null);
  const last = steps.length - 1;
  const place = Math.min(last, moving ?? placeOf(steps, step));
  const settle = useHandler((target: number) => {
    const next = steps[target];
    setMoving(null);
    void navigate({ to: ".", search: (now: Search) => ({ ...now, step: target >= steps.length - 1 || next === undefined ? undefined : String(next) }), replace: true, resetScroll: false });
  });
  useEffect(() => {
    if (moving === null) return;
    const timer = window.setTimeout(() => { settle(moving); }, REST_MS);
    return () => { window.clearTimeout(timer); };
  }, [moving, settle]);
  const go = useHandler((target: number) => { setMoving(Math.min(last, Math.max(0, target))); });
  const by = useHandler((count: number) => { setMoving((now) => Math.min(last, Math.max(0, (now ?? placeOf(steps, step)) + count))); });
  useKeys([
    { key: "ArrowLeft", label: "Previous step of media", run: () => { by(-1); } },
    { key: "ArrowRight", label: "Next step of media", run: () => { by(1); } },
  ]);
  return { step, place, steps, go, by };
}
