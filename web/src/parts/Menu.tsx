/**
 * A button that opens a list of things to do.
 *
 * A page has many such buttons and hardly ever opens one: the list and what it needs are fetched for the first of them
 * that is pointed at or focused, or some time after the page was opened.
 */

import { type KeyboardEvent, type ReactNode, Suspense, lazy, useEffect, useId, useRef, useState } from "react";

export type MenuEntry =
  | { kind: "do"; label: string; hint?: string; isDangerous?: boolean; onSelect: () => void; /** Why one may not do it. */ reason?: string | undefined }
  | { kind: "choice"; label: string; isChosen: boolean; onSelect: () => void; reason?: string | undefined }
  | { kind: "heading"; label: string }
  | { kind: "line" };

/** Where the focus goes when a menu opens: to the list for a pointer, to one of its ends for a key. */
export type FirstFocus = "container" | "first" | "last";

type Props = { label: string; children: ReactNode; entries: MenuEntry[]; look?: "icon" | "plain" | undefined; /** For entries that are worth fetching only then. */ onOpen?: () => void };

const fetchList = () => import("./MenuList");
const MenuList = lazy(() => fetchList().then((module) => ({ default: module.MenuList })));
/** By then a page has come to rest, mostly. */
const REST_MS = 3000;
let isFetching = false;

export function Menu({ label, children, entries, look, onOpen }: Props) {
  const [focus, setFocus] = useState<FirstFocus | null>(null);
  const [wasOpened, setWasOpened] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  useEffect(fetchLater, []);
  const open = (first: FirstFocus) => {
    if (focus === null) onOpen?.();
    setWasOpened(true);
    setFocus(first);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    open(event.key === "ArrowDown" ? "first" : "last");
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        aria-label={label}
        title={label}
        data-look={look}
        aria-haspopup="menu"
        aria-expanded={focus !== null}
        aria-controls={focus === null ? undefined : id}
        onPointerEnter={prefetch}
        onFocus={prefetch}
        onClick={({ detail }) => {
          // a key clicks without a count
          if (focus === null) open(detail === 0 ? "first" : "container");
          else setFocus(null);
        }}
        onKeyDown={onKeyDown}
      >
        {children}
      </button>
      {wasOpened && (
        <Suspense>
          <MenuList {...{ id, label, entries, focus, button }} onClose={() => { setFocus(null); }} />
        </Suspense>
      )}
    </>
  );
}

/** What fails now is told when the menu is opened. */
function prefetch(): void {
  isFetching = true;
  fetchList().catch(() => { isFetching = false; });
}

function fetchLater(): void {
  if (isFetching) return;
  isFetching = true;
  setTimeout(prefetch, REST_MS);
}
