/** Text onto the clipboard. Browsers give a page theirs only over HTTPS and on localhost; elsewhere the older way still works. */

/** Throws where the browser does not let it. */
export async function copyText(text: string): Promise<void> {
  if (window.isSecureContext) await navigator.clipboard.writeText(text);
  else copySelected(text);
}

/** What is outside an open dialog cannot be selected, and what had the focus gets it back. */
function copySelected(text: string): void {
  const focused = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed"; // nothing scrolls to it
  ([...document.querySelectorAll("dialog:modal")].at(-1) ?? document.body).append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  if (!isCopied) throw new Error("the browser did not let it");
}
