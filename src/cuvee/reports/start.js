// What the other scripts share. Data reaches the page through textContent only.
const $ = (id) => document.getElementById(id);
const read = (id) => JSON.parse($(id).textContent);
const figures = (value) => Math.round(value).toLocaleString('en-US');
const short = (value) => (value == null ? '–' : Math.abs(value) >= 1000 ? figures(value) : String(Number(value.toPrecision(4))));
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const calm = matchMedia('(prefers-reduced-motion: reduce)');

function unpack(text, Type) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return new Type(bytes.buffer);
}

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function draw(tag, attributes, text) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// A canvas cannot read light-dark(): ask the browser what a colour of ours is in the theme of now.
function colour(name) {
  const probe = make('span');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

const themed = []; // called whenever the theme changes
function startTheme() {
  const root = document.documentElement;
  const system = matchMedia('(prefers-color-scheme: dark)');
  const button = $('theme');
  const now = () => root.dataset.theme || (system.matches ? 'dark' : 'light');
  const tell = () => {
    const other = now() === 'dark' ? 'Light' : 'Dark';
    button.textContent = other;
    button.setAttribute('aria-label', `${other} theme`);
    themed.forEach((change) => change());
  };
  try { // some browsers keep nothing for files
    const kept = localStorage.getItem('cuvee-theme');
    if (kept === 'dark' || kept === 'light') root.dataset.theme = kept;
  } catch { /* the system's choice stands */ }
  button.hidden = false;
  button.addEventListener('click', () => {
    root.dataset.theme = now() === 'dark' ? 'light' : 'dark';
    try { localStorage.setItem('cuvee-theme', root.dataset.theme); } catch { /* not kept */ }
    tell();
  });
  system.addEventListener('change', tell);
  tell();
  printInLight(root, tell);
}

function printInLight(root, tell) {
  let before;
  addEventListener('beforeprint', () => {
    before = root.dataset.theme;
    root.dataset.theme = 'light';
    tell();
  });
  addEventListener('afterprint', () => {
    if (before) root.dataset.theme = before; else delete root.dataset.theme;
    tell();
  });
}

function startCopy() {
  const button = $('copy');
  if (!button || !navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText($('commands').textContent.trimEnd());
      button.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren($('commands'));
      button.textContent = 'Selected';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 1600);
  });
}

// Who has no pointer scrolls with the keyboard: a text that is longer than its box can be reached by it.
function reachable() {
  for (const text of document.querySelectorAll('.excerpt')) {
    if (text.clientHeight && text.scrollHeight > text.clientHeight + 1) text.tabIndex = 0; else text.removeAttribute('tabindex');
  }
}
function startReach() {
  document.addEventListener('toggle', reachable, true);
  new ResizeObserver(reachable).observe(document.body);
  reachable();
}
