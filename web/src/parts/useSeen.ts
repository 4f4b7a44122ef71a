/** Whether an element was in sight once: rows that ask the server each for themselves ask when one sees them. */

import { type RefObject, useEffect, useState } from "react";

export function useSeen(ref: RefObject<Element | null>): boolean {
  const [isSeen, setIsSeen] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (element === null || isSeen) return;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) setIsSeen(true);
    });
    observer.observe(element);
    return () => { observer.disconnect(); };
  }, [ref, isSeen]);
  return isSeen;
}
