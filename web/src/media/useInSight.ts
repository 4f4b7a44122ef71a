/** Whether an element is in sight or near it now. What is far away is taken out of the page, and keeps its room. */

import { type RefObject, useEffect, useState } from "react";

const NEAR = "600px 0px";

export function useInSight(ref: RefObject<HTMLElement | null>): { isInSight: boolean; heightPx: number | null } {
  const [now, setNow] = useState<{ isInSight: boolean; heightPx: number | null }>({ isInSight: false, heightPx: null });
  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry !== undefined) setNow((before) => (entry.isIntersecting ? { isInSight: true, heightPx: before.heightPx } : { isInSight: false, heightPx: before.isInSight ? entry.boundingClientRect.height : before.heightPx }));
      },
      { rootMargin: NEAR },
    );
    observer.observe(element);
    return () => { observer.disconnect(); };
  }, [ref]);
  return now;
}
