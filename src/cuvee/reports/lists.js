// Lists of rows that can be searched.
function startLists() {
  for (const input of document.querySelectorAll('input[data-for]')) {
    const rows = [...$(input.dataset.for).children], lower = rows.map((row) => row.textContent.toLowerCase()), count = $(`${input.dataset.for}-count`);
    input.parentElement.hidden = false;
    input.value = '';
    input.addEventListener('input', () => {
      const wanted = input.value.trim().toLowerCase();
      let found = 0;
      rows.forEach((row, at) => { row.hidden = !lower[at].includes(wanted); found += !row.hidden; });
      count.textContent = wanted ? `${figures(found)} found` : '';
    });
  }
}

startLists();
