// Diversity against budget: one measure at a time, the ranking beside the range of random selections.
function startCurve() {
  const box = $('curve-chart');
  if (!box) return;
  const data = read('curve-data'), plot = $('curve-plot'), chooser = $('curve-measure'), readout = $('curve-readout');
  const names = Object.keys(data.measures);
  for (const name of names) chooser.append(new Option(name, name));
  box.hidden = false;
  let chart, at = data.budgets.length - 1;
  function tell(i) {
    at = clamp(i, 0, data.budgets.length - 1);
    const series = data.measures[chooser.value];
    const of = (key) => series[key]?.[at];
    readout.replaceChildren(`${figures(data.budgets[at])} ${data['x label'] || 'rows chosen'}: `, make('b', '', short(of('selection'))));
    if (of('random_mean') != null) readout.append(`, random ${short(of('random_mean'))}`);
    if (of('random_low') != null && of('random_high') != null) readout.append(` (${short(of('random_low'))} to ${short(of('random_high'))})`);
    chart.point(at, of('selection'));
  }
  function show() {
    chart = drawCurve(plot, data, data.measures[chooser.value]);
    tell(at);
  }
  chooser.addEventListener('change', show);
  plot.addEventListener('pointermove', (event) => tell(chart.nearest(event.clientX - plot.getBoundingClientRect().left)));
  plot.addEventListener('keydown', (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) { event.preventDefault(); tell(at + by); }
  });
  let width = 0;
  new ResizeObserver(() => { if (plot.clientWidth !== width) { width = plot.clientWidth; show(); } }).observe(plot);
}

// About five round values that cover a range.
function roundTicks(low, high) {
  const rough = (high - low) / 5 || 1, ten = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * ten).find((one) => one >= rough);
  const ticks = [];
  for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + step * 1e-9; tick += step) ticks.push(Math.abs(tick) < step * 1e-9 ? 0 : tick);
  return ticks;
}

function drawCurve(plot, data, series) {
  const wide = Math.max(plot.clientWidth, 240), high = wide < 520 ? 250 : 330;
  const edge = { left: 52, right: wide < 520 ? 14 : 86, top: 12, bottom: 44 };
  const budgets = data.budgets, keys = ['selection', 'random_mean', 'random_low', 'random_high'];
  const values = keys.flatMap((key) => series[key] || []).filter((value) => value != null);
  const least = Math.min(...values), most = Math.max(...values), room = (most - least || Math.abs(most) || 1) * 0.08;
  const bottom = least >= 0 ? Math.max(0, least - room) : least - room, top = most + room;
  const log = budgets.at(-1) / budgets[0] > 8, scale = (b) => (log ? Math.log(b) : b);
  const from = scale(budgets[0]), span = scale(budgets.at(-1)) - from || 1;
  const px = (b) => edge.left + ((scale(b) - from) / span) * (wide - edge.left - edge.right);
  const py = (v) => high - edge.bottom - ((v - bottom) / (top - bottom || 1)) * (high - edge.top - edge.bottom);
  const svg = draw('svg', { viewBox: `0 0 ${wide} ${high}`, height: high, 'aria-hidden': 'true' });
  for (const tick of roundTicks(bottom, top)) {
    svg.append(draw('line', { class: 'grid', x1: edge.left, x2: wide - edge.right, y1: py(tick), y2: py(tick) }),
      draw('text', { x: edge.left - 9, y: py(tick) + 4, 'text-anchor': 'end' }, short(tick)));
  }
  budgetTicks(svg, budgets, px, high - edge.bottom);
  svg.append(draw('text', { x: (edge.left + wide - edge.right) / 2, y: high - 4, 'text-anchor': 'middle' }, `${data['x label'] || 'rows chosen'}${log ? ' (logarithmic)' : ''}`));
  const known = (key) => budgets.map((b, i) => [px(b), series[key]?.[i]]).filter(([, value]) => value != null).map(([a, value]) => [a, py(value)]);
  const path = (points) => points.map((point) => point.map((value) => value.toFixed(1)).join(' ')).join('L');
  const low = known('random_low'), up = known('random_high'), mean = known('random_mean'), own = known('selection');
  if (low.length && up.length) svg.append(draw('path', { class: 'range', d: `M${path(low)}L${path(up.reverse())}Z` }));
  if (mean.length) svg.append(draw('path', { class: 'random', d: `M${path(mean)}` }));
  if (own.length) svg.append(draw('path', { class: 'line', d: `M${path(own)}` }));
  for (const [cx, cy] of own) svg.append(draw('circle', { class: 'mark small', cx, cy, r: 3.6 }));
  if (wide >= 520) nameLines(svg, own.at(-1), mean.at(-1));
  const guide = draw('line', { class: 'guide', y1: edge.top, y2: high - edge.bottom }), mark = draw('circle', { class: 'mark', r: 6 });
  svg.append(guide, mark);
  plot.replaceChildren(svg);
  return {
    nearest: (at) => budgets.reduce((best, b, i) => (Math.abs(px(b) - at) < Math.abs(px(budgets[best]) - at) ? i : best), 0),
    point(i, value) {
      guide.setAttribute('x1', px(budgets[i]));
      guide.setAttribute('x2', px(budgets[i]));
      mark.setAttribute('visibility', value == null ? 'hidden' : 'visible');
      if (value != null) { mark.setAttribute('cx', px(budgets[i])); mark.setAttribute('cy', py(value)); }
    },
  };
}

function budgetTicks(svg, budgets, px, y) {
  let last = Infinity;
  for (const b of [...budgets].reverse()) { // from the right, as many as there is room for
    if (last - px(b) < 52) continue;
    svg.append(draw('text', { x: px(b), y: y + 20, 'text-anchor': 'middle' }, figures(b)));
    last = px(b);
  }
}

// The names stand at the ends of the lines, at least a line of text apart.
function nameLines(svg, own, mean) {
  if (!own) return;
  const gap = mean ? mean[1] - own[1] : 99, push = Math.abs(gap) < 16 ? (16 - Math.abs(gap)) / 2 : 0, side = gap >= 0 ? 1 : -1;
  svg.append(draw('text', { class: 'own', x: own[0] + 12, y: own[1] + 4 - side * push }, 'selection'));
  if (mean) svg.append(draw('text', { x: mean[0] + 12, y: mean[1] + 4 + side * push }, 'random'));
}
