/**
 * The step that a page of media shows, in the address; what is moved over on the way there is not asked for. Played, it goes
 * from step to step: each is shown once what it shows has been fetched, and the address has the one at which it stops.
 */

import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import type { Search } from "../address";
import { useKeys } from "../frame/keys";
import { useHandler } from "../parts/useHandler";
import { placeOf, readStep } from "./steps";

/** So long the slider rests before what it rests on is asked for. */
const REST_MS = 150;

/** Steps a second. */
export const SPEEDS = [1, 2, 5, 10] as const;
export type Speed = (typeof SPEEDS)[number];
const USUAL_SPEED: Speed = 2;

/** What is not there after so long is not waited for: a broken image must not hold up the others. */
const MOST_WAIT_MS = 5000;

/** Fetches what is shown at a step, null for the newest. */
export type Prepare = (step: number | null) => Promise<unknown>;

export type Stepping = {
  /** What is shown; null is the newest, also what comes later. */
  step: number | null;
  /** Where the slider is, which may be on its way. */
  place: number;
  steps: readonly number[];
  go: (place: number) => void;
  by: (count: number) => void;
  isPlaying: boolean;
  speed: Speed;
  setSpeed: (speed: Speed) => void;
  /** Plays from where the slider is, or from the first step where that is the last; or stops there. */
  toggle: () => void;
  preparers: ReadonlySet<Prepare> & Pick<Set<Prepare>, "add" | "delete">;
};

/** What is to be done before the step that comes next is shown. */
export function usePrepared({ preparers }: Stepping, prepare: Prepare): void {
  const latest = useRef(prepare);
  useEffect(() => { latest.current = prepare; });
  useEffect(() => {
    const one: Prepare = (step) => latest.current(step);
    preparers.add(one);
    return () => { preparers.delete(one); };
  }, [preparers]);
}

export function useStep(steps: readonly number[]): Stepping {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const [held, setHeld] = useState<number | null>(null); // while it plays, and until the address has it
  const [isPlaying, setIsPlaying] = useState(false);
  const [speed, setSpeed] = useState<Speed>(USUAL_SPEED);
  const [preparers] = useState(() => new Set<Prepare>());
  const step = held ?? readStep(search["step"]);
  const [moving, setMoving] = useState<number | null>(null);
  const last = steps.length - 1;
  const place = Math.min(last, moving ?? placeOf(steps, step));
  const settle = useHandler((target: number) => {
    const next = steps[target];
    setMoving(null);
    setIsPlaying(false);
    void navigate({ to: ".", search: (now: Search) => ({ ...now, step: target >= steps.length - 1 || next === undefined ? undefined : String(next) }), replace: true, resetScroll: false }).then(() => { setHeld(null); });
  });
  useEffect(() => {
    if (moving === null) return;
    const timer = window.setTimeout(() => { settle(moving); }, REST_MS);
    return () => { window.clearTimeout(timer); };
  }, [moving, settle]);
  const go = useHandler((target: number) => { setIsPlaying(false); setMoving(Math.min(last, Math.max(0, target))); });
  const by = useHandler((count: number) => { setIsPlaying(false); setMoving((now) => Math.min(last, Math.max(0, (now ?? placeOf(steps, step)) + count))); });
  const showNext = useHandler((target: number) => { if (target >= steps.length - 1) settle(target); else setHeld(steps[target] ?? null); });
  const prepareNext = useHandler((onReady: (target: number) => void) => {
    const target = placeOf(steps, step) + 1;
    const next = target >= last ? null : (steps[target] ?? null);
    void Promise.race([Promise.allSettled([...preparers].map((prepare) => prepare(next))), rest(MOST_WAIT_MS)]).then(() => { onReady(target); });
  });
  useEffect(() => {
    if (!isPlaying) return;
    let isGone = false;
    const shown = rest(1000 / speed);
    prepareNext((target) => void shown.then(() => { if (!isGone) showNext(target); }));
    return () => { isGone = true; };
  }, [isPlaying, step, speed, prepareNext, showNext]);
  const toggle = useHandler(() => {
    if (isPlaying) {
      settle(place);
      return;
    }
    if (place >= last) setHeld(steps[0] ?? null);
    else if (moving !== null) setHeld(steps[place] ?? null);
    setMoving(null);
    setIsPlaying(true);
  });
  useKeys([
    { key: "ArrowLeft", label: "Previous step of media", run: () => { by(-1); } },
    { key: "ArrowRight", label: "Next step of media", run: () => { by(1); } },
  ]);
  return { step, place, steps, go, by, isPlaying, speed, setSpeed, toggle, preparers };
}

const rest = (ms: number) => new Promise<void>((resolve) => { window.setTimeout(resolve, ms); });
