// Draws what the element "chart-data" describes (report/page/chart.py) with uPlot.
"use strict";
(function () {
  const root = document.documentElement;
  const charts = JSON.parse(document.getElementById("chart-data").textContent);
  const times = charts.filter((chart) => chart.axis === "time").flatMap((chart) => chart.tables);
  const span = extent(times.flatMap((table) => [table[0][0], table[0][table[0].length - 1]]));
  const drawn = new Map(); // by key: the uPlot of each chart
  const FONT = "12px system-ui, -apple-system, 'Segoe UI', Roboto, Arial, sans-serif";
  const X_SIZE = 34;
  let printing = null; // while it is: the theme to go back to

  function extent(values) {
    const known = values.filter((value) => value !== undefined && value !== null);
    return known.length ? [Math.min(0, ...known), Math.max(...known)] : [0, 1];
  }

  // --- figures, as report/page/figures.py words them ---

  const digits = (value) => (Math.abs(value) >= 1000 ? Math.round(value).toLocaleString("en")
    : String(Number(value.toPrecision(3))));
  function duration(us) {
    const size = Math.abs(us);
    if (size < 999.5) return `${digits(us)}\u00a0µs`;
    if (size < 999500) return `${digits(us / 1e3)}\u00a0ms`;
    if (size < 119.95e6) return `${digits(us / 1e6)}\u00a0s`;
    return us < 7200e6 ? `${digits(us / 6e7)}\u00a0min` : `${digits(us / 3.6e9)}\u00a0h`;
  }
  function bytes(value) {
    for (const [unit, size] of [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]]) {
      if (value >= size) return `${digits(value / size)}\u00a0${unit}`;
    }
    return `${Math.round(value)}\u00a0B`;
  }
  function clock(seconds) {
    if (span[1] < 120) return `${digits(seconds)}\u00a0s`;
    const whole = Math.round(seconds);
    const two = (value) => String(value).padStart(2, "0");
    const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
    return span[1] < 3600 ? `${m}:${two(s)}` : `${h}:${two(m)}:${two(s)}`;
  }
  const share = (value) => `${Number((value * 100).toPrecision(3))}\u00a0%`;
  const UNITS = { us: duration, rate: (v) => `${digits(v)}\u00a0/s`, count: digits, bytes,
    cores: digits, share };
  const TICKS = { ...UNITS, rate: digits };

  function percentile(x) {
    const nines = Math.max(0, Math.ceil(Math.log10(x) - 1e-9) - 2);
    return `${Number((100 - 100 / x).toFixed(Math.max(nines, x < 10 ? 0 : 1)))}\u00a0%`;
  }

  // --- one chart ---

  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  function colour(role) {
    return css(/^\d$/.test(role) ? `--s${role}` : `--${role}`);
  }

  function shown(chart, series) {
    return !series.pick || series.pick === chart.picked;
  }

  // Nothing where no place is pointed at; a dash where there is no value.
  function shownValue(value, at, word) {
    if (at == null) return "";
    return value == null ? "\u2013" : word(value);
  }

  function line(chart, series) {
    const stroke = colour(series.colour);
    const common = {
      label: series.label,
      stroke,
      width: series.bold ? 2.5 : 1.6,
      dash: series.dashed ? [6, 4] : undefined,
      show: shown(chart, series),
      value: (_, value, __, at) => shownValue(value, at, UNITS[chart.unit]),
      points: { size: 5, fill: stroke, space: 24 },
    };
    if (SHAPES[series.kind]) {
      return { ...common, width: 0, paths: () => null, points: { show: marks(SHAPES[series.kind]) } };
    }
    if (series.kind === "curve") return { ...common, pxAlign: 0, points: { show: false } };
    if (series.kind === "bars") {
      return { ...common, width: 0, fill: stroke, points: { show: false },
        paths: uPlot.paths.bars({ size: [0.92, 64], radius: 0.1 }) };
    }
    if (series.kind === "steps") {
      return { ...common, points: { show: false }, paths: uPlot.paths.stepped({ align: 1 }) };
    }
    return series.kind === "area" ? { ...common, fill: `${stroke}26` } : common;
  }

  // Marks that differ by their shape too, for those who do not tell the colours apart.
  const SHAPES = {
    dots: (ctx, x, y, r) => { ctx.arc(x, y, r, 0, 2 * Math.PI); ctx.fill(); },
    rings: (ctx, x, y, r) => { ctx.arc(x, y, r, 0, 2 * Math.PI); ctx.stroke(); },
    crosses: (ctx, x, y, r) => {
      for (const side of [-r, r]) { ctx.moveTo(x - r, y - side); ctx.lineTo(x + r, y + side); }
      ctx.stroke();
    },
  };

  // Draws the marks of a series; returns false, so that uPlot adds no points of its own.
  function marks(shape) {
    return (u, at, first, last) => {
      const { ctx } = u;
      ctx.save();
      ctx.strokeStyle = ctx.fillStyle = u.series[at].stroke(u, at);
      ctx.lineWidth = 2 * devicePixelRatio;
      for (let n = first; n <= last; n++) {
        const value = u.data[at][n];
        if (value == null) continue;
        ctx.beginPath();
        shape(ctx, u.valToPos(u.data[0][n], "x", true), u.valToPos(value, "y", true),
          4.5 * devicePixelRatio);
      }
      ctx.restore();
      return false;
    };
  }

  function axis(extra) {
    return {
      stroke: css("--soft"), font: FONT, gap: 6, grid: { stroke: css("--grid"), width: 1 },
      ticks: { stroke: css("--grid"), width: 1, size: 5 }, ...extra,
    };
  }

  function xAxis(chart) {
    if (chart.axis === "time") {
      return axis({ values: (_, splits) => splits.map(clock), space: 64, size: X_SIZE });
    }
    if (chart.axis === "amount") {
      const values = (_, splits) => amounts(splits, TICKS[chart.x_unit || "count"]);
      const powers = { splits: (u) => roundNumbers(u.scales.x, u.width),
        filter: (_, splits) => splits };
      return axis({ values, space: 48, size: X_SIZE, ...(chart.x_log ? powers : {}) });
    }
    if (chart.axis === "percentile") {
      return axis({
        splits: (u) => nines(u.scales.x.max, u.width),
        filter: (_, splits) => splits,
        values: (_, splits) => splits.map(percentile),
        size: X_SIZE,
      });
    }
    return axis({
      splits: (u) => everyNth(chart.edges.length, Math.max(2, Math.floor(u.width / 84))),
      values: (_, splits) => splits.map((at) => duration(chart.edges[at])),
      grid: { show: false },
      size: X_SIZE,
    });
  }

  function amounts(splits, word) {
    return splits.map((value) => (value == null ? "" : word(value)));
  }

  // Those of 1, 2, 5, 10, 20, ... that are within a range; of each power one where it is long.
  function roundNumbers({ min, max }, width) {
    const decades = Math.log10(max / min);
    const digits = width / decades > 190 ? [1, 2, 3, 5, 7] : width / decades > 110 ? [1, 2, 5] : [1];
    const found = [];
    for (let power = Math.floor(Math.log10(min)); power <= Math.log10(max); power++) {
      found.push(...digits.map((digit) => Number((digit * 10 ** power).toPrecision(3))));
    }
    return found.filter((value) => value >= min && value <= max);
  }

  function nines(max, width) {
    const found = width < 620 ? [2, 10] : [1, 2, 4, 10];
    for (let x = 100; x <= max; x *= 10) found.push(x);
    return found;
  }

  function everyNth(length, most) {
    const step = Math.ceil((length - 1) / most);
    return Array.from({ length: Math.floor((length - 1) / step) + 1 }, (_, n) => n * step);
  }

  function yAxis(chart) {
    return axis({
      values: (_, splits) => amounts(splits, TICKS[chart.unit]),
      size: (_, values) => 18 + 7 * Math.max(3, ...(values || []).map((v) => (v || "").length)),
      incrs: chart.unit === "bytes" ? powersOfTwo() : undefined,
    });
  }

  function powersOfTwo() {
    const found = [];
    for (let power = 0; power <= 40; power++) found.push(2 ** power);
    return found;
  }

  function xScale(chart) {
    if (chart.axis === "bins") return { time: false, range: [0, chart.edges.length - 1] };
    if (chart.axis === "time") return { time: false };
    if (chart.axis === "amount") return amountScale(chart);
    return { time: false, distr: 3, range: (_, low, high) => [low ?? 1, high ?? 10] };
  }

  // Some room at both sides, where marks would be cut in half.
  function amountScale(chart) {
    if (!chart.x_log) {
      return { time: false, range: (_, low, high) => (
        [Math.min(low ?? 0, low - (high - low) * 0.04), (high ?? 1) + (high - low) * 0.04]) };
    }
    return { time: false, distr: 3, range: (_, low, high) => {
      const room = ((high ?? 10) / (low ?? 1)) ** 0.04;
      return [(low ?? 1) / room, (high ?? 10) * room];
    } };
  }

  function yScale(chart) {
    if (chart.log) return { distr: 3 };
    return { range: (_, low, high) => {
      if (low == null) return [0, 1];
      const top = high > 0 ? high : 1;
      return [0, chart.unit === "count" && top < 4 ? 4 : top * 1.08];
    } };
  }

  // Logarithms know no 0.
  function data(chart) {
    const positive = (values) => values.map((value) => (value > 0 ? value : null));
    const tables = chart.tables.map(([x, ...columns]) => (
      [x, ...(chart.log ? columns.map(positive) : columns)]));
    if (chart.axis === "time") tables.push([span]); // all of them end at the same time
    return tables.length > 1 ? uPlot.join(tables) : tables[0];
  }

  // Calls back with the edges of each zone that is in view, in pixels of the canvas.
  function eachZone(chart, act) {
    return (u) => {
      const { ctx, bbox } = u;
      ctx.save();
      for (const zone of chart.zones || []) {
        const from = Math.max(bbox.left, u.valToPos(zone.begins, "x", true));
        const to = Math.min(bbox.left + bbox.width, u.valToPos(zone.ends, "x", true));
        if (to > from) act(ctx, bbox, from, to, zone);
      }
      ctx.restore();
    };
  }

  function grey(ctx, bbox, from, to) {
    ctx.fillStyle = css("--zone");
    ctx.fillRect(from, bbox.top, to - from, bbox.height);
  }

  function name(ctx, bbox, from, to, zone) {
    const gap = 5 * devicePixelRatio;
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    if (ctx.measureText(zone.label).width + 2 * gap > to - from) return;
    ctx.fillStyle = css("--soft");
    ctx.textBaseline = "top";
    ctx.textAlign = "left";
    ctx.fillText(zone.label, from + gap, bbox.top + gap);
  }

  function xLegend(chart) {
    const words = { time: ["time", clock], percentile: ["percentile", percentile],
      bins: ["from", (at) => duration(chart.edges[Math.floor(at)])],
      amount: [chart.x_name, UNITS[chart.x_unit || "count"]] };
    const [label, word] = words[chart.axis];
    return { label, value: (_, value, __, at) => shownValue(value, at, word) };
  }

  // A dashed line has a hollow mark.
  function markers(chart) {
    const of = (at) => chart.series[at - 1];
    return { width: 2, stroke: (_, at) => colour(of(at).colour),
      dash: "solid",
      fill: (_, at) => (of(at).dashed || of(at).kind === "rings" ? "transparent"
        : colour(of(at).colour)) };
  }

  function heightOf(place) {
    const wide = place.closest("figure").classList.contains("wide");
    if (place.clientWidth < 480) return 220;
    return wide ? 340 : 250;
  }

  function draw(chart) {
    const place = document.querySelector(`[data-chart="${chart.key}"]`);
    drawn.get(chart.key)?.destroy();
    const u = new uPlot({
      width: place.clientWidth,
      height: heightOf(place),
      series: [xLegend(chart), ...chart.series.map((series) => line(chart, series))],
      axes: [xAxis(chart), yAxis(chart)],
      scales: { x: xScale(chart), y: yScale(chart) },
      padding: [10, chart.axis === "percentile" ? 28 : 14, 0, 0],
      cursor: chart.axis === "time"
        ? { sync: { key: "time" }, drag: { x: true, y: false } } : { drag: { x: true, y: false } },
      legend: { markers: markers(chart) },
      hooks: { drawClear: [eachZone(chart, grey)], drawAxes: [eachZone(chart, name)] },
    }, data(chart), place);
    hideOthers(u, chart);
    const said = document.getElementById(`${chart.key}-said`)?.textContent || "";
    u.ctx.canvas.setAttribute("role", "img");
    u.ctx.canvas.setAttribute("aria-label", `Chart: ${chart.title}. ${said}`);
    drawn.set(chart.key, u);
  }

  // The legend tells only of what can be shown with the present choice.
  function hideOthers(u, chart) {
    const rows = u.root.querySelectorAll(".u-legend .u-series");
    chart.series.forEach((series, at) => {
      rows[at + 1].classList.toggle("off", !shown(chart, series));
      if (SHAPES[series.kind]) rows[at + 1].querySelector(".u-marker").classList.add(series.kind);
    });
  }

  // --- choices ---

  function button(text, pressed, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.setAttribute("aria-pressed", String(pressed));
    made.addEventListener("click", () => act(made));
    return made;
  }

  function addTools(chart) {
    const tools = document.getElementById(chart.key).querySelector(".tools");
    if (chart.picks?.length) {
      chart.picked = chart.picks[0];
      const group = document.createElement("div");
      group.className = "picks";
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", "What is shown");
      for (const pick of chart.picks) {
        group.append(button(pick, pick === chart.picked, (made) => {
          for (const other of group.children) other.setAttribute("aria-pressed", "false");
          made.setAttribute("aria-pressed", "true");
          chart.picked = pick;
          draw(chart);
        }));
      }
      tools.append(group);
    }
    if (chart.log !== undefined && chart.log !== null) {
      tools.append(button("Log scale", chart.log, (made) => {
        chart.log = !chart.log;
        made.setAttribute("aria-pressed", String(chart.log));
        draw(chart);
      }));
    }
  }

  // --- the page ---

  function drawAll() {
    charts.forEach(draw);
  }

  charts.forEach(addTools);
  drawAll();
  addEventListener("colours", drawAll);
  // Paper is white, whatever the screen is.
  addEventListener("beforeprint", () => {
    printing = { theme: root.dataset.theme };
    root.dataset.theme = "light";
    drawAll();
  });
  addEventListener("afterprint", () => {
    if (printing.theme) root.dataset.theme = printing.theme;
    else delete root.dataset.theme;
    printing = null;
    drawAll();
  });
  const watcher = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const u = drawn.get(target.dataset.chart);
      if (printing || !u || u.width === target.clientWidth) continue;
      u.setSize({ width: target.clientWidth, height: heightOf(target) });
    }
  });
  for (const place of document.querySelectorAll(".plot")) watcher.observe(place);
  root.dataset.loaded = String(performance.getEntriesByType("resource").length);
  root.dataset.ready = "true";
})();
