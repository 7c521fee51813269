/* The client's pages: leave quickly, and the check-in one question at a time. Every page works without this script.

   MARKUP CONTRACT (samples: templates/client/_question.html, _review.html, _steps.html)
   a[data-leave]                    the harmless page; also reached by pressing Escape twice
   h1[data-title]                   the page's heading, before the form; only the first step shows it, readers always have it
   form[data-checkin]               one form with everything; data-done = where a sent check-in leads
     [data-intro]                   optional first step
     fieldset[data-question=NAME]   one step each, with a legend; NAME is the field that holds its answer
     fieldset[data-unless=NAME]       on a question: left out while NAME is answered with 1 or more
     fieldset[data-at-end]            on a question: it moves to [data-closing] in the review, and is no step of its own
     details[data-folded]             what a page without script folds; it is opened here
     [data-asked-if=NAME][data-asked-at-least=N]
                                    on a question: asked only if NAME was answered with N or more, else not sent at all;
                                    on anything else (help for an answer about self-harm): shown at once when that holds
     [data-review][hidden]          last step; one [data-review-row=NAME] each with [data-review-answer], shown where there is
                                    an answer; fieldset[data-choice] inside: show it or keep it, open once
                                    button[data-choose] was pressed or with data-choosing on the review, as is
                                    [data-when-choosing]; the words of [data-send] are then those of data-send-chosen;
                                    data-decided-by="FIELD FIELD" data-shown-value=VALUE on a row: the therapist sees it only
                                    while each FIELD is VALUE (default "show"), else it is marked .kept-back and its
                                    [data-when-kept] is shown. Rows that hang on another answer name its FIELD, too,
                                    or "where is it now?" would give away a strain that was kept.
                                    button[data-go=NAME] goes back to a question
     button[data-send]              inside the review; its name and value are sent with it
     progress[data-progress][hidden]   how far along, without numbers
     [data-steps][hidden]           holds button[data-back], button[data-skip], button[data-next]
     [data-status]                  role=status; data-sending, data-waiting, data-refused hold the words
     .plain-only                    what only a page without script needs, such as the plain submit button

   A sent form that got through is answered by a redirect; the page then goes to data-done. An answer with the header
   X-Answers: shown is a page that holds all answers, so the form is handed to it; any other refusal leaves them here. When the network fails the
   answers stay in the page, nowhere else, and the same body with the same idempotency key is posted again. */
"use strict";

