// Passkeys: joins a page's button with allauth's scripts, which talk to the browser. Contract:
//   button[data-passkey=NAME][hidden]   NAME of a form in allauth.webauthn.forms; shown where the browser knows passkeys
//   #id_credential                      the hidden field of the same form that holds the answer
//   [data-passkey-plain]                what stands there instead where it does not
//   [data-passkey-trouble][hidden]      shown when the browser or the person said no
"use strict";

for (const button of document.querySelectorAll("[data-passkey]")) {
  const id = button.id;
  const ids = { add: id, authenticate: id, login: id, credential: "id_credential", passwordless: "id_passwordless" };
  if (document.getElementById("js_data")) ids.data = "js_data";
  button.hidden = !window.webauthnJSON.supported();
  document.querySelector("[data-passkey-plain]").hidden = !button.hidden;
  window.allauth.webauthn.forms[button.dataset.passkey]({ ids });
}
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  document.querySelector("[data-passkey-trouble]").hidden = false;
});
