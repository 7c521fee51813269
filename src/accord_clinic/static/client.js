/* The client's pages: leave quickly, and the check-in one question at a time. Every page works without this script.

   MARKUP CONTRACT (samples: templates/client/check_in.html, _question.html, _review.html, _steps.html)
   a[data-language]                 the same page in another language
   a[data-leave]                    the harmless page; also reached by pressing Escape twice
   form[data-checkin]               one form with everything; data-done = where a sent check-in leads; data-here = its
                                    address without a token; data-begin = the link's own address, where the first answer
                                    swaps the token for a cookie; data-forget = this device is handed back: store nothing
     fieldset[data-question=NAME]   one screen each, with a legend; NAME is the field that holds its answer. Of a choice each
                                    answer becomes a button that answers and goes on
     fieldset[data-joined]            on a question: the next one stands on the same screen
     fieldset[data-unless=NAME]       on a question not answered yet: left out while NAME is answered with 1 or more
     fieldset[data-at-end]            on a question: it moves to [data-closing] in the review, and is no screen of its own
     fieldset[data-share]             on a question: its answer can be kept; "show" or "raise" as the page came
     fieldset[data-on-sheet=NAME]     on a question: what the review calls it, where that is not the whole question
     details[data-folded]             what a page without script folds; it is opened here
     [data-asked-if=NAME][data-asked-at-least=N]
                                    on a question: asked only if NAME was answered with N or more, else not sent at all;
                                    on anything else (help for an answer about self-harm): shown at once when that holds,
                                    and with data-stays the screen then waits for "Next"
     [data-with-first]              shown with the first question only
     [data-review][hidden]          last screen. [data-rows] is filled from template[data-row], one row for each answer;
                                    [data-choice] in it: show it or keep it, open once button[data-choose] was pressed or
                                    with data-choosing, as is [data-when-choosing]; [data-send] then says data-send-chosen.
                                    The rows of a block with data-folds=WHAT and data-fold-of=NAME stand in one template[data-fold].
                                    A row is .kept-back, and its [data-when-kept] shown, while its answer, or the one that it
                                    hangs on, is kept: "where does it stand?" would give away what felt off.
                                    [data-nothing] is shown where nothing was answered
     details > summary [data-reader]  names who reads a line, from the readers under it
     progress[data-progress][hidden]   how far along, without numbers
     [data-steps][hidden]           holds button[data-back], button[data-skip], button[data-next]
     [data-status]                  role=status; data-sending, data-waiting, data-refused hold the words
     .plain-only                    what only a page without script needs, such as the plain submit button

   A sent form that got through is answered by a redirect; the page then goes to data-done. An answer with the header
   X-Answers: shown is a page that holds all answers, so the form is handed to it; any other refusal leaves them here.
   When the network fails, the same body with the same idempotency key is posted again. Until it is sent, this tab alone
   remembers the answers for half an hour, so that a reload loses nothing; sending and leaving quickly forget them. */
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
    try { for (const key of Object.keys(sessionStorage)) if (key.startsWith("accord:")) sessionStorage.removeItem(key); } catch { /* nothing was stored then */ }
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
  /* Another language in place of this page: an address with a token must not stay behind in the history. */
  for (const link of all("[data-language]")) {
    link.addEventListener("click", (event) => { event.preventDefault(); location.replace(link.href); });
  }
  if (!form) return;

  const review = one("[data-review]", form);
  const closing = one("[data-closing]", form);
  closing.append(...all("[data-at-end]", form));
  const rows = one("[data-rows]", review);
  const questions = all("[data-question]", form).filter((question) => !review.contains(question));
  const lines = all("[data-question]", review);
  for (const folded of all("details[data-folded]", form)) folded.open = true;
  const controls = one("[data-steps]", form);
  const progress = one("[data-progress]", form);
  const status = one("[data-status]", form);
  const send = one("[data-send]", form);
  const kept = new Map(all("[data-share]", form).map((question) => [question.dataset.question, question.dataset.share]));
  const memory = `accord:${form.dataset.here}`;
  const REMEMBERED = 30 * 60 * 1000;
  /* A second tap of a double tap would answer the next question unread. */
  const SETTLES = 250;
  const steps = [];
  for (const question of questions) {
    const before = steps.at(-1);
    if (before && "joined" in before.at(-1).dataset) before.push(question);
    else steps.push([question]);
  }
  steps.push([review]);
  let current = steps[0];
  let fromReview = false;
  let sending = false;
  let begun = !form.dataset.begin;
  let remembered = false;

  const field = (name) => all(`[name="${CSS.escape(name)}"]`, form).filter((input) => !input.matches(":disabled"));
  const isChoice = (input) => /radio|checkbox/.test(input.type);
  const chosen = (name) => field(name).filter((input) => (isChoice(input) ? input.checked : input.value.trim()));
  const atLeast = (name, least) => chosen(name).some((input) => Number(input.value) >= Number(least ?? 1) && input.value !== "");
  const given = (name) => chosen(name).filter((input) => input.value !== "");
  const asked = (step) => step.filter((part) => !part.disabled);
  const reachable = () => steps.filter((step) => asked(step).length);
  const label = (input) => (isChoice(input) ? one("[data-label]", input.closest("label")).textContent : input.value).trim();

  /* Each answer of a choice is a button: an explicit act, so that going on surprises nobody (WCAG 3.2.2). */
  for (const question of questions) {
    const choices = one(".choices", question);
    const radios = all('input[type="radio"]', question).filter((input) => input.name === question.dataset.question && input.value !== "");
    if (!choices || !radios.length) continue;
    choices.classList.add("answers");
    for (const radio of radios) {
      const words = one("[data-label]", radio.closest("label"));
      const button = Object.assign(document.createElement("button"), { type: "button", className: "answer", value: radio.value, textContent: words.textContent });
      if (words.lang) button.lang = words.lang;
      button.addEventListener("click", () => answer(question, radio));
      button.shows = radio;
      choices.append(button);
    }
  }

  function answer(question, radio) {
    if (sending || form.classList.contains("settling")) return;
    radio.checked = true;
    changed();
    if (question === asked(current).at(-1) && !stays(current)) move(1);
    else steer();
  }

  const stays = (step) => step.some((part) => one("[data-stays]:not([hidden])", part));

  /* In document order, so that a question that is not asked also closes those that depend on it. */
  function refresh() {
    for (const element of all("[data-asked-if], [data-unless]", form)) {
      const { askedIf, askedAtLeast, unless } = element.dataset;
      const waits = unless && atLeast(unless) && !given(element.dataset.question).length; // what was answered stays
      const holds = (!askedIf || atLeast(askedIf, askedAtLeast)) && !waits;
      if (element.matches("[data-question]")) element.disabled = !holds;
      else element.hidden = !holds;
    }
    for (const button of all(".answer", form)) button.setAttribute("aria-pressed", String(button.shows.checked));
    for (const named of all("[data-reader]", form)) {
      const reader = one("input:checked", named.closest("details"));
      if (reader) named.textContent = label(reader);
    }
  }

  const isKept = (question) => Boolean(question) && given(question.dataset.question).length > 0 && (kept.get(question.dataset.question) ?? "show") !== "show";
  const byName = (name) => [...questions, ...lines].find((question) => question.dataset.question === name);
  const isKeptBack = (question) => {
    const readers = chosen(`read.${question.dataset.question}`);
    return isKept(question) || isKept(byName(question.dataset.askedIf)) || readers.some((input) => input.value !== "therapist");
  };

  /* What is kept is posted with the answers: one hidden field each. */
  function keep(name, value) {
    kept.set(name, value);
    let hidden = one(`input[type="hidden"][name="${CSS.escape(`share.${name}`)}"]`, form);
    if (!hidden) {
      hidden = Object.assign(document.createElement("input"), { type: "hidden", name: `share.${name}` });
      form.append(hidden);
    }
    hidden.value = value;
    hidden.disabled = value === "show";
  }

  function fillReview() {
    const choosing = "choosing" in review.dataset;
    for (const hint of all("[data-when-choosing]", review)) hint.hidden = !choosing;
    if (choosing) send.textContent = send.dataset.sendChosen;
    one("[data-choose]", review).hidden = choosing;
    const answered = [...questions, ...lines].filter((question) => !question.disabled && given(question.dataset.question).length);
    const open = all("details[open]", rows).map((fold) => fold.dataset.foldOf);
    const made = [];
    for (const question of answered) {
      // The answers to a long measure stand folded, but for one about safety.
      const block = "share" in question.dataset && question.closest("[data-folds]");
      if (!block) made.push(row(question, choosing));
      else folded(block.dataset, one("legend", question).lang, made, open).append(row(question, choosing));
    }
    rows.replaceChildren(...made);
    for (const each of all("details", rows)) {
      one("[data-count]", each).textContent = all("[data-review-row]", each).length;
      each.open ||= Boolean(one(".kept-back", each));
    }
    one("[data-nothing]", review).hidden = answered.length > 0;
  }

  function folded({ folds, foldOf }, language, made, open) {
    const before = made.find((each) => each.dataset.foldOf === foldOf);
    if (before) return before;
    const fold = one("[data-fold]", review).content.firstElementChild.cloneNode(true);
    fold.dataset.foldOf = foldOf;
    one("[data-about]", fold).textContent = folds;
    if (language) one("[data-about]", fold).lang = language;
    fold.open = open.includes(foldOf);
    made.push(fold);
    return fold;
  }

  function row(question, choosing) {
    const name = question.dataset.question;
    const made = one("[data-row]", review).content.firstElementChild.cloneNode(true);
    made.dataset.reviewRow = name;
    const legend = one("legend", question);
    const asks = question.dataset.onSheet ?? [...legend.childNodes].filter((node) => !node.classList?.contains("legend-lead")).map((node) => node.textContent).join("").trim();
    for (const place of all("[data-review-question]", made)) {
      place.textContent = asks;
      if (legend.lang) place.lang = legend.lang;
    }
    const answer = one("[data-review-answer]", made);
    const shown = given(name);
    answer.textContent = shown.map(label).join(", ");
    answer.classList.toggle("own-words", shown.some((input) => !isChoice(input)));
    const back = isKeptBack(question);
    made.classList.toggle("kept-back", back);
    one("[data-when-kept]", made).hidden = !back;
    const go = one("[data-go]", made);
    if (review.contains(question)) go.remove();
    else go.addEventListener("click", () => { fromReview = true; show(steps.find((step) => step.includes(question))); });
    const choice = one("[data-choice]", made);
    if (!choosing || !kept.has(name) || isKept(byName(question.dataset.askedIf))) choice.remove();
    else {
      for (const input of all("input", choice)) {
        input.name = `choice.${name}`;
        input.setAttribute("form", "none");
        input.checked = (input.value === "show") === (kept.get(name) === "show");
        input.addEventListener("change", () => { keep(name, input.value); changed(); one(`[data-review-row="${CSS.escape(name)}"] input:checked`, rows)?.focus(); });
      }
    }
    return made;
  }

  function changed() {
    dirty = true;
    refresh();
    if (current[0] === review) fillReview();
    remember();
  }

  /* This tab's own memory, for half an hour: gone with the tab, with sending and with leaving. */
  function remember() {
    if ("forget" in form.dataset || leaving) return;
    const fields = [...new FormData(form)].filter(([name]) => !/^(csrfmiddlewaretoken|key)$/.test(name));
    const step = current[0] === review ? "" : current[0].dataset.question;
    try {
      sessionStorage.setItem(memory, JSON.stringify({ at: Date.now(), step, fields }));
      remembered = true;
    } catch { remembered = false; }
  }
  function forgetAnswers() {
    try { sessionStorage.removeItem(memory); } catch { /* nothing was stored then */ }
  }
  function recall() {
    let stored = null;
    try { stored = JSON.parse(sessionStorage.getItem(memory)); } catch { /* as if nothing was stored */ }
    if (!stored || "forget" in form.dataset) return;
    if (Date.now() - stored.at > REMEMBERED) return forgetAnswers();
    const byField = new Map();
    for (const [name, value] of stored.fields) byField.set(name, [...(byField.get(name) ?? []), value]);
    for (const input of all(":is([data-question], [data-at-end]) :is(input, textarea)", form)) {
      const values = byField.get(input.name);
      if (!isChoice(input)) input.value = values?.at(-1) ?? input.value;
      else if (values || !input.name.startsWith("read.")) input.checked = Boolean(values?.includes(input.value));
    }
    for (const [name, values] of byField) if (name.startsWith("share.")) keep(name.slice(6), values.at(-1));
    if ([...kept.values()].some((value) => value !== "show")) review.dataset.choosing = "";
    dirty = true;
    refresh();
    current = steps.find((step) => step[0].dataset.question === stored.step) ?? steps.at(-1);
  }

  /* Which of Back, Skip and Next this screen has. */
  function steer() {
    const order = reachable();
    progress.max = order.length;
    progress.value = order.indexOf(current) + 1;
    const isReview = current[0] === review;
    const buttons = asked(current).at(-1)?.querySelector(".answers");
    one("[data-back]", controls).hidden = current === order[0];
    // What was ticked is kept: who leaves out the question under it goes on, and skips nothing.
    const waits = stays(current) || current.some((part) => one("input[type=checkbox]:checked", part));
    one("[data-skip]", controls).hidden = isReview || !buttons || waits;
    one("[data-next]", controls).hidden = isReview || (Boolean(buttons) && !waits);
    for (const note of all("[data-with-first]")) note.hidden = current !== order[0];
  }

  function show(step, focus = true) {
    current = step;
    for (const each of steps) for (const part of each) part.hidden = each !== step || part.disabled;
    steer();
    if (step[0] === review) fillReview();
    if (!focus) return;
    form.classList.add("settling");
    setTimeout(() => form.classList.remove("settling"), SETTLES);
    const heading = one("legend, h2", asked(step)[0]);
    heading.tabIndex = -1;
    scrollTo(0, 0);
    heading.focus({ preventScroll: true });
  }

  function move(by) {
    if (sending) return;
    refresh();
    const order = reachable();
    const place = order.indexOf(current);
    // After "Change" straight back to the review, unless the new answer opened a question that hangs on it.
    const last = asked(current).at(-1)?.dataset;
    const hangs = ({ dataset }) => dataset.askedIf === (last?.askedIf ?? last?.question) && !given(dataset.question).length;
    const opened = order.slice(place + 1).find((step) => asked(step).some(hangs));
    const next = by > 0 && fromReview ? (opened ?? steps.at(-1)) : order[place + by];
    if (next === steps.at(-1)) fromReview = false;
    if (next) show(next);
    remember();
    begin().then(guard);
  }

  function skip() {
    for (const input of all("input, textarea", asked(current).at(-1))) {
      if (isChoice(input)) input.checked = input.value === "";
      else input.value = "";
    }
    dirty = true;
    move(1);
  }

  /* The first answer swaps the token for a cookie, and takes it out of the address: without a network, the next one does. */
  async function begin() {
    if (begun) return true;
    const body = new FormData();
    body.set("begin", "script");
    const answer = await post(form.dataset.begin, body);
    if (answer?.status === 409) {
      // Something has to be agreed first: the link's page says what.
      dirty = false;
      location.reload();
      return false;
    }
    if (answer?.status !== 204) return false;
    if (begun || leaving) return true;
    begun = true;
    history.replaceState(history.state, "", form.dataset.here);
    form.action = form.dataset.here;
    return true;
  }

  /* One entry of our own, so that the Back key goes a question back instead of losing the answers. */
  function guard() {
    if (guarded || !begun || leaving || sending || current === steps[0]) return;
    history.pushState({ guard: true }, "");
    guarded = true;
  }

  const tell = (key) => { status.textContent = key ? status.dataset[key] : ""; };
  const pause = (seconds) => new Promise((resume) => {
    setTimeout(resume, seconds * 1000);
    addEventListener("online", resume, { once: true });
  });

  async function post(where, body) {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), 20000);
    try {
      return await fetch(where, { method: "POST", body, redirect: "manual", signal: patience.signal });
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
      const answer = (await begin()) ? await post(form.action, body) : null;
      if (leaving) return;
      if (answer?.type === "opaqueredirect") {
        dirty = false;
        forgetAnswers();
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
    forgetAnswers();
    HTMLFormElement.prototype.submit.call(form);
  }

  one("[data-back]", controls).addEventListener("click", () => move(-1));
  one("[data-skip]", controls).addEventListener("click", skip);
  one("[data-next]", controls).addEventListener("click", () => move(1));
  form.addEventListener("input", (event) => { if (!event.target.name.startsWith("choice.")) { changed(); steer(); } });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (current[0] === review) sendAll();
    else move(1);
  });
  one("[data-choose]", review).addEventListener("click", (event) => {
    event.preventDefault();
    review.dataset.choosing = "";
    fillReview();
    one("h2", review).tabIndex = -1;
    one("h2", review).focus();
  });
  for (const link of all('a[href^="#"]', one("main"))) {
    const target = document.getElementById(link.hash.slice(1));
    const step = target && steps.find((parts) => parts.some((part) => part.contains(target)));
    if (!step) continue;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      show(step);
    });
  }
  addEventListener("popstate", () => {
    guarded = false;
    if (leaving) location.replace(leave.href);
    else if (current !== reachable()[0]) move(-1);
  });
  addEventListener("beforeunload", (event) => {
    if (dirty && !leaving && !remembered) event.preventDefault();
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted && !sending) refresh();
  });

  for (const [name, value] of kept) if (value !== "show") keep(name, value);
  controls.hidden = progress.hidden = false;
  const wrong = one("[data-question] .error", form);
  if (!wrong) recall();
  refresh();
  show(steps.find((step) => wrong && step.some((part) => part.contains(wrong))) ?? current, false);
})();
