// What a page does beyond reading: draws its chart, steps through a row's changes, copies.
//
// Everything here is an addition: without it the numbers are in a table, the row is asked for by a
// form, and a script is selected by hand.
"use strict";

(() => {
  const COLOURS = ["--line-1", "--line-2", "--line-3", "--line-4", "--line-5"];
  const charts = [];

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const resolved = (name) => {
    const probe = document.createElement("span"); // light-dark() has a value only where it is used
    probe.className = `probe ${name.slice(2)}`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value || colour(name);
  };

  const draw = (place) => {
    const data = JSON.parse(place.dataset.chart);
    const quiet = resolved("--quiet");
    const line = resolved("--line");
    const axis = { stroke: quiet, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    const chart = new uPlot({
      width: place.clientWidth,
      height: 190,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), "Etc/UTC"),
      cursor: { drag: { x: false, y: false }, points: { size: 7 } },
      legend: { live: true },
      scales: { y: { range: (_, low, high) => [0, Math.max(high * 1.1, 4)] } },
      axes: [
        { ...axis, size: 28, values: (_, splits) => splits.map((s) => new Date(s * 1e3).toISOString().slice(11, 16)) },
        { ...axis, size: 46, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 1e7] },
      ],
      series: [
        { label: "Hour", value: (_, s) => (s === null ? "" : `${new Date(s * 1e3).toISOString().slice(0, 16).replace("T", " ")}`) },
        ...data.series.map((one, n) => ({
          label: one.name,
          stroke: resolved(COLOURS[n % COLOURS.length]),
          width: 2,
          points: { show: data.x.length < 40, size: 5 },
          value: (_, v) => (v == null ? "" : String(v)),
        })),
      ],
    }, [data.x, ...data.series.map((one) => one.values)], place);
    charts.push({ place, chart });
  };

  const drawAll = () => {
    if (typeof uPlot === "undefined") return;
    for (const place of document.querySelectorAll(".chart[data-chart]:not(:has(.uplot))")) draw(place);
  };

  const redraw = () => {
    for (const { place, chart } of charts.splice(0)) {
      chart.destroy();
      if (place.isConnected) draw(place);
    }
  };

  const resize = () => {
    for (const { place, chart } of charts) {
      if (place.clientWidth !== chart.width) chart.setSize({ width: place.clientWidth, height: 190 });
    }
  };

  // The slider: the label follows at once, the row when the hand rests.
  const slide = () => {
    const slider = document.getElementById("slider");
    if (!slider) return;
    const points = JSON.parse(slider.dataset.points);
    const said = document.getElementById("slider-at");
    let waiting = null;
    const tell = () => {
      const at = Number(slider.value);
      const text = `change ${at + 1} of ${points.length}, ${points[at].label}`;
      said.textContent = text;
      slider.setAttribute("aria-valuetext", text);
    };
    const show = () => {
      const { url } = points[Number(slider.value)];
      history.replaceState(null, "", url);
      htmx.ajax("GET", url, { target: "#as-of", select: "#as-of", swap: "outerHTML" });
    };
    slider.closest(".slider").hidden = false;
    slider.addEventListener("input", () => {
      tell();
      clearTimeout(waiting);
      waiting = setTimeout(show, 120);
    });
    const asked = new URL(location.href).searchParams.get("change");
    const at = points.findIndex(({ url }) => new URL(url, location.href).searchParams.get("change") === asked);
    if (at >= 0) slider.value = at;
    tell();
  };

  const offerCopies = () => {
    if (!navigator.clipboard) return;
    for (const button of document.querySelectorAll("button[data-copy]")) {
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = "Copy"; }, 2000);
      });
    }
  };

  document.addEventListener("htmx:afterSettle", drawAll);
  window.addEventListener("resize", resize);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  drawAll();
  slide();
  offerCopies();
})();
