/** The few signs of the dashboard, as strokes on a grid of 16. They are decoration: the words stand in the labels. */

const PATHS = {
  close: "M4 4l8 8M12 4l-8 8",
  eye: "M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8ZM8 9.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6Z",
  eyeOff: "M2.5 2.5l11 11M6.2 4.1A6.6 6.6 0 0 1 8 3.8c4 0 6.5 4.2 6.5 4.2a11 11 0 0 1-1.8 2.2M4.2 5.2A10.6 10.6 0 0 0 1.5 8S4 12.2 8 12.2c1.3 0 2.4-.4 3.3-1",
  enlarge: "M9.5 2.5h4v4M13.5 2.5l-4.5 4.5M6.5 13.5h-4v-4M2.5 13.5l4.5-4.5",
  pin: "M6 2.5h4l-.5 4.5 2.5 2v1H4V9l2.5-2L6 2.5ZM8 10v4",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.5 10.5l3 3",
  sliders: "M2 5h6M11 5h3M2 11h2M7 11h7M9.5 3.5v3M5.5 9.5v3",
  columns: "M2.5 3h11v10h-11ZM6.5 3v10M10 3v10",
  table: "M2.5 3h11v10h-11ZM2.5 6.5h11M2.5 9.8h11M6.5 6.5v6.5",
  down: "M4 6l4 4 4-4",
  right: "M6 4l4 4-4 4",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  copy: "M5.5 5.5h8v8h-8ZM10.5 5.5v-3h-8v8h3",
  pencil: "M3 13l.7-3L10.5 3.2l2.3 2.3L6 12.3 3 13Z",
  download: "M8 2.5v8M4.8 7.5 8 10.5l3.2-3M3 13.5h10",
  plus: "M8 3v10M3 8h10",
  file: "M4 2h5l3 3v9H4ZM9 2v3h3",
  up: "M8 13V3.5M4 7l4-4 4 4",
  star: "M8 2.2l1.8 3.7 4 .5-2.9 2.8.7 4L8 11.3l-3.6 1.9.7-4L2.2 6.4l4-.5L8 2.2Z",
  arrow: "M3 8h9.5M9 4.5 12.5 8 9 11.5",
  play: "M5 3.5v9L12 8 5 3.5Z",
  cube: "M8 2l5 3v6l-5 3-5-3V5l5-3ZM3 5l5 3 5-3M8 8v6",
  tag: "M2.5 2.5h5l6 6-5 5-6-6v-5ZM5.3 5.3h.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  const width = name === "more" ? 2.4 : 1.5;
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth={width} strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
