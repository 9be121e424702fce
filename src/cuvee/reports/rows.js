// The table of the rows that the filters leave, page by page, and their download.
const PAGE = 10;
function startRows(data, map, filters, keep) {
  const body = $('rows-body'), more = $('rows-more'), sort = $('rows-sort'), count = $('rows-count'), found = $('found-count');
  const length = unpack(data.length, Uint32Array), rank = unpack(data.rank, Uint32Array);
  let rows = [], shown = 0;
  data.scores.forEach((score, at) => sort.append(new Option(`${score.name}, highest first`, `+${at}`), new Option(`${score.name}, lowest first`, `-${at}`)));
  function ordered(given) {
    if (sort.value === '') return given;
    if (sort.value === 'length') return [...given].sort((a, b) => length[b] - length[a]);
    const which = Number(sort.value.slice(1)), sign = sort.value[0] === '+' ? -1 : 1;
    const value = (i) => { const one = filters.score(which, i); return Number.isNaN(one) ? Infinity : sign * one; };
    return [...given].sort((a, b) => value(a) - value(b) || a - b);
  }
  function page() {
    body.append(...rows.slice(shown, shown + PAGE).map((i) => rowOf(data, map, filters, rank, i, find)));
    shown = Math.min(shown + PAGE, rows.length);
    more.hidden = shown >= rows.length;
    more.textContent = `Show more: ${figures(rows.length - shown)} left`;
  }
  function find(i) {
    if (map.codes.status[i] >= 2) unhide(map, map.codes.status[i]);
    keep(i);
    map.reach(i);
    map.refresh(true);
    $('map').scrollIntoView({ block: 'start' });
    $('canvas').focus({ preventScroll: true });
  }
  function fill(given) {
    rows = ordered(given);
    shown = 0;
    body.replaceChildren();
    page();
    const chosen = rows.reduce((sum, i) => sum + (i < data.chosen), 0);
    count.textContent = `${figures(rows.length)} rows, ${figures(chosen)} of them chosen`;
    found.textContent = filters.own() ? `${figures(rows.length)} found, ${figures(chosen)} chosen` : '';
  }
  more.addEventListener('click', () => { // the keyboard goes on at the first new row
    const at = shown;
    page();
    body.children[at]?.querySelector('button').focus();
  });
  sort.value = '';
  sort.addEventListener('change', () => fill(rows.slice().sort((a, b) => a - b)));
  filters.told.push(fill);
  $('rows-save').addEventListener('click', () => save(rows.map((i) => JSON.stringify(record(data, map, filters, rank, i)) + '\n'), 'rows.jsonl'));
  $('rows').hidden = false;
  filters.apply();
}

function rowOf(data, map, filters, rank, i, find) {
  const [text, reason] = textOf(data, i), row = make('tr');
  const cell = (...parts) => { const one = make('td'); one.append(...parts.filter(Boolean)); row.append(one); return one; };
  const status = data.statuses[map.codes.status[i]][0], at = make('button', 'find', rank[i] ? `Rank ${figures(rank[i])}` : WORDS[status]);
  at.type = 'button';
  at.title = 'Show on the map';
  at.addEventListener('click', () => find(i));
  cell(at);
  const question = make('bdi', 'excerpt', text ? text[0] : 'Not in this page; cuvee why shows it.');
  cell(question, data.ids[i] === undefined ? null : make('bdi', 'id', data.ids[i]));
  cell(text && text[1] ? make('bdi', 'excerpt', text[1]) : null);
  const labels = [labelOf(data.tasks, map.codes.task[i]), labelOf(data.sources, map.codes.source[i])];
  cell(labels[0] ? make('bdi', '', labels[0]) : null, labels[1] ? make('small', '', labels[1]) : null);
  const scores = data.scores.map((score, which) => [score.name, filters.score(which, i)]).filter(([, value]) => !Number.isNaN(value));
  cell(make('bdi', '', reason || labelOf(data.reasons, map.codes.reason[i])), ...scores.map(([name, value]) => make('small', '', `${name} ${short(value)}`)));
  return row;
}

// A row as a line of the download. whole: whether question and answer are all that the row says.
function record(data, map, filters, rank, i) {
  const [text, reason] = textOf(data, i);
  const scores = Object.fromEntries(data.scores.map((score, which) => [score.name, filters.score(which, i)]).map(([name, value]) => [name, Number.isNaN(value) ? null : value]));
  return {
    id: data.ids[i] ?? null, status: WORDS[data.statuses[map.codes.status[i]][0]], rank: rank[i] || null,
    task: labelOf(data.tasks, map.codes.task[i]) || null, source: labelOf(data.sources, map.codes.source[i]) || null,
    reason: reason || labelOf(data.reasons, map.codes.reason[i]) || null, ...(data.scores.length ? { scores } : {}),
    question: text?.[0] ?? null, answer: text?.[1] ?? null, whole: i < data.whole,
  };
}

function save(parts, name) {
  const link = make('a');
  link.href = URL.createObjectURL(new Blob(parts, { type: 'application/jsonl' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
