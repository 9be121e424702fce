// What is wanted of the rows: one state that the marks of the map, the table and the download follow.
function makeFilters(data, map) {
  const nothing = { text: '', status: '', task: '', source: '', reason: '', score: '', from: NaN, to: NaN, lasso: null };
  const wanted = { ...nothing }, told = [];
  const steps = data.scores.map((score) => unpack(score.values, Uint16Array));
  let lower = null; // per row what can be searched, made at the first search
  const prepare = () => Array.from({ length: data.n }, (_, i) => {
    const [text, reason] = textOf(data, i);
    return [data.ids[i], ...(text ?? []), reason].join('\n').toLowerCase();
  });
  // The value of a score of a row; NaN where it has none.
  function score(which, i) {
    const { low, high } = data.scores[which], step = steps[which][i];
    return step === NONE ? NaN : low + (step / 65534) * (high - low);
  }
  function inRange(i) {
    if (wanted.score === '') return true;
    const value = score(Number(wanted.score), i);
    return !(Number.isNaN(value) || value < wanted.from || value > wanted.to);
  }
  const kinds = ['status', 'task', 'source', 'reason'];
  function matches(i) {
    if (map.look.filter.size && !map.look.filter.has(map.group(i))) return false;
    if (wanted.lasso && !wanted.lasso[i]) return false;
    for (const kind of kinds) if (wanted[kind] !== '' && map.codes[kind][i] !== Number(wanted[kind])) return false;
    return inRange(i) && (!wanted.text || lower[i].includes(wanted.text));
  }
  const own = () => wanted.lasso || wanted.text || wanted.score !== '' || kinds.some((kind) => wanted[kind] !== '');
  function apply() {
    if (wanted.text) lower ??= prepare();
    const rows = [];
    for (let i = 0; i < data.n; i++) if (matches(i)) rows.push(i);
    map.look.marks = own() ? Uint8Array.from({ length: data.n }) : null;
    if (map.look.marks) for (const i of rows) map.look.marks[i] = 1;
    told.forEach((tell) => tell(rows));
    map.refresh(true);
  }
  const set = (change) => { Object.assign(wanted, change); apply(); };
  const clear = () => { map.look.filter.clear(); set(nothing); };
  return { wanted, set, clear, apply, score, own, told };
}

// The controls: both search boxes are one, and a score brings its range.
function startFilters(data, filters) {
  const texts = [$('search'), $('by-text')], selects = { status: $('by-status'), task: $('by-task'), source: $('by-source'), reason: $('by-reason') };
  for (const input of texts) {
    input.value = '';
    input.addEventListener('input', () => {
      for (const other of texts) if (other !== input) other.value = input.value;
      filters.set({ text: input.value.trim().toLowerCase() });
    });
  }
  const named = { status: data.statuses.map(([name, rows]) => [WORDS[name], rows]), task: data.tasks, source: data.sources, reason: data.reasons };
  for (const [kind, select] of Object.entries(selects)) {
    named[kind].forEach(([label, rows], code) => { if (rows) select.append(new Option(`${label} (${figures(rows)})`, code)); });
    select.parentElement.hidden = select.options.length < 2;
    select.value = '';
    select.addEventListener('change', () => filters.set({ [kind]: select.value }));
  }
  const ranged = startScores(data, filters);
  $('rows-clear').addEventListener('click', () => {
    for (const control of [...texts, ...Object.values(selects)]) control.value = '';
    ranged();
    filters.clear();
  });
}

// Returns a function that forgets the score.
function startScores(data, filters) {
  const select = $('by-score'), from = $('score-from'), to = $('score-to');
  if (!select) return () => {};
  data.scores.forEach((score, at) => select.append(new Option(score.name, at)));
  const show = () => {
    from.parentElement.hidden = to.parentElement.hidden = select.value === '';
    const score = data.scores[select.value];
    from.value = score ? short(score.low) : '';
    to.value = score ? short(score.high) : '';
  };
  const tell = () => {
    const known = (input) => (input.value === '' ? NaN : Number(input.value));
    const score = data.scores[select.value];
    // an end that was left as it is takes all of its side: what is shown of it is rounded
    const low = score && from.value === short(score.low) ? NaN : known(from), high = score && to.value === short(score.high) ? NaN : known(to);
    filters.set({ score: select.value, from: low, to: high });
  };
  select.value = '';
  show();
  select.addEventListener('change', () => { show(); tell(); });
  for (const input of [from, to]) input.addEventListener('input', tell);
  return () => { select.value = ''; show(); };
}
