/** The way from a picture to its numbers. */

import { Suspense, lazy, useState } from "react";
import { Icon } from "../parts/Icon";
import type { Figure } from "./figure";

const FigureTable = lazy(() => import("./FigureTable").then((module) => ({ default: module.FigureTable })));

export function ShowAsTable({ figure }: { figure: Figure }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <button type="button" data-look="icon" aria-label={`Show ${figure.metric} as table`} title="Show as table" disabled={figure.lines.length === 0} onClick={() => { setIsOpen(true); }}>
        <Icon name="table" size={14} />
      </button>
      {isOpen && <Suspense><FigureTable figure={figure} onClose={() => { setIsOpen(false); }} /></Suspense>}
    </>
  );
}
