// The map itself: points in, pixels out. It knows colours, the view and what is hidden; explore.js knows the controls.
const PALETTE = 7; // labels with a colour of their own; all others share one
const NONE = 65535;

function makeMap(canvas, data) {
  const n = data.n, m = data.chosen;
  const x = unpack(data.x, Uint16Array), y = unpack(data.y, Uint16Array);
  const codes = { status: unpack(data.status, Uint8Array), task: unpack(data.task, Uint16Array), source: unpack(data.source, Uint16Array), reason: unpack(data.reason, Uint16Array) };
  const look = { mode: 'status', upTo: m, filter: new Set(), free: true, dropped: false, marks: null, hover: -1, pin: -1 };
  const view = { x: 0.5, y: 0.5, scale: 1 };
  const context = canvas.getContext('2d', { willReadFrequently: true }); // its pixels are ours, not a GPU's
  const size = { width: 0, height: 0, ratio: 1 };
  let under = null, frame = null; // pixels: all that is not chosen, drawn again only when the view changes; and the picture
  let sprites = new Map(), colours = {}, stale = true, waiting = false;

  const groups = { status: 5, task: PALETTE + 2, source: PALETTE + 2 };
  // The group of a point in the mode of now: a status, or one of the labels with a colour, then "others", then "none".
  function group(i) {
    const code = codes[look.mode][i];
    if (look.mode === 'status') return code;
    return code === NONE ? PALETTE + 1 : Math.min(code, PALETTE);
  }
  const isDropped = (i) => codes.status[i] >= 2;
  function visible(i) {
    if (look.filter.size && !look.filter.has(group(i))) return false;
    if (i < m) return i < look.upTo || look.free;
    return isDropped(i) ? look.dropped : look.free;
  }

  function paint(g) {
    if (look.mode === 'status') return colours[['accent', 'free', 'dropped', 'quarantined', 'merged'][g]];
    return g > PALETTE ? colours.pale : colours[`c${g}`];
  }
  function readColours() {
    for (const name of ['accent', 'free', 'dropped', 'quarantined', 'merged', 'pale', 'ink', 'sheet']) colours[name] = colour(name);
    for (let g = 0; g <= PALETTE; g++) colours[`c${g}`] = colour(`c${g}`);
    sprites = new Map();
    stale = true;
  }

  // The pixels of a dot or a cross, drawn once per colour and size.
  function sprite(shape, fill, radius, rim) {
    const key = `${shape}|${fill}|${radius}|${rim}`;
    let found = sprites.get(key);
    if (found) return found;
    const half = Math.ceil((radius + 2) * size.ratio), side = 2 * half + 1;
    const sheet = document.createElement('canvas');
    sheet.width = sheet.height = side;
    const pen = sheet.getContext('2d', { willReadFrequently: true });
    pen.setTransform(size.ratio, 0, 0, size.ratio, half + 0.5, half + 0.5);
    pen.beginPath();
    if (shape === 'cross') {
      for (const s of [1, -1]) { pen.moveTo(-radius, -radius * s); pen.lineTo(radius, radius * s); }
      pen.strokeStyle = fill;
      pen.lineWidth = 1.1;
      pen.stroke();
    } else {
      pen.arc(0, 0, radius, 0, 2 * Math.PI);
      pen.fillStyle = fill;
      pen.fill();
      if (rim) { pen.strokeStyle = rim; pen.lineWidth = 1; pen.stroke(); }
    }
    found = { pixels: pen.getImageData(0, 0, side, side).data, half, side };
    sprites.set(key, found);
    return found;
  }
  // Blends a sprite into opaque pixels. Twenty thousand of these take a few milliseconds without any help of a GPU.
  function stamp(image, { pixels, half, side }, px, py, alpha) {
    const left = Math.round(px * size.ratio) - half, top = Math.round(py * size.ratio) - half, target = image.data;
    for (let row = Math.max(0, -top); row < side && top + row < image.height; row++) {
      for (let column = Math.max(0, -left); column < side && left + column < image.width; column++) {
        const from = 4 * (row * side + column), part = (pixels[from + 3] * alpha) / 255;
        if (part === 0) continue;
        const to = 4 * ((top + row) * image.width + left + column);
        for (let channel = 0; channel < 3; channel++) target[to + channel] += (pixels[from + channel] - target[to + channel]) * part;
      }
    }
  }

  const margin = 18;
  const across = (i) => ((x[i] / 65535 - view.x) * (size.width - 2 * margin)) * view.scale + size.width / 2;
  const down = (i) => ((view.y - y[i] / 65535) * (size.height - 2 * margin)) * view.scale + size.height / 2;
  const near = () => Math.min(view.scale, 16) ** 0.35; // dots grow, slower than the map
  function radius(i) {
    const large = clamp(8 - 1.15 * Math.log10(Math.max(m, 2)), 2.4, 6.5);
    const part = m > 1 ? Math.sqrt(i / (m - 1)) : 0;
    const phone = size.width < 500 ? 0.78 : 1;
    return Math.round(4 * near() * phone * large * (1 - 0.52 * part)) / 4;
  }
  function isOut(px, py) { return px < -9 || py < -9 || px > size.width + 9 || py > size.height + 9; }

  function pale(image, i, r, alpha) {
    const px = across(i), py = down(i);
    if (isOut(px, py)) return;
    const g = i < m && look.mode === 'status' ? 1 : group(i);
    const crossed = i >= m && isDropped(i);
    stamp(image, sprite(crossed ? 'cross' : 'dot', paint(g), crossed ? r * 1.5 : r, ''), px, py, alpha);
  }
  function drawUnder() {
    const [red, green, blue] = colours.sheet.match(/[\d.]+/g).map(Number);
    new Uint32Array(under.data.buffer).fill(((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0);
    const r = Math.round(4 * near() * (size.width < 500 ? 1 : 1.45)) / 4, dim = look.marks ? 0.35 : 1;
    for (let i = m; i < n; i++) {
      if (visible(i)) pale(under, i, r, dim * (isDropped(i) ? 0.6 : look.mode === 'status' ? 0.5 : 0.38));
    }
    stale = false;
  }

  function drawChosen() {
    const r = Math.round(4 * near() * 1.45) / 4, alpha = look.marks ? 0.18 : 1;
    for (let i = look.upTo; i < m; i++) if (visible(i)) pale(frame, i, r, alpha / 2);
    for (let i = look.upTo - 1; i >= 0; i--) { // the best lie on top
      if (!visible(i)) continue;
      const px = across(i), py = down(i);
      if (!isOut(px, py)) stamp(frame, sprite('dot', paint(look.mode === 'status' ? 0 : group(i)), radius(i), colours.sheet), px, py, alpha);
    }
    for (let i = n - 1; look.marks && i >= 0; i--) {
      if (!look.marks[i] || !visible(i)) continue;
      const px = across(i), py = down(i), own = i < look.upTo;
      if (isOut(px, py)) continue;
      stamp(frame, sprite('dot', paint(i < m && !own && look.mode === 'status' ? 1 : group(i)), own ? radius(i) : 3, colours.ink), px, py, 1);
    }
  }
  function drawRings() {
    context.setTransform(size.ratio, 0, 0, size.ratio, 0, 0);
    for (const [i, width] of [[look.pin, 2.4], [look.hover, 1.6]]) {
      if (i < 0 || !visible(i)) continue;
      context.beginPath();
      context.arc(across(i), down(i), (i < look.upTo ? radius(i) : 2) + 4, 0, 2 * Math.PI);
      context.strokeStyle = colours.ink;
      context.lineWidth = width;
      context.stroke();
    }
  }
  function redraw() {
    waiting = false;
    if (!frame) return;
    if (stale) drawUnder();
    frame.data.set(under.data);
    drawChosen();
    context.putImageData(frame, 0, 0);
    drawRings();
  }
  // everything: the view, the colours or what is hidden changed; without it only the top layer is drawn again.
  function refresh(everything) {
    stale = stale || Boolean(everything);
    if (!waiting) { waiting = true; requestAnimationFrame(redraw); }
  }

  function resize() {
    const box = canvas.getBoundingClientRect();
    Object.assign(size, { width: box.width, height: box.height, ratio: Math.min(devicePixelRatio || 1, 3) });
    canvas.width = Math.max(1, Math.round(box.width * size.ratio));
    canvas.height = Math.max(1, Math.round(box.height * size.ratio));
    [under, frame] = [0, 1].map(() => context.createImageData(canvas.width, canvas.height));
    sprites = new Map();
    stale = true;
    redraw(); // at once: an emptied canvas would flicker
  }

  function keepInside() {
    const slack = 0.5 / view.scale;
    view.x = clamp(view.x, Math.min(slack, 0.5), Math.max(1 - slack, 0.5));
    view.y = clamp(view.y, Math.min(slack, 0.5), Math.max(1 - slack, 0.5));
    canvas.style.touchAction = view.scale > 1 ? 'none' : 'pan-y'; // a finger scrolls the page until the map is enlarged
    refresh(true);
  }
  function pan(dx, dy) {
    view.x -= dx / ((size.width - 2 * margin) * view.scale);
    view.y += dy / ((size.height - 2 * margin) * view.scale);
    keepInside();
  }
  function zoom(factor, px = size.width / 2, py = size.height / 2) {
    const next = clamp(view.scale * factor, 1, 60);
    const shift = (1 / view.scale - 1 / next);
    view.x += ((px - size.width / 2) / (size.width - 2 * margin)) * shift;
    view.y -= ((py - size.height / 2) / (size.height - 2 * margin)) * shift;
    view.scale = next;
    keepInside();
  }
  function showAll() { Object.assign(view, { x: 0.5, y: 0.5, scale: 1 }); keepInside(); }
  function reach(i) { // bring a point into sight
    if (!isOut(across(i) - 10, down(i) - 10) && !isOut(across(i) + 10, down(i) + 10)) return refresh();
    Object.assign(view, { x: x[i] / 65535, y: y[i] / 65535 });
    keepInside();
  }
  // The visible point nearest to a place, within ``reachable`` pixels; chosen rows win against others as near. -1: none.
  function pick(px, py, reachable) {
    let best = -1, least = reachable * reachable;
    for (let i = 0; i < n; i++) {
      const dx = across(i) - px, dy = down(i) - py;
      const distance = dx * dx + dy * dy + (i < look.upTo ? 0 : 24);
      if (distance < least && visible(i)) { least = distance; best = i; }
    }
    return best;
  }
  return { look, view, codes, groups, group, paint, readColours, refresh, resize, pan, zoom, showAll, reach, pick, visible, at: (i) => [across(i), down(i)] };
}
