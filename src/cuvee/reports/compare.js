// Two maps of the same rows, drawn once per theme and size.
function drawMap(canvas, x, y, code, own) {
  const ratio = devicePixelRatio || 1, wide = canvas.clientWidth, high = canvas.clientHeight, margin = 14;
  canvas.width = wide * ratio;
  canvas.height = high * ratio;
  const pen = canvas.getContext('2d');
  pen.scale(ratio, ratio);
  const paint = { 0: [colour('free'), 1.3], [own]: [colour('accent'), 3.2], 3: [colour('merged'), 3.2] };
  const others = 3 - own; // chosen by the other run only: one of the others here
  for (const wanted of [0, 3, own]) {
    const [fill, radius] = paint[wanted];
    pen.fillStyle = fill;
    for (let i = 0; i < code.length; i++) {
      if (x[i] === 65535 || (code[i] === others ? 0 : code[i]) !== wanted) continue;
      pen.beginPath();
      pen.arc(margin + (x[i] / 65534) * (wide - 2 * margin), high - margin - (y[i] / 65534) * (high - 2 * margin), radius, 0, 2 * Math.PI);
      pen.fill();
    }
  }
}

function startMaps() {
  const data = read('pair-data'), code = unpack(data.code, Uint8Array);
  for (const [letter, own] of [['a', 1], ['b', 2]]) {
    const canvas = $(`map-${letter}`), x = unpack(data[`x_${letter}`], Uint16Array), y = unpack(data[`y_${letter}`], Uint16Array);
    const again = () => drawMap(canvas, x, y, code, own);
    new ResizeObserver(again).observe(canvas);
    themed.push(again);
  }
}

startMaps();
