// Charts: <figure data-chart="ID"> with a <script type="application/json" id="ID"> holding a
// plain ECharts option (template tag `chart`). Colours and fonts come from the style sheet, so a
// chart follows light and dark. ECharts is fetched only on pages that have a chart.
import { text } from "./text.js";

const PALETTE = ["--g-chart-1", "--g-chart-2", "--g-chart-3", "--g-chart-4", "--g-chart-5", "--g-chart-6"];
const drawn = new Map();
let library = null;

/** Load ECharts once, from the address beside the sprite that the page was given. */
function load() {
  const address = document.querySelector("meta[name=echarts]")?.content;
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(window.echarts);
    script.onerror = reject;
    document.head.append(script);
  });
  return library;
}

/** Return what a colour of the style sheet is in the theme of now. */
function colour(name) {
  const probe = document.createElement("span");
  probe.hidden = true;
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

function theme() {
  const muted = colour("--g-text-muted");
  const line = colour("--g-line");
  const axis = {
    axisLine: { lineStyle: { color: line } },
    axisTick: { show: false },
    axisLabel: { color: muted },
    splitLine: { lineStyle: { color: line } },
    nameTextStyle: { color: muted },
  };
  const category = { ...axis, splitLine: { show: false } };
  return {
    color: PALETTE.map(colour),
    backgroundColor: "transparent",
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: colour("--g-text") },
    legend: { textStyle: { color: muted }, icon: "roundRect", itemWidth: 10, itemHeight: 10, top: 0, left: "right" },
    categoryAxis: category,
    timeAxis: category,
    valueAxis: { ...axis, axisLine: { show: false } },
    logAxis: axis,
    // Rich text is drawn on the canvas; the HTML tooltip needs inline styles, which are forbidden.
    tooltip: {
      renderMode: "richText",
      backgroundColor: colour("--g-surface"),
      borderColor: line,
      textStyle: { color: colour("--g-text"), fontSize: 12 },
      axisPointer: { lineStyle: { color: muted }, crossStyle: { color: muted } },
    },
    line: { symbolSize: 5, showSymbol: false, lineStyle: { width: 2 } },
    bar: { barMaxWidth: 28, itemStyle: { borderRadius: [3, 3, 0, 0] } },
  };
}

/** Add what every chart wants unless its option says otherwise. */
function complete(option) {
  const quiet = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const isRound = (option.series ?? []).some((series) => series.type === "pie");
  for (const series of option.series ?? []) {
    if (series.areaStyle) series.areaStyle = { opacity: 0.1, ...series.areaStyle };
  }
  return {
    animation: !quiet,
    animationDuration: 300,
    grid: { left: 4, right: 12, top: option.legend ? 36 : 12, bottom: 4, containLabel: true },
    tooltip: { trigger: isRound ? "item" : "axis" },
    aria: { enabled: true },
    ...option,
  };
}

async function draw(figure) {
  const data = document.getElementById(figure.dataset.chart);
  const canvas = figure.querySelector(".chart-canvas");
  if (!data || !canvas) return;
  try {
    const echarts = await load();
    drawn.get(figure)?.dispose();
    const chart = echarts.init(canvas, theme(), { renderer: "canvas" });
    chart.setOption(complete(JSON.parse(data.textContent)));
    drawn.set(figure, chart);
    watch.observe(canvas);
  } catch (error) {
    console.error("charts:", error);
    canvas.textContent = text("chart_failed");
  }
}

const watch = new ResizeObserver((entries) => {
  for (const entry of entries) drawn.get(entry.target.closest("[data-chart]"))?.resize();
});

/** Draw the charts inside an element that are not drawn yet. */
export function drawAll(element = document) {
  for (const [figure, chart] of drawn) {
    if (!figure.isConnected) { chart.dispose(); drawn.delete(figure); }
  }
  for (const figure of element.querySelectorAll("[data-chart]")) {
    if (!drawn.has(figure)) draw(figure);
  }
}

drawAll();
document.addEventListener("htmx:afterSettle", () => drawAll());
document.addEventListener("genjin:theme", () => {
  for (const figure of [...drawn.keys()]) draw(figure);
});
