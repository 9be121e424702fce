// The controls of the map: legend, search, slider, pointer, keys, and the card of a row.
function startMap() {
  const canvas = $('canvas');
  if (!canvas) return;
  const data = read('map-data');
  const map = makeMap(canvas, data);
  const card = makeCard(data, map);
  map.readColours();
  new ResizeObserver(() => map.resize()).observe(canvas);
  const keep = startPin(data, map, card);
  const filters = makeFilters(data, map);
  const legend = startLegend(data, map, filters);
  startSwitches(map, legend, filters);
  startFilters(data, filters);
  startRows(data, map, filters, keep);
  startGrowth(data, map);
  startLasso(canvas, map, filters);
  startPointer(canvas, map, card, keep);
  startKeys(canvas, map, keep);
  themed.push(() => { map.readColours(); legend(); map.refresh(true); });
}

const WORDS = { kept: 'chosen', free: 'not chosen', dropped: 'dropped', quarantined: 'quarantined', merged: 'merged' };
const labelOf = (labels, code) => (code === NONE ? '' : code < labels.length ? labels[code][0] : 'a rare label');
// [question, answer] and reason of a row, as far as the page carries them.
function textOf(data, i) {
  const [part, at] = i < data.chosen ? [0, i] : [1, i - data.chosen];
  return [data.texts[part][at], data.why[part][at]];
}

// Returns a function that fills an element with what is known of a row.
function makeCard(data, map) {
  const rank = unpack(data.rank, Uint32Array), length = unpack(data.length, Uint32Array);
  const label = (kind, i) => labelOf(data[`${kind}s`], map.codes[kind][i]);
  return (element, i) => {
    const status = data.statuses[map.codes.status[i]][0];
    const [text, reason] = textOf(data, i);
    const head = make('div', 'card-head');
    head.append(make('b', status === 'kept' ? 'chosen' : '', rank[i] ? `Rank ${figures(rank[i])}` : WORDS[status]));
    const meta = [label('task', i), label('source', i), `${figures(length[i])} characters`].filter(Boolean);
    for (const one of meta) head.append(make('bdi', 'meta', one));
    element.classList.add('card');
    element.replaceChildren(head);
    if (reason) element.append(make('bdi', 'reason', reason));
    element.append(make('bdi', 'excerpt', text === undefined ? 'Its text is not in this page; cuvee why shows it.' : text[0]));
    if (text && text[1]) element.append(make('bdi', 'excerpt answer', text[1]));
    if (data.ids[i] !== undefined) element.append(make('bdi', 'id', data.ids[i]));
  };
}

function startPin(data, map, card) {
  const pin = $('pin');
  function keep(i) {
    map.look.pin = i;
    if (i < 0) {
      pin.replaceChildren(make('p', 'empty', 'Point at a dot to read its row. Click to keep it here.'));
      if (data.chosen) pin.append(tool('Start at rank 1', () => walk(0)));
      return map.refresh();
    }
    const tools = make('div', 'pin-tools'), body = make('div');
    if (i < data.chosen) {
      if (i > 0) tools.append(tool('← Better', () => walk(i - 1)));
      if (i + 1 < data.chosen) tools.append(tool('Next →', () => walk(i + 1)));
    }
    const close = tool('Close', () => keep(-1));
    close.classList.add('close');
    tools.append(close);
    card(body, i);
    pin.replaceChildren(tools, body);
    pin.scrollTop = 0;
    map.refresh();
  }
  function walk(i) { keep(i); map.reach(i); }
  function tool(text, act) {
    const button = make('button', 'quiet', text);
    button.type = 'button';
    button.addEventListener('click', () => {
      const held = document.activeElement === button;
      act();
      const same = [...pin.querySelectorAll('button')].find((other) => other.textContent === text);
      if (held) (same || pin.querySelector('button')).focus(); // the old button is gone: the keyboard stays where it was
    });
    return button;
  }
  keep(-1);
  keep.step = (by) => {
    const now = map.look.pin;
    const next = now < 0 || now >= data.chosen ? 0 : now + by;
    if (data.chosen) walk(clamp(next, 0, data.chosen - 1));
  };
  return keep;
}

