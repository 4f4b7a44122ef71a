/** The frame of every page: the bar with the way to here, the search, the connection, and one `h1`. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Fragment, type ReactNode, useEffect, useState } from "react";
import { Icon } from "../parts/Icon";
import { useWaiting } from "../models/waiting";
import { queries } from "../queries";
import { AccountMenu } from "./AccountMenu";
import styles from "./Page.module.css";
import { liveState } from "./liveState";
import { openPalette } from "./overlays";

export type Crumb = { label: string; to: string };

type Props = { title: string; heading?: ReactNode; crumbs: readonly Crumb[]; here?: ReactNode; children: ReactNode; isWide?: boolean };

/** `title` is the page's in the browser; `heading` the visible `h1`, hidden for pages that need none. */
export function Page({ title, heading, crumbs, here, children, isWide = false }: Props) {
  return (
    <div className={styles["page"]}>
      <title>{title === "Tracker" ? title : `${title} · Tracker`}</title>
      <a className={styles["skip"]} href="#main">
        Skip to content
      </a>
      <header className={styles["bar"]}>
        <Link to="/" className={styles["logo"]} aria-label="Tracker: all projects">
          <Logo />
        </Link>
        <nav aria-label="Where you are" className={styles["crumbs"]}>
          {crumbs.map((crumb) => (
            <Fragment key={crumb.to}>
              <Link to={crumb.to} activeOptions={{ exact: true }} title={crumb.label}>
                <bdi>{crumb.label}</bdi>
              </Link>
              <span aria-hidden="true">▸</span>
            </Fragment>
          ))}
          <span className="clip" aria-current="page">{here ?? title}</span>
        </nav>
        <nav aria-label="Main" className={styles["links"]}>
          <Link to="/">Projects</Link>
          <Link to="/models">Models<WaitingCount /></Link>
          <Link to="/audit">Audit</Link>
        </nav>
        <button type="button" className={styles["search"]} onClick={openPalette} aria-label="Search and commands" title="Search and commands (Ctrl K)">
          <Icon name="search" />
          <span>Search</span>
          <kbd>Ctrl K</kbd>
        </button>
        <LiveMark />
        <AccountMenu />
      </header>
      <VisitorNote />
      <LostBanner />
      <main id="main" tabIndex={-1} className={isWide ? styles["wide"] : styles["column"]}>
        {heading === undefined ? <h1 className="visually-hidden">{title}</h1> : <h1>{heading}</h1>}
        {children}
      </main>
    </div>
  );
}

/** Who looks through a shared link is told why nothing can be changed. */
function VisitorNote() {
  const isVisitor = useQuery(queries.me()).data?.is_visitor === true;
  return isVisitor ? <p className={styles["visitor"]}>You look through a shared link: it shows, and changes nothing.</p> : null;
}

/** How many proposals wait for who looks at the page. */
function WaitingCount() {
  const { length } = useWaiting();
  if (length === 0) return null;
  return <> <span className={styles["count"]}>{length}<span className="visually-hidden"> waiting for you</span></span></>;
}

function Logo() {
  return (
    <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="var(--accent)" />
      <path d="M6 8c3 11 7 15 20 16" fill="none" stroke="var(--on-accent)" strokeWidth="3.4" strokeLinecap="round" />
      <path d="M6 15c5 6 10 8 20 4" fill="none" stroke="var(--on-accent)" strokeOpacity="0.6" strokeWidth="2.6" strokeLinecap="round" />
    </svg>
  );
}

function LiveMark() {
  const live = liveState.use();
  if (live.kind !== "live" || live.running === 0) return null;
  return (
    <span className={styles["live"]} title={`${String(live.running)} running now; the page follows them`}>
      <span aria-hidden="true">●</span> live {live.running}
    </span>
  );
}

/** What is older than this while nothing new comes is shown grey, so that nobody takes it for the present. */
const OLD_MS = 60_000;

function LostBanner() {
  const live = liveState.use();
  const since = live.kind === "lost" ? live.since : null;
  useEffect(() => {
    if (since === null) return;
    const timer = setTimeout(() => { document.documentElement.dataset["stale"] = ""; }, Math.max(0, since + OLD_MS - Date.now()));
    return () => {
      clearTimeout(timer);
      delete document.documentElement.dataset["stale"];
    };
  }, [since]);
  if (live.kind !== "lost") return null;
  return (
    <div className={styles["lost"]} role="alert">
      <span>
        Connection lost, retrying <Countdown until={live.retryAt} />. What you see stays as it was.
      </span>
      <button type="button" data-look="link" onClick={live.retry}>
        Retry now
      </button>
    </div>
  );
}

function Countdown({ until }: { until: number }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => { setNow(Date.now()); }, 1000);
    return () => { clearInterval(timer); };
  }, []);
  const seconds = Math.ceil((until - now) / 1000);
  return <span aria-hidden="true">{seconds > 0 ? `in ${String(seconds)} s` : "now"}</span>;
}
