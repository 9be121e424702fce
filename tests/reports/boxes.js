() => {
  const wide = document.documentElement.clientWidth, wrong = [];
  const hides = (element) => {
    for (let e = element; e && e !== document.body; e = e.parentElement)
      if (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(e).overflowX)) return e;
    return null;
  };
  const tell = (what, element) => wrong.push(`${what}: <${element.tagName.toLowerCase()} class="${element.getAttribute('class') || ''}"> ${element.textContent.trim().slice(0, 40)}`);
  if (document.documentElement.scrollWidth > wide) wrong.push(`the page is ${document.documentElement.scrollWidth} wide, the window ${wide}`);
  for (const element of document.body.querySelectorAll('*')) {
    if (!element.checkVisibility({ visibilityProperty: true }) || element.closest('.hidden, .skip, script')) continue;
    const box = element.getBoundingClientRect();
    if (box.width && (box.right > wide + 1 || box.left < -1) && !hides(element.parentElement)) tell('outside the window', element);
    const texts = [...element.childNodes].filter((node) => node.nodeType === 3 && node.data.trim());
    if (!texts.length) continue;
    const matrix = element.getScreenCTM?.(), scale = matrix ? Math.min(Math.hypot(matrix.a, matrix.b), Math.hypot(matrix.c, matrix.d)) : 1;
    if (scale * parseFloat(getComputedStyle(element).fontSize) < 10.99) tell('text below 11 px', element);
    const cell = element.closest('td, th, summary, button, figure, .lead, .body');
    if (!cell || cell.contains(hides(element)) || element.closest('svg, select')) continue;
    const range = document.createRange(), frame = cell.getBoundingClientRect();
    for (const text of texts) {
      range.selectNodeContents(text);
      const said = range.getBoundingClientRect();
      if (said.right > frame.right + 1.5 || said.left < frame.left - 1.5) { tell(`text out of its ${cell.tagName.toLowerCase()}`, element); break; }
    }
  }
  return wrong.slice(0, 12);
}