function legendRows(data, map) {
  if (map.look.mode === 'status') {
    const words = ['chosen', 'clean, not chosen', 'dropped', 'quarantined', 'merged'];
    return data.statuses.map(([, rows], g) => ({ g, text: words[g], rows, cross: g > 1 })).filter((row) => row.rows);
  }
  const labels = data[`${map.look.mode}s`];
  const rows = labels.slice(0, PALETTE).map(([text, rows, chosen], g) => ({ g, text, rows, chosen }));
  const rest = labels.slice(PALETTE);
  const sum = (at) => rest.reduce((all, label) => all + label[at], 0);
  if (rest.length) rows.push({ g: PALETTE, text: rest.length === 1 ? rest[0][0] : `${figures(rest.length)} others`, rows: sum(1), chosen: sum(2) });
  if (map.codes[map.look.mode].includes(NONE)) rows.push({ g: PALETTE + 1, text: 'without one' });
  return rows;
}

// Returns a function that draws the legend again.
function startLegend(data, map, filters) {
  const list = $('legend');
  function fill() {
    const filter = map.look.filter;
    const held = document.activeElement?.dataset?.group;
    list.classList.toggle('filtered', filter.size > 0);
    $('legend-title').textContent = map.look.mode === 'status' ? 'What became of them' : `Rows by ${map.look.mode}`;
    list.replaceChildren(...legendRows(data, map).map((row) => {
      const button = make('button'), item = make('li'), swatch = draw('svg', { viewBox: '0 0 14 14', 'aria-hidden': 'true' });
      swatch.append(row.cross
        ? draw('path', { d: 'M3.5 3.5l7 7M10.5 3.5l-7 7', stroke: map.paint(row.g), 'stroke-width': 1.8 })
        : draw('circle', { cx: 7, cy: 7, r: row.g === 1 && map.look.mode === 'status' ? 3.5 : 5, fill: map.paint(row.g) }));
      button.type = 'button';
      button.dataset.group = row.g;
      button.setAttribute('aria-pressed', String(filter.has(row.g)));
      const name = make('span', '', row.text);
      name.title = row.text;
      button.append(swatch, name);
      if (row.chosen !== undefined) button.append(make('small', '', `${figures(row.chosen)} of ${figures(row.rows)}`));
      else if (row.rows !== undefined) button.append(make('small', '', figures(row.rows)));
      button.addEventListener('click', () => {
        if (!filter.delete(row.g)) filter.add(row.g);
        if (filter.has(row.g) && map.look.mode === 'status') unhide(map, row.g);
        fill();
        filters.apply();
      });
      item.append(button);
      return item;
    }));
    if (held !== undefined) list.querySelector(`[data-group="${Number(held)}"]`)?.focus();
  }
  fill();
  return fill;
}

// Who filters for a status wants to see it.
function unhide(map, status) {
  const key = ['', 'free', 'dropped', 'dropped', 'dropped'][status];
  if (key) map.look[key] = $(`show-${key}`).checked = true;
}

function startSwitches(map, legend, filters) {
  for (const input of document.querySelectorAll('input[name="mode"]')) {
    input.checked = input.value === 'status'; // some browsers restore a form after a reload
    input.addEventListener('change', () => {
      map.look.mode = input.value;
      map.look.filter.clear();
      legend();
      filters.apply();
    });
  }
  for (const key of ['free', 'dropped']) {
    $(`show-${key}`).checked = map.look[key];
    $(`show-${key}`).addEventListener('change', (event) => { map.look[key] = event.target.checked; map.refresh(true); });
  }
}

function startGrowth(data, map) {
  const slider = $('upto');
  if (!slider) return;
  const out = $('upto-out'), play = $('play');
  let running = 0;
  const show = (k) => { slider.value = k; map.look.upTo = k; out.textContent = figures(k); map.refresh(); };
  const stop = () => { cancelAnimationFrame(running); running = 0; play.textContent = 'Play'; };
  slider.addEventListener('input', () => { stop(); show(Number(slider.value)); });
  play.addEventListener('click', () => {
    if (running) return stop();
    if (calm.matches) return show(map.look.upTo >= data.chosen ? 1 : Math.min(map.look.upTo * 2, data.chosen));
    const start = performance.now(), first = map.look.upTo >= data.chosen ? 1 : map.look.upTo;
    const seconds = 7 * (1 - Math.log(first) / Math.log(data.chosen)) || 0;
    play.textContent = 'Pause';
    const frame = (now) => {
      const part = seconds > 0 ? Math.min((now - start) / 1000 / seconds, 1) : 1;
      show(clamp(Math.round(first * (data.chosen / first) ** Math.max(part, 0)), 1, data.chosen)); // as many doublings per second
      if (part < 1) running = requestAnimationFrame(frame); else stop();
    };
    running = requestAnimationFrame(frame);
  });
  show(data.chosen);
}
