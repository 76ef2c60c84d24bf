import type { ChartColors } from "./price_chart";

/// The chart draws on a canvas, so it takes its colours from the page's CSS
/// variables by hand.

const variables: Record<keyof ChartColors, string> = {
  background: "--bg-1", text: "--text-dim", grid: "--grid", separator: "--line-strong", crosshair: "--crosshair",
  label: "--crosshair-label", up: "--up", down: "--down", up_soft: "--volume-up", down_soft: "--volume-down", shade: "--shade", line: "--info", line_soft: "--line-soft", alert: "--accent",
};

/// The chart library reads only the old comma form of rgba().
export function comma_color(color: string): string {
  const match = /^rgb\(\s*([\d.]+)\s+([\d.]+)\s+([\d.]+)\s*\/\s*([\d.]+)(%?)\s*\)$/.exec(color);
  if (!match) return color;
  const [, red, green, blue, alpha, percent] = match;
  return `rgba(${red}, ${green}, ${blue}, ${percent ? Number(alpha) / 100 : alpha})`;
}

export function chart_colors(): ChartColors {
  const style = getComputedStyle(document.documentElement);
  const entries = Object.entries(variables).map(([name, variable]) => [name, comma_color(style.getPropertyValue(variable).trim())]);
  return Object.fromEntries(entries) as ChartColors;
}

export function chart_font(): { family: string; size_px: number } {
  const style = getComputedStyle(document.documentElement);
  return { family: getComputedStyle(document.body).fontFamily, size_px: parseFloat(style.fontSize) };
}