(() => {
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  const one = (selector, inside = document) => inside.querySelector(selector);
  const leave = one("[data-leave]");
  const form = one("form[data-checkin]");
  let guarded = Boolean(history.state?.guard);
  let dirty = false;
  let leaving = false;

  document.documentElement.classList.add("js");

  /* Leave quickly. Hide first, since the next page may be slow; drop our own history entry, so that Back shows nothing. */
  function away(event) {
    event?.preventDefault();
    leaving = true;
    document.documentElement.hidden = true;
    if (guarded) history.back();
    setTimeout(() => location.replace(leave.href), guarded ? 150 : 0);
  }
  if (leave) {
    let lastEscape = -Infinity;
    leave.addEventListener("click", away);
    addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.repeat) return;
      if (event.timeStamp - lastEscape < 1500) away(event);
      lastEscape = event.timeStamp;
    });
  }
  if (!form) return;

  const review = one("[data-review]", form);
  const closing = one("[data-closing]", form);
  if (closing) closing.append(...all("[data-at-end]", form));
  const questions = all("[data-question]", form).filter((question) => !review.contains(question));
  for (const folded of all("details[data-folded]", form)) folded.open = true;
  const controls = one("[data-steps]", form);
  const progress = one("[data-progress]", form);
  const status = one("[data-status]", form);
  const title = one("[data-title]");
  const send = one("[data-send]", form);
  const steps = [one("[data-intro]", form), ...questions, review].filter(Boolean);
  let current = steps[0];
  let fromReview = false;
  let sending = false;

  const field = (name) => all(`[name="${CSS.escape(name)}"]`, form).filter((input) => !input.matches(":disabled"));
  const chosen = (name) => field(name).filter((input) => (/radio|checkbox/.test(input.type) ? input.checked : input.value.trim()));
  const atLeast = (name, least) => chosen(name).some((input) => Number(input.value) >= Number(least ?? 1) && input.value !== "");

  function words(input) {
    if (/radio|checkbox/.test(input.type)) return one("[data-label]", input.closest("label"))?.textContent ?? input.closest("label").textContent;
    return input.selectedOptions ? input.selectedOptions[0].textContent : input.value;
  }

  /* In document order, so that a question that is not asked also closes those that depend on it. */
  function refresh() {
    for (const element of all("[data-asked-if], [data-unless]", form)) {
      const { askedIf, askedAtLeast, unless } = element.dataset;
      const holds = (!askedIf || atLeast(askedIf, askedAtLeast)) && !(unless && atLeast(unless));
      if (element.matches("[data-question]")) element.disabled = !holds;
      else element.hidden = !holds;
    }
  }

  const stepOf = (element) => element && [...questions, review].find((step) => step.contains(element));
  const given = (name) => chosen(name).filter((input) => input.value !== "");

  /* Choices first: a row may be decided by a choice that stands in another row. */
  function fillReview() {
    const choosing = "choosing" in review.dataset;
    for (const choice of all("[data-choice]", review)) {
      choice.hidden = choice.disabled = !choosing || !given(choice.closest("[data-review-row]").dataset.reviewRow).length;
    }
    for (const hint of all("[data-when-choosing]", review)) hint.hidden = !choosing;
    if (choosing && send.dataset.sendChosen) send.textContent = send.dataset.sendChosen;
    for (const row of all("[data-review-row]", review)) {
      const name = row.dataset.reviewRow;
      const answer = one("[data-review-answer]", row);
      const said = given(name);
      row.hidden = !said.length || !questions.some((question) => question.dataset.question === name);
      answer.textContent = said.map((input) => words(input).trim()).join(", ");
      answer.classList.toggle("own-words", said.some((input) => input.type === "textarea" || input.type === "text"));
      const decided = (row.dataset.decidedBy ?? "").split(" ").flatMap((field) => chosen(field).slice(0, 1));
      const kept = said.length > 0 && decided.some((input) => input.value !== (row.dataset.shownValue ?? "show"));
      row.classList.toggle("kept-back", kept);
      for (const note of all("[data-when-kept]", row)) note.hidden = !kept;
    }
  }

  function show(step, focus = true) {
    const reachable = steps.filter((each) => !each.disabled);
    current = step;
    for (const each of steps) each.hidden = each !== step;
    progress.max = reachable.length;
    progress.value = reachable.indexOf(step) + 1;
    one("[data-back]", controls).hidden = step === reachable[0];
    one("[data-skip]", controls).hidden = !questions.includes(step);
    one("[data-next]", controls).hidden = step === review;
    title?.classList.toggle("visually-hidden", step !== steps[0]);
    if (step === review) fillReview();
    if (!focus) return;
    const heading = one("legend, h2", step) ?? title ?? step;
    heading.tabIndex = -1;
    scrollTo(0, 0);
    heading.focus({ preventScroll: true });
  }

  function move(by) {
    if (sending) return;
    refresh();
    const reachable = steps.filter((each) => !each.disabled);
    const following = reachable[reachable.indexOf(current) + by];
    // After "Change" straight back to the review, unless the new answer opened a question that hangs on it.
    const hangs = following?.dataset.askedIf && following.dataset.askedIf === (current.dataset.askedIf ?? current.dataset.question);
    const next = by > 0 && fromReview && !hangs ? review : following;
    if (next === review) fromReview = false;
    if (!guarded) {
      // One entry of our own, so that the Back key goes a question back instead of losing the answers.
      history.pushState({ guard: true }, "");
      guarded = true;
    }
    if (next) show(next);
  }

  function skip() {
    const name = current.dataset.question;
    for (const input of all("input, textarea, select", current)) {
      if (/radio|checkbox/.test(input.type)) input.checked = input.name === name ? input.value === "" : input.checked;
      else input.value = "";
    }
    dirty = true;
    move(1);
  }

  const tell = (key) => { status.textContent = key ? status.dataset[key] : ""; };
  const pause = (seconds) => new Promise((resume) => {
    setTimeout(resume, seconds * 1000);
    addEventListener("online", resume, { once: true });
  });

  async function post(body) {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), 20000);
    try {
      return await fetch(form.action, { method: "POST", body, redirect: "manual", signal: patience.signal });
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  /* One body for all tries: what was reviewed is what is sent, and a try that did arrive is recognised by its key. */
  async function sendAll() {
    if (sending) return;
    sending = true;
    const body = new FormData(form);
    body.set(send.name, send.value);
    const locked = all("fieldset, button", review).filter((element) => !element.disabled && element !== send);
    for (const element of locked) element.disabled = true;
    send.setAttribute("aria-disabled", "true");
    one("[data-back]", controls).hidden = true;
    tell("sending");
    for (let wait = 2; ; wait = Math.min(wait * 2, 60)) {
      const answer = await post(body);
      if (leaving) return;
      if (answer?.type === "opaqueredirect") {
        dirty = false;
        location.replace(form.dataset.done);
        return;
      }
      if (answer?.headers.get("X-Answers") === "shown") {
        handOver(locked);
        return;
      }
      if (answer && answer.status < 500 && answer.status !== 429) break;
      tell("waiting");
      await pause(wait);
    }
    tell("refused");
    for (const element of locked) element.disabled = false;
    send.removeAttribute("aria-disabled");
    one("[data-back]", controls).hidden = false;
    sending = false;
  }

  /* The server has something to say about an answer: let it show its own page. */
  function handOver(locked) {
    for (const element of locked) element.disabled = false;
    const which = Object.assign(document.createElement("input"), { type: "hidden", name: send.name, value: send.value });
    form.append(which);
    dirty = false;
    HTMLFormElement.prototype.submit.call(form);
  }

  one("[data-back]", controls).addEventListener("click", () => move(-1));
  one("[data-skip]", controls).addEventListener("click", skip);
  one("[data-next]", controls).addEventListener("click", () => move(1));
  form.addEventListener("input", () => {
    dirty = true;
    refresh();
    if (current === review) fillReview();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (current === review) sendAll();
    else move(1);
  });
  one("[data-choose]", review)?.addEventListener("click", (event) => {
    event.preventDefault();
    event.currentTarget.hidden = true;
    review.dataset.choosing = "";
    fillReview();
  });
  for (const button of all("[data-go]", review)) {
    button.addEventListener("click", () => {
      fromReview = true;
      show(questions.find((question) => question.dataset.question === button.dataset.go));
    });
  }
  for (const link of all('a[href^="#"]', one("main") ?? document)) {
    const step = stepOf(document.getElementById(link.hash.slice(1)));
    if (!step) continue;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      show(step);
    });
  }
  addEventListener("popstate", () => {
    guarded = false;
    if (leaving) location.replace(leave.href);
    else if (current !== steps[0]) move(-1);
  });
  addEventListener("beforeunload", (event) => {
    if (dirty && !leaving) event.preventDefault();
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted && !sending) refresh();
  });

  controls.hidden = progress.hidden = false;
  refresh();
  show(stepOf(one("[data-question] .error", form)) ?? current, false);
})();
