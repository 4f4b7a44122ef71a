/**
 * Text that a person wrote in Markdown. It is hostile until it has been through the sanitiser: what is left is text with
 * headings, lists, tables, code and links to the web. Nothing is fetched for it, so pictures become their description.
 */

import DOMPurify from "dompurify";
import { Marked } from "marked";
import { useMemo } from "react";
import styles from "./Markdown.module.css";

const TAGS = ["p", "br", "h1", "h2", "h3", "h4", "h5", "h6", "em", "strong", "del", "code", "pre", "blockquote", "ul", "ol", "li", "a", "hr", "table", "thead", "tbody", "tr", "th", "td"];

const escaped = (text: string) => text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign] ?? sign);

const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    // a tag in the text is text
    html: ({ text }) => escaped(text),
    image: ({ text, href }) => escaped(text === "" ? href : text),
  },
});

const sanitiser = DOMPurify();
sanitiser.addHook("afterSanitizeAttributes", (element) => {
  if (element.tagName !== "A") return;
  if (!/^https?:\/\//i.test(element.getAttribute("href") ?? "")) element.removeAttribute("href");
  element.setAttribute("rel", "noopener noreferrer");
  element.setAttribute("target", "_blank");
});

export function Markdown({ text }: { text: string }) {
  const html = useMemo(() => sanitiser.sanitize(marked.parse(text, { async: false }), { ALLOWED_TAGS: TAGS, ALLOWED_ATTR: ["href", "align"] }), [text]);
  return <div className={styles["markdown"]} dangerouslySetInnerHTML={{ __html: html }} />;
}
