// The lasso: draw round rows, and the table and the download are of these. Its listeners stand before those of the map.
function startLasso(canvas, map, filters) {
  const button = $('lasso'), path = $('lasso-path');
  let points = null, on = false;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const show = () => path.setAttribute('d', points && points.length > 1 ? `M${points.map((point) => point.map(Math.round).join(' ')).join('L')}Z` : '');
  function turn(now) {
    on = now;
    points = null;
    show();
    button.setAttribute('aria-pressed', String(on));
    canvas.classList.toggle('lasso', on);
  }
  button.addEventListener('click', () => {
    if (on || filters.wanted.lasso) { turn(false); filters.set({ lasso: null }); } else turn(true);
  });
  filters.told.push(() => {
    button.textContent = filters.wanted.lasso ? 'Undo lasso' : 'Lasso';
    if (!filters.wanted.lasso && !on) button.setAttribute('aria-pressed', 'false');
  });
  const during = (name, act) => canvas.addEventListener(name, (event) => {
    if (!on) return;
    event.stopImmediatePropagation();
    act(event);
  });
  during('pointerdown', (event) => { points = [place(event)]; canvas.setPointerCapture(event.pointerId); });
  during('pointermove', (event) => { if (points) { points.push(place(event)); show(); } });
  during('pointercancel', () => { points = null; show(); });
  during('pointerup', () => {
    const polygon = points ?? [];
    turn(false);
    if (polygon.length < 3) return;
    const lasso = Uint8Array.from(map.look.marks ?? { length: map.codes.status.length }, (_, i) => (map.visible(i) && inside(polygon, map.at(i)) ? 1 : 0));
    button.setAttribute('aria-pressed', 'true');
    filters.set({ lasso });
  });
}

// Whether a point lies inside a polygon: a ray from it crosses the border an odd number of times.
function inside(polygon, [px, py]) {
  let within = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [ax, ay] = polygon[i], [bx, by] = polygon[j];
    if (ay > py !== by > py && px < ((bx - ax) * (py - ay)) / (by - ay) + ax) within = !within;
  }
  return within;
}
