// Pointer and keys of the map, then everything is started.
function startPointer(canvas, map, card, keep) {
  const down = new Map(); // pointers that are pressed: id -> [x, y]
  const tip = $('tip'), hint = $('wheel-hint');
  let moved = 0, spread = 0, fade = 0;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  function hover(i) {
    canvas.classList.toggle('over', i >= 0);
    if (i === map.look.hover) return;
    map.look.hover = i;
    tip.hidden = i < 0;
    if (i >= 0) { card(tip, i); put(i); }
    map.refresh();
  }
  function put(i) {
    const [px, py] = map.at(i), stage = canvas.getBoundingClientRect();
    const right = px + 18 + tip.offsetWidth < stage.width ? px + 18 : px - 18 - tip.offsetWidth;
    const top = clamp(py - tip.offsetHeight / 2, 8, Math.max(8, stage.height - tip.offsetHeight - 8));
    tip.style.transform = `translate(${Math.round(clamp(right, 8, Math.max(8, stage.width - tip.offsetWidth - 8)))}px, ${Math.round(top)}px)`;
  }
  canvas.addEventListener('pointerdown', (event) => {
    down.set(event.pointerId, place(event));
    canvas.setPointerCapture(event.pointerId);
    if (down.size === 1) moved = 0;
    spread = 0;
  });
  canvas.addEventListener('pointermove', (event) => {
    const [px, py] = place(event), before = down.get(event.pointerId);
    if (!before) return event.pointerType === 'mouse' ? hover(map.pick(px, py, 12)) : undefined;
    down.set(event.pointerId, [px, py]);
    moved += Math.abs(px - before[0]) + Math.abs(py - before[1]);
    if (down.size === 1 && moved > 4) {
      hover(-1);
      canvas.classList.add('moving');
      map.pan(px - before[0], py - before[1]);
    } else if (down.size === 2) {
      const [a, b] = [...down.values()], now = Math.hypot(a[0] - b[0], a[1] - b[1]);
      if (spread) map.zoom(now / spread, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2);
      spread = now;
      moved = 99;
    }
  });
  function release(event) {
    const at = down.get(event.pointerId);
    down.delete(event.pointerId);
    spread = 0;
    canvas.classList.remove('moving');
    if (event.type === 'pointerup' && at && moved <= 4) keep(map.pick(...at, event.pointerType === 'mouse' ? 12 : 22));
  }
  canvas.addEventListener('pointerup', release);
  canvas.addEventListener('pointercancel', release);
  canvas.addEventListener('pointerleave', () => hover(-1));
  canvas.addEventListener('wheel', (event) => {
    if (document.activeElement !== canvas && !event.ctrlKey && !event.metaKey) { // the page scrolls past the map
      hint.hidden = false;
      clearTimeout(fade);
      fade = setTimeout(() => { hint.hidden = true; }, 1400);
      return;
    }
    event.preventDefault();
    hint.hidden = true;
    const pixels = event.deltaY * (event.deltaMode === 1 ? 20 : 1);
    map.zoom(Math.exp(-clamp(pixels, -200, 200) * (event.ctrlKey ? 0.008 : 0.0022)), ...place(event));
    hover(-1);
  }, { passive: false });
}

function startKeys(canvas, map, keep) {
  const step = 60;
  const acts = {
    ArrowLeft: () => map.pan(step, 0), ArrowRight: () => map.pan(-step, 0),
    ArrowUp: () => map.pan(0, step), ArrowDown: () => map.pan(0, -step),
    '+': () => map.zoom(1.4), '=': () => map.zoom(1.4), '-': () => map.zoom(1 / 1.4), 0: () => map.showAll(),
    n: () => keep.step(1), p: () => keep.step(-1), Escape: () => keep(-1),
  };
  canvas.addEventListener('keydown', (event) => {
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  $('zoom-in').addEventListener('click', () => map.zoom(1.6));
  $('zoom-out').addEventListener('click', () => map.zoom(1 / 1.6));
  $('zoom-reset').addEventListener('click', () => map.showAll());
}

startMap();
startCurve();
startCopy();
startTheme();
startReach();
