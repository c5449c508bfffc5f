/* Passkeys: hands the browser what the server asks (on the button, or fetched for a sign-in) and sends back its answer. */
async function asked(button) {
  if (button.dataset.options) return JSON.parse(button.dataset.options).publicKey;
  const answer = await fetch(button.form.action, { headers: { Accept: "application/json" } });
  return (await answer.json()).request_options.publicKey;
}

async function make(button) {
  const options = PublicKeyCredential.parseCreationOptionsFromJSON(await asked(button));
  if (button.form.elements.passwordless?.checked) {
    Object.assign(options.authenticatorSelection, { residentKey: "required", requireResidentKey: true, userVerification: "required" });
  }
  return navigator.credentials.create({ publicKey: options });
}

async function use(button) {
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(await asked(button)) });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-passkey]");
  if (!button) return;
  event.preventDefault();
  const { form } = button;
  const problem = form.querySelector("[role=alert]:not(.notice)");
  problem.hidden = true;
  try {
    form.elements.credential.value = JSON.stringify(await (button.dataset.passkey === "make" ? make : use)(button));
    form.submit();
  } catch (error) {
    const why = { NotAllowedError: "It was cancelled, or took too long.", SecurityError: "Browsers offer passkeys only under a host name over https." };
    problem.textContent = why[error.name] ?? "The browser offers no passkey here.";
    problem.hidden = false;
  }
});
