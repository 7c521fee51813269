// Two conveniences for people who work here. Every page works without them.

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
