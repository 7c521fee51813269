// Conveniences for people who work here. Every page works without them.

// A question that hangs on another is shown once the other was answered so.
function follow(question) {
  const parent = question.dataset.askedIf, least = Number(question.dataset.askedAtLeast);
  const show = () => {
    const chosen = question.form.querySelector(`[name="${CSS.escape(parent)}"]:checked`);
    question.hidden = !(chosen && chosen.value !== "" && Number(chosen.value) >= least);
  };
  question.querySelector(".condition")?.remove();
  question.form.addEventListener("change", show);
  show();
}
document.querySelectorAll("fieldset[data-asked-if]").forEach(follow);

// Copies the value of a field. Without script it can be copied by hand, so the button starts hidden.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
    button.textContent = button.dataset.copied;
  });
}

// A rating: one tap a row, keys while the focus is in a row, folded rows on a phone, and a draft that survives a reload.
function rate(form) {
  const rows = [...form.querySelectorAll("[data-row]")], status = form.querySelector("[data-status]");
  const chosen = (row) => row.querySelector("input:checked:not([value=''])");
  let open = null, saving = 0, changed = false;

  function count() {
    const done = rows.filter(chosen).length;
    return `${form.dataset.count} ${done}/${rows.length}`;
  }
  // Opens one row, closes the rest; `focus` goes into it, for the keys.
  function show(row, focus) {
    open = row;
    for (const other of rows) {
      other.classList.toggle("rating-open", other === row);
      other.classList.toggle("rating-done", Boolean(chosen(other)) && other !== row);
    }
    if (focus && row) (chosen(row) || row.querySelector("input")).focus({ preventScroll: true });
  }
  function next(row) {
    const following = rows.slice(rows.indexOf(row) + 1).find((other) => !chosen(other));
    show(following || null, true);
    if (!following) form.querySelector(".rating-actions .button").focus({ preventScroll: true });
  }
  async function save() {
    changed = false;
    try {
      const answer = await fetch(form.dataset.draft, { method: "POST", body: new FormData(form), keepalive: true });
      if (!answer.ok) throw new Error(answer.status);
      status.textContent = `${count()} · ${form.dataset.saved} ${await answer.text()}`;
    } catch {
      changed = true;
      status.textContent = form.dataset.unsaved;
    }
  }
  function later() {
    changed = true;
    clearTimeout(saving);
    saving = setTimeout(save, 500);
  }
  form.addEventListener("input", later);
  addEventListener("pagehide", () => changed && save());
  form.addEventListener("submit", () => { clearTimeout(saving); changed = false; });
  for (const row of rows) {
    const cells = [...row.querySelectorAll("input:not([value=''])")];
    let pointed = false;
    row.addEventListener("pointerdown", () => { pointed = true; });
    row.addEventListener("change", () => { if (pointed) next(row); else show(row, false); pointed = false; });
    row.querySelector("legend").addEventListener("click", () => show(row, true));
    row.addEventListener("focusin", () => { if (!pointed) show(row, false); });
    row.addEventListener("keydown", (event) => {
      const place = rows.indexOf(row), cell = cells[Number(event.key) - 1];
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (cell) { cell.checked = true; later(); next(row); }
      else if (event.key === "0") { cells.forEach((one) => { one.checked = false; }); later(); next(row); }
      else if (event.key === "ArrowDown" && rows[place + 1]) show(rows[place + 1], true);
      else if (event.key === "ArrowUp" && rows[place - 1]) show(rows[place - 1], true);
      else if (event.key === "Enter") form.requestSubmit();
      else return;
      if (cell || event.key === "0") form.dispatchEvent(new Event("change"));
      event.preventDefault();
    });
  }
  form.querySelector("[data-keys]").hidden = false;
  document.documentElement.classList.add("js");
  status.textContent = count();
  show(rows.find((row) => !chosen(row)) || null, false);
}
document.querySelectorAll("form[data-rating]").forEach(rate);
