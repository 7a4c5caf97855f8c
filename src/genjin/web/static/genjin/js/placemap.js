// The map of the address form: centres of the districts around, without any map service. A click
// between them sets latitude and longitude in the form.
let library = null;

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

const box = document.querySelector("[data-placemap]");
const field = (name) => document.querySelector(`[name=${name}]`);
const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function option(data, chosen) {
  const text = style("color-scheme").includes("dark") ? "#9aabaf" : "#55666b";
  return {
    animation: false,
    grid: { left: 8, right: 8, top: 8, bottom: 8, containLabel: true },
    xAxis: { type: "value", scale: true, axisLabel: { color: text, formatter: "{value}°" }, splitLine: { show: false } },
    yAxis: { type: "value", scale: true, axisLabel: { color: text, formatter: "{value}°" }, splitLine: { show: false } },
    dataZoom: [{ type: "inside" }, { type: "inside", yAxisIndex: 0 }],
    series: [
      {
        type: "scatter", symbolSize: 7, data: data.points, silent: true,
        label: { show: true, position: "right", formatter: (point) => point.data[2], color: text },
        labelLayout: { hideOverlap: true },
      },
      { type: "scatter", symbol: "pin", symbolSize: 34, data: chosen ? [chosen] : [], silent: true },
    ],
  };
}

async function draw() {
  const echarts = await load();
  const chart = echarts.init(box.querySelector(".placemap"));
  let data = { points: [] };

  const chosen = () => {
    const [east, north] = [field("longitude").value, field("latitude").value];
    return east && north ? [Number(east), Number(north)] : null;
  };
  const show = () => chart.setOption(option(data, chosen()), true);

  async function fetchAround() {
    const query = new URLSearchParams({ q: field("text").value, code: box.dataset.start });
    const answer = await fetch(`${box.dataset.placemap}?${query}`, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    data = await answer.json();
    box.querySelector("[data-placemap-name]").textContent = data.name;
    show();
  }

  chart.getZr().on("click", (event) => {
    const [east, north] = chart.convertFromPixel({ gridIndex: 0 }, [event.offsetX, event.offsetY]);
    field("longitude").value = east.toFixed(6);
    field("latitude").value = north.toFixed(6);
    field("system").value = data.system || "gcj02";
    show();
  });
  field("text").addEventListener("change", fetchAround);
  field("longitude").addEventListener("change", show);
  field("latitude").addEventListener("change", show);
  new ResizeObserver(() => chart.resize()).observe(box);
  document.addEventListener("genjin:theme", show);
  fetchAround();
}

if (box && field("latitude")) draw().catch((error) => console.error("placemap:", error));
